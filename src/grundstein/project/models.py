"""Room project. In: nothing -> Out: the fields of `grundstein.yaml` and `cases/NAME.yaml`."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  (pydantic reads the annotation)
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from grundstein.core.case import MONEY_FORMS

Text = Annotated[str, Field(strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Strict(BaseModel):
    """A typing error in a field's name is an error, never ignored."""

    model_config = ConfigDict(extra="forbid")


class WatchFile(Strict):
    """`watch:` of `grundstein.yaml`: where findings of live releases are sent, and what is too slow."""

    webhook: Text = Field("", description="The address that findings are posted to; secrets as `${env:NAME}`.")
    timeout: Number = Field(10.0, gt=0, le=300, description="Seconds that one call may take.")
    slow_ms: Number = Field(0.0, ge=0, description="Milliseconds that 99 of 100 answers may take; 0: no limit.")


class ServeFile(Strict):
    """`serve:` of `grundstein.yaml`: what a server allows, so that one client never makes the others wait."""

    questions: int = Field(100, ge=1, le=10_000, description="Questions, or truths, in one request.")
    body_bytes: int = Field(1_000_000, ge=1_000, le=100_000_000, description="Bytes of a request's body.")
    header_bytes: int = Field(16_384, ge=1_024, le=1_000_000, description="Bytes of a request's head.")
    read_seconds: Number = Field(10.0, gt=0, le=600, description="Seconds in which a request must have been sent.")
    answer_seconds: Number = Field(10.0, gt=0, le=600, description="Seconds that answering one request may take.")
    per_second: int = Field(2_000, ge=1, le=1_000_000, description="Questions a second of one token.")
    wrong_tokens: int = Field(30, ge=1, le=10_000, description="Wrong tokens a minute of one address.")
    connections: int = Field(512, ge=1, le=100_000, description="Connections at once.")
    at_once: int = Field(64, ge=1, le=10_000, description="Requests whose body is read at once.")
    reasons: int = Field(3, ge=0, le=99, description="Reasons given with an answer where the request names no number.")
    refresh_seconds: Number = Field(2.0, gt=0, le=600, description="Seconds between two looks at the ledger.")


class ProjectFile(Strict):
    """`grundstein.yaml`: one project, one currency, one time zone."""

    name: Text = Field(description="The project's name, shown in every report.")
    currency: Text = Field("EUR", description="The one currency of all amounts, as an ISO code.")
    timezone: Text = Field("Europe/Berlin", description="Naive instants are read in this IANA zone.")
    languages: list[Literal["en", "de"]] = Field(
        ["en", "de"], description="Languages of the reports; the first is shown."
    )
    salt: Text = Field("", description="Salt of every seal; written to the ledger's first row, fixed from then on.")
    ledger: Text = Field("ledger.sqlite", description="The ledger's file, from the project's folder.")
    lake: Text = Field("lake", description="The folder of the tables, from the project's folder.")
    roles: dict[str, list[Text]] = Field({}, description="Who may sign: a role and its people.")
    high_risk: list[Text] = Field([], description="Roles that sign besides where a case is of high risk.")
    valid_days: int = Field(365, ge=1, le=3650, description="How many days a signature counts.")
    watch: WatchFile = Field(
        WatchFile(webhook="", timeout=10.0, slow_ms=0.0),
        description="Where findings of live releases are sent, and what is too slow.",
    )
    standard: Text = Field("", description="The company's standard: a path from the project's folder.")
    serve: ServeFile = Field(ServeFile.model_validate({}), description="What `grundstein serve` allows.")

    @field_validator("currency")
    @classmethod
    def _code(cls, value: str) -> str:
        if not (len(value) == 3 and value.isalpha() and value.isupper()):
            raise ValueError("an ISO code of three capital letters, such as EUR")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("an IANA name, such as Europe/Berlin") from None
        return value


