"""Room approval. In: the ledger and a case -> Out: what was done with it, line by line: edits, openings, verdicts.

What was refused leaves its question: a line that says asked, and nothing after it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from grundstein.approval.memory import EMPTY, WORDING
from grundstein.core.records import Experiment, Opening, Question, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.ports import Entry

TOLD = ("GST-J09", "GST-J10", "GST-J11", "GST-J12", "GST-E02", "GST-E03", "GST-E04")


def trail(entries: Sequence[Entry], case: str) -> list[dict[str, str]]:
    """Return the lines of a case in order: day, person, what was done, and its words.

    An edit shows each field as it was and as it is; an opening its count, level, and under which other case or table
    its units were opened before.
    """
    found: list[dict[str, str]] = []
    before: dict[str, object] | None = None
    for entry in entries:
        record = entry.record
        if getattr(record, "case", "") != case:
            continue
        if isinstance(record, Question):
            now = json.loads(record.fields)
            found.append(_line(entry, "asked" if before is None else "edited", _changed(before, now)))
            before = now
        elif isinstance(record, Experiment):
            found.append(
                _line(entry, "evaluated", f"{record.units:,} units of development, {record.units_test:,} sealed")
            )
        elif isinstance(record, Opening):
            found.append(_line(entry, "opened", _opened(record)))
        elif isinstance(record, Verdict):
            found.append(_line(entry, record.verdict, _told(record)))
    return found


def _line(entry: Entry, what: str, words: str) -> dict[str, str]:
    return {"at": entry.at[:19], "person": entry.person, "what": what, "words": words}


def _changed(before: dict[str, object] | None, now: dict[str, object]) -> str:
    if before is None:
        return str(now.get("question", ""))
    names = [name for name in now if before.get(name) != now[name]]
    shown = [f"{name} ({_short(before.get(name))} -> {_short(now[name])})" for name in names if name not in WORDING]
    return ", ".join(shown) or "wording"


def _short(value: object) -> str:
    text = "nothing" if value in EMPTY else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _opened(record: Opening) -> str:
    counted = f"opening {record.count} of these {record.units:,} units, {100 * record.level:.3g} % a side"
    return "; ".join([counted, *(one.text() for one in record.findings if one.code in TOLD)])


def _told(record: Verdict) -> str:
    return "; ".join(one.text() for one in record.findings if one.code in TOLD)
