"""Room evaluation. In: an Experiment and its sealed part -> Out: the Opening, and the Verdict of one test."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.canonical import canonical
from grundstein.core.findings import Finding
from grundstein.core.records import Opening, Outcome, Verdict
from grundstein.evaluation import checks
from grundstein.evaluation.evaluate import enough, look_at
from grundstein.evaluation.experiment import live
from grundstein.evaluation.flips import flips
from grundstein.evaluation.judge import Part, judge, sample_of
from grundstein.evaluation.kept import kept_values
from grundstein.evaluation.kinship import twins
from grundstein.evaluation.openings import account, identical, identity, over_rounds, overlap, sketch
from grundstein.evaluation.seen import LEARNED, Seen
from grundstein.evaluation.steady import steady
from grundstein.tools.sealing import unit_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.ports import FileStore
    from grundstein.core.records import Experiment, Flip
    from grundstein.core.task import Split, Values
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.judge import Judgement

FREE = ("question", "decision", "name", "signed_by", "affects", "risk", "period", "idea", "also", "again")


@dataclass(frozen=True)
class Sealed:
    """The sealed part, answered: each solution's answers and values."""

    split: Split
    answers: Mapping[str, Table]
    values: Mapping[str, Values]


@dataclass(frozen=True)
class Known:
    """What is known before an opening: verdicts, sketches of learned units, and what was seen of these units.

    `rounds`: the openings of this case since what is in use was released.
    """

    verdicts: Sequence[Verdict]
    learned: Sequence[tuple[int, ...]]
    seen: Seen = field(default_factory=Seen)
    rounds: int = 0


def needs_no_opening(experiment: Experiment) -> bool:
    """Tell whether development alone settles it: no candidate, or perfect answers would gain less than the margin."""
    return not experiment.winner or _perfect_gain(experiment) < min(experiment.margins.values())


def opening_of(
    pinned: Pinned, experiment: Experiment, experiment_id: str, earlier: Mapping[str, Opening], known: Known
) -> Opening:
    """Return the opening to be appended before a sealed row is read, or an earlier one that is identical: that is free.

    `earlier` are the openings so far by record id.
    """
    known_as = _identity(pinned, experiment)
    same = identical(known_as, earlier)
    if same is not None:
        return earlier[same]
    units, seen = unit_hash(pinned.sealed, pinned.seal.key, pinned.seal.salt), known.seen
    cost = over_rounds(account(units, earlier, known.verdicts, seen.covered), known.rounds)
    learned = max((overlap(sketch(units), one) for one in known.learned), default=0.0)
    return Opening(
        experiment=experiment_id,
        case=pinned.case.name,
        identity=known_as,
        count=cost.count,
        level=cost.level,
        units=min(len(np.unique(units)), experiment.units_test),
        sketch=sketch(units if seen.whole is None else seen.whole),
        given={"table": pinned.seal.table} if pinned.seal.how == "given" else {},
        findings=(
            *cost.findings,
            *_rounds(known),
            *_elsewhere(pinned, {name: earlier[name] for name in cost.before}, seen),
            *_resealed(pinned),
            *_learned(max(learned, seen.learned)),
            *_twins(pinned),
        ),
    )


def _rounds(known: Known) -> tuple[Finding, ...]:
    return (Finding("GST-A04", "tip", {"rounds": known.rounds + 1}),) if known.rounds else ()


def _elsewhere(pinned: Pinned, before: Mapping[str, Opening], seen: Seen) -> tuple[Finding, ...]:
    """Name the other cases and tables under which these units were opened; another table is an issue."""
    own = pinned.seal.table
    names = {(one.case, seen.tables.get(name, own)) for name, one in before.items()} - {(pinned.case.name, own)}
    where = ", ".join(f"{case} ({table})" for case, table in sorted(names))
    foreign = any(table != own for _, table in names)
    return (Finding("GST-J10", "issue" if foreign else "tip", {"where": where}),) if names else ()


