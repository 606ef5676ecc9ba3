"""Room evaluation. In: a Look with out-of-fold answers -> Out: Answered, what was told and what happened, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.evaluation.checks import rows
from grundstein.tools.columns import acted_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.evaluation.checks.look import Look

    Floats = NDArray[np.float64]

EACH = "probability: "


@dataclass(frozen=True)
class Answered:
    """One solution's answers to units that nobody acted on; acting destroys the truth.

    `truth`: 1 for yes ("two"), the class number ("many"), the number. `told`: a column a class with its probability, or
    one column with the predicted number. `wrong`: 1 where the answer was not what happened, the absolute error of a
    number. `act`: share of action, 0 to 1 (none for a number). `places` are the units'
    places among the judged rows, `time` is None without a split in time.
    """

    kind: str
    classes: tuple[str, ...]
    truth: Floats
    told: Floats
    wrong: Floats
    act: Floats
    cluster: NDArray[np.int64]
    places: NDArray[np.int64]
    time: NDArray[np.int64] | None = None

    @property
    def named(self) -> Floats:
        """The probability told for the likeliest class."""
        return self.told.max(axis=1)

    @property
    def of_truth(self) -> Floats:
        """The probability told for what happened."""
        return self.told[np.arange(len(self.truth)), self.truth.astype(np.int64)]


def answered(look: Look, name: str) -> Answered | None:
    """Read a solution's out-of-fold answers; None where they or their truth are not there, or not of this shape."""
    happened, answers = look.happened, look.answers.get(name)
    if answers is None or happened is None or name not in look.values or not look.has_target:
        return None
    there = look.target in happened.column_names and "answer" in answers.column_names
    if not there or answers.num_rows != happened.num_rows or (look.goal.kind != "number" and _silent(answers)):
        return None
    goal = look.goal
    column = happened[look.target]
    truth = rows.numbers(column) if goal.kind == "number" else _classes(column, goal.classes)
    told = _told(answers, goal.classes, goal.kind)
    seen = np.isfinite(truth) & (truth >= 0) if goal.kind != "number" else np.isfinite(truth)
    kept = np.flatnonzero(seen & np.isfinite(told).all(axis=1) & ~_acted(happened, look.case.acted))
    act = rows.numbers(answers["act"]) if "act" in answers.column_names else np.full(len(truth), np.nan)
    wrong = np.abs(told[:, 0] - truth) if goal.kind == "number" else _wrong(answers, column)
    cluster = np.unique(look.values[name].cluster, return_inverse=True)[1]
    time = np.asarray(happened["_time"])[kept] if "_time" in happened.column_names else None
    return Answered(goal.kind, goal.classes, truth[kept], told[kept], wrong[kept], act[kept], cluster[kept], kept, time)


def _silent(answers: pa.Table) -> bool:
    return "probability" not in answers.column_names


def _wrong(answers: pa.Table, happened: pa.ChunkedArray) -> Floats:
    same = pc.equal(rows.texts(answers["answer"]).combine_chunks(), rows.texts(happened).combine_chunks())
    return 1.0 - np.asarray(pc.fill_null(same, fill_value=False), dtype=np.float64)


def _classes(column: pa.ChunkedArray, classes: tuple[str, ...]) -> Floats:
    """Each text's place among the classes, -1 where it is none; where yes has several others, they are the first."""
    found = np.asarray(pc.fill_null(pc.index_in(rows.texts(column), value_set=pa.array(classes, pa.string())), -1))
    if len(classes) == 2 and classes[0] == "":
        found = np.where(found == 1, 1, 0)
    return found.astype(np.float64)


def _told(answers: pa.Table, classes: tuple[str, ...], kind: str) -> Floats:
    if kind == "number":
        return rows.numbers(answers["answer"])[:, None]
    top = rows.numbers(answers["probability"])
    if kind == "two":
        return np.stack([1.0 - top, top], axis=1)
    if any(EACH + label in answers.column_names for label in classes):
        return np.stack([_of_label(answers, label) for label in classes], axis=1)
    place = np.asarray(pc.fill_null(pc.index_in(rows.texts(answers["answer"]), value_set=pa.array(classes)), -1))
    spread = np.repeat(((1.0 - top) / max(len(classes) - 1, 1))[:, None], len(classes), axis=1)
    spread[np.flatnonzero(place >= 0), place[place >= 0]] = top[place >= 0]
    return spread


def _of_label(answers: pa.Table, label: str) -> Floats:
    if EACH + label not in answers.column_names:
        return np.zeros(answers.num_rows)
    return np.nan_to_num(rows.numbers(answers[EACH + label]))


def _acted(happened: pa.Table, name: str) -> NDArray[np.bool_]:
    """Units on which today's rule was acted."""
    if name in {"", "nobody"} or name not in happened.column_names:
        return np.zeros(happened.num_rows, dtype=np.bool_)
    return acted_on(happened, name)
