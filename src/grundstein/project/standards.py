"""Room project. In: the company's `standard.yaml` and the project's own -> Out: one Standard, or what weakens it.

A later file may ask more. A list that it writes holds all of the earlier one (`tasks`: only some of it), so that what
stands in the file is what counts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import GrundsteinError, Refused, offered
from grundstein.core.standard import OR, Standard
from grundstein.project.models import CaseFile, StandardFile
from grundstein.project.yaml_files import checked, joined, line_of, read, secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from grundstein.project.models import ProjectFile

OWN = "standard.yaml"
VARIABLE = "GRUNDSTEIN_STANDARD"
SETTINGS = "grundstein.yaml"


@dataclass(frozen=True)
class Read:
    """One file as it was read: `place` is its path as a person at the project's folder would write it."""

    place: str
    content: Mapping[str, Any]
    file: StandardFile

    def states(self, field: str) -> bool:
        """Whether the file says anything of a field."""
        return field in self.file.model_fields_set

    def at(self, *field: str) -> str:
        """Where a field stands."""
        return f"{self.place}, line {line_of(self.content, field)}"


def read_standard(root: Path, settings: ProjectFile) -> Standard:
    """Read and join the standards that hold for a project; Refused where a later one weakens an earlier one."""
    files = [_read(root, path) for path in paths(root, settings)]
    standard, wrong = Standard(files=tuple(one.place for one in files)), []
    for number, one in enumerate(files):
        wrong += _weaker(one, files[:number])
        standard = _more(standard, one.file)
    wrong += _longer(root, settings, files)
    if wrong:
        raise joined(wrong)
    return standard


def paths(root: Path, settings: ProjectFile) -> list[Path]:
    """The files that hold, the company's first; one that is named and is not there is refused."""
    named = [Path(one) for one in (os.environ.get(VARIABLE, ""), settings.standard) if one]
    found = [*((root / path).resolve() for path in named), *((root / OWN,) if (root / OWN).is_file() else ())]
    for path in found:
        if not path.is_file():
            raise Refused(
                f"The company's standard is not there: {_shown(root, path)}.",
                f"The file that `standard` in {SETTINGS}, or {VARIABLE}, names.",
                "Bring it back, or correct the path: without it nothing is decided, signed or released",
            )
    return list(dict.fromkeys(path.resolve() for path in found))


def _read(root: Path, path: Path) -> Read:
    place = _shown(root, path)
    try:
        content = read(path)
        file = checked(StandardFile, secrets(content), path)
    except Refused as error:
        raise _named(error, path, place) from None
    one = Read(place, content, file)
    known = [name for name in CaseFile.model_fields if name not in ("question", "idea")]
    strange = [(entry, name) for entry in file.required for name in entry.split(OR) if name not in known]
    wrong = [
        Refused(
            f"{one.at('required')}: a case has no field `{name}`.",
            offered(name, known),
            f"Correct `{entry}`",
        )
        for entry, name in strange
    ]
    wrong += [
        Refused(f"{one.at('approvers', word)}: `{word}` names no role.", "At least one role.", "Name it, or remove it")
        for word, roles in file.approvers.items()
        if not roles
    ]
    if wrong:
        raise joined(wrong)
    return one


def _named(error: GrundsteinError, path: Path, place: str) -> GrundsteinError:
    """The same errors, saying which of several files called `standard.yaml` is meant."""
    told = (error, *error.others)
    return joined([Refused(one.what.replace(path.name, place, 1), one.expected, one.next_step) for one in told])


def _shown(root: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:
        return path.as_posix()


def _more(standard: Standard, file: StandardFile) -> Standard:
    """Add what a file asks; that it weakens nothing was checked."""

    def both(before: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*before, *more)))

    days = [one for one in (standard.longest_valid_days, file.longest_valid_days) if one is not None]
    approvers = {word: both(standard.approvers.get(word, ()), roles) for word, roles in file.approvers.items()}
    return replace(
        standard,
        required=both(standard.required, file.required),
        approvers={**standard.approvers, **approvers},
        least_holdback=max(standard.least_holdback, file.least_holdback),
        longest_valid_days=min(days, default=None),
        tasks=tuple(file.tasks) or standard.tasks,
        contract_owner=standard.contract_owner or file.contract_owner,
        personal_words=both(standard.personal_words, file.personal_words),
        high_risk_words=both(standard.high_risk_words, file.high_risk_words),
    )


LISTS = ("required", "personal_words", "high_risk_words")


def _weaker(one: Read, earlier: Sequence[Read]) -> list[Refused]:
    """What a file states that asks less than an earlier one, by field."""
    found = []
    for above in earlier:
        for field, lesser in LESSER.items():
            if one.states(field) and above.states(field) and (said := lesser(one.file, above.file)):
                found.append(_refused(one.at(field), field, said, above.at(field)))
        for word in [word for word in one.file.approvers if word in above.file.approvers]:
            if gone := _gone(one.file.approvers[word], above.file.approvers[word]):
                where = ("approvers", word)
                found.append(_refused(one.at(*where), f"approvers: {word}", f"lacks {gone}", above.at(*where)))
    return found


def _refused(where: str, field: str, said: str, above: str) -> Refused:
    return Refused(
        f"{where}: `{field}` {said}: weaker than {above}.",
        "The same or more than the company asks.",
        "Remove the line, or ask at least as much",
    )


def _gone(mine: Sequence[str], theirs: Sequence[str]) -> str:
    return ", ".join(one for one in theirs if one not in mine)


def _list(field: str) -> Callable[[StandardFile, StandardFile], str]:
    def lesser(mine: StandardFile, theirs: StandardFile) -> str:
        gone = _gone(getattr(mine, field), getattr(theirs, field))
        return f"lacks {gone}" if gone else ""

    return lesser


def _holdback(mine: StandardFile, theirs: StandardFile) -> str:
    return "" if mine.least_holdback >= theirs.least_holdback else f"is {mine.least_holdback:g}"


def _days(mine: StandardFile, theirs: StandardFile) -> str:
    here, there = (one.longest_valid_days or 10**6 for one in (mine, theirs))
    return "" if here <= there else f"is {mine.longest_valid_days or 'open'}"


def _tasks(mine: StandardFile, theirs: StandardFile) -> str:
    more = _gone(theirs.tasks, mine.tasks) if theirs.tasks else ""
    return f"allows {more}" if more else "allows all" if theirs.tasks and not mine.tasks else ""


def _owner(mine: StandardFile, theirs: StandardFile) -> str:
    return "is false" if theirs.contract_owner and not mine.contract_owner else ""


LESSER: Mapping[str, Callable[[StandardFile, StandardFile], str]] = {
    **{name: _list(name) for name in LISTS},
    "least_holdback": _holdback,
    "longest_valid_days": _days,
    "tasks": _tasks,
    "contract_owner": _owner,
}


def _longer(root: Path, settings: ProjectFile, files: Sequence[Read]) -> list[Refused]:
    """The project's own `valid_days` where it is longer than a standard allows."""
    if "valid_days" not in settings.model_fields_set:
        return []
    line = line_of(read(root / SETTINGS), ["valid_days"])
    return [
        _refused(f"{SETTINGS}, line {line}", "valid_days", f"is {settings.valid_days}", one.at("longest_valid_days"))
        for one in files
        if one.file.longest_valid_days is not None and settings.valid_days > one.file.longest_valid_days
    ]
