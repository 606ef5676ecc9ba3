"""Room evaluation. In: somebody else's answers and a case -> Out: what they are worth on development rows, a preview.

Whoever made them may have seen these rows with their truth, so nothing here decides anything. A unit without an answer
gets today's rule's: that is what would happen to it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import GrundsteinError, Refused
from grundstein.core.findings import Finding
from grundstein.core.ports import Asked
from grundstein.core.records import Gain, Outcome
from grundstein.evaluation.evaluate import FIRST
from grundstein.evaluation.experiment import averaged, joined, live
from grundstein.evaluation.judge import foretell
from grundstein.evaluation.kept import kept_values
from grundstein.tools.matching import MATCHED, places, plain
from grundstein.tools.sealing import unit_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Also
    from grundstein.core.ports import FileStore, Outside
    from grundstein.core.records import Experiment
    from grundstein.core.task import Split, Values
    from grundstein.evaluation.evaluate import Pinned


@dataclass(frozen=True)
class Offer:
    """An outside candidate on some units: values with their price, which units it answered, and what it said.

    `given` holds the answers as they came with the columns that name a unit, one row an answer.
    """

    also: Also
    values: Values
    answered: NDArray[np.bool_]
    metrics: Mapping[str, float]
    given: pa.Table
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """The row of the table; `answered` is the share of units that it answered."""
        share = float(self.answered.mean()) if len(self.answered) else 0.0
        value = float(self.values.value.mean()) if len(self.values.value) else 0.0
        return Outcome(self.also.name, "outside", value, {**self.metrics, "answered": share})


def key_of(pinned: Pinned, split: Split) -> tuple[str, ...]:
    """Return the columns by which answers are matched: the contract's key, else the entity. Refused without either."""
    known = pinned.contract.key if pinned.contract else ()
    alone = tuple(split.questions.column_names) if len(split.questions.column_names) == 1 else ()
    for key in (pinned.case.key, known, (pinned.case.entity or pinned.seal.entity,), alone):
        if key and all(key) and _names(pinned, split, key):
            return key
    table = pinned.contract.table if pinned.contract else pinned.case.name
    raise Refused(
        f"Nothing says which unit of {table} an answer is for: it has neither key nor entity.",
        "A contract with the columns that name a row.",
        f"Name them as `primaryKey` or `entity` in contracts/{table}.yaml",
    )


def _names(pinned: Pinned, split: Split, key: Sequence[str]) -> bool:
    asked = set(key) <= set(split.questions.column_names)
    truth = next(iter(split.truth.values()))
    rows = pinned.data[pinned.task.roles[0].name]
    return asked or ("_row" in truth.column_names and set(key) <= set(rows.column_names))


def keys_of(rows: pa.Table, split: Split, key: Sequence[str]) -> pa.Table:
    """Return the columns that name each unit of a split; `rows` is the table that it was cut from."""
    if set(key) <= set(split.questions.column_names):
        return split.questions.select(list(key))
    numbers = np.asarray(rows["_row"])
    order = np.argsort(numbers)
    wanted = np.asarray(next(iter(split.truth.values()))["_row"])
    return rows.select(list(key)).take(pa.array(order[np.searchsorted(numbers[order], wanted)]))


def asked_of(pinned: Pinned, split: Split, key: Sequence[str], rows: pa.Table) -> Asked:
    """Return what an outside candidate may see of a split: questions and development rows, never its truth."""
    entity = pinned.case.entity or pinned.seal.entity
    columns = pinned.contract.columns if pinned.contract else ()
    return Asked(
        questions=split.questions,
        keys=keys_of(rows, split, key),
        development=split.development[pinned.task.roles[0].name],
        target=str(pinned.case.options.get("target", "")),
        naming=tuple(dict.fromkeys([*key, *([entity] if entity else [])])),
        personal=tuple(column.name for column in columns if column.personal),
        seed=pinned.seed,
    )


def offered(pinned: Pinned, split: Split, one: Outside, asked: Asked, rule: pa.Table) -> Offer:
    """Value an outside candidate on a split; `rule` are the answers of today's rule to the same questions."""
    task, case = pinned.task, pinned.case
    given, place = said(one, asked)
    answered = place >= 0
    own = task.value(case, split, rule)
    adopted = task.adopt(case, split.development, given) if given.num_rows else rule.slice(0, 0)
    if not answered.any():
        return Offer(one.also, own, answered, task.metrics(case, split, rule), given)
    both = pa.concat_tables([adopted, rule], promote_options="permissive")
    mixed = both.take(pa.array(np.where(answered, place, adopted.num_rows + np.arange(len(place)))))
    values = task.value(case, split, mixed.select(adopted.column_names))
    common = [name for name in adopted.column_names if name in rule.column_names]
    worth = np.where(answered, values.value - one.also.price, own.value)
    bound = None if values.worst is None or own.worst is None else max(values.worst, own.worst) + one.also.price
    metrics = task.metrics(case, split, mixed.select(common))
    return Offer(one.also, replace(values, value=worth, worst=bound), answered, metrics, given)


