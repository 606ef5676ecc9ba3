"""Where the names of the columns stand: found where it is plain, asked for where it is not."""

from __future__ import annotations

import pytest

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw


def read(folder, content, hints=None, **options):
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    return read_raw(path, options, hints)


def codes(raw):
    return {finding.code for finding in raw.findings}


BODY = "".join(f"{at};Köln;{at * 3},5;0{at % 9 + 1}.03.2024\n" for at in range(1, 20))


@pytest.mark.parametrize("above", ["Bericht März 2024\n", "Bericht;;;\n;;;\n", "Titel\n\nStand: heute\n\n"])
def test_lines_above_the_names_are_left_out_and_told(tmp_path, above):
    raw = read(tmp_path, above + "nr;ort;betrag;tag\n" + BODY)
    assert raw.columns == ("nr", "ort", "betrag", "tag")
    assert raw.rows == 19
    assert "GST-D33" in codes(raw)


def test_two_lines_of_names_are_refused_with_the_options_that_settle_it(tmp_path):
    content = "nr;ort;betrag;tag\nstück;name;euro;datum\n" + BODY
    with pytest.raises(Refused, match="lines 1 to 2 all look like names") as refusal:
        read(tmp_path, content)
    assert "--header 2" in refusal.value.next_step
    assert "--header 1-2" in refusal.value.next_step
    assert read(tmp_path, content, header="2").columns == ("stück", "name", "euro", "datum")
    assert read(tmp_path, content, header="1-2").columns == ("nr stück", "ort name", "betrag euro", "tag datum")
    assert read(tmp_path, content, header="1").rows == 20


def test_a_file_without_names_gets_numbered_columns(tmp_path):
    raw = read(tmp_path, BODY)
    assert raw.columns == ("column_1", "column_2", "column_3", "column_4")
    assert raw.rows == 19
    assert "GST-D34" in codes(raw)
    texts = read(tmp_path, "Sport,ein Satz\nKultur,noch einer\nSport,und einer\nSport,der letzte\n")
    assert texts.rows == 4


def test_years_are_names_where_a_text_stands_beside_them(tmp_path):
    raw = read(tmp_path, "Land,2019,2020,2021\nA,1,2,3\nB,4,5,6\nC,7,8,9\n")
    assert raw.columns == ("Land", "2019", "2020", "2021")


def test_a_first_line_that_may_be_names_or_values_is_refused(tmp_path):
    content = "2019,2020\n2001,5\n2002,6\n2003,7\n"
    with pytest.raises(Refused, match="may be names of columns or values"):
        read(tmp_path, content)
    assert read(tmp_path, content, header="none").rows == 4
    assert read(tmp_path, content, header="1").rows == 3


def test_a_damaged_line_of_names_is_refused_and_never_taken_for_a_title(tmp_path):
    with pytest.raises(Refused, match="line 1 stands above the first record"):
        read(tmp_path, "nr ort betrag und tag\n" + BODY)


@pytest.mark.parametrize(
    "names", ["nr ort betrag tag", "nr|ort|betrag|tag", "nr;;ort;betrag;tag", ";nr;ort;betrag;tag"]
)
def test_names_written_unlike_the_records_are_read_where_one_reading_names_every_column_and_told(tmp_path, names):
    raw = read(tmp_path, names + "\n" + BODY)
    assert raw.columns == ("nr", "ort", "betrag", "tag")
    assert raw.rows == 19
    assert "GST-D47" in codes(raw)


def test_one_name_less_than_fields_is_told_unless_the_contract_knows_the_names(tmp_path):
    content = "nr;ort;betrag;tag\n" + BODY.replace("\n", ";\n")
    assert "GST-D47" in codes(read(tmp_path, content))
    hints = Contract("t", tuple(Column(name, "text") for name in ("nr", "ort", "betrag", "tag")))
    assert "GST-D47" not in codes(read(tmp_path, content, hints))


def test_a_line_of_names_that_stands_twice_is_one(tmp_path):
    raw = read(tmp_path, "nr;ort;betrag;tag\n" * 3 + BODY)
    assert raw.columns == ("nr", "ort", "betrag", "tag")
    assert raw.broken.column("line").to_pylist() == [2, 3]


def test_a_damaged_first_record_is_no_line_of_names(tmp_path):
    raw = read(tmp_path, "nr;ort;betrag;tag\n;1;Köln;3,5;01.03.2024\n" + BODY)
    assert raw.columns == ("nr", "ort", "betrag", "tag")
    assert raw.rows + raw.broken.num_rows == 20


def test_a_short_record_is_not_taken_for_names(tmp_path):
    raw = read(tmp_path, "nr;ort;betrag;tag\n1;Köln3,5;01.03.2024\n" + BODY)
    assert raw.columns == ("nr", "ort", "betrag", "tag")
    assert raw.broken.column("line").to_pylist() == [2]


def test_records_whose_numbers_are_missing_at_the_top_are_records(tmp_path):
    raw = read(tmp_path, "lp,titel,betrag\nA,eins,\nB,zwei,\nC,drei,5\nD,vier,6\nE,fünf,7\n")
    assert raw.columns == ("lp", "titel", "betrag")
    assert raw.rows == 5


def test_the_names_of_the_contract_are_found_wherever_they_stand(tmp_path):
    hints = Contract("t", (Column("a", "text"), Column("b", "text")))
    raw = read(tmp_path, "x,y\nsome,note\na,b\n1,2\n", hints)
    assert raw.columns == ("a", "b")
    assert raw.line.to_pylist() == [4]


def test_joined_names_and_missing_names_are_found_again_by_the_contract(tmp_path):
    joined = Contract("t", tuple(Column(name, "text") for name in ("nr stück", "ort name", "betrag euro", "tag datum")))
    content = "nr;ort;betrag;tag\nstück;name;euro;datum\n" + BODY
    assert read(tmp_path, content, joined).columns == joined.names
    numbered = Contract("t", (Column("column_1", "text"), Column("column_2", "text")))
    assert read(tmp_path, "Name,Ort\nAda,Ulm\n", numbered).rows == 2


@pytest.mark.parametrize("wrong", ["0", "first", "2-1", "99", "1-"])
def test_a_header_option_that_names_no_line_is_refused(tmp_path, wrong):
    with pytest.raises(Refused, match="does not say where the names"):
        read(tmp_path, "a,b\n1,2\n", header=wrong)