def _resealed(pinned: Pinned) -> tuple[Finding, ...]:
    """Say how the table was sealed before its contract was changed."""
    before = [", ".join(one.key) or one.time or "the content of rows" for one in pinned.seal.earlier]
    now = pinned.seal.time if pinned.seal.how == "time" else ", ".join(pinned.seal.key) or "the content of rows"
    facts = {"table": pinned.seal.table, "now": now, "before": "; ".join(sorted(set(before)))}
    return (Finding("GST-J12", "issue", facts),) if before else ()


def _learned(share: float) -> tuple[Finding, ...]:
    return (Finding("GST-J09", "issue", {"share": share}),) if share >= LEARNED else ()


def _twins(pinned: Pinned) -> tuple[Finding, ...]:
    """Sealed rows that stand in development under another key; their truth is not looked at."""
    split = pinned.split
    look = look_at(pinned, split)
    if not look.target or look.target not in look.table.column_names or not look.content:
        return ()
    known = [name for name in look.content if name in split.questions.column_names]
    share = twins(split.questions, look.table, known)
    return (Finding("GST-J11", "issue", {"share": share}),) if share else ()


def verdict_of(
    pinned: Pinned,
    experiment: Experiment,
    opening: Opening | None,
    opening_id: str,
    files: FileStore,
    more: tuple[Finding, ...],
) -> Verdict:
    """Judge the winner on the sealed part, once; without an opening the verdict is `not_applicable`."""
    if opening is None:
        return without_opening(experiment, more)
    sealed = _answered(pinned, experiment, files)
    parts = _parts(experiment, sealed.values, kept_values(experiment.differences, files))
    judgement = _judged(pinned.case, experiment, parts, opening)
    qualifies = judgement.verdict == "qualifies"
    winner = experiment.winner
    return Verdict(
        opening=opening_id,
        experiment=opening.experiment,
        case=experiment.case,
        verdict=judgement.verdict,
        winner=winner,
        figures=judgement.figures,
        level=opening.level,
        openings=opening.count,
        gains=judgement.gains,
        margins=dict(experiment.margins),
        hardest=judgement.hardest,
        outcomes=_outcomes(pinned, experiment, sealed) if qualifies else experiment.outcomes,
        detectable=judgement.detectable,
        units_needed=judgement.units_needed,
        flips=_sealed_flips(pinned, experiment, sealed, parts, opening)
        if qualifies
        else _foretold_flips(experiment, judgement),
        findings=(
            *more,
            *opening.findings,
            *judgement.findings,
            *(_moved(pinned, parts[winner], parts[judgement.hardest]) if qualifies else ()),
            *_across(pinned, sealed.split, shown=qualifies),
        ),
        pictures=tuple(pinned.task.figures(pinned.case, sealed.split, sealed.answers[winner])) if qualifies else (),
    )


def _moved(pinned: Pinned, winner: Part, opponent: Part) -> tuple[Finding, ...]:
    """A warning where the gain that is promised moved between development and the later, sealed rows."""
    if pinned.seal.how != "time":
        return ()
    return steady(sample_of(winner.development, opponent.development), sample_of(winner.test, opponent.test))


def _identity(pinned: Pinned, experiment: Experiment) -> str:
    """What is known before a sealed row is read fixes all that an opening could show."""
    fields = {name: value for name, value in vars(pinned.case).items() if name not in FREE}
    fields |= {"money": vars(pinned.case.money) if pinned.case.money else None, "development": experiment.differences}
    models = {outcome.name: outcome.model for outcome in experiment.outcomes if outcome.model}
    return identity(
        questions=pinned.seal_id,
        answers=canonical([experiment.winner, models]),
        truth=pinned.content,
        values=canonical(fields),
        margins=experiment.margins,
        tolerance=pinned.case.tolerated,
    )


def without_opening(experiment: Experiment, more: tuple[Finding, ...]) -> Verdict:
    """The verdict without an opening; `experiment` is named by who knows its id."""
    return Verdict(
        opening="",
        experiment="",
        case=experiment.case,
        verdict="not_applicable",
        winner=experiment.winner,
        figures="development",
        level=0.0,
        openings=0,
        gains=dict(experiment.gains),
        margins=dict(experiment.margins),
        hardest="",
        outcomes=experiment.outcomes,
        detectable=experiment.detectable,
        units_needed=experiment.units_needed,
        flips=experiment.flips,
        findings=more,
        pictures=(),
    )


