"""Room tasks. In: `grundstein do CASE read LETTER` -> Out: Done, what a whole letter says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.core.errors import Misused, nearest
from grundstein.core.task import Done
from grundstein.tasks.letters.options import LOCALES, plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Project

USAGE = "grundstein do CASE read LETTER [--role NAME] [--locale de|at|ch]"


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    path: Path
    roles: tuple[str, ...]
    locale: str


def read(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Read a whole letter (text, PDF, DOCX): grades by section with their reasons, gaps, signs, the closing formula."""
    from grundstein.tasks.letters.documents import text_of
    from grundstein.tasks.letters.letter import letter_of, said_of, told_of

    asked = _asked(args, plan_of(case).locale)
    letter = letter_of(text_of(asked.path), asked.locale, asked.roles)
    language = "de" if next(iter(project.languages), "en") == "de" else "en"
    said = {"letter": asked.path.name, "locale": asked.locale, **said_of(letter)}
    return Done(f"{asked.path.name}\n{told_of(letter, language)}", said)


def _asked(args: Sequence[str], locale: str) -> Asked:
    from grundstein.tasks.letters.signals import roles

    paths: list[str] = []
    named: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word in {"--role", "--locale"}:
            value = rest.pop(0) if rest else ""
            allowed = roles() if word == "--role" else LOCALES
            if value not in allowed:
                raise Misused(f'"{value}" is no {word[2:]} that is known', nearest(value, allowed), USAGE)
            if word == "--role":
                named.append(value)
            else:
                locale = value
        elif word.startswith("--"):
            raise Misused(f'there is no option "{word}"', nearest(word, ["--role", "--locale"]), USAGE)
        else:
            paths.append(word)
    if len(paths) != 1:
        raise Misused("one letter is read at a time", "the path of a text, PDF or DOCX", USAGE)
    return Asked(Path(paths[0]), tuple(named), locale)