class StandardFile(Strict):
    """`standard.yaml`: what the company asks of every case. A project may ask more in its own, never less.

    Read are the file that GRUNDSTEIN_STANDARD names, the one under `standard:` of `grundstein.yaml`, and the one beside
    it, in this order; each may only add to those before it.
    """

    required: list[Text] = Field(
        [], description="Fields that every case fills in; alternatives as `money or metric`. Ideas are exempt."
    )
    approvers: dict[str, list[Text]] = Field(
        {}, description="Roles that must sign, by a word of `affects`; where any are named, a case says `affects`."
    )
    least_holdback: Number = Field(
        0.0, ge=0, lt=1, description="The least `holdback` of a case whose action changes the outcome (`saved`)."
    )
    longest_valid_days: int | None = Field(None, ge=1, le=3650, description="The most days that a signature counts.")
    tasks: list[Text] = Field([], description="The tasks that may be used; empty: all.")
    contract_owner: bool = Field(False, description="Whether every contract names its owner.")
    personal_words: list[Text] = Field(
        [], description="A column whose name holds one of these words must say `classification`."
    )
    high_risk_words: list[Text] = Field(
        [], description="Words in `affects`, `question` or `decision` that make a case one of high risk."
    )


class MoneyFile(Strict):
    """`money:` of a case; the names of exactly one form, the unnamed are 0."""

    act_on_yes: Number | None = Field(None, description="Acting on a unit whose answer is yes.")
    act_on_no: Number | None = Field(None, description="Acting on a unit whose answer is no.")
    skip_yes: Number | None = Field(None, description="Leaving a yes alone.")
    skip_no: Number | None = Field(None, description="Leaving a no alone.")
    saved: Number | None = Field(None, description="What one success of the action is worth.")
    success: Number | None = Field(None, ge=0, le=1, description="The share of actions on a yes that succeed.")
    cost: Number | None = Field(None, description="What one action costs.")
    right: Number | None = Field(None, description="A right category.")
    wrong: Number | None = Field(None, description="A wrong category; usually negative.")
    ask: Number | None = Field(None, description="An answer given to a person; usually negative.")
    over: Number | None = Field(None, description="Each unit of error above the truth; usually negative.")
    under: Number | None = Field(None, description="Each unit of error below the truth; usually negative.")
    hit: Number | None = Field(None, description="Each relevant answer shown.")
    assumed: list[Text] = Field([], description="Amounts that nobody has measured; the report says where they flip it.")

    def form(self) -> str:
        """Return the one form of `MONEY_FORMS` whose names are used; ValueError where they are mixed."""
        used = {name for name in self.model_fields_set if name != "assumed" and getattr(self, name) is not None}
        forms = [form for form, names in MONEY_FORMS.items() if used & set(names)]
        if len(forms) != 1:
            raise ValueError("names of one form: " + "; ".join(", ".join(names) for names in MONEY_FORMS.values()))
        return forms[0]


class AlsoFile(Strict):
    """`also:` of a case; each entry is a table of answers, an HTTP endpoint, or an object of a Python file."""

    name: Text = Field(description="What it is called in every table and report.")
    table: Text = Field("", description="A governed table of answers: the key's columns, `answer`, more if known.")
    endpoint: Text = Field("", description="The address of an HTTP endpoint that is asked one question a call.")
    python: Text = Field("", description="FILE.py:OBJECT in the project's folder, with fit and predict.")
    price: Number = Field(0.0, ge=0, description="What each answered unit costs, in the project's currency.")
    running_cost: Number = Field(0.0, ge=0, description="What having it costs per period, such as a licence.")
    timeout: Number = Field(30.0, gt=0, le=600, description="Seconds that one call may take.")
    retries: int = Field(3, ge=0, le=10, description="How often a failed call is tried again.")
    headers: dict[str, Text] = Field(
        {}, description="Headers of each call; secrets as `${env:NAME}` or `${file:PATH}`."
    )
    columns: list[Text] = Field(
        [], description="The columns that are shown; else all but key, entity and personal ones."
    )
    takes: Literal["matrix", "dicts", "arrow", "pandas"] = Field(
        "matrix",
        description="How an object is given its rows: numbers, one mapping a row, an Arrow table, a DataFrame.",
    )


