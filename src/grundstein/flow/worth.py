"""Room flow. In: a release's answers and the truths that came -> Out: Worth, its gain so far and what going on costs.

Our own action changes the outcome, so only units that it left alone count: those held back, or all where acting changes
nothing. A unit counts once its time is over, else the outcome that is known sooner would count too much. What the
released model would have done with it is asked of the model again, what the baseline would have done of the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Fact, Finding
from grundstein.core.task import Split
from grundstein.flow.answered import COME, answers_of, questions_of, told_of
from grundstein.flow.grounds import solution_of
from grundstein.flow.signing import now
from grundstein.production import measuring, watching
from grundstein.production.truths import corrected, matched
from grundstein.tools.sealing import HOUSE_COLUMNS, instants, unit_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    from grundstein.core.ports import Project
    from grundstein.core.records import Gain, Observation
    from grundstein.flow.grounds import Ground
    from grundstein.tools.inference import Sample

LIFE = 0.01
FAR, VERY_FAR, LEAST_OF_EACH = 0.03, 0.06, 20
THOUSAND = 1000.0


@dataclass(frozen=True)
class Worth:
    """The gain per unit so far, on how many truths; what going on costs per period against the signed, the baseline."""

    truths: int = 0
    gain: Gain | None = None
    lost: float | None = None
    behind: float | None = None
    findings: tuple[Finding, ...] = ()


class Judged(NamedTuple):
    """Units that count, as a split whose truth is known, and how many others wait or were never told."""

    split: Split
    truths: watching.Truths


def worth(project: Project, found: Ground, known: Observation | None) -> Worth:
    """Measure the gain over the baseline on all units whose truth counts by now."""
    if not found.target:
        return Worth(findings=(Finding("GST-W38", "not_applicable", {"task": found.task.name}),))
    if changes_outcome(found) and not found.case.holdback:
        return Worth(findings=(Finding("GST-W34", "issue", {"case": found.case.name}),))
    judged = judged_units(project, found)
    told = judged.split.questions.num_rows
    kept = calibration(found, judged.split, known) if told else ()
    lacking = watching.lacking(found.case.name, found.case.horizon_days, judged.truths)
    lacking += watching.contradicted(found.case.name, judged.truths)
    if found.release.bond.solution == found.baseline:
        same = Finding("GST-W37", "not_applicable", {"solution": found.baseline})
        return Worth(told, findings=(same, *kept, *lacking))
    return _worth(project, found, judged, (*kept, *lacking))


def changes_outcome(found: Ground) -> bool:
    """Whether acting on a unit changes the truth about it, so that only units left alone can be measured."""
    action = found.case.money is not None and found.case.money.form == "action"
    return action or found.case.acted not in ("", "nobody")


def judged_units(project: Project, found: Ground) -> Judged:
    """The units that our own action left alone, whose time is over and whose truth was told, with their truth."""
    answers = answers_of(project, found, held_back=changes_outcome(found))

    def asked(some: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
        return questions_of(project, found, some)

    return counted(found, answers, told_of(project, found), now(project), asked)


def counted(
    found: Ground,
    answers: pa.Table,
    told: pa.Table,
    moment: datetime,
    asked: Callable[[pa.Table], tuple[pa.Table, NDArray[np.int64]]],
) -> Judged:
    """As `judged_units`, of these answers and tellings; `asked` returns the questions behind answers and which."""
    alone = _left_alone(found, answers)
    place = matched(alone, told, found.answers.keys)
    ripe = _ripe(alone, moment, found.case.horizon_days)
    due = np.flatnonzero(ripe & (place >= 0))
    questions, there = asked(alone.take(pa.array(due)))
    kept = due[there]
    changed = corrected(alone, told, found.answers.keys, found.target)
    truths = watching.Truths(len(kept), int((~ripe).sum()), int((ripe & (place < 0)).sum()), changed)
    truth = told.take(pa.array(place[kept])).select([found.target])
    return Judged(_split(found, alone.take(pa.array(kept)), questions, truth), truths)


def _left_alone(found: Ground, answers: pa.Table) -> pa.Table:
    if not changes_outcome(found):
        return answers
    if "held_back" not in answers.column_names:
        return answers.slice(0, 0)
    return answers.filter(pc.fill_null(answers["held_back"], fill_value=False))


def _ripe(answers: pa.Table, moment: datetime, horizon_days: float) -> NDArray[np.bool_]:
    """Mark the answers whose horizon is over; without a horizon, or a moment of the answer, all are."""
    if not horizon_days or "answered_at" not in answers.column_names:
        return np.ones(answers.num_rows, dtype=np.bool_)
    last = moment - timedelta(days=horizon_days)
    return np.asarray(pc.fill_null(pc.less_equal(answers["answered_at"], pa.scalar(last, COME)), fill_value=True))


def _split(found: Ground, answers: pa.Table, questions: pa.Table, truth: pa.Table) -> Split:
    """Units as the task values them: `_unit` is the answer, `_cluster` whom it is about, `_time` when it was given."""
    if not truth.num_rows:
        return Split(found.valued_on, questions, {"rows": truth}, found.sketch.how)
    row = answers["_row"].combine_chunks()
    naming = [name for name in found.naming if name in questions.column_names]
    cluster = pa.array(unit_hash(questions, naming, found.seal.salt)) if naming else row
    truth = truth.append_column("_row", row).append_column("_unit", row).append_column("_cluster", cluster)
    if found.seal.how == "time" and "answered_at" in answers.column_names:
        truth = truth.append_column("_time", pa.array(instants(answers["answered_at"])))
    plain = questions.drop_columns([name for name in questions.column_names if name in HOUSE_COLUMNS])
    role = found.task.roles[0].name
    return Split(found.valued_on, plain, {role: truth}, found.sketch.how)


def differences(found: Ground, split: Split, baseline: pa.Table, answers: pa.Table) -> tuple[Sample, float | None]:
    """The gain of answers over the baseline's, unit by unit, and the most that one unit can lose."""
    from grundstein.evaluation.judge import sample_of

    case = replace(found.case, acted="nobody")
    new, old = (found.task.value(case, split, one) for one in (answers, baseline))
    worst = None if new.worst is None or old.worst is None else max(new.worst, old.worst)
    return sample_of(new, old), worst


