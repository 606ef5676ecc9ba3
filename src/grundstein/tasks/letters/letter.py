"""Room tasks. In: the text of a whole letter -> Out: Letter: sentences, grades with their reason, signals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused
from grundstein.tasks.letters.closing import Closing, closing_of
from grundstein.tasks.letters.codes import codes
from grundstein.tasks.letters.grading import written
from grundstein.tasks.letters.parts import GRADED, Line, lines_of
from grundstein.tasks.letters.rules import grammar, table
from grundstein.tasks.letters.signals import Grades, Signal, grades_of, roles_in, signals_of
from grundstein.tasks.letters.telling import finding_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN = 74
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"of": "Grades (1 best, 6 worst)", "signs": "Signs (a sign is no proof)", "none": "nothing conspicuous"},
    "de": {"of": "Noten (1 beste, 6 schlechteste)", "signs": "Zeichen (kein Beweis)", "none": "nichts Auffälliges"},
}


@dataclass(frozen=True)
class Letter:
    """What was read in a letter; `roles` were found in it or named."""

    lines: tuple[Line, ...]
    roles: tuple[str, ...]
    closing: Closing
    grades: Grades
    signals: tuple[Signal, ...]

    def graded(self, part: str) -> list[Line]:
        """The sentences that the grade of a part rests on."""
        told = [line for line in self.lines if line.reading.rule]
        if part in {"overall", "details"}:
            return [one for one in told if one.section == "performance" and one.overall == (part == "overall")]
        return [one for one in told if one.section == part]

    def drove(self, part: str) -> Line | None:
        """The sentence of a part that is farthest from its middle, of equal ones the worse."""
        told = self.graded(part)
        if len(told) < 2:
            return told[0] if told else None
        mean = sum(line.reading.grade for line in told) / len(told)
        return max(told, key=lambda line: (round(abs(line.reading.grade - mean), 6), line.reading.grade))


def letter_of(text: str, locale: str = "de", roles: Sequence[str] = ()) -> Letter:
    """Read a whole letter; Refused where it is no reference letter. `roles`: instead of those found in it."""
    lines = tuple(lines_of(text, locale))
    if not any(line.section in GRADED and line.reading.rule for line in lines):
        raise Refused(
            "no sentence judges work or behaviour", "a reference letter (Arbeitszeugnis)", "look at what was given"
        )
    held = tuple(roles) or roles_in(lines)
    closing = closing_of(lines)
    return Letter(lines, held, closing, grades_of(lines, closing), tuple(signals_of(lines, held, locale)))


def said_of(letter: Letter) -> dict[str, Any]:
    """The letter for a program."""
    last = " ".join(line.text for line in letter.lines if line.section in {"ending", "closing"})
    held = letter.closing.held
    return {
        "roles": list(letter.roles),
        "grades": grades_said(letter),
        "driven_by": {part: line.text for part in PARTS if (line := letter.drove(part))},
        "closing": {
            "holds": dict(zip(held, written(last, list(held.values())), strict=True)),
            "missing": list(letter.closing.missing),
        },
        "not_mentioned": [name for name in ASPECTS if not any(name in line.aspects for line in letter.lines)],
        "signals": [_signal(letter, one) for one in letter.signals],
        "sentences": [_sentence(line) for line in letter.lines],
    }


ASPECTS = ("knowledge", "grasp", "willingness", "manner", "results", "strain")
PARTS = ("overall", "details", "behaviour")


def grades_said(letter: Letter) -> dict[str, float | None]:
    """Grades by part, rounded to tenths."""
    grades = letter.grades
    each = {"performance": grades.performance, **{part: getattr(grades, part) for part in (*PARTS, "closing")}}
    return {part: None if grade is None else round(grade, 1) for part, grade in each.items()}


def told_of(letter: Letter, language: str) -> str:
    """The letter for a person."""
    words = WORDS[language]
    lines = [words["of"]]
    for part, grade in grades_said(letter).items():
        drove = letter.drove(part) if part in PARTS else None
        said = f'  "{_cut(drove.text)}": {_why(drove, language)}' if drove else ""
        lines.append(f"  {names()[part][language]:<22}{'-' if grade is None else f'{grade:.1f}'}{said}")
    found = [_sign(letter, one, language) for one in letter.signals]
    lines += ["", words["signs"], *(found or [f"  {words['none']}"])]
    lines.append("")
    lines += [_line(line, language) for line in letter.lines if line.section != "other"]
    return "\n".join(lines)


def _sign(letter: Letter, one: Signal, language: str) -> str:
    finding = finding_of(one, letter.grades)
    says = f" [{codes()[one.name].says[language]}]" if one.kind == "code" else ""
    return f"  {finding.code}  {finding.text(language)}{says}"


@cache
def names() -> Mapping[str, Mapping[str, str]]:
    """What the parts of a letter are called."""
    return table("sections")["names"]


def _line(line: Line, language: str) -> str:
    reading = line.reading
    grade = f"{reading.low}-{reading.high}" if reading.rule else ""
    return f"  {names()[line.section][language]:<18}{grade:<5}{_cut(line.text)}" + (
        f"  [{_why(line, language)}]" if grade else ""
    )


def _why(line: Line, language: str) -> str:
    return f"{', '.join(line.reading.words)}; {grammar().sources[line.reading.source].cited(language)}"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1].rstrip()}…"


def _signal(letter: Letter, one: Signal) -> dict[str, Any]:
    finding = finding_of(one, letter.grades)
    source = grammar().sources[one.source]
    return {
        "kind": one.kind,
        "name": one.name,
        "words": one.words,
        "source": source.cite,
        "fixed_by": source.kind,
        "code": finding.code,
        "section": finding.section,
        "text": finding.text(),
        "said_to_mean": codes()[one.name].says["en"] if one.kind == "code" else "",
    }


def _sentence(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"text": line.text, "section": line.section, "aspects": list(line.aspects)}
    reading = line.reading
    if reading.rule:
        said |= {"grade": reading.grade, "low": reading.low, "high": reading.high, "rule": reading.rule}
        said |= {"words": list(reading.words), "source": reading.cite, "fixed": reading.fixed}
    return said
