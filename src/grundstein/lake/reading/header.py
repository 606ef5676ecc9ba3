"""Room lake. In: the first records of a source -> Out: Header, the columns' names and where the records begin."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.lake.reading.cells import Kind, column_kinds, kind

if TYPE_CHECKING:
    from grundstein.core.contract import Contract

Row = Sequence[str | None]
TOP = 60
LONG = 120
TYPED = ("number", "date", "time")


@dataclass(frozen=True)
class Header:
    """`names` as written ("" where a column has none); `at`: index of the record of names, -1 where there is none.

    Records begin at index `first`.
    """

    names: tuple[str, ...]
    at: int
    first: int


def find_header(
    rows: Sequence[Row], numbers: Sequence[int], width: int, settings: Mapping[str, str], hints: Contract | None
) -> Header:
    """Return where the names stand among the first records, blank ones left out; `numbers` are their lines.

    Refused where two lines look like names, or where the first line may be names or values.
    """
    if settings.get("header"):
        return _asked(rows, numbers, width, settings["header"])
    known = _known(rows, hints, width)
    if known is not None:
        return known
    kinds = _kinds(rows, width)
    if not any(found in TYPED for found in kinds):
        at = _fullest(rows, width)
        if _reappears(rows[at], rows[at + 1 :]):
            return Header(_numbered(width), -1, at)
        if _valued(rows[at]):
            raise _either(rows[at], numbers[at])
        return Header(_names(rows[at : at + 1], width), at, at + 1)
    body = _body(rows, kinds)
    above = [at for at in range(body) if _filled(rows[at]) >= 0.5 * width and _strange(rows[at], kinds)]
    if not above:
        return _unnamed(rows, numbers, kinds, body)
    plain = [at for at in above if not _valued(rows[at])]
    at = (plain or above)[-1]
    first = _first_name(rows, numbers, kinds, at)
    if first < at and all(list(row) == list(rows[at]) for row in rows[first:at]):
        at = first
    between = [row for row in range(at + 1, body) if list(rows[row]) != list(rows[at])]
    last = max([at, *(row for row in between if _sparse(rows[row], kinds))])
    if first < last:
        raise Refused(
            f"lines {numbers[first]} to {numbers[last]} all look like names of columns",
            "one line of names",
            f"--header {numbers[last]} takes the last, --header {numbers[first]}-{numbers[last]} joins them",
        )
    return Header(_names(rows[at : at + 1], width), at, at + 1)


def _kinds(rows: Sequence[Row], width: int) -> list[Kind]:
    """The kinds of columns, by records far enough from the top to be no names."""
    fitting = [row for row in rows if len(row) == width]
    start = min((len(fitting) + 1) // 2, len(fitting) - 1) if len(fitting) < 20 else 10
    return column_kinds(fitting[start:], width)


def _body(rows: Sequence[Row], kinds: Sequence[Kind]) -> int:
    """The first record most of whose cells are of their column's kind; the last one where there is none."""
    for at, row in enumerate(rows):
        if len(row) == len(kinds):
            found = [(kind(cell), wanted) for cell, wanted in zip(row, kinds, strict=True) if wanted in TYPED]
            fits = sum(cell == wanted for cell, wanted in found)
            others = sum(cell not in ("", wanted) for cell, wanted in found)
            if fits and fits >= max(others, 0.2 * len(found)):
                return at
    return len(rows) - 1


def _fullest(rows: Sequence[Row], width: int) -> int:
    """The first of the top records that has as many values as any of them."""
    top = [_filled(row) if len(row) == width else 0 for row in rows[:10]]
    return top.index(max(top))


def _reappears(row: Row, below: Sequence[Row]) -> bool:
    """Whether a cell of a record of texts is a value: it stands at least twice more in its column, or is very long."""
    others = [other for other in below if len(other) == len(row) and (len(row) == 1 or list(other) != list(row))]
    return any(
        cell and (len(cell) > LONG or sum(other[at] == cell for other in others) > 1) for at, cell in enumerate(row)
    )


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"column_{at}" for at in range(1, width + 1))


def _filled(row: Row) -> int:
    return sum(bool((cell or "").strip()) for cell in row)


def _strange(row: Row, kinds: Sequence[Kind]) -> bool:
    """Whether a cell is text where its column holds numbers or dates, and none is as it should be but for years."""
    cells = [(cell or "", kind(cell), wanted) for cell, wanted in zip(row, kinds, strict=False) if wanted in TYPED]
    fits = [cell.strip() for cell, found, wanted in cells if found == wanted]
    return any(found not in ("", wanted) for _, found, wanted in cells) and (not fits or _counted(fits))


