"""Room lake. In: the records under a line of names -> Out: how many at the end are notes below the table."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from grundstein.lake.reading.cells import Kind, column_kinds, kind

Row = Sequence[str | None]
BELOW = "stands below the table"
LEAST = 5
SAMPLE = 300
MOST = 20
TYPED = ("number", "date", "time")


def notes_below(rows: Sequence[Row], numbers: Sequence[int], width: int, blank: Collection[int]) -> int:
    """Return how many records at the end are notes, 0 where nothing says so; `blank` are lines without a value.

    A note fills at most a third of the columns and none of those that otherwise always hold a number or a date, of
    which there must be two; one is enough where a blank line stands above the notes.
    """
    above = rows[: min(SAMPLE, len(rows) * 2 // 3)]
    if len(above) < LEAST or not _is_short(rows[-1], width):
        return 0
    kinds = column_kinds(above, width)
    typed = [at for at in range(width) if kinds[at] in TYPED and all((row[at] or "").strip() for row in above)]
    if not typed:
        return 0
    notes = sum(1 for _ in itertools.takewhile(lambda row: _is_note(row, kinds, typed), reversed(rows[-MOST:])))
    return notes if notes and (len(typed) > 1 or numbers[-notes] - 1 in blank) else 0


def _is_short(row: Row, width: int) -> bool:
    return sum(bool((cell or "").strip()) for cell in row) <= max(1, width // 3)


def _is_note(row: Row, kinds: Sequence[Kind], typed: Sequence[int]) -> bool:
    return _is_short(row, len(kinds)) and not any(kind(row[at]) == kinds[at] for at in typed)
