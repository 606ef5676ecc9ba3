"""Room approval. In: an Assessment -> Out: one self-contained HTML page in one language: no script, nothing fetched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from grundstein.approval.report import environment
from grundstein.approval.words import say
from grundstein.core.assessing import SCORED, Row
from grundstein.core.errors import Refused, offered
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.assessing import Advised, Assessed, Assessment
    from grundstein.core.assessing import Step

TESTS = 7
NEXT_TITLES = ("", "assess.next_one", "assess.next_two", "assess.next")
KIT = ("principles", "components")


@dataclass(frozen=True)
class Told:
    """A step as the page shows it; `state` is "done", "next" or "later"."""

    title: str
    state: str = ""
    can: str = ""
    command: str = ""
    number: str = ""


@dataclass(frozen=True)
class Line:
    """One sentence of advice: "wait", "mend" or "ready"."""

    text: str
    state: str


@dataclass(frozen=True)
class Bar:
    """One sum of the score; `least`: the smallest one, which is the score."""

    title: str
    points: str
    percent: float
    least: bool


@dataclass(frozen=True)
class Shown:
    """One row as the page shows it."""

    name: str
    title: str
    source: str
    state: str
    word: str
    why: str
    command: str
    record: str


@dataclass(frozen=True)
class Rows:
    """One group of rows."""

    title: str
    rows: tuple[Shown, ...]


@dataclass(frozen=True)
class Screen:
    """What stands on the first screen, and the texts of the sections that have no rows."""

    headline: str
    today: tuple[str, ...]
    road: tuple[Told, ...]
    next_title: str
    next: tuple[Told, ...]
    advice: tuple[Line, ...]
    score: str
    bars: tuple[Bar, ...]
    trail: str


def page(told: Assessment, language: str) -> str:
    """Write the page; Refused for a language that the house does not speak."""
    if language not in wording.LANGUAGES:
        raise Refused(f'No page in "{language}".', offered(language, wording.LANGUAGES), "en or de")
    return (
        environment()
        .get_template("assess.html")
        .render(
            language=language,
            told=told,
            screen=screen(told, language),
            words=partial(_say, language),
            scored=[_rows(told, group, language) for group in SCORED],
            kit=[_rows(told, group, language) for group in KIT],
        )
    )


def screen(told: Assessment, language: str) -> Screen:
    """Say what is proven, what can be done today, what comes next, and what should wait."""
    said = partial(_say, language)
    done = [one for one in told.steps if one.proof]
    every = len(done) == len(told.steps)
    some = said("assess.steps", done=len(done), all=len(told.steps))
    return Screen(
        headline=said("assess.every") if every else some if done else said("assess.none"),
        today=tuple(one.step.can[language] for one in done[-3:]),
        road=_road(told, language),
        next_title=said(NEXT_TITLES[len(told.next)]) if told.next else "",
        next=tuple(_ahead(told, one, language) for one in told.next),
        advice=tuple(_advised(told, one, language) for one in told.advice),
        score=_points(told.score, language),
        bars=_bars(told, language),
        trail=_trail(told, language),
    )


def _advised(told: Assessment, one: Advised, language: str) -> Line:
    """The sentence of one advice, by the steps that lack below it, with their numbers on the road."""
    state = "ready" if not one.lacking else "mend" if one.there else "wait"
    numbers = {walked.step.name: number for number, walked in enumerate(told.steps, 1)}
    lacking = ", ".join(f"{numbers[step.name]} {step.title[language]}" for step in one.lacking)
    return Line(_say(language, f"assess.{state}", what=one.advice.title[language], lacking=lacking), state)


def _word(one: Assessed, language: str) -> str:
    """The state of a row in words; a test of the score says whether by hand or each time."""
    key = one.level if one.proof and one.row.of in SCORED else one.state
    return _say(language, f"assess.{key}")


def _say(language: str, key: str, **facts: object) -> str:
    return say(key, language, **facts)


def _points(points: float, language: str) -> str:
    return f"{points:g}".replace(".", "," if language == "de" else ".")


def _ahead(told: Assessment, one: Step | Row, language: str) -> Told:
    """A step with what can be done after it, or a test of the score with what it lacks."""
    if isinstance(one, Row):
        return Told(one.title[language], can=one.lacks.get(language, ""), command=one.command)
    number = next(place for place, walked in enumerate(told.steps, 1) if walked.step == one)
    return Told(one.title[language], can=one.can[language], command=one.command, number=str(number))


def _road(told: Assessment, language: str) -> tuple[Told, ...]:
    first = next((one for one in told.steps if not one.proof), None)
    return tuple(
        Told(one.step.title[language], "done" if one.proof else "next" if one is first else "later")
        for one in told.steps
    )


def _bars(told: Assessment, language: str) -> tuple[Bar, ...]:
    least = min(told.sums, key=lambda group: told.sums[group])
    return tuple(
        Bar(
            _say(language, f"assess.{group}"),
            _say(language, "assess.sum", points=_points(points, language)),
            round(100 * points / TESTS, 1),
            group == least,
        )
        for group, points in told.sums.items()
    )


def _trail(told: Assessment, language: str) -> str:
    if not told.head:
        return _say(language, "assess.trail_none")
    return _say(language, "assess.trail_head", day=wording.day(told.at, language), head=told.head)


def _rows(told: Assessment, group: str, language: str) -> Rows:
    return Rows(_say(language, f"assess.{group}"), tuple(_shown(one, language) for one in told.group(group)))


def _shown(one: Assessed, language: str) -> Shown:
    why = one.why(language)
    if one.state == "declared" and one.declared:
        day = wording.day(one.declared.date, language)
        why = _say(language, "assess.said", person=one.declared.person, date=day, statement=one.declared.statement)
    return Shown(
        one.row.name,
        one.row.title[language],
        one.row.source,
        one.state,
        _word(one, language),
        why,
        "" if one.proof else one.row.command,
        one.proof.entry.id[:12] if one.proof else "",
    )
