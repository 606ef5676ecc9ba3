"""Room lake. In: names as the source writes them -> Out: names that a table can have, and which were changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.raw import SURROGATE, printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def clean_names(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return names without blanks around them, `column_N` where there is none, and a finding where any changed.

    Refused: two columns of one name, names equal but for case.
    """
    trimmed = [" ".join(name.replace("\0", "").split()) for name in names]
    clean = tuple(name if name else _free(at, trimmed) for at, name in enumerate(trimmed))
    _check(clean)
    unnamed = [new for new, old in zip(clean, trimmed, strict=True) if not old]
    findings = [_unnamed(unnamed)] if unnamed else []
    return clean, tuple(findings)


def _free(at: int, taken: Sequence[str]) -> str:
    name = f"column_{at + 1}"
    while name.casefold() in {other.casefold() for other in taken}:
        name += "_"
    return name


def _unnamed(names: Sequence[str]) -> Finding:
    return Finding("GST-D35", "tip", {"columns": listed(names), "count": len(names)})


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first names in one line, and how many more there are."""
    more = f" (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _check(names: Sequence[str]) -> None:
    strange = [name for name in names if SURROGATE.search(name)]
    if strange:
        raise Refused(
            f'the name "{printable(strange[0])[:40]}" holds bytes that are not in the file\'s encoding',
            "names in one encoding",
            "name the right one with --encoding, or export the file as UTF-8",
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = [str(at) for at, name in enumerate(names, start=1) if name == twice[0]]
        raise Refused(
            f'{len(places)} columns are called "{twice[0]}" (columns {listed(places)})',
            "a name of its own for every column",
            "rename one of them in the file; where the line above groups them, --header 1-2 joins both lines",
        )
    folded: dict[str, str] = {}
    for name in names:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise Refused(
                f'the columns "{other}" and "{name}" differ by upper and lower case only',
                "names that differ in more than case, since SQL does not tell them apart",
                f'rename "{name}" in the file',
            )


def shown(values: Sequence[str], most: int = 3, length: int = 20) -> str:
    """Return the first few texts in quotes, each cut to a length."""
    cut = [value if len(value) <= length else value[:length] + "..." for value in values[:most]]
    return ", ".join(f'"{value}"' for value in cut) + (", ..." if len(values) > most else "")