class AgainFile(Strict):
    """`again:` of a case: when what is released is evaluated again by itself, as soon as there are new rows."""

    days: Number | None = Field(None, gt=0, description="So many days after the last evaluation.")
    rows: int | None = Field(None, ge=1, description="As soon as so many rows came or were replaced since.")
    cost: Number | None = Field(
        None, ge=0, description="What one evaluation costs: it is made where watching expects more to be lost a period."
    )


class CaseFile(Strict):
    """`cases/NAME.yaml`: one question of the business. A task adds fields of its own."""

    question: Text = Field(description="The question in a person's words; the report's headline.")
    decision: Text = Field("", description="Who does what with the answer.")
    task: Text = Field("", description="The shape of the question.")
    data: Text | dict[str, Text] = Field("", description="A table, a SELECT, or {role: table or SELECT}.")
    entity: Text = Field("", description="The column that names who a row is about, where the contract is silent.")
    time: Text = Field("", description="The column of time, where the contract is silent; `_row` for file order.")
    key: list[Text] = Field([], description="For a SELECT that groups rows: the columns that name one of its rows.")
    ignore: list[Text] = Field([], description="Columns that are not known when the answer is needed.")
    baseline: Text = Field("", description="Today's rule as one SQL expression.")
    baseline_cost: Number = Field(0.0, description="Running cost of today's rule per period.")
    money: MoneyFile | None = Field(None, description="What one unit's answer is worth.")
    metric: Text = Field("", description="The measure that decides where no money is declared.")
    running_cost: Number = Field(0.0, ge=0, description="What running the candidate costs per period.")
    volume: Number | None = Field(None, gt=0, description="Units per period.")
    period: Text = Field("year", description="The period of volume and running cost: year, quarter, month, week, day.")
    capacity: Number | None = Field(None, gt=0, description="How many units can be acted on per period.")
    worthwhile: Number = Field(0.0, ge=0, description="The gain per unit below which nobody would bother.")
    tolerance: Number | None = Field(None, ge=0, description="How much above the margin still counts as nothing.")
    worst: Number | None = Field(
        None, gt=0, description="The most that one wrong answer can cost, where money is silent."
    )
    acted: Text = Field("", description="On whom today's rule was acted: a column, or nobody.")
    holdback: Number = Field(0.0, ge=0, lt=1, description="The share never acted on, so that value stays measurable.")
    horizon: Number = Field(0.0, ge=0, description="Days until the truth of a row is known.")
    split: Literal["", "random"] = Field(
        "", description="`random` on a table with time: a preview that cannot qualify."
    )
    affects: Text = Field("", description="Whom the answers touch; staff and applicants make it risk: high.")
    risk: Literal["", "high"] = Field("", description="`high`: the roles named for it must sign.")
    signed_by: list[Text] = Field([], description="The roles that must sign.")
    idea: bool = Field(False, description="An idea only: remembered, not yet evaluated.")
    also: list[AlsoFile] = Field([], description="Somebody else's answers, compared with what is built here.")
    again: AgainFile | None = Field(None, description="When what is released is evaluated again by itself.")

    @field_validator("money")
    @classmethod
    def _one_form(cls, value: MoneyFile | None) -> MoneyFile | None:
        if value is not None:
            value.form()
            amounts = set(value.model_fields_set) - {"assumed"}
            strangers = set(value.assumed) - amounts
            if strangers:
                raise ValueError(f"assumed names only amounts that are given: {', '.join(sorted(amounts))}")
        return value

    @field_validator("period")
    @classmethod
    def _known_period(cls, value: str) -> str:
        if value not in ("year", "quarter", "month", "week", "day"):
            raise ValueError("year, quarter, month, week or day")
        return value


class DeclaredFile(Strict):
    """A row of `assess.yaml`: what a person vouches for and no record proves."""

    statement: Text = Field(min_length=1, description="What is there, in a person's words.")
    person: Text = Field(min_length=1, description="Who says so.")
    date: dt.date = Field(description="The day on which it was said, as YYYY-MM-DD.")
