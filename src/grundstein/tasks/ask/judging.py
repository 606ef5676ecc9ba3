"""Room tasks. In: what answers a question, and answers -> Out: values, metrics, figures and the perfect answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused
from grundstein.core.figures import Figure
from grundstein.core.task import Split, Values
from grundstein.tasks.ask.answers import Given, answer_table
from grundstein.tasks.ask.library import Place
from grundstein.tools.columns import as_numbers
from grundstein.tools.retrieval.passages import Piece
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.ask.options import Plan

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

STEPS = 20
NEAR = 3


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Return one number a question: money, or 1 where it is answered rightly or the silence is right."""
    truth = split.truth["questions"]
    act, right, held = _said(plan, split, answers)
    stakes = plan.stakes
    if stakes is None:
        value, worst = np.where(held, act * right, 1.0 - act), 1.0
    else:
        value = stakes.worth(act, right)
        spread = (stakes.act_yes, stakes.act_no, stakes.skip_yes)
        worst = max(spread) - min(spread)
    unit, cluster = (np.asarray(truth[name], dtype=np.int64) for name in ("_unit", "_cluster"))
    period = None
    if split.how == "time":
        period = periods(np.asarray(truth["_time"], dtype=np.int64), of_rows=plan.time == "_row")
    return Values(unit, cluster, value, period, worst)


def perfect(plan: Plan, split: Split) -> pa.Table:
    """Return the answers of somebody who knows where each stands, silent where silence is worth more."""
    stakes = plan.stakes
    speaks = stakes is None or stakes.act_yes >= stakes.skip_yes
    given = []
    for wanted in split.truth["questions"]["wanted"].to_pylist():
        said = (wanted[0]["said"] or ".") if wanted else ""
        place = Place(wanted[0]["document"], "", 0, said) if wanted else None
        given.append(Given(float(bool(wanted)), bool(wanted) and speaks, place, Piece(0, len(said))))
    return answer_table(split.truth["questions"]["question_id"].to_pylist(), given, plan.language)


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return how often an answer was given and right.

    `accuracy` counts silence as right where nothing answers; `false_answers` is the share of those questions that
    got an answer, `answered` that of all others; `hit@3`: the answer stands in one of the first three passages.
    """
    act, right, held = _said(plan, split, answers)
    if not len(act):
        return dict.fromkeys(("accuracy", "answered", "right_if_answered", "acted", "right"), 0.0)
    near = _near(split, answers)
    told = {
        "accuracy": float(np.where(held, act * right, 1.0 - act).mean()),
        "answered": _mean(act[held]),
        "false_answers": _mean(act[~held]),
        "right_if_answered": _mean(right[act > 0]),
        "hit@3": _mean(near[held]),
        "acted": float(act.mean()),
        "right": float((act * right).mean()),
    }
    return {name: share for name, share in told.items() if np.isfinite(share)}


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """Return how right the surest answers are."""
    _, right, held = _said(plan, split, answers)
    sure = as_numbers(answers, "probability")
    if not len(sure):
        return []
    ordered = (right & held)[np.argsort(-sure, kind="stable")]
    sizes = np.unique(np.maximum(1, np.arange(1, STEPS + 1) * len(ordered) // STEPS))
    shares = np.cumsum(ordered)[sizes - 1] / sizes
    return [
        Figure(
            "right_by_share",
            "line",
            {"en": "How often the surest answers are right", "de": "Wie oft die sichersten Antworten stimmen"},
            {"share": tuple(map(float, sizes / len(ordered))), "right": tuple(map(float, shares))},
            "share",
            "right",
            labels={
                "en": {"share": "share of questions, the surest first", "right": "share cited rightly"},
                "de": {"share": "Anteil der Fragen, sicherste zuerst", "right": "Anteil richtig belegter Antworten"},
            },
        )
    ]


def is_right(plan_judged: str, wanted: Sequence[Mapping[str, str | None]], told: Mapping[str, str | None]) -> bool:
    """Whether what was cited answers: the right document and, where they are known, the words in what was cited.

    `told`: `document`, `passage` and `answer`; an answer without a document is held against the words alone.
    """
    cited = plain(told["passage"] or told["answer"] if plan_judged == "passage" else told["answer"])
    for one in wanted:
        said = plain(one["said"])
        document = told["document"]
        if document is not None and document != one["document"]:
            continue
        if not said and document is not None:
            return True
        if said and (said in cited or (len(cited) > NEAR and cited in said)):
            return True
    return False


def plain(text: str | None) -> str:
    """Return a text in small letters with single blanks."""
    return " ".join((text or "").casefold().split())


def _said(plan: Plan, split: Split, answers: pa.Table) -> tuple[Floats, Flags, Flags]:
    """Whether each question was answered, rightly, and whether anything answers it."""
    truth = split.truth["questions"]
    if answers.num_rows != truth.num_rows:
        said = f"{answers.num_rows} answers to {truth.num_rows} questions"
        raise Refused(said, "one row a question, in the order of the questions", "answer every question once")
    wanted = truth["wanted"].to_pylist()
    told = answers.select(["document", "passage", "answer"]).to_pylist()
    act = as_numbers(answers, "act")
    right = [is_right(plan.judged, one, row) for one, row in zip(wanted, told, strict=True)]
    held = np.array([bool(one) for one in wanted], dtype=np.bool_)
    return act, np.array(right, dtype=np.bool_), held


def _near(split: Split, answers: pa.Table) -> Flags:
    found = []
    names = ["document", "passage", "others", "cited"]
    for wanted, row in zip(
        split.truth["questions"]["wanted"].to_pylist(), answers.select(names).to_pylist(), strict=True
    ):
        pairs = [(row["document"], row["passage"])] if row["document"] is not None else []
        pairs += list(zip(row["cited"] or (), row["others"] or (), strict=False))
        told = ({"document": document, "passage": text, "answer": text} for document, text in pairs[:NEAR])
        found.append(any(is_right("passage", wanted, one) for one in told))
    return np.array(found, dtype=np.bool_)


def _mean(values_: Floats | Flags) -> float:
    return float(values_.mean()) if len(values_) else float("nan")
