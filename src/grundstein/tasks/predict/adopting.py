"""Room tasks. In: somebody else's answers -> Out: the same as the columns of `Task.answers`, row by row.

What was left out is filled by the plainest rule, never by one that was chosen on truths: an answer without `act` is
acted on as today's rule is, a probability where acting pays at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.predict.answers import number_answers, two_answers
from grundstein.tasks.predict.plan import NO, problem_of
from grundstein.tools.columns import YES, as_numbers, as_texts, shares_in
from grundstein.tools.money import within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.predict.plan import Plan, Problem

    Floats = NDArray[np.float64]

OF_LABEL = "probability: "


def adopted(plan: Plan, development: pa.Table, given: pa.Table) -> pa.Table:
    """Return `answer`, `probability` and `act` (a number: `answer` alone); Refused where they cannot be understood."""
    problem = problem_of(plan, development)
    if problem.kind == "number":
        return _numbers(given)
    share = shares_in(given, "probability")
    if share is None and plan.measure(problem.kind) == "log_loss" and not _by_label(problem, given):
        raise Refused(
            "answers without `probability` cannot be measured by log_loss",
            "a column `probability`, from 0 to 1",
            "bring it, or say what an answer is worth: `money`, or `metric: accuracy`",
        )
    if problem.kind == "two":
        return _two(plan, problem, given, share)
    return _many(plan, problem, given, share)


def _numbers(given: pa.Table) -> pa.Table:
    numbers = as_numbers(given, "answer")
    if np.isnan(numbers).any():
        raise Refused("an answer is no number", "a finite number in `answer`", "mend the answers")
    return number_answers(numbers)


def _two(plan: Plan, problem: Problem, given: pa.Table, share: Floats | None) -> pa.Table:
    """`probability` is of the positive label."""
    if _by_label(problem, given):
        share = shares_in(given, OF_LABEL + problem.positive)
    yes = _yes(problem, given, share)
    act = shares_in(given, "act")
    if act is None:
        even = plan.stakes.even
        way = plan.stakes.direction
        if share is None or even is None:
            act = within(plan.room, np.where(yes if way > 0 else ~yes, 1.0, 0.0))
        else:
            act = within(plan.room, way * share, way * even)
    sure = yes.astype(np.float64) if share is None else share
    return two_answers(problem, sure, act, yes)


def _yes(problem: Problem, given: pa.Table, share: Floats | None) -> NDArray[np.bool_]:
    """Whether each answer says yes: as it is written, where it is silent by its probability."""
    silent = np.ones(given.num_rows, dtype=np.bool_)
    found = np.zeros(given.num_rows, dtype=np.bool_)
    if "answer" in given.column_names:
        silent = np.asarray(given["answer"].is_null())
        told = given.filter(pa.array(~silent))
        found[~silent] = np.array(_labels(problem, told), dtype=object) == problem.positive
    if silent.any():
        if share is None:
            raise Refused("some rows hold no answer", "`answer` or `probability` in each", "mend the answers")
        found[silent] = share[silent] > 0.5
    return found


def _many(plan: Plan, problem: Problem, given: pa.Table, share: Floats | None) -> pa.Table:
    """`probability` is of the answer's own label."""
    if "answer" not in given.column_names:
        raise Refused("there is no answer", "a column `answer` with a label", "bring it")
    labels = _labels(problem, given)
    if labels and not set(labels) & set(problem.labels):
        raise _strange(labels[0], problem.labels)
    if _by_label(problem, given):
        columns = {label: shares_in(given, OF_LABEL + label) for label in problem.labels}
        own = [columns[label][row] if label in columns else 0.0 for row, label in enumerate(labels)]  # type: ignore[index]
        share = np.array(own, dtype=np.float64)
    act = shares_in(given, "act")
    if act is None:
        even = plan.stakes.even if plan.money and plan.money.form == "classes" else None
        asks = share is None or even is None
        act = within(plan.room, np.ones(len(labels))) if asks else within(plan.room, share, even)  # type: ignore[arg-type]
    sure = np.ones(len(labels)) if share is None else share
    table = pa.table({"answer": pa.array(labels, pa.string()), "probability": sure, "act": act})
    for label in problem.labels if _by_label(problem, given) else ():
        table = table.append_column(OF_LABEL + label, pa.array(shares_in(given, OF_LABEL + label)))
    return table


def _by_label(problem: Problem, given: pa.Table) -> bool:
    wanted = [problem.positive] if problem.kind == "two" else list(problem.labels)
    return all(OF_LABEL + label in given.column_names for label in wanted)


def _labels(problem: Problem, given: pa.Table) -> list[str]:
    """Answers as labels: as they are written, else as another word for yes or no."""
    texts = pc.utf8_trim_whitespace(as_texts(given, "answer")).to_pylist()
    if problem.kind == "many":
        return texts
    known = {text: text for text in problem.labels}
    for words in (YES, NO):
        alike = [label for label in problem.labels if label.strip().casefold() in words]
        known |= {word: alike[0] for word in words if len(alike) == 1 and word not in known}
    found = [known.get(text, known.get(text.casefold(), "")) for text in texts]
    if "" in found:
        raise _strange(texts[found.index("")], problem.labels)
    return found


def _strange(text: str, labels: Sequence[str]) -> Refused:
    told = nearest(text, labels)
    return Refused(f'the answer "{text[:40]}" is none of those that can be right', told, "mend the answers")
