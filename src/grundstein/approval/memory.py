"""Room approval. In: cases and the ledger's rows -> Out: what the company tried, what came of it, and why."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from grundstein.core.records import Experiment, Question, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry

WORDING = ("question", "decision", "name")
GERMAN_STEM = 5
EMPTY: tuple[object, ...] = (None, "", 0, 0.0, [], {})


def edits(questions: Sequence[Question]) -> list[str]:
    """Return the fields that differ between when a case first said them and its last evaluation.

    Wording does not count, nor does what was said for the first time: a case is evaluated before it names its money.
    """
    if len(questions) < 2:
        return []
    versions = [json.loads(question.fields) for question in questions]
    last = versions[-1]
    first: dict[str, object] = {}
    for version in versions:
        first = {name: value for name, value in version.items() if value not in EMPTY} | first
    names = [name for name in first if name not in WORDING and first[name] != last.get(name)]
    return [f"{name} ({_short(first.get(name))} -> {_short(last.get(name))})" for name in names]


def attempts(cases: Sequence[Case], entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Return a row a case: question, state, why, and the day; cases whose file is gone are remembered by the ledger."""
    found = {case.name: _idea(case) for case in cases}
    for entry in entries:
        record = entry.record
        if isinstance(record, Question):
            fields = json.loads(record.fields)
            row = found.setdefault(record.case, {"case": record.case, "question": fields["question"]})
            row |= {"decision": fields["decision"], "at": entry.at[:10], "state": "asked", "why": ""}
        elif isinstance(record, Experiment):
            found[record.case] |= {"at": entry.at[:10], "state": "evaluated", "why": _learned(record)}
        elif isinstance(record, Verdict) and not record.deposit:
            found[record.case] |= {"at": entry.at[:10], "state": record.verdict, "why": _reason(record)}
    return sorted(found.values(), key=lambda row: (row["at"], row["case"]), reverse=True)


def matching(rows: Sequence[Mapping[str, str]], words: str) -> list[Mapping[str, str]]:
    """Return the rows that hold a word, the most hits first; a word matches by its first five letters."""
    wanted = {word[:GERMAN_STEM] for word in _words(words)}
    scored = [(len(wanted & {w[:GERMAN_STEM] for w in _words(" ".join(row.values()))}), row) for row in rows]
    return [row for score, row in sorted(scored, key=lambda pair: -pair[0]) if score]


def since_date(rows: Sequence[Mapping[str, str]], since: str) -> dict[str, list[Mapping[str, str]]]:
    """Sort what happened since an ISO date under decided, failed, learned and ideas."""
    groups = {
        "decided": ("qualifies",),
        "failed": ("does_not_qualify", "not_enough_data", "not_applicable"),
        "learned": ("evaluated", "asked"),
        "ideas": ("idea",),
    }
    recent = [row for row in rows if row["at"] >= since or row["state"] == "idea"]
    return {name: [row for row in recent if row["state"] in states] for name, states in groups.items()}


def _idea(case: Case) -> dict[str, str]:
    state = "idea" if case.idea or not case.task else "written"
    return {
        "case": case.name,
        "question": case.question,
        "decision": case.decision,
        "at": "",
        "state": state,
        "why": "",
    }


def _learned(record: Experiment) -> str:
    if not record.winner:
        return "no candidate"
    gain = record.gains[record.winner]
    return f"{record.winner}: {gain.mean:+.3g} per unit on development rows [{gain.low:.3g}, {gain.high:.3g}]"


def _reason(record: Verdict) -> str:
    if record.hardest and record.hardest in record.gains:
        gain, needed = record.gains[record.hardest], record.margins[record.hardest]
        text = f"{record.winner} against {record.hardest}: {gain.mean:+.3g} [{gain.low:.3g}, {gain.high:.3g}]"
        return f"{text}, needed above {needed:.3g}; figures are {record.figures}"
    return record.findings[0].text() if record.findings else ""


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if len(word) > 2]


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."
