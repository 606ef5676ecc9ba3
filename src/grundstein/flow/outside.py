"""Room flow. In: anybody's answers to a case -> Out: put down, previewed, and judged on what came later.

    answers -> Deposit -> (truth arrives) -> Opening -> Verdict -> Report

The deposit is appended before anything is valued. Where too few outcomes have come since, nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from grundstein.core.case import Also
from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.core.records import Batch, Deposit, Experiment, Opening, Report, Verdict
from grundstein.flow.depositing import deposit, laid
from grundstein.flow.pinning import pinned_of
from grundstein.tools.matching import MATCHED, Written
from grundstein.tools.sealing import unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.ports import Entry, Outside, Project
    from grundstein.core.records import Gain
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.outside import Folds, Offer
    from grundstein.evaluation.prospective import Laid, Prospect


@dataclass(frozen=True)
class Judged:
    """What `judge` found. Without `verdict` there were too few outcomes: `missing` says how many more it takes.

    `unknown`: answers to units that the case's table does not hold; `gain`: over today's rule, on development rows.
    """

    name: str
    kind: str
    deposit: Entry
    new: bool
    experiment: Entry
    offer: Offer
    gain: Gain
    prospect: Prospect | None
    unknown: int
    missing: int
    findings: tuple[Finding, ...]
    verdict: Entry | None = None


@dataclass(frozen=True)
class Units:
    """The units that can be judged, and the deposits of the candidate that answered them."""

    found: Prospect
    own: Sequence[Laid]


def judge(project: Project, experiment: Entry, answers: str, name: str = "") -> Judged:
    """Put answers down, preview them on development rows, and judge them on units whose truth came later.

    `answers`: the name of an `also:` entry, a governed table, or a file. `experiment` is the case's newest.
    """
    from grundstein.evaluation.kept import kept_values
    from grundstein.evaluation.outside import folds_of, gain, notes, on_folds

    tested = cast("Experiment", experiment.record)
    pinned = pinned_of(project.ledger.get(tested.snapshot), project)
    folds = folds_of(pinned)
    one, kind = _source(project, pinned, answers, name)
    offer = on_folds(pinned, folds, one)
    given = _with_open(pinned, folds, one, offer)
    entry, new = deposit(project, pinned, one.also.name, kind, one.version, given, folds.key)
    baseline = next(row.name for row in tested.outcomes if row.standing == "baseline")
    over = gain(offer.values, kept_values(tested.differences, project.files)[baseline])
    own = laid(project, pinned, _chain(project, entry))
    found, why = _prospect(pinned, own)
    told = Judged(
        name=one.also.name,
        kind=kind,
        deposit=entry,
        new=new,
        experiment=experiment,
        offer=offer,
        gain=over,
        prospect=found,
        unknown=_unknown(pinned, folds, given),
        missing=_missing(found),
        findings=notes(offer),
    )
    if found is None or told.missing:
        return replace(told, findings=(*told.findings, _nothing_yet(told, why)))
    return replace(told, verdict=_verdict(project, pinned, told, Units(found, own)))


def with_outside(project: Project, pinned: Pinned, experiment: Experiment) -> tuple[Experiment, dict[str, float]]:
    """Return an experiment with the outside candidates of its case, each of them put down, and their CPU seconds."""
    from grundstein.evaluation.outside import beside, folds_of

    outside = project.outside(pinned.case)
    told, offers = beside(pinned, experiment, outside, project.files, project.progress.step)
    key = folds_of(pinned).key if offers else ()
    for one, offer in offers:
        deposit(project, pinned, one.also.name, one.also.kind, one.version, offer.given, key)
    return told, {one.also.name: offer.seconds for one, offer in offers}


def _source(project: Project, pinned: Pinned, answers: str, name: str) -> tuple[Outside, str]:
    named = {one.also.name: one for one in project.outside(pinned.case)}
    if answers in named:
        return named[answers], named[answers].also.kind
    if answers in project.tables.names():
        version = project.tables.info(answers).version
        return Written(Also(name or answers, table=answers), project.tables.read(answers, version), version), "table"
    if Path(answers).is_file():
        table, digest = _read(project, Path(answers))
        return Written(Also(name or _word(Path(answers).stem), table=answers), table, digest), "file"
    there = [*named, *project.tables.names()]
    raise Refused(
        f'There are no answers "{answers}".',
        f"A file, a table, or an entry of `also:` in {pinned.case.name}. {_sentence(nearest(answers, there))}",
        f"grundstein judge FILE --case {pinned.case.name}",
    )


def _read(project: Project, path: Path) -> tuple[pa.Table, str]:
    """Read a file as ingest would, into no table; Refused where a row cannot be read."""
    from grundstein.lake.contracts import cast as typed
    from grundstein.lake.contracts import propose
    from grundstein.lake.reading import read_raw
    from grundstein.lake.sources import find_files

    (file,) = find_files(str(path), {})
    raw = read_raw(file.path, {}, None)
    contract, _ = propose("answers", raw, {"currency": project.currency}, project.timezone)
    done = typed(raw, contract, project.timezone)
    broken = raw.broken.num_rows + int((~np.asarray(done.keep)).sum())
    if broken:
        raise Refused(
            f"{path.name}: {broken} rows of answers cannot be read.",
            "Rows with as many fields as the header, and one kind of value a column.",
            f"Mend them, or look with `grundstein ingest {path.name} --table NAME`",
        )
    return done.table, file.content


def _with_open(pinned: Pinned, folds: Folds, one: Outside, offer: Offer) -> pa.Table:
    """The answers to put down: all that lie there; of one that is asked, also those to questions that are open now."""
    from grundstein.evaluation.outside import asked_of, said
    from grundstein.evaluation.prospective import truth_known

    target = str(pinned.case.options.get("target", ""))
    rows = pinned.data[pinned.task.roles[0].name]
    if one.written() is not None or not target:
        return offer.given
    open_rows = rows.filter(pa.array(~truth_known(rows[target])))
    if not open_rows.num_rows:
        return offer.given
    like = folds.splits[-1]
    split = pinned.split
    asked = asked_of(pinned, split, folds.key, rows)
    questions = open_rows.select([name for name in like.questions.column_names if name in open_rows.column_names])
    given, _ = said(one, replace(asked, questions=questions, keys=open_rows.select(list(folds.key))))
    return pa.concat_tables([offer.given, given], promote_options="permissive")


def _chain(project: Project, entry: Entry) -> list[Entry]:
    """The deposits that one candidate made over time: of a file that file alone, of the others all under the name."""
    own = cast("Deposit", entry.record)
    if own.kind == "file":
        return [entry]
    rows = [(row, cast("Deposit", row.record)) for row in project.ledger.entries(Deposit)]
    same = (own.case, own.name, own.kind, own.table, own.key, own.target)
    return [row for row, one in rows if (one.case, one.name, one.kind, one.table, one.key, one.target) == same]


def _prospect(pinned: Pinned, own: Sequence[Laid]) -> tuple[Prospect | None, str]:
    """What can be judged now, and why nothing can."""
    from grundstein.evaluation.prospective import prospect

    if not own:
        return None, "its answers are no longer kept"
    closed = next((one.then.closed for one in own if one.then.closed), "")
    found = prospect(pinned, own)
    late = f"the outcome of all {found.late:,} answered units was known before" if found.late else ""
    return found, closed or (late if not found.clusters and not found.open else "")


def _missing(found: Prospect | None) -> int:
    from grundstein.tools.inference import MIN_CLUSTERS

    return MIN_CLUSTERS if found is None else max(MIN_CLUSTERS - found.clusters, 0)


def _nothing_yet(told: Judged, why: str) -> Finding:
    waits = told.prospect.open if told.prospect else 0
    reason = why or f"{told.missing} more outcomes are needed, {waits:,} of its answers still wait for theirs"
    return Finding("GST-O06", "issue", {"name": told.name, "reason": reason})


def _unknown(pinned: Pinned, folds: Folds, given: pa.Table) -> int:
    rows = pinned.data[pinned.task.roles[0].name]
    there = unit_hash(rows, folds.key, "", MATCHED)
    return len(np.setdiff1d(unit_hash(given, folds.key, "", MATCHED), there))


def _verdict(project: Project, pinned: Pinned, told: Judged, units: Units) -> Entry:
    """Append the opening, judge, append the verdict and its report; what was judged alike before is free."""
    from grundstein.evaluation import outside_verdict as judging

    experiment = cast("Experiment", told.experiment.record)
    asked = judging.Question(told.offer.also, units.own, units.found, told.offer)
    earlier = {row.id: cast("Opening", row.record) for row in project.ledger.entries(Opening)}
    verdicts = [cast("Verdict", row.record) for row in project.ledger.entries(Verdict)]
    chances = judging.Chances(_deposits(project, pinned, units), _arrivals(project, pinned, asked.first))
    opening = project.ledger.once(judging.opening_of(pinned, experiment, asked, chances, earlier, verdicts))
    known = [row for row in project.ledger.entries(Verdict) if cast("Verdict", row.record).opening == opening.id]
    if known:
        return known[-1]
    project.progress.step(f"{pinned.case.name}: {told.name}, on what came later")
    said = judging.verdict_of(
        pinned, experiment, told.experiment.id, asked, cast("Opening", opening.record), project.files
    )
    return project.ledger.once(replace(said, opening=opening.id, deposit=told.deposit.id))


def _deposits(project: Project, pinned: Pinned, units: Units) -> int:
    """The most sets of answers that were put down for one of the judged units before its truth was known.

    Under whatever case, name or table: a set for another table counts by the units that it names, and wholly where
    that table holds the rows of this one under other keys. A set whose answers are gone counts wholly, too.
    """
    mine = {one.deposit for one in units.own}
    rows = pinned.data[pinned.task.roles[0].name]
    judged = unit_hash(rows.filter(pa.array(units.found.rows)), units.own[0].key, "", MATCHED)
    covered = np.zeros(len(judged), dtype=np.int64)
    seen = {cast("Deposit", project.ledger.get(name).record).answers for name in mine}
    alike: dict[str, bool] = {}
    for row in project.ledger.entries(Deposit):
        one = cast("Deposit", row.record)
        if row.id in mine or one.answers in seen or not one.open:
            continue
        seen.add(one.answers)
        if one.table not in alike:
            alike[one.table] = one.table != pinned.seal.table and _kin(project, rows, one.table)
        there = laid(project, pinned, [row])
        whole = alike[one.table] or not there or (one.table == pinned.seal.table and one.key != units.own[0].key)
        covered += whole or np.isin(judged, there[0].units) & ~np.isin(judged, there[0].then.known)
    return 1 + int(covered.max())


def _kin(project: Project, rows: pa.Table, table: str) -> bool:
    """Whether another table holds rows of this one, whatever keys and columns are called; one that is gone does."""
    from grundstein.evaluation.kinship import same_rows

    try:
        old = project.tables.read(table)
    except Refused:
        return True
    half = np.arange(rows.num_rows) % 2 == 0
    return bool((same_rows(rows.filter(pa.array(half)), rows.filter(pa.array(~half)), old).place >= 0).any())


def _arrivals(project: Project, pinned: Pinned, first: Laid) -> int:
    """How many times rows came to the tables of the question since the first deposit that is judged."""
    from grundstein.lake import snapshots

    tables = snapshots.named_tables(pinned.case.data[pinned.task.roles[0].name])
    since = project.ledger.get(first.deposit).sequence
    batches = [row for row in project.ledger.entries(Batch) if row.sequence > since]
    return max(1, sum(cast("Batch", row.record).table in tables for row in batches))


def report_of(project: Project, verdict: Entry, name: str) -> list[Path]:
    """Write the report of a verdict on outside answers, beside that of the case; returns its pages."""
    from grundstein.approval import report as writing
    from grundstein.core.canonical import digest

    story = writing.story(verdict, project.ledger, project.name, project.currency)
    written = {language: writing.page(story, language) for language in project.languages}
    title = f"{story.question.name}.{name}"
    paths = [project.write_report(title, language, page) for language, page in written.items()]
    pages = {language: digest(page) for language, page in written.items()}
    project.ledger.once(Report(verdict.id, story.question.name, pages, story.head.hash))
    return paths


def _word(text: str) -> str:
    word = "".join(letter if letter.isalnum() else "_" for letter in text).strip("_")
    return word if word[:1].isalpha() else f"answers_{word}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
