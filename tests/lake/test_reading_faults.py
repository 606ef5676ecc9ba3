"""Torn and bent files: each is refused in three lines, or every record of it is a row or put aside; nothing else."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw, records, workbook

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
QUICK = settings(SLOW, max_examples=150)

flips = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6)
damages = st.tuples(
    flips, st.floats(0.05, 1), st.sampled_from(['"', "\0", "\n", ";", ",", "\ud800", "\xff", '"\n"', ""])
)


def bent(data: bytes, damage: tuple[list[tuple[float, int]], float, str]) -> bytes:
    """Some bytes set to others, something put in, the end cut off."""
    changes, share, put = damage
    out = bytearray(data)
    for place, value in changes:
        out[int(place * len(out))] = value
    at = int(share * len(out))
    return bytes(out[:at]) + put.encode("utf-8", "surrogatepass") + bytes(out[at:] if changes else b"")


def outcome(path, data):
    """What reading gives; anything but Raw or Refused escapes, and fails the test."""
    path.write_bytes(data)
    try:
        return read_raw(path, {}, None)
    except Refused as refusal:
        return None if all((refusal.what, refusal.expected, refusal.next_step)) else refusal


def in_balance(raw):
    lines = [*raw.line.to_pylist(), *raw.broken.column("line").to_pylist()]
    assert len(raw.text) == raw.content.num_rows == raw.rows
    assert len(lines) == len(set(lines))
    return sorted(lines)


@cache
def export(delimiter: str, end: str) -> bytes:
    rows = [f'{at},"Müller, {at}",{at * 3}.50,2024-03-{at % 28 + 1:02},"say ""{at}"""' for at in range(1, 60)]
    text = end.join(["id,name,amount,day,note", *rows, ""])
    return text.replace(",", delimiter).encode()


@given(damage=damages, delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
@QUICK
def test_a_bent_export_is_refused_or_every_line_of_it_is_in_a_row_put_aside_or_above_the_records(
    tmp_path, damage, delimiter, end
):
    raw = outcome(tmp_path / "file.csv", bent(export(delimiter, end), damage))
    if raw is None or raw.how["format"] != "delimited" or raw.how["encoding"] != "utf-8":
        return
    in_balance(raw)
    written = {
        *"\n".join(raw.text.to_pylist()).splitlines(),
        *"\n".join(raw.broken.column("text").to_pylist()).splitlines(),
    }
    first = min([*raw.line.to_pylist(), *raw.broken.column("line").to_pylist()])
    data = (tmp_path / "file.csv").read_bytes().decode("utf-8", "surrogateescape")
    for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n")[first - 1 :]:
        if line.strip("\r\n") and line.isprintable():
            assert line in written


@given(data=st.binary(max_size=400), ending=st.sampled_from(["csv", "json", "xlsx", "parquet", "txt"]))
@QUICK
def test_any_bytes_are_refused_or_read_in_balance(tmp_path, data, ending):
    raw = outcome(tmp_path / f"file.{ending}", data)
    assert raw is None or in_balance(raw)


@given(text=st.text(alphabet="ab1,;\"\n\r\t |\\'\x00é", max_size=200))
@QUICK
def test_any_text_of_marks_is_refused_or_read_in_balance(tmp_path, text):
    raw = outcome(tmp_path / "file.csv", text.encode())
    assert raw is None or in_balance(raw)


@given(damage=damages)
@QUICK
def test_bent_json_lines_are_refused_or_every_line_is_a_row_or_put_aside(tmp_path, damage):
    good = "".join(f'{{"id": {at}, "name": "Müller", "inner": {{"day": "2024-03-01"}}}}\n' for at in range(40)).encode()
    raw = outcome(tmp_path / "file.jsonl", bent(good, damage))
    assert raw is None or in_balance(raw)


@cache
def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(200)), "name": ["Müller"] * 200}), held)
    return held.getvalue()


@given(damage=damages)
@settings(QUICK, max_examples=60)
def test_bent_parquet_is_refused_or_read_in_balance(tmp_path, damage):
    raw = outcome(tmp_path / "file.parquet", bent(parquet(), damage))
    assert raw is None or in_balance(raw)


@cache
def book() -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as made:
        sheet = made.add_worksheet("one")
        for at in range(40):
            sheet.write_row(at, 0, ["id", "name"] if at == 0 else [at, f"Müller {at}"])
    return held.getvalue()


@given(damage=damages)
@SLOW
def test_a_bent_workbook_is_refused_or_read_in_balance(tmp_path, damage):
    raw = outcome(tmp_path / "file.xlsx", bent(book(), damage))
    assert raw is None or in_balance(raw)


@given(damage=damages)
@SLOW
def test_a_bent_old_workbook_is_refused_or_read_in_balance(shared_data, tmp_path, damage):
    good = (shared_data / "messy-files" / "messytables_horror" / "horror" / "simple.xls").read_bytes()
    raw = outcome(tmp_path / "file.xls", bent(good, damage))
    assert raw is None or in_balance(raw)


GREEDY = """
import sys
from grundstein.lake.reading import workbook_child
workbook_child._read = lambda data, asked: {action}
workbook_child.main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="the system has no limit of memory")
@pytest.mark.parametrize("action", ["bytearray(3 << 30)", "__import__('os').abort()", "1 / 0"])
def test_a_workbook_that_takes_memory_or_ends_its_reader_is_refused(tmp_path, monkeypatch, action):
    script = tmp_path / "child.py"
    script.write_text(GREEDY.format(action=action), encoding="utf-8")
    monkeypatch.setattr(workbook, "CHILD", str(script))
    with pytest.raises(Refused, match="memory" if action != "1 / 0" else "no whole workbook"):
        workbook.read_sheet(b"", "file.xls", "")


def test_the_reader_of_workbooks_takes_no_more_than_its_limit():
    """A sheet that claims a million rows and columns, in a process of its own with half a gigabyte."""
    done = subprocess.run(
        [sys.executable, "-P", workbook.CHILD, "512", "60", ""],
        input=b"\xd0\xcf\x11\xe0" * 400,
        capture_output=True,
        check=True,
    )
    assert b"error" in done.stdout


@given(text=st.text(alphabet='ab1,;"\n\r ', max_size=300), step=st.integers(1, 5))
@QUICK
def test_a_text_read_in_steps_is_read_as_at_once(tmp_path, text, step):
    data = b"a,b,c\n" + text.encode()
    at_once = outcome(tmp_path / "file.csv", data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "STEP", step)
        in_steps = outcome(tmp_path / "file.csv", data)
    assert (at_once is None) == (in_steps is None)
    if at_once is not None:
        assert at_once.table.equals(in_steps.table)
        assert at_once.line.equals(in_steps.line)
        assert at_once.broken.equals(in_steps.broken)
        assert at_once.findings == in_steps.findings
