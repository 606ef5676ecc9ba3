"""Public collections of messy files: csv-spectrum in full, Pollock in part, and a city's payments month by month."""

from __future__ import annotations

import csv
import gzip
import json
import re
import tarfile
from collections import Counter
from zlib import crc32

import pytest

from grundstein.lake.reading import read_raw
from grundstein.lake.reading.raw import Empty

SPECTRUM = (
    "comma_in_quotes empty empty_crlf escaped_quotes json location_coordinates newlines newlines_crlf "
    "quotes_and_newlines simple simple_crlf utf8"
)


@pytest.mark.parametrize("name", SPECTRUM.split())
def test_csv_spectrum_is_read_as_its_authors_say(shared_data, name):
    folder = shared_data / "messy-files" / "csv-spectrum"
    raw = read_raw(folder / "csvs" / f"{name}.csv", {}, None)
    said = json.loads((folder / "json" / f"{name}.json").read_text(encoding="utf-8").replace("\\r\\n", "\\n"))
    wanted = said if isinstance(said, list) else [said]
    number = "Contact Phone Number"  # the collection's own two files disagree here
    assert [{**row, **({number: ""} if number in row else {})} for row in raw.table.to_pylist()] == [
        {**row, **({number: ""} if number in row else {})} for row in wanted
    ]


def rows_of(path):
    """Names and records of a file as texts, the names first where the file has any; nothing where it has no record."""
    try:
        raw = read_raw(path, {}, None)
    except Empty as empty:
        return [list(empty.columns)] * bool(empty.columns), ()
    rows = [[cell or "" for cell in row.values()] for row in raw.table.to_pylist()]
    named = "GST-D34" not in {finding.code for finding in raw.findings}
    return [list(raw.columns)] * named + rows, raw.broken.column("line").to_pylist()


@pytest.fixture(scope="module")
def polluted(shared_data, tmp_path_factory):
    """Every file-wide pollution, and about every fortieth of those of single rows."""
    folder = tmp_path_factory.mktemp("pollock")
    with tarfile.open(shared_data / "messy-files" / "pollock" / "polluted_files.tar.gz", "r|gz") as archive:
        for member in archive:
            name = member.name.rsplit("/")[-1]
            if name.endswith(".csv") and (name.startswith("file_") or crc32(name.encode()) % 40 == 0):
                archive.extract(member, folder, filter="data")
    return folder / "polluted_files"


TOLD_OTHERWISE = {
    "file_escape_char_0x5C": 1,  # a backslash before an apostrophe escapes it as well
    "file_quotation_char_0x27": 6,  # the collection undoubles marks that no longer quote
    "file_header_multirow_2": 1,  # names that stand twice are read once
    "file_header_multirow_3": 1,
    "file_multitable_same": 81,  # the same names again, and records below: one table
}


def test_what_is_read_of_a_polluted_file_is_its_content_and_only_damaged_records_are_missing(polluted):
    for path in sorted((polluted / "csv").iterdir()):
        clean = polluted / "clean" / path.name
        wanted = list(csv.reader(clean.read_text(encoding="utf-8").splitlines(True)))
        found, aside = rows_of(path)
        other = Counter(map(tuple, found)) - Counter(map(tuple, wanted))
        missing = Counter(map(tuple, wanted)) - Counter(map(tuple, found))
        if re.match("row_less_sep_row0_", path.name):
            assert "GST-D47" in {finding.code for finding in read_raw(path, {}, None).findings}
            continue
        assert other.total() == TOLD_OTHERWISE.get(path.stem, 0), path.name
        assert missing.total() <= min(other.total(), 6) + len(aside), path.name


def test_months_of_one_export_with_other_encodings_and_names_are_read_as_their_merged_table_says(shared_data, tmp_path):
    """The first year and every month with a blank or total row; `bench/messy.py` reads all 109 months."""
    folder = shared_data / "bookkeeping" / "manchester_spend"
    with tarfile.open(folder / "raw_monthly_2010-12_to_2019-12.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    with gzip.open(folder / "manchester_2010-12_to_2019-12.csv.gz", "rt", encoding="utf-8", newline="") as merged:
        wanted = Counter(month_of(row) for row in csv.reader(merged) if CHOSEN.match(row[0]))
    found, aside = Counter(), 0
    for path in filter(lambda one: CHOSEN.match(one.stem), sorted(tmp_path.rglob("*.csv"))):
        raw = read_raw(path, {}, None)
        place = [next(at for at, name in enumerate(raw.columns) if word in name) for word in WORDS]
        columns = [raw.table.column(at).to_pylist() for at in place]
        found.update(month_of((path.stem, *row)) for row in zip(*columns, strict=True))
        aside += raw.broken.num_rows
    assert found == wanted
    assert aside == 5


CHOSEN = re.compile("2010-12|2011-..|2012-06|2014-04|2019-12")
WORDS = ("Date", "Service", "Expenses", "Transaction", "Amount", "Supplier")


def month_of(row):
    """A payment, trimmed, its amount a number."""
    month, day, area, kind, number, amount, supplier = (cell.strip() for cell in row)
    return month, day, area, kind, number, round(float(re.sub("[^0-9.-]", "", amount) or 0), 2), supplier
