"""Room tools. In: lines of a log and their Shape -> Out: entries; what belongs to the entry before it stays with it.

A line without a time that is indented, or goes on as traces of programs do, belongs to the entry before it. Other
lines without a time are entries of their own that came at the time of the entry before.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grundstein.tools.logstamps import JSON, PLAIN, SAME, Clock, Found, Shape, begins, read_line, shape_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SAMPLE = 2_000
MOST_LINES, MOST_LETTERS = 1_000, 65_536
GOES_ON = re.compile(r"[ \t}]|at \S|Caused by:|Traceback \(|\.\.\. \d+ more|Suppressed:|[\w.]+(?:Exception|Error)\b")
TIMES = ("time", "timestamp", "@timestamp", "ts", "datetime", "date", "asctime")
LEVELS = ("level", "severity", "loglevel", "levelname", "log.level", "lvl")
SOURCES = ("logger", "source", "name", "component", "module", "service", "app")
PROCESSES = ("process", "pid", "thread", "threadname", "host", "hostname")
TEXTS = ("message", "msg", "text", "event", "log")
WRITTEN = re.compile(r"[^\t\n]{0,40}\t[A-Z]{0,12}\t")
TURNED = "\u2028"


@dataclass(frozen=True)
class Entry:
    """One entry: the `line` it begins in, how many `lines` it has, and what it says."""

    line: int
    lines: int
    time: str
    level: str
    source: str
    process: str
    text: str


@dataclass
class Reader:
    """Makes entries of lines, part after part; what it carries from one to the next is small."""

    shape: Shape
    clock: Clock = field(default_factory=Clock)
    time: str = ""

    def read(self, lines: Iterable[tuple[int, str]]) -> list[Entry]:
        """The entries of numbered lines in order; blank lines are left out."""
        found: list[tuple[int, str, Found]] = []
        texts: list[list[str]] = []
        sizes: list[int] = []
        for number, line in lines:
            if not line.strip():
                continue
            if self.shape.kind == "msi":
                begins(line, self.clock)
            told = _of_json(line) if self.shape.kind == JSON else read_line(line, self.shape, self.clock)
            if told is None and found and self._goes_on(line, number - found[-1][0], len(texts[-1]), sizes[-1]):
                texts[-1].append(line)
                sizes[-1] += len(line)
                continue
            if told is None:
                told = Found(self.time, "", "", "", line)
            self.time = told.time or self.time
            found.append((number, told.time or self.time, told))
            texts.append([told.text])
            sizes.append(len(told.text))
        first = next((time for _, time, _ in found if time), "")
        return [
            Entry(number, len(text), time or first, told.level, told.source, told.process, "\n".join(text))
            for (number, time, told), text in zip(found, texts, strict=True)
        ]

    def _goes_on(self, line: str, below: int, lines: int, letters: int) -> bool:
        """Whether a line goes on with an entry that has so many `lines` and begins so many lines above."""
        joined = below == lines < MOST_LINES and letters + len(line) < MOST_LETTERS
        return joined and self.shape.kind not in (PLAIN, JSON) and bool(GOES_ON.match(line))


def entries_of(text: str) -> list[Entry]:
    """The entries of a whole session, as a log has them or as `written` wrote them."""
    lines = text.split("\n")
    if all(WRITTEN.match(line) for line in lines[:3]):
        parts = [line.split("\t", 2) for line in lines if line]
        return [
            Entry(number, 1, part[0], part[1], "", "", part[2].replace(TURNED, "\n"))
            for number, part in enumerate(parts, 1)
            if len(part) == 3
        ]
    lines = [line.rstrip("\r") for line in lines]
    return Reader(shape_of(lines[:SAMPLE])).read(enumerate(lines, 1))


def written(times: Sequence[str], levels: Sequence[str], texts: Sequence[str]) -> str:
    """Entries as one text that `entries_of` takes apart again."""
    rows = zip(times, levels, texts, strict=True)
    return "\n".join(f"{time}\t{level}\t{text.replace(chr(10), TURNED)}" for time, level, text in rows)


def _of_json(line: str) -> Found | None:
    """What an object says by the usual names; the rest of it stands behind the message as `name=value`."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    rest: dict[str, Any] = dict(said)
    taken = {name: _taken(rest, names) for name, names in _NAMES.items()}
    more = " ".join(f"{name}={_plain(value)}" for name, value in rest.items())
    level = taken["level"].upper()
    text = f"{taken['text']} {more}".strip()
    return Found(time_of(taken["time"]), SAME.get(level, level), taken["source"], taken["process"], text)


_NAMES: Mapping[str, tuple[str, ...]] = {
    "time": TIMES,
    "level": LEVELS,
    "source": SOURCES,
    "process": PROCESSES,
    "text": TEXTS,
}


def _taken(rest: dict[str, Any], names: Sequence[str]) -> str:
    for name in names:
        key = next((key for key, value in rest.items() if key.lower() == name and _is_plain(value)), None)
        if key is not None:
            value = rest.pop(key)
            return "" if value is None else str(value)
    return ""


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
