"""Room tasks. In: an ask case -> Out: Plan, what a solution must know of it; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.tools.fields import options_of, refuse_metric, several
from grundstein.tools.money import Stakes, stakes
from grundstein.tools.retrieval.languages import checked
from grundstein.tools.retrieval.shelf import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case, Money

JUDGED = ("sentence", "passage")
METRICS = ("accuracy",)
SHOWN = 3


@dataclass(frozen=True)
class Options:
    """The task's own fields of the case file.

    `id`, `title` and `text` are columns of `corpus`; `question_id`, `asked` and `context` (what was said before, in
    a chat) of `questions`. What answers stands in `passages` (by `question_id`, `id` and `said`, the words that do), or
    in the columns `relevant` (a document) and `said` of `questions`. A question without a document is one that the
    corpus does not answer. `judged`: on the passage that is cited, or on the sentence in it. `false_answers`: the
    share of questions that the corpus does not answer which may get an answer all the same; where the case has money,
    money decides. `writer`: `address`, `model` and `key` of a language model that may put passages into words of its
    own when a person asks (`do CASE question`).
    """

    id: str
    asked: str
    text: list[str] | str
    question_id: str
    title: list[str] | str = ""
    context: str = ""
    relevant: str = ""
    said: str = ""
    judged: str = "passage"
    language: str = ""
    false_answers: float = 0.05
    writer: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know."""

    columns: Columns
    question: str
    question_id: str
    context: str
    relevant: str
    said: str
    judged: str
    language: str
    false_answers: float
    money: Money | None
    entity: str
    time: str
    horizon_days: float

    @property
    def measure(self) -> str:
        """The name of the value."""
        return "money" if self.money else "accuracy"

    @property
    def stakes(self) -> Stakes | None:
        """What answering is worth where the answer is right and where it is wrong; None without money."""
        return stakes(self.money) if self.money else None


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    _check_measure(case)
    if bool(options.relevant) == ("passages" in case.data):
        told = "twice: in `passages` and in `relevant`" if options.relevant else "nowhere"
        raise Refused(f"what answers a question stands {told}", "a table `passages`, or `relevant: COLUMN`", "name one")
    return Plan(
        columns=Columns(options.id, several(options.title), several(options.text)),
        question=options.asked,
        question_id=options.question_id,
        context=options.context,
        relevant=options.relevant,
        said=options.said,
        judged=options.judged,
        language=checked(options.language) if options.language else "",
        false_answers=options.false_answers,
        money=case.money,
        entity=case.entity,
        time=case.time,
        horizon_days=case.horizon_days,
    )


def contracts(case: Case) -> Mapping[str, Contract]:
    """Return what `questions`, `passages` and `corpus` must hold."""
    plan = plan_of(case)
    if case.baseline:
        raise Refused(
            "an ask case cannot carry a rule as its `baseline:`", "none: the opponent is the first passage of a search",
            f"take `baseline:` out of cases/{case.name}.yaml",
        )  # fmt: skip
    told_in = [plan.relevant, plan.said] if plan.relevant else []
    time = case.time if case.time != "_row" else ""
    asked = dict.fromkeys([plan.question_id, plan.question, plan.context, *told_in, time])
    told = dict.fromkeys([plan.question_id, plan.columns.id, plan.said])
    held = dict.fromkeys([plan.columns.id, *plan.columns.title, *plan.columns.text])

    def named(role: str, names: Mapping[str, None]) -> Contract:
        return Contract(case.data.get(role, role), tuple(Column(name, "text") for name in names if name))

    questions = replace(named("questions", asked), entity=case.entity, time=case.time)
    truth = {} if plan.relevant else {"passages": named("passages", told)}
    return {"questions": questions, **truth, "corpus": named("corpus", held)}


def answers(case: Case) -> Contract:
    """Return the columns of an answer: what is said, whether it is, and where it stands."""
    texts = {
        "question_id": "the question",
        "answer": "the sentence that is cited, or that the corpus does not say",
        "document": "the document that is cited",
        "section": "the heading above the sentence",
        "passage": "the passage around the sentence",
    }
    numbers = {"start": "first letter of the sentence in the document's text", "end": "the letter behind its last"}
    shares = {"probability": "how sure it is that this answers", "act": "1: answered, 0: a person is asked"}
    return Contract(
        f"{case.name}_answers",
        (
            *(Column(name, "text", required=name == "answer", description=said) for name, said in texts.items()),
            *(Column(name, "integer", description=said) for name, said in numbers.items()),
            *(Column(name, "number", True, 2, 0.0, 1.0, description=said) for name, said in shares.items()),
            Column("others", "text", required=True, description="list of further passages, the best first"),
            Column("cited", "text", required=True, description="list of their documents, in the same order"),
            Column("by", "text", required=True, description="who answers: a machine"),
        ),
    )


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    if options.judged not in JUDGED:
        raise Refused(f"judged on `{options.judged}`", f"{' or '.join(JUDGED)}", "correct `judged`")
    share = options.false_answers
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise Refused(f"false_answers is {share!r}", "a share above 0 and below 1", "write for example 0.05")
    return options


def _check_measure(case: Case) -> None:
    if case.money is not None and case.money.form != "classes":
        given = ", ".join(case.money.amounts)
        raise Refused(f"money of this form cannot value answers: {given}", "`right`, `wrong`, `ask`", "correct `money`")
    refuse_metric(case, METRICS)
