"""Room lake. In: the bytes of a JSON lines file, or one list of objects -> Out: Raw, nested names joined by dots."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.encoding import decode
from grundstein.lake.reading.naming import clean_names, listed
from grundstein.lake.reading.raw import SURROGATE, Raw, broken_table, misfits, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Entry = dict[str, str | None]
Broken = list[tuple[int, str, str]]


class Literal(str):
    """A number as the source writes it."""

    __slots__ = ()


class Unfit(ValueError):
    """A record that has no place in a table; the message says why."""


def read_jsonlines(data: bytes, source: str, settings: Mapping[str, str]) -> Raw:
    """Return one record a line (or a list's element); names missing in a record are null, lists stay JSON text."""
    decoded = decode(data, settings.get("encoding", ""))
    found = _listed(decoded.text) if decoded.text.lstrip()[:1] == "[" else _lines(decoded.text)
    entries, lines, texts, broken = found
    if not entries:
        reason = f" (line {broken[0][0]}: {broken[0][1]})" if broken else ""
        raise Refused(
            f"{source} holds no record{reason}", "one JSON object a line, with at least one name", "export it again"
        )
    if len(broken) > len(entries):
        line, reason, _ = broken[0]
        raise Refused(
            f"{len(broken)} of {len(broken) + len(entries)} lines of {source} are no records (line {line}: {reason})",
            "one JSON object a line",
            "export it again as JSON lines",
        )
    names = _names(entries)
    clean, findings = clean_names(names)
    table = pa.table([pa.array([e.get(name) for e in entries], pa.string()) for name in names], names=list(clean))
    told = [Finding("GST-D30", "passed", {"encoding": decoded.encoding, "delimiter": "JSON"}), *findings]
    told += _told(names, broken, len(entries))
    how = {"format": "json", "encoding": decoded.encoding}
    at, written = pa.array(lines, pa.int64()), pa.array(texts, pa.string())
    return Raw(table, at, written, broken_table(broken), tuple(told), None, how)


def _lines(text: str) -> tuple[list[Entry], list[int], list[str], Broken]:
    entries: list[Entry] = []
    lines: list[int] = []
    texts: list[str] = []
    broken: Broken = []
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        written = line.strip("\r\n \t")
        if not written:
            continue
        try:
            entry = _entry(written)
        except (ValueError, RecursionError) as error:
            broken.append((number, _reason(error), printable(written)))
            continue
        entries.append(entry)
        lines.append(number)
        texts.append(written)
    return entries, lines, texts, broken


def _listed(text: str) -> tuple[list[Entry], list[int], list[str], Broken]:
    try:
        elements = json.loads(text, **HOOKS)
    except (ValueError, RecursionError) as error:
        raise Refused(f"the list {_reason(error)}", "a JSON list of objects", "export it again") from None
    entries, lines, texts, broken = [], [], [], []
    for number, element in enumerate(elements, start=1):
        written = _written(element)
        try:
            entries.append(_flat(element))
        except ValueError as error:
            broken.append((number, _reason(error), printable(written)))
            continue
        lines.append(number)
        texts.append(written)
    return entries, lines, texts, broken


def _entry(written: str) -> Entry:
    if "\0" in written or SURROGATE.search(written):
        raise Unfit("holds bytes that are not in the file's encoding")
    return _flat(json.loads(written, **HOOKS))


def _flat(value: Any) -> Entry:
    if not isinstance(value, dict):
        raise Unfit("is no JSON object")
    entry: Entry = {}
    _spread(value, "", entry)
    if any(text is not None and SURROGATE.search(text) for text in entry.values()):
        raise Unfit("holds half a character")
    return entry


def _spread(value: Mapping[str, Any], before: str, entry: Entry) -> None:
    for key, inner in value.items():
        name = before + key
        if isinstance(inner, dict) and inner:
            _spread(inner, f"{name}.", entry)
        elif name in entry:
            raise Unfit(f'has "{name}" twice')
        else:
            entry[name] = None if inner is None else inner if isinstance(inner, str) else _written(inner)


def _written(value: Any) -> str:
    """Return a value as JSON, its numbers as the source writes them."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) < len(pairs):
        names = [name for name, _ in pairs]
        raise Unfit(f'has "{next(n for n in names if names.count(n) > 1)}" twice')
    return entry


HOOKS: Mapping[str, Any] = {
    "parse_float": Literal,
    "parse_int": Literal,
    "parse_constant": Literal,
    "object_pairs_hook": _once,
}


def _names(entries: Sequence[Entry]) -> list[str]:
    """All names in order of appearance; one that is null wherever it is no object is left to the object's names."""
    seen: dict[str, bool] = {}
    for entry in entries:
        for name, text in entry.items():
            seen[name] = seen.get(name, False) or text is not None
    parents = {name[:at] for name in seen for at, sign in enumerate(name) if sign == "."}
    return [name for name, filled in seen.items() if filled or name not in parents]


def _reason(error: Exception) -> str:
    if isinstance(error, Unfit):
        return str(error)
    return f"is no JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else "is nested too deeply"


def _told(names: Sequence[str], broken: Broken, rows: int) -> list[Finding]:
    nested = [name for name in names if "." in name]
    findings = [Finding("GST-D42", "tip", {"columns": listed(nested)})] if nested else []
    return [*findings, *misfits(broken, rows)]
