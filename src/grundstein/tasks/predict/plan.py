"""Room tasks. In: a case and the target's column -> Out: Plan and Problem, what is asked: two classes, many, a number.

A plan is the part of a case that a solution must know; it is saved beside the model. A problem is what the column
turned out to be: its kind and its labels as texts, for two classes the positive one last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tools.columns import NUMERIC, YES, as_numbers, as_texts
from grundstein.tools.fields import options_of, room_of
from grundstein.tools.money import Stakes, stakes
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from grundstein.core.case import Case, Money

Kind = Literal["two", "many", "number"]

METRICS: Mapping[str, tuple[Kind, ...]] = {
    "accuracy": ("two", "many"),
    "log_loss": ("two", "many"),
    "absolute_error": ("number",),
    "squared_error": ("number",),
}
FORMS: Mapping[str, Kind] = {"cells": "two", "action": "two", "classes": "many", "number": "number"}
MOST_LABELS = 500
NO = ("no", "nein", "false", "falsch", "0", "n", "f")


@dataclass(frozen=True)
class Options:
    """The fields of a case file that belong to this task.

    `target` is the column to predict, `positive` the value that counts as yes, `kind` says "many" or "number" where
    the column alone does not (article groups written as numbers).
    """

    target: str
    positive: str | None = None
    kind: str = ""


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know; `room` is capacity / volume."""

    target: str
    positive: str | None = None
    kind: str = ""
    ignore: tuple[str, ...] = ()
    acted: str = ""
    entity: str = ""
    time: str = ""
    baseline: str = ""
    money: Money | None = None
    metric: str = ""
    room: float | None = None
    horizon_days: float = 0.0

    @property
    def acted_column(self) -> str:
        """The column that says on whom today's rule was acted; empty where nobody was or nobody has said."""
        return "" if self.acted in {"", "nobody"} else self.acted

    @property
    def stakes(self) -> Stakes:
        """What acting is worth; without money a right yes counts as much as a wrong one costs."""
        return stakes(self.money) if self.money and self.money.form in {"cells", "action", "classes"} else EVEN

    @property
    def known_kind(self) -> Kind | None:
        """The kind as far as the case alone tells it."""
        if self.kind in {"two", "many", "number"}:
            return self.kind  # type: ignore[return-value]
        if self.money and self.money.form in FORMS:
            return FORMS[self.money.form]
        if self.positive is not None:
            return "two"
        return "number" if self.metric in {"absolute_error", "squared_error"} else None

    def measure(self, kind: Kind | None) -> str:
        """The name of the value; without money or metric the one that a preview uses."""
        if self.money:
            return "money"
        return self.metric or ("absolute_error" if kind == "number" else "log_loss")

    @property
    def squares(self) -> bool:
        """Whether an error counts by its square: then the mean is wanted, else a middle that money or metric names."""
        return self.measure("number") == "squared_error"