def _valued(row: Row) -> bool:
    """Whether a record holds a number or a date, years and counts apart: a damaged record does, names do not."""
    return not _counted([cell.strip() for cell in row if cell and kind(cell) in TYPED])


def _sparse(row: Row, kinds: Sequence[Kind]) -> bool:
    """Whether a record between names and records names some columns itself: texts alone, one of them over numbers."""
    return len(row) == len(kinds) and not _valued(row) and _strange(row, kinds)


def _first_name(rows: Sequence[Row], numbers: Sequence[int], kinds: Sequence[Kind], at: int) -> int:
    """The first of the lines, one right above the other down to `at`, that all could be names."""
    first = at
    while first and numbers[first] - numbers[first - 1] == 1 and all(_namelike(r, kinds) for r in rows[first - 1 : at]):
        first -= 1
    return first


def _namelike(row: Row, kinds: Sequence[Kind]) -> bool:
    """Whether a record could be names: no number or date where its column holds them, nearly every cell filled."""
    fits = any(wanted in TYPED and kind(cell) == wanted for cell, wanted in zip(row, kinds, strict=False))
    return not fits and len(row) == len(kinds) and _filled(row) >= max(2, 0.8 * len(kinds))


def _unnamed(rows: Sequence[Row], numbers: Sequence[int], kinds: Sequence[Kind], body: int) -> Header:
    """Nothing above the first full record names the columns: there are no names, unless it holds years or a count."""
    typed = [(c or "", wanted) for c, wanted in zip(rows[body], kinds, strict=True) if wanted in TYPED]
    values = [cell.strip() for cell, wanted in typed if kind(cell) == wanted]
    others = [cell for cell, wanted in typed if kind(cell) not in ("", wanted)]
    counted = _counted(values)
    if counted and (others or len(values) > 2):
        return Header(_names([rows[body]], len(kinds)), body, body + 1)
    number = numbers[body]
    if counted or others:
        raise _either(values, number)
    if body:
        above = numbers[body - 1]
        raise Refused(
            f"line {above} stands above the first record (line {number}) and does not name its columns",
            f"a line that names {len(kinds)} columns",
            f"correct that line, or say --header none where there are no names, --header {above} to take it as it is",
        )
    return Header(_numbered(len(kinds)), -1, 0)


def _either(values: Row, number: int) -> Refused:
    shown = ", ".join(cell for cell in values if cell)
    return Refused(
        f"line {number} may be names of columns or values ({shown[:60]})",
        "a first line of names, or none",
        f"--header {number} takes it as names, --header none as values",
    )


def _counted(values: Sequence[str]) -> bool:
    """Whether all values are years, or whole numbers one step apart: then they may be names."""
    if not all(re.fullmatch(r"\d{1,4}", value) for value in values):
        return False
    whole = [int(value) for value in values]
    steps = {after - before for before, after in itertools.pairwise(whole)}
    return all(1900 <= value <= 2100 for value in whole) or steps == {1}


def _known(rows: Sequence[Row], hints: Contract | None, width: int) -> Header | None:
    """The record, or the two records, that hold the names of the contract or most of them."""
    wanted = set(hints.names) if hints else set()
    if hints and hints.names == _numbered(len(hints.names)):
        return Header(_numbered(width), -1, 0)
    for lines in (1, 2):
        for at in range(min(TOP, len(rows) + 1 - lines) if wanted else 0):
            names = _names(rows[at : at + lines], width)
            if len(wanted & set(names)) >= 0.6 * len(wanted):
                return Header(names, at + lines - 1, at + lines)
    return None


def _asked(rows: Sequence[Row], numbers: Sequence[int], width: int, asked: str) -> Header:
    """`none`, a line's number, or two such as 1-2 to join the names of both lines."""
    if asked == "none":
        return Header(_numbered(width), -1, 0)
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", asked)
    lines = [int(number) for number in match.groups() if number] if match else []
    if not lines or lines != sorted(lines) or not set(lines) <= set(numbers[:TOP]):
        raise Refused(
            f'"{asked}" does not say where the names of the columns stand',
            f"none, a line of the file ({', '.join(map(str, numbers[:3]))}, ...), or two such as 1-2",
            "--header 1",
        )
    begin, at = numbers.index(lines[0]), numbers.index(lines[-1])
    return Header(_names(rows[begin : at + 1], width), at, at + 1)


def _names(rows: Sequence[Row], width: int) -> tuple[str, ...]:
    """Join the names of one or more records column by column; at least `width` of them."""
    longest = max(width, *(len(row) for row in rows))
    names = []
    for at in range(longest):
        parts = [" ".join((row[at] or "").split()) for row in rows if at < len(row)]
        names.append(" ".join(dict.fromkeys(filter(None, parts))))
    return tuple(names)
