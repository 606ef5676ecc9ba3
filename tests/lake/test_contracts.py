"""What a first file suggests about its table: types, key, entity, time, people, and what is told about it."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grundstein.core.errors import Refused
from grundstein.lake.contracts import cast, changed_columns, propose
from grundstein.lake.reading import read_raw

ZONE = "Europe/Berlin"


def learn(folder, content, **settings):
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    raw = read_raw(path, settings, None)
    contract, findings = propose("t", raw, settings, ZONE)
    return raw, contract, {finding.code: finding for finding in findings}


def column(folder, *values, name="x", mark=";", **settings):
    """The proposal for one column beside a plain text column."""
    content = f"{name}{mark}note\n" + "".join(f"{value}{mark}n\n" for value in values)
    raw, contract, found = learn(folder, content, delimiter=mark, header="1", **settings)
    return contract.columns[0], found, cast(raw, contract, ZONE)


@pytest.mark.parametrize(
    ("values", "kind", "source"),
    [
        (["1", "2", "-3"], "integer", {}),
        (["1.5", "2", "-3"], "number", {}),
        (["1,5", "2", "-3"], "number", {"decimal": ","}),
        (["1.234,5", "2", "-3"], "number", {"decimal": ",", "thousands": "."}),
        (["true", "FALSE", "true"], "boolean", {"true": "true", "false": "false"}),
        (["Yes", "No", "Yes"], "text", {}),
        (["ja", "nein", "ja"], "text", {}),
        (["2024-01-31", "2024-02-01", "2024-02-02"], "date", {}),
        (["31.01.2024", "1.2.2024", "2.2.24"], "date", {}),
        (["31. Januar 2024", "1. Mrz 2024", "5 May 2024"], "date", {}),
        (["31/01/2024", "01/02/2024", "02/02/2024"], "date", {"dates": "dmy"}),
        (["01/31/2024", "01/02/2024", "02/02/2024"], "date", {"dates": "mdy"}),
        (["31.01.2024 12:30", "01.02.2024 12:30", "2024-02-02T12:00:00Z"], "instant", {}),
        (["12 %", "5 %", "7,5 %"], "number", {"decimal": ",", "unit": "%"}),
        (["€ 1.234,50", "5,00 €", "7 EUR"], "decimal", {"decimal": ",", "thousands": ".", "currency": "EUR"}),
        (["01067", "80331", "10115"], "text", {}),
        (["12345678901234567890", "1", "2"], "text", {}),
        (["1e3", "2", "3"], "text", {}),
        (["0x10", "2", "3"], "text", {}),
        (["1_000", "2", "3"], "text", {}),
        (["+49 30 1234", "+49 89 123", "+43 1 99"], "text", {}),
        (["", "", ""], "text", {}),
        (["12:30", "13:00", "14:15"], "text", {}),
    ],
)
def test_a_column_is_of_the_type_that_its_texts_say(tmp_path, values, kind, source):
    found, _, done = column(tmp_path, *values)
    assert found.type == kind
    assert dict(found.source) == source
    assert done.reasons == {}


def test_a_few_words_among_numbers_go_aside_and_are_told(tmp_path):
    found, told, done = column(tmp_path, *range(200), "fünf", "unklar")
    assert found.type == "integer"
    assert told["GST-D56"].facts == {"column": "x", "count": 2, "type": "integer"}
    assert dict(done.reasons) == {200: 'x "fünf" is not a whole number', 201: 'x "unklar" is not a whole number'}
    assert done.table.num_rows == int(done.keep.sum()) == 200


def test_many_words_among_numbers_keep_the_column_text(tmp_path):
    found, told, done = column(tmp_path, *range(90), *["Wort"] * 10)
    assert found.type == "text"
    assert told["GST-D57"].facts["share"] == pytest.approx(0.9)
    assert done.table.column("x")[95].as_py() == "Wort"


def test_letters_among_the_digits_of_a_number_make_it_a_code(tmp_path):
    found, told, _ = column(tmp_path, *range(536000, 536300), "C536379", name="InvoiceNo")
    assert found.type == "text"
    assert "GST-D58" in told


def test_digits_under_the_name_of_a_code_stay_text(tmp_path):
    for name in ("PLZ", "zip_code", "Telefon-Nr.", "postalCode", "IBAN"):
        assert column(tmp_path, "80331", "10115", name=name)[0].type == "text"


@pytest.mark.parametrize("marker", ["-", "n/a", "NA", "NULL", "k.A.", "?", "#NV", "***"])
def test_usual_signs_for_a_missing_value_are_missing_in_a_column_of_numbers(tmp_path, marker):
    found, told, done = column(tmp_path, "1", marker, "3", " ")
    assert found.type == "integer"
    assert found.source["missing"] == marker
    assert told["GST-D55"].facts["count"] == 2
    assert done.table.column("x").to_pylist() == [1, None, 3, None]


def test_the_same_signs_are_values_in_a_column_of_texts_and_told(tmp_path):
    _, told, done = column(tmp_path, "Bau", "NA", "Kunst")
    assert done.table.column("x").to_pylist() == ["Bau", "NA", "Kunst"]
    assert told["GST-D67"].facts["count"] == 1


def test_blank_values_that_another_column_explains_are_told_with_it(tmp_path):
    rows = "".join(f"c{at},{0 if at % 10 == 0 else at},{' ' if at % 10 == 0 else at * 1.5}\n" for at in range(60))
    _, contract, told = learn(tmp_path, "customerID,tenure,TotalCharges\n" + rows)
    assert contract.column("TotalCharges").type == "number"
    assert told["GST-D54"].facts == {"column": "TotalCharges", "count": 6, "markers": '" "', "when": "tenure 0"}


@pytest.mark.parametrize(("option", "days"), [("dmy", [4, 5]), ("mdy", [3, 2])])
def test_an_order_of_dates_that_nothing_settles_is_refused_with_the_option(tmp_path, option, days):
    with pytest.raises(Refused, match="may be day or month first") as refusal:
        column(tmp_path, "04/03/2024", "05/02/2024")
    assert f"--dates {option}" in refusal.value.next_step
    _, _, done = column(tmp_path, "04/03/2024", "05/02/2024", dates=option)
    assert [day.day for day in done.table.column("x").to_pylist()] == days


def test_another_column_settles_the_order_of_dates(tmp_path):
    _, contract, told = learn(tmp_path, "a,b\n04/03/2024,13/01/2024\n05/02/2024,01/02/2024\n", header="1")
    assert contract.column("a").source["dates"] == "dmy"
    assert told["GST-D52"].facts == {"columns": "a, b", "order": "DD/MM/YYYY"}


def test_days_that_no_calendar_has_go_aside(tmp_path):
    days = [f"{day:02d}.01.2024" for day in range(1, 31)]
    found, _, done = column(tmp_path, *days, "31.02.2024")
    assert found.type == "date"
    assert dict(done.reasons) == {30: 'x "31.02.2024" is no day of the calendar'}


def test_dates_in_both_orders_stay_text(tmp_path):
    found, told, _ = column(tmp_path, "13/01/2024", "01/13/2024", "14/01/2024", "01/14/2024")
    assert found.type == "text"
    assert "GST-D57" in told


def test_a_point_that_may_separate_thousands_is_settled_by_the_file_or_refused(tmp_path):
    with pytest.raises(Refused, match=r'"1\.234" in column "x" may mean 1\.234 or 1234') as refusal:
        column(tmp_path, "1.234", "5.678")
    assert "--decimal" in refusal.value.next_step
    assert column(tmp_path, "1.234", "5.678", decimal=",")[2].table.column("x").to_pylist() == [1234, 5678]
    assert column(tmp_path, "1.234", "5.678", decimal=".")[2].table.column("x").to_pylist() == [1.234, 5.678]
    _, contract, told = learn(tmp_path, "x;y\n1.234;0,5\n5.678;1,5\n")
    assert contract.column("x").source == {"decimal": ",", "thousands": "."}
    assert told["GST-D50"].facts["columns"] == "x, y"
    assert column(tmp_path, "1.234", "5.678", mark=",")[0].type == "number"


def test_amounts_are_in_the_currency_of_the_project_or_refused(tmp_path):
    found, told, done = column(tmp_path, "$74.69", "$1.5", "US$ 3", currency="USD")
    assert (found.type, found.scale, found.source["currency"]) == ("decimal", 2, "USD")
    assert [str(amount) for amount in done.table.column("x").to_pylist()] == ["74.69", "1.50", "3.00"]
    assert told["GST-D53"].facts["currency"] == "USD"
    with pytest.raises(Refused, match="the project counts in EUR"):
        column(tmp_path, "$74.69", "$1.5", currency="EUR")
    with pytest.raises(Refused, match="several currencies"):
        column(tmp_path, "5 €", "5 £", "5 €")


def test_infinite_numbers_are_told_and_left_for_the_check(tmp_path):
    found, told, done = column(tmp_path, "1.5", "inf", "-Infinity")
    assert found.type == "number"
    assert told["GST-D59"].facts["count"] == 2
    assert done.table.column("x").to_pylist() == [1.5, float("inf"), float("-inf")]


def test_ids_that_a_program_wrote_as_fractions_stay_whole_numbers(tmp_path):
    assert column(tmp_path, "17850.0", "13047.0", "", name="CustomerID")[0].type == "integer"
    assert column(tmp_path, "17850.0", "13047.0", "", name="amount")[0].type == "number"


def table(rows=120, **columns):
    names = list(columns)
    lines = [",".join(str(columns[name](at)) for name in names) for at in range(rows)]
    return ",".join(names) + "\n" + "\n".join(lines) + "\n"


def test_key_entity_time_and_people_are_proposed_by_name_and_content(tmp_path):
    content = table(
        RowNumber=lambda at: at + 1,
        customerID=lambda at: f"K{at:04d}",
        signed=lambda at: dt.date(2024, 1, 1) + dt.timedelta(at),
        birth_date=lambda at: dt.date(1980, 1, 1) + dt.timedelta(at),
        contact=lambda at: f"a{at}@example.org",
        city=lambda at: "Köln" if at % 2 else "",
    )
    _, contract, told = learn(tmp_path, content)
    assert (contract.key, contract.entity, contract.time) == (("customerID",), "customerID", "signed")
    assert [c.name for c in contract.columns if c.personal] == ["birth_date", "contact"]
    assert [c.name for c in contract.columns if not c.required] == ["city"]
    assert told["GST-D61"].facts == {"column": "signed"}


def test_an_entity_that_comes_back_is_no_key_and_two_dates_are_no_time(tmp_path):
    content = table(
        rows=60,
        user_id=lambda at: at % 7,
        opened=lambda at: dt.date(2024, 1, 1) + dt.timedelta(at),
        closed=lambda at: dt.date(2024, 2, 1) + dt.timedelta(at),
    )
    _, contract, told = learn(tmp_path, content)
    assert (contract.key, contract.entity, contract.time) == ((), "user_id", "")
    assert {"GST-D68", "GST-D69"} <= set(told)
    assert not any(c.required for c in contract.columns)


def test_a_service_is_no_telephone_and_a_fraction_no_key(tmp_path):
    content = table(PhoneService=lambda at: "Yes" if at % 2 else "No", score=lambda at: at + 0.5)
    _, contract, _ = learn(tmp_path, content)
    assert not contract.column("PhoneService").personal
    assert contract.key == ()


def test_parquet_proposes_the_types_of_the_file(tmp_path):
    stamps = pa.array([0, 10**6], pa.timestamp("us"))
    content = pa.table({"order_id": [1, 2], "at": stamps, "x": [1.5, None], "ok": [True, False], "s": ["1", "2"]})
    pq.write_table(content, tmp_path / "f.parquet")
    raw = read_raw(tmp_path / "f.parquet", {}, None)
    contract, _ = propose("t", raw, {}, ZONE)
    assert [c.type for c in contract.columns] == ["integer", "instant", "number", "boolean", "text"]
    assert (contract.key, contract.time) == (("order_id",), "at")
    assert cast(raw, contract, ZONE).table.column("at")[0].as_py() == dt.datetime(1969, 12, 31, 23, tzinfo=dt.UTC)


def test_two_thousand_columns_are_proposed(tmp_path):
    names = ",".join(f"c{at}" for at in range(2000))
    rows = "".join(",".join(str(at * row) for at in range(2000)) + "\n" for row in range(1, 6))
    _, contract, _ = learn(tmp_path, names + "\n" + rows)
    assert {c.type for c in contract.columns} == {"integer"}


def test_changed_columns_are_refused_with_what_is_new_gone_and_renamed(tmp_path):
    _, contract, _ = learn(tmp_path, "id,Betrag,Ort,Datum\n1,2,x,2024-01-01\n")
    changed_columns(["Datum", "Ort", "Betrag", "id"], contract)
    with pytest.raises(Refused) as refusal:
        changed_columns(["id", "Betrag_EUR", "Ort", "Filiale"], contract)
    assert '"Betrag" seems to be called "Betrag_EUR" now' in refusal.value.what
    with pytest.raises(Refused) as refusal:
        changed_columns(["id", "Betrag", "Ort", "Datum", "Filiale"], contract)
    assert refusal.value.what.endswith("new: Filiale")
    with pytest.raises(Refused) as refusal:
        changed_columns(["id", "Betrag", "Ort"], contract)
    assert refusal.value.what.endswith("missing: Datum")


def test_eight_digits_are_a_date_only_under_the_name_of_one(tmp_path):
    _, told, done = column(tmp_path, "20240131", "20240201", name="Belegdatum")
    assert done.table.column("Belegdatum").to_pylist() == [dt.date(2024, 1, 31), dt.date(2024, 2, 1)]
    assert told["GST-D52"].facts["order"] == "YYYYMMDD"
    assert column(tmp_path, "20240131", "20240201", name="menge")[0].type == "integer"


def test_an_order_of_dates_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(Refused, match='"dym" is no order of dates'):
        column(tmp_path, "01/02/2024", "02/02/2024", dates="dym")


def test_tips_of_one_kind_are_at_most_ten(tmp_path):
    names = ",".join(f"plz_{at}" for at in range(40))
    path = tmp_path / "file.csv"
    path.write_text(names + "\n" + ",".join(["01067"] * 40) + "\n" + ",".join(["80331"] * 40) + "\n")
    _, findings = propose("t", read_raw(path, {"header": "1"}, None), {}, ZONE)
    assert [finding.code for finding in findings].count("GST-D58") == 10
