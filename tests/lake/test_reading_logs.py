"""Logs as tables: one row an entry, whatever the shape of its lines; nothing is lost, and nothing grows without end."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from arriving import project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.lake.ingest import ingest
from grundstein.lake.reading import logs as reading
from grundstein.lake.reading import read_raw
from grundstein.lake.reading.logs import cut_lines, read_log
from grundstein.lake.streaming import logs as streaming
from grundstein.lake.streaming import pouring, stream
from grundstein.tools.loglines import Reader, entries_of, written
from grundstein.tools.logstamps import shape_of

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.project.folder import Folder

SHAPES = [
    ("2026-01-31 10:00:00,123 INFO [main] a.b.C: done", "2026-01-31T10:00:00.123000", "INFO", "a.b.C", "main", "done"),
    ("2026-01-31T10:00:00Z error: broken", "2026-01-31T10:00:00.000000+00:00", "ERROR", "", "", "broken"),
    ("2016-09-28 04:30:30, Info     CBS    Loaded it", "2016-09-28T04:30:30.000000", "INFO", "CBS", "", "Loaded it"),
    ("[Sun Dec 04 04:47:44 2005] [error] bad state 6", "2005-12-04T04:47:44.000000", "ERROR", "", "", "bad state 6"),
    ("081109 203615 148 INFO dfs.Node$P: gone 1", "2008-11-09T20:36:15.000000", "INFO", "dfs.Node$P", "148", "gone 1"),
    ("17/06/09 20:10:40 WARN util.Load: slow", "2017-06-09T20:10:40.000000", "WARNING", "util.Load", "", "slow"),
    ("Jun 14 15:16:01 box sshd[19]: check pass", "1970-06-14T15:16:01.000000", "", "sshd", "box 19", "check pass"),
    ("<34>1 2003-10-11T22:14:15.003Z box su - hello", "2003-10-11T22:14:15.003000+00:00", "", "", "", "box su - hello"),
    ("1117838570 kernel up", "2005-06-03T22:42:50.000000+00:00", "", "", "", "kernel up"),
    ("31.01.2026 10:00:00 Fehler im Lager", "2026-01-31T10:00:00.000000", "", "", "", "Fehler im Lager"),
    ("1/31/2026 3:04:05 PM ERROR no disk", "2026-01-31T15:04:05.000000", "ERROR", "", "", "no disk"),
    ("10:00:01.5 DEBUG tick", "1970-01-01T10:00:01.500000", "DEBUG", "", "", "tick"),
    ('{"ts": "2026-01-31T10:00:00", "level": "warn", "msg": "slow", "ms": 7}', *("2026-01-31T10:00:00.000000",),
     "WARNING", "", "", "slow ms=7"),
    ("no time at all", "", "", "", "", "no time at all"),
]  # fmt: skip
ACCESS = '10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 23'
TRACE = """2026-01-31 10:00:00,000 ERROR [main] app: failed
java.lang.IllegalStateException: no
\tat a.B.c(B.java:1)
Caused by: java.io.IOException: disk
\t... 2 more
2026-01-31 10:00:01,000 INFO [main] app: again
a line of its own
"""
PIECES = st.sampled_from(
    [
        "2026-01-31 10:00:00,123 INFO [main] a.b: one",
        "2026-01-31 10:00:01,000 ERROR b: two",
        "\tat a.b(C.java:1)",
        "Caused by: x.Y",
        "plain",
        "",
        "  ",
        "nul\0byte",
        "wrong \udcff byte",
        "x" * 90,
        "ümlaut 10:00:00",
    ]
)


IMPOSSIBLE = [
    "2026-13-45 99:99:99 month 13",
    "31.02.2026 25:61:61 day 31",
    "2026-01-01T10:00:00+99:99 zone 99",
    "2026-01-01T10:00:00Z fine",
    "Feb 31 23:59:60 box cron[1]: second 60",
    "MSI (s) (A8:3C) [99:99:99:999]: hour 99",
    "=== Verbose logging started: 99.99.2022  1:1:1",
    "1999999999999 milliseconds",
    '{"time": 5, "msg": [1], "level": null}',
    '{"a": NaN',
    "0000-00-00 00:00:00 nothing",
]


def text_of(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def rows(data: bytes, name: str = "a.log", **settings: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_log(data, name, settings).content.to_pylist()
    return found


def put(folder: Path, name: str, data: bytes) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return str(folder / name)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every file is large, and every part small."""
    for module, name, value in (
        (pouring, "LARGE", 1),
        (pouring, "LARGE_PACKED", 1),
        (stream, "CHUNK", 70),
        (streaming, "BLOCK", 120),
    ):
        monkeypatch.setattr(module, name, value)
    return monkeypatch


