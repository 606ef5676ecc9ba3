"""Room tools. In: the path of a log -> Out: the texts of its entries; for a look at one file that is no table."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.tools.loglines import SAMPLE, Reader
from grundstein.tools.logstamps import shape_of

if TYPE_CHECKING:
    from pathlib import Path

MOST = 64 << 20
WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))


def texts_in(path: Path) -> list[str]:
    """The entries of a log file in order; Refused where it is large or no text."""
    if path.stat().st_size > MOST:
        raise Refused(
            f"{path.name} is larger than {MOST >> 20} MB", "a smaller file", "ingest it and name its session instead"
        )
    data = path.read_bytes()
    encoding = next((name for mark, name in WIDE if data.startswith(mark)), "")
    if not encoding:
        encoding = "utf-16-le" if data[1:400:2].count(0) > len(data[1:400:2]) / 2 else "utf-8"
    text = data.decode(encoding, "replace")
    if "\0" in text:
        raise Refused(f"{path.name} is no text", "a log of readable lines", "name another file")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return [one.text for one in Reader(shape_of(lines[:SAMPLE])).read(enumerate(lines, 1))]
