"""Room tools. In: a sample of a log's lines -> Out: the Shape of its lines, and of each line its time, level and text.

A shape is a kind of time stamp and where it stands; the one that most lines of the sample have is taken. What stands
between stamp and message (level, process, source) is peeled off where it is written in one of the usual ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAME = "(?P<b>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{2}):(?P<S>\d{2})(?:[.,:](?P<f>\d{1,9}))?"
ZONE = r"(?P<z>Z|[+-]\d{2}:?\d{2})?"
ISO = (
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[T _:-](?P<H>\d{1,2})[:.](?P<M>\d{2})[:.](?P<S>\d{2})"
    rf"(?:[.,:](?P<f>\d{{1,9}}))?{ZONE}"
)
STAMPS: dict[str, str] = {
    "iso": ISO,
    "common": rf"(?P<d>\d{{1,2}})/{NAME}/(?P<y>\d{{4}}):{CLOCK} ?{ZONE}",
    "ctime": rf"(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]* {NAME} +(?P<d>\d{{1,2}}) {CLOCK} (?P<y>\d{{4}})",
    "dots": rf"(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>\d{{4}})[ ,]+{CLOCK}",
    "slashes": rf"(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})/(?P<y>\d{{4}})[ ,]+{CLOCK}(?: ?(?P<half>[AaPp]\.?[Mm]))?",
    "short": rf"(?P<y>\d{{2}})/(?P<m>\d{{2}})/(?P<d>\d{{2}}) {CLOCK}",
    "digits": r"(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2}) (?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})(?P<f>(?!))?",
    "compact": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})[T _-]?(?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})"
    r"(?:[.,:](?P<f>\d{1,9}))?",
    "named": rf"{NAME} +(?P<d>\d{{1,2}}) (?:(?P<y>\d{{4}}) )?{CLOCK}",
    "clock": CLOCK,
    "seconds": r"(?P<e>1\d{9})(?:\.?(?P<f>\d{3,6}))?",
}
YEARLESS = "named"
LEVEL = (
    r"(?i:trace|debug|verbose|information|info|notice|warning|warn|error|err|severe|fatal|critical|crit|alert|"
    r"emergency|emerg|panic)"
)
BEFORE = r"(?:<\d{1,3}>(?:\d )?)?[\[(\"']?"
WITHIN = 120
SOURCE = r"[A-Za-z_][\w.$/@*-]*(?:\([\w-]+\))?"
REST = re.compile(
    rf"[\])\"']*[\s,|;:-]*(?:\[?(?P<pid>\d{{1,7}})\]?\s+)?(?:\[(?P<thread>[^\]\[]{{1,60}})\]\s+(?={LEVEL}\b))?"
    rf"(?:[\[(<]?\b(?P<level>{LEVEL})\b[\])>]?[\s:|,-]*)?(?:\[(?P<unit>[^\]\[]{{1,80}})\]\s+(?={SOURCE}:\s))?"
    rf"(?:(?P<source>{SOURCE})(?:\[(?P<own>\d+)\])?:\s+|(?P<part>[A-Z]{{2,10}})\s{{2,}})?(?P<text>.*)",
    re.DOTALL,
)
HOSTED = re.compile(
    r"\s+(?P<unit>[\w.:-]+)\s+(?P<source>[^\s\[:]+(?:\([^)\s]*\))?)(?:\[(?P<own>\d+)\])?:\s*(?P<text>.*)", re.DOTALL
)
MSI = re.compile(
    rf"MSI \((?P<side>\w)\) \((?P<own>[0-9A-F!]+:[0-9A-F]+)\) \[{CLOCK}\]: ?(?P<text>.*)"
    r"|(?P<act>Action (?:start |ended )?)(?P<H2>\d{1,2}):(?P<M2>\d{2}):(?P<S2>\d{2}): (?P<done>.*)",
    re.DOTALL,
)
MSI_BEGIN = re.compile(r"=== (?:Verbose )?[Ll]ogging started: (\d{1,4})([./-])(\d{1,2})[./-](\d{1,4})\s")
BURN = re.compile(
    rf"\[(?P<own>[0-9A-F]+:[0-9A-F]+)\]\[{ISO}\](?P<kind>[a-z])(?P<code>\d{{3}}): ?(?P<text>.*)", re.DOTALL
)
KINDS = {"e": "ERROR", "w": "WARNING", "i": "INFO", "x": "TRACE", "a": "INFO"}
SAME = {
    **dict.fromkeys(("ERR", "SEVERE"), "ERROR"),
    "WARN": "WARNING",
    "INFORMATION": "INFO",
    "VERBOSE": "DEBUG",
    **dict.fromkeys(("FATAL", "CRIT", "CRITICAL", "ALERT", "EMERG", "EMERGENCY", "PANIC"), "CRITICAL"),
}
OF_HOST = ("unit", "source", "own", "text")
SOME = 0.05
PLAIN, JSON = "plain", "json"
STRAGGLING = 10
FARTHEST = 14
START = date(1970, 1, 1)
ALONE = tuple(re.compile(BEFORE + stamp) for stamp in STAMPS.values())


@dataclass(frozen=True)
class Shape:
    """How the lines of a file are written: `kind` of stamp, the `pattern` up to its end, whether it stands `first`."""

    kind: str
    pattern: re.Pattern[str] | None = None
    first: bool = True


@dataclass(frozen=True)
class Found:
    """What a line says: `time` as ISO text, empty where it says none."""

    time: str
    level: str
    source: str
    process: str
    text: str


@dataclass
class Clock:
    """What stamps leave out: the year or the day, carried on from line to line."""

    year: int = 1970
    day: date = START
    month: int = 0
    last: tuple[int, int, int] = (0, 0, 0)


def shape_of(lines: Sequence[str]) -> Shape:
    """The shape that most of the lines have; `plain` where less than one in twenty carries a time."""
    written = [line for line in lines if line.strip()]
    if not written:
        return Shape(PLAIN)
    if sum(line.lstrip()[:1] == "{" for line in written) > len(written) / 2:
        return Shape(JSON)
    for kind, own in (("msi", MSI), ("burn", BURN)):
        if sum(bool(own.match(line)) for line in written) > SOME * len(written):
            return Shape(kind, own)
    shapes = [Shape(kind, re.compile(BEFORE + stamp)) for kind, stamp in STAMPS.items()]
    shapes += [
        Shape(kind, re.compile(rf"(?P<before>.{{0,{WITHIN}}}?)(?<![^\s\[(\"']){stamp}"), first=False)
        for kind, stamp in STAMPS.items()
        if kind not in ("clock", "seconds", "digits", "compact")
    ]
    counted = [(sum(bool(one.pattern and one.pattern.match(line)) for line in written), one) for one in shapes]
    for first, least in ((True, 0.2), (False, 0.5), (True, SOME)):
        best = max((row for row in counted if row[1].first is first), key=lambda row: row[0])
        if best[0] > least * len(written):
            return best[1]
    return Shape(PLAIN)


def read_line(line: str, shape: Shape, clock: Clock) -> Found | None:
    """Take a line apart; None where it does not have the shape. `clock` moves on."""
    match = shape.pattern.match(line) if shape.pattern else None
    if match is None:
        return Found("", "", "", "", line) if shape.kind == PLAIN else None
    if shape.kind == "msi":
        return _of_msi(match, clock)
    if shape.kind == "burn":
        text = f"{match['kind']}{match['code']}: {match['text']}"
        return Found(_time(match, clock), KINDS.get(match["kind"], ""), "burn", match["own"], text)
    rest = HOSTED.match(line, match.end()) if shape.kind == YEARLESS else None
    if rest:
        (unit, source, own, text), thread, pid, level, part = rest.group(*OF_HOST), None, None, "", ""
    else:
        told = REST.match(line, match.end())
        if told is None:
            return Found(_time(match, clock), "", "", "", line[match.end() :].strip())
        unit, source, own, text, thread, pid, level, part = told.group(*OF_HOST, "thread", "pid", "level", "part")
        level = level.upper() if level else ""
    if not shape.first and (before := match["before"].rstrip("[( ").strip()):
        text = f"{before} {text}"
    process = " ".join(filter(None, (unit, thread, pid, own)))
    return Found(_time(match, clock), SAME.get(level, level), source or part or "", process, text.strip())


def begins(line: str, clock: Clock) -> None:
    """Take the day from the line that an installer's log begins with."""
    found = MSI_BEGIN.match(line)
    if not found:
        return
    one, sign, two, three = int(found[1]), found[2], int(found[3]), int(found[4])
    parts = (one, two, three) if one > 31 else (three, one, two) if sign == "/" else (three, two, one)
    try:
        clock.day = date(*parts)
    except ValueError:
        return