@pytest.mark.parametrize(("line", "time", "level", "source", "process", "text"), SHAPES)
def test_the_shape_of_lines_is_found(line: str, time: str, level: str, source: str, process: str, text: str) -> None:
    [row, *_] = rows(text_of([line] * 3))
    assert [row[name] or "" for name in ("time", "level", "source", "process", "text")] == [
        *(time, level, source, process, text)
    ]


def test_a_time_in_the_middle_of_lines_is_found_and_what_stands_before_it_stays() -> None:
    [row] = rows(ACCESS.encode())
    assert row["time"] == "2000-10-10T13:55:36.000000-0700"
    assert row["text"] == '10.0.0.1 - - "GET /a HTTP/1.0" 200 23'


def test_what_goes_on_with_an_entry_stays_with_it() -> None:
    found = rows(TRACE.encode())
    assert [row["line"] for row in found] == ["1", "6", "7"]
    assert found[0]["text"].split("\n") == ["failed", *TRACE.split("\n")[1:5]]
    assert found[2]["time"] == found[1]["time"]


def test_an_installers_log_takes_its_day_from_its_first_line_and_goes_past_midnight() -> None:
    lines = [
        "=== Verbose logging started: 31.01.2022  23:59:58  Build type: X ===",
        "MSI (s) (A8:3C) [23:59:59:100]: one",
    ]
    found = rows("\r\n".join([*lines, "Action ended 0:00:01: INSTALL. Return value 1."]).encode("utf-16"))
    assert [row["time"] for row in found[1:]] == ["2022-01-31T23:59:59.100000", "2022-02-01T00:00:01.000000"]
    assert found[2]["text"] == "Action ended: INSTALL. Return value 1."
    assert found[1]["process"] == "A8:3C"


def test_a_year_is_taken_from_the_setting_or_the_name_and_goes_on_in_january() -> None:
    lines = text_of(["Dec 31 23:00:00 box cron[1]: a", "Jan 1 01:00:00 box cron[1]: b"])
    assert [row["time"][:4] for row in rows(lines, year="2025")] == ["2025", "2026"]
    assert [row["time"][:4] for row in rows(lines, "syslog-2019.log")] == ["2019", "2020"]
    assert any(one.code == "GST-G02" for one in read_log(lines, "a.log", {}).findings)
    with pytest.raises(Refused):
        rows(lines, year="soon")


def test_sessions_are_made_by_file_by_silence_or_by_an_expression() -> None:
    data = text_of([f"2026-01-31 {hour}:00:00 INFO job {hour % 2} runs" for hour in (10, 11, 15)])
    assert {row["session"] for row in rows(data, session="file")} == {"a.log"}
    assert [row["session"] for row in rows(data, session="gap:90")] == ["a.log#1", "a.log#1", "a.log#2"]
    assert [row["session"] for row in rows(data, session=r"job (\d)")] == ["0", "1", "1"]
    assert [row["session"] for row in rows(data, session="nothing")] == [None, None, None]
    for wrong in ("gap:soon", "("):
        with pytest.raises(Refused):
            rows(data, session=wrong)