def _answered(pinned: Pinned, experiment: Experiment, files: FileStore) -> Sealed:
    split = pinned.split
    fresh = live(pinned.task, split.development)
    answers = {}
    for outcome in experiment.outcomes:
        if outcome.model:
            kind, _, kept = outcome.model.partition(":")
            answers[outcome.name] = pinned.task.load(kind, files.folder(kept)).answer(split.questions, fresh)
    values = {name: pinned.task.value(pinned.case, split, answer) for name, answer in answers.items()}
    return Sealed(split, answers, values)


def _parts(experiment: Experiment, test: Mapping[str, Values], development: Mapping[str, Values]) -> dict[str, Part]:
    named = [outcome.name for outcome in experiment.outcomes if outcome.name in test]
    return {name: Part(development[name], test[name]) for name in named}


def _judged(case: Case, experiment: Experiment, parts: Mapping[str, Part], opening: Opening) -> Judgement:
    opponents = {name: part for name, part in parts.items() if name in experiment.margins}
    perfect = _perfect_gain(experiment)
    first = opening.count == 1
    winner = parts[experiment.winner]
    winner = replace(winner, test=replace(winner.test, biased=winner.test.biased or barred(case, experiment, opening)))
    return judge(winner, opponents, experiment.margins, opening.level, case.tolerated, perfect, first)


BARS = {
    "GST-J09": "units of the sealed part were once used in development",
    "GST-J11": "rows of the sealed part stand in development under another key",
    "GST-K04": "a column is known only after the answer, and is used for it",
    "GST-K11": "a column was computed from the answers, and nobody has said that it is known before",
    "GST-K09": "a column says the answer, and nobody has said that it is known before",
}


def barred(case: Case, experiment: Experiment, opening: Opening) -> str:
    """Why these sealed units cannot carry a verdict, whatever they show."""
    if case.time and case.split == "random":
        return "a random split mixes earlier and later rows"
    issues = {one.code for one in (*opening.findings, *experiment.findings) if one.section == "issue"}
    return next((why for code, why in BARS.items() if code in issues), "")


def _perfect_gain(experiment: Experiment) -> float:
    """The least that perfect answers would gain over an opponent, less its margin above the smallest one.

    Part of these rows flatters a released model, so it does not count here.
    """
    least = min(experiment.margins.values())
    opponents = [o for o in experiment.outcomes if o.name in experiment.margins and o.standing != "released"]
    return min(experiment.perfect - one.value - experiment.margins[one.name] + least for one in opponents)


def _outcomes(pinned: Pinned, experiment: Experiment, sealed: Sealed) -> tuple[Outcome, ...]:
    return tuple(
        replace(
            outcome,
            value=float(np.mean(sealed.values[outcome.name].value)),
            metrics=pinned.task.metrics(pinned.case, sealed.split, sealed.answers[outcome.name]),
        )
        for outcome in experiment.outcomes
        if outcome.name in sealed.values
    )


def _sealed_flips(
    pinned: Pinned, experiment: Experiment, sealed: Sealed, parts: Mapping[str, Part], opening: Opening
) -> tuple[Flip, ...]:
    def holds(case: Case) -> bool:
        changed = {
            n: replace(p, test=pinned.task.value(case, sealed.split, sealed.answers[n])) for n, p in parts.items()
        }
        return _judged(case, experiment, changed, opening).verdict == "qualifies"

    return flips(pinned.case, holds)


def _foretold_flips(experiment: Experiment, judgement: Judgement) -> tuple[Flip, ...]:
    """Where the data would be enough; nothing where development foretold a gain that the sealed part did not show."""
    return () if enough(judgement, experiment.margins) else experiment.flips


def _across(pinned: Pinned, split: Split, shown: bool) -> tuple[Finding, ...]:
    """What stands on both sides of the split; the sealed truth is looked at only where its figures are shown."""
    truth = pinned.sealed if shown else None
    return checks.run_sealed(look_at(pinned, split, questions=split.questions, truth=truth)).findings
