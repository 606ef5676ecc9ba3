"""Room lake. In: the path of a file -> Out: Raw, by what its first bytes say rather than its ending."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.lake.reading.logs import is_log, read_log
from grundstein.lake.reading.mail import is_mail, read_mail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.contract import Contract
    from grundstein.lake.reading.raw import Raw

HEAD = 1 << 16
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FOREIGN = {
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"\x1f\x9d": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"Rar!": "an archive",
    b"BZh": "an archive",
    b"\xfd7zXZ": "an archive",
    b"\x89PNG": "a picture",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
}
KINDS = "a CSV, TSV, JSON lines, log, Parquet, Excel or OpenDocument file, or mails, also packed with gzip"


def read_raw(path: Path, settings: Mapping[str, str], hints: Contract | None, name: str = "") -> Raw:
    """Return what a file holds, every record as text with its line, and beside it the records that do not fit.

    `settings` (all optional): encoding, delimiter, quote, escape, header (`none`, `2`, `1-2`), sheet. `hints`: the
    contract of the table, where there is one, so that the line of names is found by its names. `name`: the file's
    inside its source, which the rows of a log or of mails carry.
    Refused: an empty file, names without a record, an archive, a choice that only a person can make.
    """
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, path.name)
    if data[:4] == b"PAR1":
        from grundstein.lake.reading.parquet import read_parquet

        return read_parquet(data, path.name)
    if data[:4] == b"PK\x03\x04" or (data[:8] == OLD_OFFICE and not is_mail(data[:HEAD], path)):
        from grundstein.lake.reading.spreadsheet import read_spreadsheet

        if data[:2] == b"PK":
            _is_workbook(data, path.name)
        return read_spreadsheet(data, path.name, settings, hints)
    if is_mail(data[:HEAD], path):
        return read_mail(data, path, name or path.name)
    _is_table(data, path.name)
    if is_log(path, settings, data[:HEAD]):
        return read_log(data, name or path.name, settings)
    if _is_json(data, path):
        from grundstein.lake.reading.jsonlines import read_jsonlines

        return read_jsonlines(data, path.name, settings)
    from grundstein.lake.reading.delimited import read_delimited

    return read_delimited(data, path.name, settings, hints)


def _unpacked(data: bytes, name: str) -> bytes:
    try:
        inner = gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise Refused(f"{name} cannot be unpacked: {error}", "a whole gzip file", "copy it again") from None
    if inner[257:262] == b"ustar":
        raise _archive(name)
    return inner


def _archive(name: str) -> Refused:
    return Refused(f"{name} is an archive of files", KINDS, "unpack it and ingest the folder")


def _is_workbook(data: bytes, name: str) -> None:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        raise Refused(f"{name} is damaged", "a whole workbook", "save or copy it again") from None
    if not {"[Content_Types].xml", "mimetype"} & set(names):
        raise _archive(name)


def _is_table(data: bytes, name: str) -> None:
    found = next((what for mark, what in FOREIGN.items() if data.startswith(mark)), "")
    head = data[:2000].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
        found = "a web page or XML, whatever its ending"
    if found:
        raise Refused(f"{name} is {found}", KINDS, "open it and save or export it as CSV or .xlsx")


def _is_json(data: bytes, path: Path) -> bool:
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if suffix in (".json", ".jsonl", ".ndjson"):
        return True
    return suffix not in (".csv", ".tsv") and head[:1] == b"{" and b'"' in head[:200] and b":" in head