def said(one: Outside, asked: Asked) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the answers with what names their units, and for each question the place of its answer, -1 without one."""
    key, whole = tuple(asked.keys.column_names), one.written()
    if whole is not None:
        given = plain(whole, key, asked.target, asked.keys.schema, one.also.name)
        return given, places(unit_hash(given, key, "", MATCHED), unit_hash(asked.keys, key, "", MATCHED))
    told = one.answers(asked)
    known = np.zeros(told.num_rows, dtype=np.bool_)
    for column in told.columns:
        known |= np.asarray(column.is_valid())
    both = pa.table({**{n: asked.keys[n] for n in key}, **{n: told[n] for n in told.column_names}})
    return both.filter(pa.array(known)), np.where(known, np.cumsum(known) - 1, -1)


@dataclass(frozen=True)
class Folds:
    """The development folds with the answers of today's rule, and what names their units."""

    splits: tuple[Split, ...]
    rule: tuple[pa.Table, ...]
    key: tuple[str, ...]


def folds_of(pinned: Pinned) -> Folds:
    """Return the folds that the built solutions were compared on."""
    task, case = pinned.task, pinned.case
    splits = tuple(task.folds(pinned.split.development, case, pinned.seed))
    rule = task.baseline(case)
    answers = [rule.fit(f.development, pinned.seed).answer(f.questions, live(task, f.development)) for f in splits]
    return Folds(splits, tuple(answers), key_of(pinned, splits[0]))


def on_folds(pinned: Pinned, folds: Folds, one: Outside) -> Offer:
    """Value an outside candidate on the development folds; an object is fitted on each fold's development rows."""
    start = time.process_time()
    rows = pinned.data[pinned.task.roles[0].name]
    parts = [
        offered(pinned, split, one, asked_of(pinned, split, folds.key, rows), rule)
        for split, rule in zip(folds.splits, folds.rule, strict=True)
    ]
    values = [part.values for part in parts]
    given = parts[0].given if one.written() is not None else pa.concat_tables([p.given for p in parts], **PERMISSIVE)
    return Offer(
        also=one.also,
        values=joined(values),
        answered=np.concatenate([part.answered for part in parts]),
        metrics=averaged([part.metrics for part in parts], values),
        given=given,
        seconds=time.process_time() - start,
    )


PERMISSIVE = {"promote_options": "permissive"}


def beside(
    pinned: Pinned, experiment: Experiment, outside: Sequence[Outside], files: FileStore, say: Callable[[str], None]
) -> tuple[Experiment, list[tuple[Outside, Offer]]]:
    """Return the experiment with its outside candidates, and what each offered. One that fails is left out, by name."""
    _own_names(experiment, outside)
    folds = folds_of(pinned)
    offers, findings = [], []
    for one in outside:
        say(f"{pinned.case.name}: {one.also.name}")
        try:
            offers.append((one, on_folds(pinned, folds, one)))
        except GrundsteinError as error:
            facts = {"name": one.also.name, "reason": error.what.rstrip(".")}
            findings.append(Finding("GST-O01", "issue", facts))
    kept = kept_values(experiment.differences, files) if offers else {}
    baseline = next(one.name for one in experiment.outcomes if one.standing == "baseline")
    gains = {offer.also.name: gain(offer.values, kept[baseline]) for _, offer in offers}
    winner = kept.get(experiment.winner)
    bought = {offer.also.name: gain(winner, offer.values) for _, offer in offers} if winner else {}
    found = (*experiment.findings, *findings, *(f for _, offer in offers for f in notes(offer)))
    beside_them = replace(
        experiment,
        outcomes=(*experiment.outcomes, *(offer.outcome for _, offer in offers)),
        gains={**experiment.gains, **gains},
        bought=bought,
        findings=found,
    )
    return beside_them, offers


def notes(offer: Offer) -> tuple[Finding, ...]:
    """Say that the figures are a preview, and how many units got today's rule's answer instead."""
    silent = int((~offer.answered).sum())
    facts: dict[str, str | int] = {"name": offer.also.name, "silent": silent, "units": len(offer.answered)}
    missing = (Finding("GST-O03", "issue", facts),) if silent else ()
    return (Finding("GST-O02", "tip", {"name": offer.also.name}), *missing)


def gain(better: Values, than: Values) -> Gain:
    """Return the mean difference per unit on development rows and its range at the level of a first opening."""
    return foretell(better, {"it": than}, {"it": 0.0}, len(better.unit), FIRST).gains["it"]


def _own_names(experiment: Experiment, outside: Sequence[Outside]) -> None:
    taken = {one.name for one in experiment.outcomes}
    for one in outside:
        if one.also.name in taken:
            raise Refused(
                f'The name "{one.also.name}" under `also:` is that of a solution of the house.',
                f"Another name than {', '.join(sorted(taken))}.",
                f"Correct cases/{experiment.case}.yaml",
            )