EVEN = Stakes(1.0, -1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Problem:
    """What the target's column turned out to be. `labels` in a fixed order; two classes: (no, yes)."""

    kind: Kind
    labels: tuple[str, ...] = ()

    @property
    def positive(self) -> str:
        """The label that counts as yes."""
        return self.labels[-1]


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    plan = Plan(
        options.target,
        options.positive,
        options.kind,
        tuple(case.ignore),
        case.acted,
        case.entity,
        case.time,
        case.baseline,
        case.money,
        case.metric,
        room_of(case),
        case.horizon_days,
    )
    said = "two" if plan.positive is not None else None
    _check_measure(plan, plan.kind or said)  # type: ignore[arg-type]
    return plan


def problem_of(plan: Plan, rows: pa.Table) -> Problem:
    """Decide the kind from the target's column; Refused where it holds one value only, or cannot be a target."""
    found = _problem(plan, rows)
    _check_measure(plan, found.kind)
    return found


def _problem(plan: Plan, rows: pa.Table) -> Problem:
    target = target_column(plan, rows)
    numeric = any(is_kind(target.type) for is_kind in NUMERIC)
    if plan.kind == "number" or (numeric and plan.kind not in {"two", "many"} and _distinct(rows, plan) != 2):
        return _number_problem(plan, rows, numeric)
    if not numeric and not _textual(target.type):
        raise Refused(
            f'"{plan.target}" holds {target.type}', "yes and no, classes or a number", "choose another target"
        )
    texts = as_texts(rows, plan.target).filter(pa.array(known_truth(plan, rows)))
    labels = sorted(pc.unique(texts).to_pylist())
    if len(labels) == 1:
        raise _one_class(plan, labels)
    if len(labels) == 2 and plan.kind != "many":
        positive = _positive(plan, texts, labels)
        return Problem("two", (labels[1] if positive == labels[0] else labels[0], positive))
    return _many_problem(plan, labels, len(texts))


def truths(problem: Problem, plan: Plan, rows: pa.Table) -> NDArray[np.float64]:
    """Read the target as numbers: 1 for yes and 0 for no, the label's position (-1: not learnt), or the number."""
    if problem.kind == "number":
        return as_numbers(rows, plan.target)
    found = pc.index_in(as_texts(rows, plan.target), value_set=pa.array(problem.labels, pa.string()))
    return np.asarray(pc.fill_null(found, -1), dtype=np.float64)


def known_truth(plan: Plan, rows: pa.Table) -> NDArray[np.bool_]:
    """Mark the rows whose target is known and, for a number, finite."""
    target = target_column(plan, rows)
    known = pc.is_valid(target)
    if pa.types.is_floating(target.type):
        known = pc.fill_null(pc.is_finite(target), fill_value=False)
    return np.asarray(known, dtype=np.bool_)


def target_column(plan: Plan, rows: pa.Table) -> pa.ChunkedArray:
    """Return the target's column; Refused with the nearest name where there is none."""
    if plan.target not in rows.column_names:
        names = [name for name in rows.column_names if name not in HOUSE_COLUMNS]
        raise Refused(f'there is no column "{plan.target}" to predict', nearest(plan.target, names), "correct `target`")
    return rows[plan.target]


def feature_names(plan: Plan, rows: pa.Table) -> list[str]:
    """The columns that a solution may look at."""
    hidden = {plan.target, plan.acted_column, plan.entity, *plan.ignore, *HOUSE_COLUMNS}
    return [name for name in rows.column_names if name not in hidden]


def settled(case: Case, rows: pa.Table) -> Case:
    """Return the case with kind and positive value as the column tells them, so that every part decides alike."""
    plan = plan_of(case)
    problem = problem_of(plan, rows)
    found: dict[str, Any] = {"kind": problem.kind}
    if problem.kind == "two":
        found["positive"] = problem.positive
    return replace(case, options={**case.options, **found})


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    positive: object = options.positive
    if isinstance(positive, bool):
        positive = "true" if positive else "false"
    kind = str(options.kind or "")
    if kind not in {"", "two", "many", "number"}:
        raise Refused(f"`kind: {kind}` is unknown", nearest(kind, ["two", "many", "number"]), "correct the case")
    return Options(str(options.target), None if positive is None else str(positive), kind)


def _check_measure(plan: Plan, kind: Kind | None) -> None:
    """Refuse money or a metric that is unknown, or for another kind of question (`kind` None: not known yet)."""
    if plan.money and plan.money.form not in FORMS:
        raise Refused("this money belongs to a ranking", f"one of: {', '.join(FORMS)}", "correct `money`")
    if plan.metric and plan.metric not in METRICS:
        raise Refused(f"`metric: {plan.metric}` cannot decide", nearest(plan.metric, METRICS), "correct `metric`")
    if plan.money and kind and FORMS[plan.money.form] != kind:
        asked = _words(FORMS[plan.money.form])
        raise Refused(f"the money of the case is for {asked}", f"money for {_words(kind)}", "correct `money`")
    if plan.metric and kind and kind not in METRICS[plan.metric]:
        allowed = ", ".join(name for name, kinds in METRICS.items() if kind in kinds)
        raise Refused(f"`metric: {plan.metric}` is not for {_words(kind)}", f"one of: {allowed}", "correct `metric`")


def _words(kind: Kind) -> str:
    return {"two": "a yes/no question", "many": "many classes", "number": "a number"}[kind]


def _textual(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(inner) or pa.types.is_large_string(inner)


def _distinct(rows: pa.Table, plan: Plan) -> int:
    numbers = as_numbers(rows, plan.target)
    return 2 if pa.types.is_boolean(rows[plan.target].type) else len(np.unique(numbers[~np.isnan(numbers)]))


def _number_problem(plan: Plan, rows: pa.Table, numeric: bool) -> Problem:
    if not numeric:
        raise Refused(f'"{plan.target}" holds no numbers', "a column of numbers", "correct `kind` or `target`")
    if plan.positive is not None:
        raise Refused(f'"{plan.target}" is a number', "`positive` only where there are two values", "correct the case")
    if _distinct(rows, plan) < 2:
        raise _one_class(plan, list(map(str, np.unique(as_numbers(rows, plan.target))[:1])))
    return Problem("number")


def _many_problem(plan: Plan, labels: list[str], known: int) -> Problem:
    if not labels:
        raise Refused(f'"{plan.target}" is empty everywhere', "rows whose answer is known", "choose another target")
    if plan.positive is not None:
        raise Refused(
            f'"{plan.target}" has {len(labels)} values, `positive` is for two',
            f"values: {', '.join(labels[:12])}",
            "leave `positive` out, or make a column that is yes or no",
        )
    if len(labels) > MOST_LABELS or len(labels) > max(known / 2, 2):
        raise Refused(
            f'"{plan.target}" has {len(labels)} values in {known} rows: a name or free text, no class',
            f"at most {MOST_LABELS} classes with several rows each",
            "choose another target, or group its values",
        )
    return Problem("many", tuple(labels))


def _one_class(plan: Plan, labels: list[str]) -> Refused:
    return Refused(
        f'"{plan.target}" is {labels[0] if labels else "empty"} in every row: there is nothing to tell apart',
        "at least two values",
        "bring rows of both kinds, or choose another target",
    )


def _positive(plan: Plan, texts: pa.ChunkedArray, labels: list[str]) -> str:
    """The value that counts as yes: as the case says; else a word for yes; else the rarer."""
    if plan.positive is not None:
        return _named_positive(plan.positive, labels)
    words = [label for label in labels if label.strip().casefold() in YES]
    if len(words) == 1:
        return words[0]
    first = pc.sum(pc.equal(texts, labels[0])).as_py()
    return labels[0] if 2 * first < len(texts) else labels[1]


def _named_positive(wanted: str, labels: list[str]) -> str:
    if wanted in labels:
        return wanted
    words = next((words for words in (YES, NO) if wanted.strip().casefold() in words), ())
    alike = [label for label in labels if label.strip().casefold() in words]
    if len(alike) == 1:
        return alike[0]
    raise Refused(
        f'`positive: "{wanted}"` is not among the values', f"values: {', '.join(labels)}", "correct `positive`"
    )
