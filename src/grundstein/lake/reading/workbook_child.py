"""Room lake. In: a workbook on standard input -> Out: its sheets, and the cells of one as texts, as lines of JSON.

Runs as a process of its own with hard limits, since a damaged workbook can make its reader take gigabytes, panic or
end the process; imports nothing of this program. Its arguments: megabytes, processor seconds, the sheet asked for.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from typing import Any

MB = 1024 * 1024


def main(megabytes: int, seconds: int, asked: str) -> None:
    """Write what was found: names, visible sheets, those with a value; then the rows of the one to read, if any."""
    _limit(megabytes, seconds)
    try:
        found, rows = _read(sys.stdin.buffer.read(), asked)
    except MemoryError:
        found, rows = {"error": "memory"}, []
    except BaseException as error:
        # A damaged file makes calamine panic, with an exception of Rust that no module exports.
        found, rows = {"error": type(error).__name__}, []
    sys.stdout.write(json.dumps(found) + "\n")
    for row in rows:
        sys.stdout.write(json.dumps([text(cell) for cell in row]) + "\n")


def _limit(megabytes: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:
        return
    wanted = {resource.RLIMIT_AS: megabytes * MB, resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    for what, value in wanted.items():
        _, hard = resource.getrlimit(what)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (bound, bound))


def _read(data: bytes, asked: str) -> tuple[dict[str, Any], list[list[Any]]]:
    import python_calamine as calamine

    with calamine.load_workbook(io.BytesIO(data)) as book:
        names = list(book.sheet_names)
        shown = [about.name for about in book.sheets_metadata if str(about.visible).endswith("Visible")] or names
        full = [] if asked else [name for name in shown if book.get_sheet_by_name(name).end]
        chosen = asked if asked in names else full[0] if len(full) == 1 else ""
        found = {"names": names, "full": full, "sheet": chosen, "first": 1}
        if not chosen:
            return found, []
        sheet = book.get_sheet_by_name(chosen)
        found["first"] = (sheet.start or (0, 0))[0] + 1
        return found, sheet.to_python(skip_empty_area=True)


def text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ".0", dates and times in ISO, None where it is empty."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
