"""Bad input gets a clear error or a finding, and loses nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from doors import customers

if TYPE_CHECKING:
    from doors import Door, Said

HEAD = "id,day,x,y\n"
GOOD = "".join(f"k{i},2024-01-{1 + i % 28:02d},{i},{'yes' if i % 3 else 'no'}\n" for i in range(200))


def counted(door: Door, table: str) -> int:
    return int(door("sql", f"select count(*) n from {table}", "--json").document[0]["n"])


def refused(said: Said, *words: str) -> None:
    assert said.code == 1, said.out
    lines = said.err.strip().splitlines()
    assert [line.split()[0] for line in lines] == ["Error", "Expected", "Next"]
    for word in words:
        assert re.search(word, said.err, re.IGNORECASE), said.err


@pytest.fixture
def begun(door: Door) -> Door:
    assert door("init", ".").code == 0
    return door


@pytest.mark.parametrize("content", ["", "\n\n", HEAD, "\ufeff" + HEAD])
def test_a_file_without_rows_is_refused(begun: Door, content: str) -> None:
    refused(begun("ingest", begun.write("a.csv", content), "--table", "t"), "empty|no record")
    assert begun("tables", "--json").document == []


def test_ragged_rows_are_kept_aside_with_their_line(begun: Door) -> None:
    text = HEAD + GOOD + "k900,2024-01-01,1\nk901,2024-01-01,1,yes,more,and more\n"
    said = begun("ingest", begun.write("a.csv", text), "--table", "t", "--json")
    assert (said.code, said.document["rows"], said.document["rejected"]) == (0, 200, 2)
    aside = begun("sql", "select line, reason, text from t__rejected order by line", "--json").document
    assert [row["line"] for row in aside] == [202, 203]
    assert aside[1]["text"] == "k901,2024-01-01,1,yes,more,and more"


def test_two_header_rows_are_told_or_refused(begun: Door) -> None:
    said = begun("ingest", begun.write("a.csv", "id,day,x,y\n,(date),(EUR),\n" + GOOD), "--table", "t", "--json")
    if said.code == 0:
        assert said.document["rows"] + said.document["rejected"] == 201
        assert said.document["rejected"] == 1
    else:
        refused(said, "header")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_usual_encoding_is_read_and_told(begun: Door, encoding: str) -> None:
    text = (HEAD + GOOD).replace("yes", "schön")
    said = begun("ingest", begun.write("a.csv", text.encode(encoding)), "--table", "t", "--json")
    assert (said.code, said.document["rows"]) == (0, 200), said.err
    assert begun("sql", "select distinct y from t order by 1", "--json").document == [{"y": "no"}, {"y": "schön"}]


def test_nul_bytes_lose_no_row(begun: Door) -> None:
    said = begun("ingest", begun.write("a.csv", HEAD + GOOD + "k\x00900,2024-01-01,1,yes\n"), "--table", "t", "--json")
    assert said.code == 1 or said.document["rows"] + said.document["rejected"] == 201


def test_two_thousand_columns_are_read(begun: Door) -> None:
    names = ",".join(f"c{i}" for i in range(2_000))
    rows = "\n".join(",".join(str(i * j % 97) for i in range(2_000)) for j in range(1, 31))
    said = begun("ingest", begun.write("a.csv", f"{names}\n{rows}\n"), "--table", "wide", "--json")
    assert (said.code, said.document["rows"]) == (0, 30), said.err
    assert begun("sql", "select c1999 from wide limit 1", "--json").code == 0


def test_names_equal_but_for_case_are_refused(begun: Door) -> None:
    refused(begun("ingest", begun.write("a.csv", "id,Day,day\n1,2,3\n4,5,6\n"), "--table", "t"), "day", "case")


def test_mixed_types_and_infinities_lose_nothing(begun: Door) -> None:
    text = HEAD + GOOD + "k900,2024-01-01,many,yes\nk901,2024-01-01,inf,yes\nk902,2024-01-01,-inf,no\n"
    said = begun("ingest", begun.write("a.csv", text), "--table", "t", "--json")
    assert said.code == 0
    assert said.document["rows"] + said.document["rejected"] == 203
    assert "inf" not in begun("sql", "select cast(x as varchar) x from t", "--json").out


def test_impossible_dates_are_kept_aside(begun: Door) -> None:
    said = begun("ingest", begun.write("a.csv", HEAD + GOOD + "k900,2024-02-31,1,yes\n"), "--table", "t", "--json")
    assert (said.document["rows"], said.document["rejected"]) == (200, 1)
    assert "2024-02-31" in begun("sql", "select text from t__rejected", "--json").out


def test_an_ambiguous_order_of_dates_is_refused_with_the_option_that_settles_it(begun: Door) -> None:
    rows = "".join(f"k{i},0{1 + i % 9}.0{1 + i % 7}.2024\n" for i in range(100)).replace(".", "/")
    name = begun.write("a.csv", "id,day\n" + rows)
    refused(begun("ingest", name, "--table", "t"), "--dates")
    assert begun("ingest", name, "--table", "t", "--dates", "dmy").code == 0


def test_the_same_file_twice_adds_nothing_and_says_so(begun: Door) -> None:
    name = begun.write("a.csv", HEAD + GOOD)
    assert begun("ingest", name, "--table", "t").code == 0
    said = begun("ingest", name, "--table", "t", "--json")
    assert said.code == 0
    assert counted(begun, "t") == 200
    assert said.document["findings"] != []


def test_a_changed_set_of_columns_is_refused_and_names_the_likely_rename(begun: Door) -> None:
    begun("ingest", begun.write("a.csv", HEAD + GOOD), "--table", "t")
    changed = ("id,date,x,y\n" + GOOD).replace("k1", "n1")
    refused(begun("ingest", begun.write("b.csv", changed), "--table", "t"), "day", "date")
    assert counted(begun, "t") == 200


def test_a_missing_file_or_table_is_named(begun: Door) -> None:
    refused(begun("ingest", "nowhere.csv", "--table", "t"), "nowhere.csv")
    begun("ingest", begun.write("a.csv", HEAD + GOOD), "--table", "things")
    refused(begun("show", "thing"), '"things"|things')
    refused(begun("sql", "select * from thing"), "things")


def case(begun: Door, **fields: str) -> None:
    lines = {"question": "Who leaves?", "task": "predict", "data": "t", "target": "y", "positive": '"yes"'} | fields
    begun.write("cases/c.yaml", "".join(f"{name}: {value}\n" for name, value in lines.items() if value))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"target": "z"}, ["z", "Expected"]),
        ({"target": ""}, ["target"]),
        ({"positive": '"maybe"'}, ["maybe", "yes"]),
        ({"positive": "Yes"}, ["line 5", "true", "quotes"]),
        ({"data": "ta"}, ["ta", '"t"']),
        ({"data": "select * from u"}, ["u"]),
        ({"data": "{row: t}"}, ["row", "rows"]),
        ({"task": "predikt"}, ["predict"]),
        ({"baseline": "tenur > 3"}, ["tenur"]),
        ({"baseline": "(select max(x) from t) > 3"}, ["rule|expression|select"]),
        ({"baseline": "read_csv('/etc/passwd') > 3"}, ["read_csv"]),
        ({"baseline": "x >"}, ["x >|rule|expression"]),
        ({"time": "x2"}, ["x2"]),
        ({"entity": "idd"}, ["idd", "id"]),
        ({"ignore": "[zz]"}, ["zz"]),
        ({"metric": "rocauc"}, ["rocauc"]),
        ({"acted": "zz", "money": "{saved: 5, success: 0.5, cost: 1}"}, ["zz"]),
    ],
)
def test_a_wrong_field_of_a_case_is_refused_in_three_lines(
    begun: Door, fields: dict[str, str], words: list[str]
) -> None:
    begun("ingest", begun.write("a.csv", HEAD + GOOD), "--table", "t")
    case(begun, **fields)
    refused(begun("evaluate", "c"), *words)


@pytest.mark.parametrize("positives", [0, 3])
def test_one_class_or_three_positives_end_in_a_clear_answer(begun: Door, positives: int) -> None:
    rows = "".join(f"k{i},2024-01-01,{i},{'yes' if i < positives else 'no'}\n" for i in range(300))
    begun("ingest", begun.write("a.csv", HEAD + rows), "--table", "t")
    case(begun)
    said = begun("evaluate", "c", "--json")
    if said.code:
        refused(said, "yes|class|value")
    else:
        assert any(f["code"].startswith("GST-L") and f["section"] == "issue" for f in said.document["findings"])


def test_a_column_that_is_wholly_empty_and_one_that_never_changes_do_no_harm(begun: Door) -> None:
    lines = customers(300).splitlines()
    text = "\n".join([lines[0] + ",nothing,same", *(line + ",,7" for line in lines[1:])])
    assert begun("ingest", begun.write("a.csv", text), "--table", "t").code == 0
    case(begun, target="leaves", positive='"Yes"')
    said = begun("evaluate", "c", "--json")
    assert said.code == 0, said.err
    assert any("nothing" in f["text"] for f in said.document["findings"])


def test_too_few_rows_are_refused(begun: Door) -> None:
    begun("ingest", begun.write("a.csv", HEAD + GOOD[:300]), "--table", "t")
    case(begun)
    refused(begun("evaluate", "c"), "unit|row")
