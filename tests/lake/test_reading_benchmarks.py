"""Public collections of messy files: csv-spectrum in full, Pollock in part, and workbooks and exports found in use."""

from __future__ import annotations

import csv
import json
import tarfile
from collections import Counter
from zlib import crc32

import pytest

from grundstein.core.errors import Refused
from grundstein.lake.reading import Raw, read_raw

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


def overlap(expected, found):
    """Precision, recall and F1 of one bag of texts against another, as Pollock adds them."""
    if not expected:
        return 3.0
    shared = (Counter(expected) & Counter(found)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(found), shared / len(expected)
    return precision + recall + 2 * precision * recall / (precision + recall)


def pollock(path, clean, options):
    """Pollock's score of one file, 0 to 10: success, names, records and cells."""
    wanted = [[cell.strip() for cell in row] for row in csv.reader(clean.read_text(encoding="utf-8").splitlines(True))]
    named = path.name != "file_no_header.csv"
    try:
        raw = read_raw(path, options, None)
    except Refused as refusal:
        nothing = len(wanted) < 2 and ("is empty" in refusal.what or "no record" in refusal.what)
        return 10.0 if nothing else 0.0
    rows = [[cell.strip() for cell in row.values()] for row in raw.table.to_pylist()]
    body = wanted[1:] if named else wanted
    return (
        1
        + overlap(wanted[0] if named else [], raw.columns)
        + overlap(["".join(row) for row in body], ["".join(row) for row in rows])
        + overlap([cell for row in body for cell in row], [cell for row in rows for cell in row])
    )


@pytest.fixture(scope="module")
def polluted(shared_data, tmp_path_factory):
    """Every file-wide pollution, and about every sixtieth of those of single rows."""
    folder = tmp_path_factory.mktemp("pollock")
    with tarfile.open(shared_data / "messy-files" / "pollock" / "polluted_files.tar.gz", "r|gz") as archive:
        for member in archive:
            name = member.name.rsplit("/")[-1]
            if name.endswith(".csv") and (name.startswith("file_") or crc32(name.encode()) % 60 == 0):
                archive.extract(member, folder, filter="data")
    return folder / "polluted_files"


def test_pollock_is_read_better_than_by_readers_without_parameters(polluted):
    files = sorted((polluted / "csv").iterdir())
    found = {path.name: pollock(path, polluted / "clean" / path.name, {}) for path in files}
    rows = [score for name, score in found.items() if name.startswith("row_")]
    assert len(rows) > 20
    assert sum(rows) / len(rows) > 9.6
    assert sum(found.values()) / len(found) > 9.2
    for lines in (2, 3):
        name = f"file_header_multirow_{lines}.csv"
        assert found[name] == 0
        assert pollock(polluted / "csv" / name, polluted / "clean" / name, {"header": f"1-{lines}"}) >= 7


def test_every_file_found_in_use_is_read_in_balance_or_refused_with_three_lines(shared_data):
    folder = shared_data / "messy-files"
    files = sorted((folder / "messytables_horror" / "horror").iterdir()) + sorted(
        folder.glob("readxl_extdata/**/*.xls*")
    )
    found = [outcome(path) for path in files]
    assert sum(isinstance(one, Raw) for one in found) > len(files) / 2
    for one in found:
        if isinstance(one, Refused):
            assert all((one.what, one.expected, one.next_step))
        else:
            assert one.table.num_rows == len(one.line) == len(one.text) > 0
            assert not {*one.line.to_pylist()} & {*one.broken.column("line").to_pylist()}


def outcome(path):
    try:
        return read_raw(path, {}, None)
    except Refused as refusal:
        return refusal