def _of_msi(match: re.Match[str], clock: Clock) -> Found:
    if match["act"]:
        told = (int(match["H2"]), int(match["M2"]), int(match["S2"]))
        return Found(_of_day(told, "0", clock), "", "action", "", f"{match['act'].strip()}: {match['done']}")
    return Found(_time(match, clock), "", f"msi {match['side']}", match["own"], match["text"])


def _time(match: re.Match[str], clock: Clock) -> str:
    names = match.re.groupindex
    fraction = match["f"] or "0"
    if "e" in names:
        return _of_seconds(match["e"], fraction)
    hour, minute, second = map(int, match.group("H", "M", "S"))
    if "half" in names and match["half"]:
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    if hour > 23 or minute > 59:
        return ""
    second = min(second, 59)
    if "d" not in names:
        return _of_day((hour, minute, second), fraction, clock)
    month = MONTHS.index(match["b"].lower()) + 1 if "b" in names else int(match["m"])
    year = int(match["y"] or _year(month, clock))
    day = _day(year + 2000 if year < 100 else year, month, int(match["d"]))
    zone = (match["z"] or "") if "z" in names else ""
    zone = "+00:00" if zone == "Z" else zone
    if zone and (int(zone[1:3]) > FARTHEST or int(zone[-2:]) > 59):
        return ""
    return day and f"{day}T{hour:02}:{minute:02}:{second:02}.{fraction:0<6.6}{zone}"


