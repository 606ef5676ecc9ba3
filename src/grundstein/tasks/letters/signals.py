"""Room tasks. In: a letter's sentences -> Out: Signal, what is missing, in an odd order, coded, or far apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from grundstein.tasks.letters.closing import closing_of, endings
from grundstein.tasks.letters.codes import codes
from grundstein.tasks.letters.grading import written
from grundstein.tasks.letters.parts import GRADED, people_in
from grundstein.tasks.letters.rules import pattern_of, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grundstein.tasks.letters.closing import Closing
    from grundstein.tasks.letters.parts import Line
    from grundstein.tasks.letters.rules import Pattern

APART = 1.5
FAR_APART = 2.2
NEAR = 70


@dataclass(frozen=True)
class Signal:
    """A sign, never a proof. `kind` and `name` as in `missing: honesty`; `words` are the letter's own."""

    kind: str
    name: str
    words: str = ""
    source: str = "usage"
    harmless: bool = False

    @property
    def label(self) -> str:
        """Both in one."""
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True)
class Grades:
    """Mean grades of the parts; None where nothing in a part speaks of one."""

    overall: float | None
    details: float | None
    behaviour: float | None
    closing: float

    @property
    def parts(self) -> tuple[float | None, float | None]:
        """Behaviour and performance."""
        return self.behaviour, self.performance

    @property
    def performance(self) -> float | None:
        """The overall judgement and the mean of the details, half each."""
        told = [one for one in (self.overall, self.details) if one is not None]
        return fmean(told) if told else None


@dataclass(frozen=True)
class Role:
    """What a letter for a role is expected to speak of."""

    title: Pattern
    tasks: Pattern
    but: Pattern
    topic: str


@cache
def roles() -> dict[str, Role]:
    """The roles by name."""
    content: dict[str, Any] = table("roles")["roles"]
    return {name: _role(one) for name, one in content.items()}


def _role(one: Mapping[str, Any]) -> Role:
    title, tasks, but = (pattern_of(one.get(part, [])) for part in ("title", "tasks", "but"))
    return Role(title, tasks, but, one["topic"])


@cache
def topics() -> dict[str, Pattern]:
    """What a letter may have to speak of, by name."""
    return {name: pattern_of(one["phrases"]) for name, one in table("roles")["topics"].items()}


def grades_of(lines: Sequence[Line], closing: Closing) -> Grades:
    """Mean grades of the parts."""
    told = [line for line in lines if line.reading.rule]
    overall = [line.reading.grade for line in told if line.overall]
    details = [line.reading.grade for line in told if line.section == "performance" and not line.overall]
    behaviour = [line.reading.grade for line in told if line.section == "behaviour"]
    return Grades(_mean(overall), _mean(details), _mean(behaviour), float(closing.grade))


def _mean(grades: Sequence[float]) -> float | None:
    return fmean(grades) if grades else None


def signals_of(lines: Sequence[Line], held: Sequence[str], locale: str) -> list[Signal]:
    """Everything that a careful reader would mark; `held` are the roles."""
    closing = closing_of(lines)
    grades = grades_of(lines, closing)
    found = [*_missing(lines, held), *_people(lines), *_drift(grades), *_coded(lines, grades)]
    text = " ".join(line.text for line in lines)
    found += [Signal("ending", n, written(text, [words])[0]) for n, words in endings(lines).items() if n != "own"]
    found += [Signal("closing", part) for part in ("regret", "thanks") if part in closing.missing]
    if {"professional", "private", "success"} <= set(closing.missing):
        found.append(Signal("closing", "wishes"))
    if locale == "at" and grades.overall is not None and grades.overall >= 2.5:
        found.append(Signal("law", "austria", source="ogh2008"))
    return found


def roles_in(lines: Sequence[Line]) -> tuple[str, ...]:
    """The roles that the title, the introduction and the tasks name."""
    before = next((place for place, line in enumerate(lines) if line.section in GRADED), len(lines))
    title = [line.words for line in (*lines[:1], *lines[:before]) if line is lines[0] or line.section == "intro"]
    tasks = [line.words for line in lines[:before] if line.section in {"intro", "tasks"}]
    return tuple(name for name, role in roles().items() if _holds(role, title, tasks))


def _holds(role: Role, title: Sequence[str], tasks: Sequence[str]) -> bool:
    named, said = ([role.but.sub(" ", words) for words in part] for part in (title, tasks))
    return any(map(role.title.search, named)) or any(map(role.tasks.search, said))


def _missing(lines: Sequence[Line], held: Sequence[str]) -> Iterator[Signal]:
    praised = [line.words for line in lines if line.section in {"performance", "behaviour"}]
    for name in held:
        topic = roles()[name].topic
        if not any(topics()[topic].search(words) for words in praised):
            yield Signal("missing", topic, name, "bag2008")
    if not any(line.overall for line in lines):
        yield Signal("missing", "overall")


def _people(lines: Sequence[Line]) -> Iterator[Signal]:
    """Who is named where behaviour is spoken of, and in which order."""
    behaviour = [line for line in lines if line.section == "behaviour"]
    if not behaviour:
        yield Signal("missing", "behaviour")
        return
    named: set[str] = set()
    for line in behaviour:
        people = people_in(line.words)
        named |= set(people)
        first, second = people.get("colleagues", NEAR), people.get("superiors", -NEAR)
        if 0 < second - first <= NEAR:
            yield Signal("order", "colleagues first", line.text)
    if named:
        yield from (Signal("missing", who) for who in ("superiors", "colleagues") if who not in named)


def _drift(grades: Grades) -> Iterator[Signal]:
    overall, details, behaviour = grades.overall, grades.details, grades.behaviour
    if overall is not None and details is not None and abs(overall - details) >= APART:
        yield Signal("drift", "overall below details" if overall > details else "overall above details")
    if behaviour is not None and grades.performance is not None:
        if behaviour - grades.performance >= APART:
            yield Signal("drift", "behaviour below performance")
        elif grades.performance - behaviour >= FAR_APART:
            yield Signal("drift", "performance below behaviour")


def _coded(lines: Sequence[Line], grades: Grades) -> Iterator[Signal]:
    for name, code in codes().items():
        for line in lines:
            hit = code.pattern.search(line.words) if line.section in {"performance", "behaviour"} else None
            if hit and (grades.details is None or grades.details >= code.only_from):
                yield Signal("code", name, written(line.text, [hit.group()])[0], code.source, code.harmless)
                break
