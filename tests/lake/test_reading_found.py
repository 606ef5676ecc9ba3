"""Files found in use: workbooks, exports and pages of two public collections, each read right or refused.

Of what is read: rows, records put aside, columns, the first name, the line of the last row and the last value in it.
"""

from __future__ import annotations

import pytest

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw

SPANISH = "Incluye las acciones para proteger y conservar  los recursos naturales mediante la gestión"
READ = {
    "211.csv": (2132, 0, 96, "ResourceAgencyNum", 2133, "12/09/2011 14:14"),
    "blank_line.ods": (3, 0, 3, "Name", 5, "2015-11-11"),
    "complex.csv": (3, 0, 4, "date", 4, "Galway"),
    "example.tsv": (140, 0, 17, "hour", 141, "0.0000"),
    "excel_pasting.csv": (14, 3, 9, "Year", 21, "108,609"),
    "excel_properties.xls": (17, 0, 1, "bold", 19, "2014-01-01"),
    "large.ods/2007-08": (23760, 0, 5, "Financial Year", 23761, "-1"),
    "loffice-4.4.1.2.ods": (3, 0, 3, "Name", 4, "2015-11-11"),
    "long.csv": (4000, 0, 1, "column_1", 4000, "foo"),
    "mixedGLB.csv": (133, 0, 19, "Year", 137, "*****"),
    "null.csv": (10, 0, 4, "column_1", 10, "0"),
    "ods_formats.ods": (5, 0, 10, "Date", 6, "Other"),
    "simple.csv": (6, 0, 3, "date", 7, "Berkeley"),
    "simple.ods": (3, 0, 3, "Name", 4, "2015-11-11"),
    "simple.psv": (28, 0, 6, "Year", 29, "292000"),
    "simple.ssv": (6, 0, 3, "date", 7, "Berkeley"),
    "simple.xls": (6, 0, 3, "date", 7, "Berkeley"),
    "simple.xlsx": (6, 0, 3, "date", 7, "Berkeley"),
    "skip_initials.csv": (2, 0, 2, "field1", 3, "goodbye2"),
    "span_rich.xls": (5, 0, 4, "I", 6, "a"),
    "spanish_chars.csv": (114, 2, 8, "GF_ID", 118, SPANISH),
    "sparse_with_column_errors.csv": (2200, 37, 4, "LP", 2238, "Sonstige, nicht FuE-relevante Bildungsausgaben"),
    "sw_gen.xlsx": (15, 0, 17, "id_str", 16, "scraperwiki"),
    "utf-16le_encoded.csv": (327, 0, 19, "Organisation_code", 328, "0"),
    "weird_head_padding.csv": (60, 16, 10, "column_1", 72, "65"),
    **{
        f"{name}.{ending}/{sheet}": truth
        for ending in ("xls", "xlsx")
        for name, sheet, truth in (
            ("clippy", "list-column", (4, 0, 2, "name", 5, "0.9")),
            ("datasets", "mtcars", (32, 0, 11, "mpg", 33, "2")),
            ("datasets", "chickwts", (71, 0, 2, "weight", 72, "casein")),
            ("datasets", "quakes", (1000, 0, 5, "lat", 1001, "119")),
            ("deaths", "arts", (10, 4, 6, "Name", 15, "2016-12-25")),
            ("deaths", "other", (10, 4, 6, "Name", 15, "2016-06-28")),
            ("geometry", "", (3, 0, 3, "B3", 6, "D6")),
            ("type-me", "logical_coercion", (10, 0, 2, "maybe boolean?", 11, '"False" preceded by single quote')),
            ("type-me", "numeric_coercion", (7, 0, 2, "maybe numeric?", 8, '"cabbage"')),
            ("type-me", "date_coercion", (7, 0, 2, "maybe a datetime?", 8, "another numeric")),
            ("type-me", "text_coercion", (6, 0, 2, "text", 7, "another numeric")),
        )
    },
}
REFUSED = {
    "badcolspan.html": "is a web page",
    "begrotingsanalyse-2011.csv": "lines 6 to 7 all look like names",
    "bian-anal-mca-2005-dols-eng-1011-0312-tab3.xlsm": "does not name its columns",
    "characters.csv": "no Western encoding",
    "clippy.xls": "2 sheets with data",
    "clippy.xls/two-row-header": "lines 1 to 2 all look like names",
    "clippy.xlsx": "2 sheets with data",
    "clippy.xlsx/two-row-header": "lines 1 to 2 all look like names",
    "complex.html": "is a web page",
    "datasets.xls": "3 sheets with data",
    "datasets.xlsx": "3 sheets with data",
    "deaths.xls": "2 sheets with data",
    "deaths.xlsx": "2 sheets with data",
    "encrypted_no_password.xls": "locked by a password",
    "html.html": "is a web page",
    "invisible_text.html": "is a web page",
    "large.ods": "6 sheets with data",
    "large.xlsx": "lines 4 to 6 all look like names",
    "large.xlsx/criteria": "may be names of columns or values",
    "large.xlsx/data": '2 columns are called "Series"',
    "libreoffice.xlsx": "no sheet with a value",
    "multilineods.ods": "names and no record",
    "rowcolspan.html": "is a web page",
    "simple.unknown": "is empty",
    "simple.zip": "an archive of files",
    "small.csv": "no record",
    "type-me.xls": "4 sheets with data",
    "type-me.xlsx": "4 sheets with data",
    "unicode_sheet_name.xls": "names and no record",
    "utf8bom.csv": "no record",
}


def files_of(shared_data):
    folders = (("messytables_horror", "horror"), ("readxl_extdata", "inst", "extdata"))
    paths = [path for parts in folders for path in shared_data.joinpath("messy-files", *parts).iterdir()]
    return {path.name: path for path in paths if path.name != "README.md"}


def outcome(shared_data, which):
    name, _, sheet = which.partition("/")
    return read_raw(files_of(shared_data)[name], {"sheet": sheet} if sheet else {}, None)


@pytest.mark.parametrize("which", READ)
def test_a_file_found_in_use_is_read_right(shared_data, which):
    raw = outcome(shared_data, which)
    last = [value for value in raw.content.to_pylist()[-1].values() if value and value.strip()][-1]
    *told, end = READ[which]
    assert told == [raw.rows, raw.broken.num_rows, len(raw.columns), raw.columns[0], raw.line[-1].as_py()]
    assert last.strip().startswith(end)
    assert len(raw.text) == raw.rows
    assert not {*raw.line.to_pylist()} & {*raw.broken.column("line").to_pylist()}


@pytest.mark.parametrize("which", REFUSED)
def test_a_file_that_only_a_person_can_settle_is_refused_with_three_lines(shared_data, which):
    with pytest.raises(Refused) as refusal:
        outcome(shared_data, which)
    assert REFUSED[which] in refusal.value.what
    assert refusal.value.expected
    assert refusal.value.next_step


def test_every_file_of_the_collections_is_in_one_of_the_tables(shared_data):
    assert {which.partition("/")[0] for which in (*READ, *REFUSED)} == {*files_of(shared_data)}
