"""Room lake. In: a source -> Out: the names of its columns, without reading all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.lake.reading import read_raw
from grundstein.lake.sources import find_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.contract import Contract


def columns_of(source: str, settings: Mapping[str, str], hints: Contract | None) -> tuple[str, ...]:
    """Return the columns of a source's first file; Refused as reading it is."""
    from grundstein.lake.streaming.layout import lay_out
    from grundstein.lake.streaming.pouring import large

    path = find_files(source, settings)[0].path
    if large(path) and path.suffix.lower() in (".csv", ".tsv", ".txt", ".tab"):
        return lay_out(path, settings, hints).names
    return read_raw(path, settings, hints).columns