def test_a_log_becomes_a_table_with_one_contract_for_all_logs(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    put(tmp_path / "logs" / "b", "two.log", text_of([line for line, *_ in SHAPES[:1]] * 2))
    put(tmp_path / "logs" / "a", "one.log", gzip.compress(TRACE.encode()))
    put(tmp_path / "logs" / "a", "empty.log", b"")
    batch = ingest(made, str(tmp_path / "logs"), "lines")
    assert (batch.rows, batch.rejected) == (5, 0)
    table = made.tables.read("lines")
    assert set(table["file"].to_pylist()) == {"a/one.log", "b/two.log"}
    assert table["time"][0].as_py() == datetime(2026, 1, 31, 10, tzinfo=ZoneInfo(made.timezone))
    contract = made.contract("lines")
    assert contract is not None
    assert (contract.key, contract.time) == ((), "time")
    put(tmp_path / "later", "three.log", b"plain words\n")
    assert ingest(made, str(tmp_path / "later"), "lines").rows == 1


def test_a_table_with_the_ending_of_a_log_is_read_as_a_table_where_one_says_so(tmp_path: Path) -> None:
    source = put(tmp_path, "numbers.log", b"id,age\n1,30\n2,31\n")
    assert ingest(project(tmp_path / "p", None), source, "ages", {"format": "table"}).rows == 2
    with pytest.raises(Refused):
        ingest(project(tmp_path / "q", None), source, "ages", {"format": "csv"})
    text = put(tmp_path, "log.txt", TRACE.encode())
    assert ingest(project(tmp_path / "r", None), text, "lines", {"format": "log"}).rows == 3


def test_an_endless_line_and_bytes_that_are_no_text_are_put_aside(tmp_path: Path) -> None:
    good = text_of([SHAPES[0][0]] * 5)
    source = put(tmp_path, "a.log", good + b"\n" + b"x" * 3_000_000 + b"\nnul\0\n" + good)
    made = project(tmp_path / "p", None)
    batch = ingest(made, source, "lines")
    assert (batch.rows, batch.rejected) == (10, 2)
    aside = made.tables.read("lines__rejected").to_pylist()
    assert [row["line"] for row in aside] == [6, 7]
    assert len(aside[0]["text"]) <= reading.SHOWN
    with pytest.raises(Refused, match="no text"):
        read_log(bytes(range(256)) * 400, "a.log", {"encoding": "utf-8"})


def test_an_endless_line_costs_no_memory() -> None:
    tracemalloc.start()
    found = list(cut_lines(b"y" * (1 << 20) for _ in range(80)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(number, long) for number, _, long in found] == [(1, True)]
    assert peak < 12 << 20


@given(st.lists(PIECES, max_size=40), st.integers(1, 200))
@settings(max_examples=80, deadline=None)
def test_every_line_is_in_an_entry_or_put_aside_or_blank(lines: list[str], size: int) -> None:
    data = text_of(lines)
    cut = list(cut_lines(data[at : at + size] for at in range(0, len(data), size)))
    assert b"\n".join(line for _, line, _ in cut).rstrip(b"\n") == data.rstrip(b"\n")
    reader = reading.reader_of(cut, "a.log", {})
    entries, broken = reader.read(cut)
    blank = sum(not line.strip() for line in lines)
    wrong = sum("\0" in line or "\udcff" in line for line in lines)
    assert len(broken) == wrong
    assert sum(one.lines for one in entries) + len(broken) + blank == len(lines)
    spoken = "\n".join(one.text for one in entries)
    assert all(
        line.strip()[-3:] in spoken for line in lines if line.strip() and "\0" not in line and "\udcff" not in line
    )


@given(
    st.lists(st.one_of(st.sampled_from(IMPOSSIBLE), st.text(max_size=30)), max_size=20), st.sampled_from(["", "gap:1"])
)
@settings(max_examples=100, deadline=None)
def test_times_that_cannot_be_are_no_times_and_break_nothing(lines: list[str], session: str) -> None:
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    try:
        raw = read_log(data, "a.log", {"encoding": "utf-8", "session": session})
    except Refused:
        return
    raw.content.validate(full=True)
    for time in raw.content["time"].drop_null().to_pylist():
        assert datetime.fromisoformat(time)


@given(lines=st.lists(PIECES, min_size=1, max_size=40))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_log_read_part_by_part_is_the_log_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, parts: pytest.MonkeyPatch, lines: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    source = put(
        folder, "a.log", text_of([SHAPES[0][0], *lines, SHAPES[0][0], *lines[:1], *[SHAPES[0][0]] * len(lines)])
    )
    seen = [_seen(project(folder / "parts", None), source)]
    parts.setattr(pouring, "LARGE", 32 << 20)
    seen.append(_seen(project(folder / "whole", None), source))
    assert seen[0] == seen[1]


def _seen(made: Folder, source: str) -> tuple[Any, ...]:
    batch = ingest(made, source, "lines", {"session": "gap:1"})
    aside = made.tables.read("lines__rejected").to_pylist() if batch.rejected else []
    return made.tables.read("lines").to_pylist(), aside, batch.rows, batch.rejected


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "2026-01-31T10:00:00.000000"]), st.sampled_from(["", "ERROR"]), st.text()),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_session_written_as_one_text_is_read_as_it_was(entries: list[tuple[str, str, str]]) -> None:
    plain = [(time, level, text.replace("\u2028", "")) for time, level, text in entries]
    text = written([time for time, _, _ in plain], [level for _, level, _ in plain], [said for _, _, said in plain])
    found = entries_of(text) if text else []
    assert [(one.time, one.level, one.text) for one in found] == plain


def test_a_session_in_its_own_words_is_read_as_ingest_reads_it() -> None:
    whole = Reader(shape_of(TRACE.split("\n"))).read(enumerate(TRACE.split("\n"), 1))
    assert entries_of(TRACE) == whole


def test_all_public_logs_are_read_with_times_and_every_line(shared_data: Path) -> None:
    for path in sorted((shared_data / "logs" / "loghub_2k").glob("*.log")):
        raw = read_raw(path, {}, None)
        lines = sum(text.count("\n") + 1 for text in raw.text.to_pylist())
        assert lines == sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines()), path.name
        assert raw.content["time"].null_count == 0, path.name
        assert raw.broken.num_rows == 0
