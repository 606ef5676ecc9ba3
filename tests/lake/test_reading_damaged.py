"""Damaged records: read where one reading alone fits the columns, and told; put aside where two do, or none."""

from __future__ import annotations

import pytest

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw
from grundstein.lake.reading.raw import Empty

NAMES = "day,code,city,amount,note\n"
WORDS = ("fine", "so so", "bad")
GOOD = [f"{at % 28 + 1:02}.03.2024,AB-{at},Köln,{at}.50,{WORDS[at % 3]}" for at in range(1, 41)]


def read(folder, content, **options):
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    return read_raw(path, options, None)


def with_record(folder, damaged):
    """One damaged record after forty good ones."""
    return read(folder, NAMES + "\n".join([*GOOD, damaged]) + "\n")


def told(raw):
    return {finding.code: finding.facts for finding in raw.findings}


def last(raw):
    return list(raw.table.to_pylist()[-1].values())


@pytest.mark.parametrize("damaged", ["05.03.2024,,AB-7,Ulm,7.50,x", ",05.03.2024,AB-7,Ulm,7.50,x"])
def test_one_empty_field_too_many_is_dropped_where_every_other_reading_contradicts_the_columns(tmp_path, damaged):
    raw = with_record(tmp_path, damaged)
    assert raw.rows == 41
    assert last(raw) == ["05.03.2024", "AB-7", "Ulm", "7.50", "x"]
    assert told(raw)["GST-D45"] == {"count": 1, "line": 42}


@pytest.mark.parametrize(
    "damaged",
    [
        "05.03.2024,AB-7,Ulm,,7.50,x",  # `Ulm,` without quotes is a city as well
        "05.03.2024,AB-7,Ulm,7.50,,x",
        "05.03.2024,AB-7,Ulm,x,7.50,x",  # nothing is empty
        "05.03.2024AB-7,Ulm,7.50,x",  # a delimiter is missing
        "05.03.2024,AB-7,Ulm7.50,x",
        "05.03.2024,AB-7,Ulm",
    ],
)
def test_a_record_that_can_be_read_in_two_ways_or_none_is_put_aside(tmp_path, damaged):
    raw = with_record(tmp_path, damaged)
    assert raw.rows == 40
    assert raw.broken.to_pylist()[0]["text"] == damaged


def test_a_delimiter_lost_before_quotes_does_not_shift_the_values(tmp_path):
    raw = with_record(tmp_path, '05.03.2024,AB-7,Ulm,7.50"good, and cheap"')
    assert raw.rows == 40
    assert "quotation mark" in raw.broken.column("reason")[0].as_py()
    raw = with_record(tmp_path, '05.03.2024,AB-7Ulm"am Rhein, links",7.50,x')
    assert raw.rows == 40


def test_a_line_with_another_delimiter_is_read_where_every_value_fits(tmp_path):
    raw = with_record(tmp_path, "05.03.2024;AB-7;Ulm;7.50;x")
    assert last(raw) == ["05.03.2024", "AB-7", "Ulm", "7.50", "x"]
    assert told(raw)["GST-D48"] == {"count": 1, "line": 42}
    raw = with_record(tmp_path, '05.03.2024 AB-7 "Bad Ems" 7.50 x')
    assert last(raw)[2] == "Bad Ems"
    assert with_record(tmp_path, "05.03.2024 AB-7 Bad Ems 7.50 x y").rows == 40


def test_few_records_are_no_ground_to_read_a_damaged_one(tmp_path):
    raw = read(tmp_path, NAMES + "\n".join([*GOOD[:8], "05.03.2024,,AB-7,Ulm,7.50,x"]) + "\n")
    assert raw.rows == 8
    assert raw.broken.num_rows == 1


def test_a_second_table_below_is_put_aside_as_such(tmp_path):
    second = "day,code,city,amount\n" + "".join(line.rsplit(",", 1)[0] + "\n" for line in GOOD)
    raw = read(tmp_path, NAMES + "\n".join(GOOD) + "\n\n" + second)
    assert raw.rows == 40
    assert raw.broken.num_rows == 41
    assert raw.broken.column("reason").unique().to_pylist() == ["belongs to another table, which begins in line 43"]
    assert told(raw)["GST-D46"] == {"count": 41, "line": 43}


def test_blanks_separate_where_they_stand_around_quotes(tmp_path):
    rows = "".join(f'{at}.5 AB-{at} {"big" if at % 3 else "very big"} "text {at}"\n' for at in range(1, 60))
    raw = read(tmp_path, "amount code size note\n" + rows)
    assert raw.how["delimiter"] == " "
    assert raw.rows == 59
    assert raw.table.column("size").unique().to_pylist() == ["big", "very big"]
    assert "GST-D48" in told(raw)


@pytest.mark.parametrize(("content", "columns"), [("", ()), ("a,b\n", ("a", "b"))])
def test_a_source_without_a_record_is_refused_with_the_names_it_has(tmp_path, content, columns):
    with pytest.raises(Empty) as refusal:
        read(tmp_path, content)
    assert isinstance(refusal.value, Refused)
    assert refusal.value.columns == columns