def _of_day(told: tuple[int, int, int], fraction: str, clock: Clock) -> str:
    """A time of day: past midnight where the hours go back by more than half a day."""
    if clock.last[0] - told[0] > 12:
        clock.day += timedelta(days=1)
    clock.last = told
    return f"{clock.day}T{told[0]:02}:{told[1]:02}:{told[2]:02}.{fraction:0<6.6}"


def _year(month: int, clock: Clock) -> int:
    """The year of a stamp without one: the next where the months begin anew; a straggler of December is of the last."""
    if clock.month and month - clock.month >= STRAGGLING:
        return clock.year - 1
    if clock.month - month > 6:
        clock.year += 1
    clock.month = month
    return clock.year


def _of_seconds(seconds: str, fraction: str) -> str:
    days, rest = divmod(int(seconds), 86_400)
    hour, minute = divmod(rest // 60, 60)
    return f"{START + timedelta(days=days)}T{hour:02}:{minute:02}:{rest % 60:02}.{fraction:0<6.6}+00:00"


@lru_cache(maxsize=4_096)
def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def time_of(text: str) -> str:
    """The time that a text alone says, as ISO text; empty where it says none."""
    milliseconds = re.fullmatch(r"(1\d{9})(\d{3})", text)
    if milliseconds:
        return _of_seconds(*milliseconds.groups())
    match = next((found for pattern in ALONE if (found := pattern.match(text))), None)
    return _time(match, Clock()) if match else ""
