"""CSV and TSV: every record comes back as written or is put aside with its line; nothing is lost, nothing bent."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.lake.reading import Raw

LETTERS = "abcXYZ019 ,;|\t\"'\n\\äöüß€.-"
cells = st.text(alphabet=LETTERS, max_size=8)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, content: bytes | str, **options: str) -> Raw:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_raw(path, options, None)


def rows_of(raw: Raw) -> list[list[str | None]]:
    assert raw.table is not None
    return [list(row.values()) for row in raw.table.to_pylist()]


def codes(raw: Raw) -> set[str]:
    return {finding.code for finding in raw.findings}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12))
    return [f"name{at}" for at in range(width)], [row for row in rows if any(map(str.strip, row))] or [["x"] * width]


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
)
@QUICK
def test_what_was_written_in_any_dialect_is_read_back_alike(tmp_path, table, delimiter, end, quoting, encoding):
    names, rows = table
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if end == "\r" else quoting  # the writer leaves a line feed bare beside carriage returns
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([names, *rows])
    options = {} if encoding == "utf-8-sig" else {"encoding": encoding}
    raw = read(tmp_path, text.getvalue().encode(encoding), delimiter=delimiter, header="1", **options)
    assert raw.columns == tuple(names)
    assert rows_of(raw) == rows
    assert raw.broken.num_rows == 0


@given(
    words=st.lists(st.sampled_from(["Köln", "Weil am Rhein", "Sankt Peter, Ording", 'die "Grube"', ""]), min_size=3),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    comma=st.booleans(),
)
@QUICK
def test_dialect_and_encoding_of_an_ordinary_export_are_found(tmp_path, words, delimiter, end, encoding, comma):
    amount = "{},5" if comma and delimiter != "," else "{}.5"
    rows = [[str(at), word, amount.format(at * 37), "Müller"] for at, word in enumerate(words)]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([["id", "ort", "betrag", "name"], *rows])
    raw = read(tmp_path, text.getvalue().encode(encoding))
    assert raw.columns == ("id", "ort", "betrag", "name")
    assert rows_of(raw) == rows


@given(st.lists(st.tuples(st.integers(0, 6), st.text("abc ", min_size=1, max_size=4)), min_size=8, max_size=30))
@QUICK
def test_every_record_of_a_ragged_file_is_a_row_or_put_aside(tmp_path, shape):
    good = ["1,2,3", "4,5,6"] * 20
    odd = [",".join([word] * count) for count, word in shape if count]
    lines = ["a,b,c", *good, *odd]
    raw = read(tmp_path, "\n".join(lines) + "\n", delimiter=",", header="1")
    assert raw.rows + raw.broken.num_rows == len(lines) - 1
    together = dict(zip(raw.line.to_pylist(), raw.text.to_pylist(), strict=True))
    together |= {row["line"]: row["text"] for row in raw.broken.to_pylist()}
    assert together == {number: line for number, line in enumerate(lines, start=1) if number > 1}


def test_a_ragged_row_is_put_aside_with_its_line_reason_and_text(tmp_path):
    raw = read(tmp_path, "id,name\n1,Ada\n2,Bob,x\n3,Cy\n4\n5,Eve\n")
    assert rows_of(raw) == [["1", "Ada"], ["3", "Cy"], ["5", "Eve"]]
    assert raw.broken.to_pylist() == [
        {"line": 3, "reason": "3 fields where 2 are expected", "text": "2,Bob,x"},
        {"line": 5, "reason": "1 field where 2 are expected", "text": "4"},
    ]
    assert "GST-D37" in codes(raw)


def test_a_stray_quotation_mark_does_not_swallow_the_rows_after_it(tmp_path):
    raw = read(tmp_path, 'id,note,n\n1,"fine",5\n2,"he said "no" again",6\n3,"open,7\n4,"fine, too",8\n')
    assert rows_of(raw) == [
        ["1", "fine", "5"],
        ["2", 'he said "no" again', "6"],
        ["3", '"open', "7"],
        ["4", "fine, too", "8"],
    ]
    assert raw.line.to_pylist() == [2, 3, 4, 5]
    assert "GST-D38" in codes(raw)


def test_a_quotation_mark_that_can_be_read_in_two_ways_is_put_aside(tmp_path):
    raw = read(tmp_path, 'a,b,c\n1,2,3\n"x" y,"z","w\n4,5,6\n7,8,9\n', delimiter=",", header="1")
    assert rows_of(raw) == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]
    assert raw.broken.column("line").to_pylist() == [3]


def test_a_record_of_several_lines_is_one_row_at_its_first_line(tmp_path):
    raw = read(tmp_path, 'id,note\n1,"two\nlines"\n\n2,plain\n')
    assert rows_of(raw) == [["1", "two\nlines"], ["2", "plain"]]
    assert raw.line.to_pylist() == [2, 5]
    assert raw.text.to_pylist() == ['1,"two\nlines"', "2,plain"]
    assert "GST-D39" in codes(raw)


def test_nul_bytes_and_bytes_of_another_encoding_put_only_their_record_aside(tmp_path):
    good = "".join(f"{at},Köln\n" for at in range(3, 9)).encode()
    raw = read(tmp_path, b"id,name\n1,A\x00da\n2,M\xfcller\n" + good)
    assert raw.rows == 6
    assert raw.broken.column("reason").to_pylist() == [
        "holds a NUL byte",
        "holds bytes that are not in the file's encoding",
    ]
    assert raw.broken.column("text").to_pylist() == ["1,A\x00da", "2,M\\xfcller"]


def test_a_backslash_escapes_quotation_marks_only_where_records_need_it(tmp_path):
    escaped = read(tmp_path, 'id,note,n\n1,"5\\" pipe, long",2\n2,"x",3\n')
    assert rows_of(escaped) == [["1", '5" pipe, long', "2"], ["2", "x", "3"]]
    plain = read(tmp_path, 'id,path,n\n1,"C:\\new\\",2\n2,"C:\\",3\n')
    assert rows_of(plain) == [["1", "C:\\new\\", "2"], ["2", "C:\\", "3"]]


def test_apostrophes_quote_and_blanks_separate_where_the_whole_file_does_so(tmp_path):
    raw = read(tmp_path, "id;'text'\n1;'one; two'\n2;'it''s'\n3;'x'\n")
    assert rows_of(raw) == [["1", "one; two"], ["2", "it's"], ["3", "x"]]
    spaced = read(tmp_path, 'id, city, n\n1, "Weil, Rhein", 2\n2, Köln, 3\n')
    assert rows_of(spaced) == [["1", "Weil, Rhein", "2"], ["2", "Köln", "3"]]
    assert "GST-D40" in codes(spaced)


def test_the_first_line_may_name_the_delimiter(tmp_path):
    raw = read(tmp_path, "sep=|\na|b\n1,5|2,5\n")
    assert rows_of(raw) == [["1,5", "2,5"]]


def test_empty_fields_are_empty_texts_and_rows_without_a_value_are_put_aside(tmp_path):
    raw = read(tmp_path, 'a;b\n1;\n;""\n;\n2;3\n')
    assert rows_of(raw) == [["1", ""], ["2", "3"]]
    assert raw.broken.column("reason").to_pylist() == ["holds no value", "holds no value"]


def test_lines_of_names_that_come_again_are_no_records(tmp_path):
    raw = read(tmp_path, "a,b\n1,2\n3,4\na,b\n5,6\n")
    assert rows_of(raw) == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert raw.broken.to_pylist() == [{"line": 4, "reason": "repeats the line of names", "text": "a,b"}]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "   \n"])
def test_an_empty_file_is_refused(tmp_path, content):
    with pytest.raises(Refused, match="is empty"):
        read(tmp_path, content)


def test_names_without_a_record_are_refused(tmp_path):
    with pytest.raises(Refused, match="no record"):
        read(tmp_path, "id,name,city\n")


def test_a_file_most_of_whose_records_do_not_fit_is_refused(tmp_path):
    with pytest.raises(Refused, match="4 of 6 records"):
        read(tmp_path, "a,b\n1,2\n3,4\n1\n2\n1,2,3\n4,5,6\n", delimiter=",", header="1")


def test_two_thousand_columns_and_a_single_one_are_tables(tmp_path):
    wide = ",".join(f"c{at}" for at in range(2000)) + "\n" + (",".join(map(str, range(2000))) + "\n") * 3
    assert len(read(tmp_path, wide).columns) == 2000
    narrow = read(tmp_path, "note\nthe quick, brown fox\njumps\n")
    assert rows_of(narrow) == [["the quick, brown fox"], ["jumps"]]


def test_names_that_differ_only_by_case_or_repeat_are_refused(tmp_path):
    with pytest.raises(Refused, match="upper and lower case"):
        read(tmp_path, "Name,id,name\nx,1,y\n")
    with pytest.raises(Refused, match='2 columns are called "plan"'):
        read(tmp_path, "id,plan,plan\n1,2,3\n")


def test_columns_without_a_name_get_one_and_hollow_ones_are_left_out(tmp_path):
    raw = read(tmp_path, "id,,city,\n1,x,Köln,\n2,y,Ulm,\n")
    assert raw.columns == ("id", "column_2", "city")
    assert {"GST-D35", "GST-D36"} <= codes(raw)


def test_a_line_of_names_that_is_too_short_or_too_long_is_refused(tmp_path):
    with pytest.raises(Refused, match="line 1 names 2 columns, most records have 3 fields"):
        read(tmp_path, "id,city\n1,Köln,5\n2,Ulm,6\n")
    with pytest.raises(Refused, match="line 1 names 4 columns, most records have 3 fields"):
        read(tmp_path, "id,city,n,m\n1,Köln,5\n2,Ulm,6\n")


def test_a_delimiter_of_two_characters_and_an_unknown_encoding_are_refused(tmp_path):
    with pytest.raises(Refused, match="cannot separate"):
        read(tmp_path, "a::b\n1::2\n", delimiter="::")
    with pytest.raises(Refused, match='no encoding "utf-9"'):
        read(tmp_path, "a,b\n1,2\n", encoding="utf-9")


def test_empty_fields_at_the_end_may_be_more_or_fewer_where_no_value_can_have_moved(tmp_path):
    raw = read(tmp_path, "id,city,\n1,Köln,\n2,Ulm\n3,Bonn,,,\n4,Mainz,\n5,Trier,x\n", header="1")
    assert raw.columns == ("id", "city", "column_3")
    raw = read(tmp_path, "id,city,\n1,Köln,\n2,Ulm\n3,Bonn,,,\n4,Mainz,\n5,,Trier,\n6,Köln,\n", header="1")
    assert rows_of(raw) == [["1", "Köln"], ["2", "Ulm"], ["3", "Bonn"], ["4", "Mainz"], ["6", "Köln"]]
    assert raw.line.to_pylist() == [2, 3, 4, 5, 7]
    assert raw.broken.column("line").to_pylist() == [6]
    assert "GST-D32" in codes(raw)


def test_an_empty_field_at_the_end_is_no_excuse_where_the_last_column_may_be_empty(tmp_path):
    raw = read(tmp_path, "id,city,note\n1,Köln,\n2,Ulm,x\n3,,Bonn,\n4,Mainz,\n")
    assert raw.broken.column("text").to_pylist() == ["3,,Bonn,"]