def _worth(project: Project, found: Ground, judged: Judged, more: tuple[Finding, ...]) -> Worth:
    split, scale, told = judged.split, _scale(project, found), judged.truths.counted
    if not split.questions.num_rows:
        return Worth(findings=(*watching.value(found.signed, None, judged.truths, scale), *more))
    baseline = solution_of(project, found, found.baseline)
    answers = [one.answer(split.questions, found.answers.live) for one in (baseline, found.answers.solution)]
    sample, worst = differences(found, split, *answers)
    gain = measuring.measured(sample, development_of(project, found), worst)
    findings = (*watching.value(found.signed, gain, judged.truths, scale), *more)
    if gain is None:
        return Worth(told, findings=findings)
    ahead = measuring.expected(found.signed, found.verdict.level, gain, sample.clusters)
    lost = max(0.0, found.signed.mean - ahead) * scale.volume
    return Worth(told, gain, lost, max(0.0, -scale.of(ahead)), findings)


def development_of(project: Project, found: Ground) -> Sample | None:
    """The differences that were seen before the release, out of fold; None where they were not kept."""
    from grundstein.evaluation.judge import sample_of
    from grundstein.evaluation.kept import kept_values

    values = kept_values(found.experiment.differences, project.files)
    new, old = values.get(found.release.bond.solution), values.get(found.baseline)
    return None if new is None or old is None else sample_of(new, old)


def _scale(project: Project, found: Ground) -> watching.Scale:
    """Money per period (per 1,000 units without a volume), after running costs; another measure stays per unit."""
    case = found.case
    if not found.experiment.money:
        return watching.Scale(1.0, 0.0, found.experiment.measure)
    extra = case.running_cost - (case.baseline_cost if case.baseline else 0.0)
    return watching.Scale(case.volume or THOUSAND, extra if case.volume else 0.0, project.currency)


def calibration(found: Ground, split: Split, known: Observation | None) -> tuple[Finding, ...]:
    """Say whether probabilities keep their word; looked at anew each time the truths grew by half, else as before."""
    from grundstein.evaluation.checks.calibration import binned, by_chance, distance

    look = measuring.calibration_look(split.questions.num_rows)
    if not look:
        return ()
    if known and look == measuring.calibration_look(known.truths):
        return tuple(one for one in known.findings if one.code in watching.CALIBRATION)
    answers = found.answers.solution.answer(split.questions, found.answers.live)
    pair = _probabilities(found, split, answers)
    if pair is None or min(pair[1].sum(), (1 - pair[1]).sum()) < LEAST_OF_EACH:
        return ()
    told, came = pair
    bins = binned(told, came)
    far = distance(bins)
    role = found.task.roles[0].name
    chance = by_chance(told, came, np.asarray(split.truth[role]["_cluster"]))
    facts: dict[str, Fact] = {"units": len(told)}
    if far < FAR or chance > LIFE / (look * (look + 1)):
        return (Finding("GST-W21", "passed", facts),)
    worst = int(np.argmax(np.abs(bins.told - bins.came)))
    facts |= {"far": watching.told(far), "told": watching.told(bins.told[worst])}
    facts |= {"came": watching.told(bins.came[worst])}
    return (Finding("GST-W20", "issue" if far >= VERY_FAR else "tip", facts),)


def _probabilities(
    found: Ground, split: Split, answers: pa.Table
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """What was foretold of yes (or of the answer itself) and whether it came; None of a number."""
    if "probability" not in answers.column_names:
        return None
    role = found.task.roles[0].name
    truth = pc.cast(split.truth[role][found.target], pa.string())
    yes = found.case.options.get("positive")
    wanted = str(yes) if yes is not None else pc.cast(answers["answer"], pa.string())
    came = pc.cast(pc.fill_null(pc.equal(truth, wanted), fill_value=False), pa.float64())
    told = pc.fill_null(pc.cast(answers["probability"], pa.float64()), np.nan)
    pair = np.asarray(told), np.asarray(came)
    return pair if np.isfinite(pair[0]).all() else None
