"""Room lake. In: UTF-8 bytes of a delimited text -> Out: Blocks that begin and end between records.

A block is regular where quotation marks stand around fields alone, doubled inside: then every reader reads it alike.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused
from grundstein.lake.reading.dialect import Dialect, Scan
from grundstein.lake.reading.records import LONGEST, long_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK = 16 << 20
MOST = 256 << 20
LINE_END, RETURN = 10, 13


@dataclass(frozen=True)
class Block:
    """Whole records as UTF-8; `line`: the first one's line in the file, from 1; `at`: its byte in it, -1 if unknown."""

    data: bytes
    line: int
    regular: bool
    at: int = -1

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where lines end."""
        return np.flatnonzero(np.frombuffer(self.data, np.uint8) == LINE_END)

    @property
    def lines(self) -> int:
        """How many physical lines it has."""
        return len(self.ends) if self.regular else len(split(self.data))


def blocks(
    pieces: Iterator[bytes], dialect: Dialect, skip: int, line: int, size: int = 0, start: int = -1
) -> Iterator[Block]:
    """Cut a text into blocks of about `size` bytes; the first `skip` bytes (up to `line`) are left out.

    `start`: the byte of the file that the text begins with, -1 where the file has it in other bytes.
    """
    rest, size = b"", size or BLOCK
    at = start + skip if start >= 0 else -1
    held: list[bytes] = []
    there, wanted = 0, size
    for piece in pieces:
        held.append(piece[skip:])
        skip = max(0, skip - len(piece))
        there += len(held[-1])
        if there < wanted:
            continue
        data = b"".join(held)
        end, regular = cut(data, dialect)
        if end:
            block = Block(data[:end], line, regular, at)
            line += block.lines
            yield block
            at += end if at >= 0 else 0
            data = data[end:]
        elif there > MOST:
            raise Refused("a record is longer than 256 MB", "records that end", "name what was not found: --quote")
        held, there = [data], len(data)
        wanted = max(size, there + size // 2 if not end else size)
    rest = b"".join(held)
    if rest:
        yield Block(rest, line, is_regular(rest, dialect), at)


def cut(data: bytes, dialect: Dialect) -> tuple[int, bool]:
    """Return where the last whole record of a piece of text ends, and whether it is regular up to there."""
    if plain(dialect):
        end = _last_end(data, dialect)
        if end and is_regular(data[:end], dialect):
            return end, True
    return _irregular_end(data, dialect), False


def plain(dialect: Dialect) -> bool:
    """Whether any reader knows this dialect: one ASCII delimiter, doubled quotation marks, no blanks around."""
    one = len(dialect.delimiter) == 1 and dialect.delimiter.isascii() and dialect.quote.isascii()
    return one and len(dialect.quote) == 1 and not dialect.escape and not dialect.spaced


def quotes_of(data: bytes, dialect: Dialect) -> NDArray[np.int64]:
    """Where quotation marks stand."""
    mark = dialect.quote.encode()
    return np.flatnonzero(np.frombuffer(data, np.uint8) == mark[0]) if mark in data else np.empty(0, np.int64)


def line_ends(data: bytes) -> int:
    """How many lines end."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == LINE_END))


def split(data: bytes) -> list[str]:
    """The physical lines of a text, whatever ends them."""
    return list(io.StringIO(data.decode("utf-8", "surrogateescape"), newline=""))


def is_regular(data: bytes, dialect: Dialect) -> bool:
    """Whether quotation marks stand around fields alone, lines end in one way, and there is no NUL."""
    returns = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    if not plain(dialect) or b"\0" in data or returns:
        return False
    quotes = quotes_of(data, dialect)
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    text = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    before, after = text[quotes[0::2]], text[quotes[1::2] + 2]
    mark, delimiter = ord(dialect.quote), ord(dialect.delimiter)
    doubled = np.zeros(len(before), np.bool_)
    doubled[1:] = quotes[2::2] == quotes[1:-1:2] + 1
    opens = doubled | (before == delimiter) | (before == LINE_END)
    closes = (after == delimiter) | (after == LINE_END) | (after == RETURN) | (after == mark)
    return bool(opens.all() and closes.all())


def _last_end(data: bytes, dialect: Dialect) -> int:
    """The end of the last line outside quotation marks, if all are regular; 0 where there is none."""
    end = data.rfind(b"\n") + 1
    mark = dialect.quote.encode()
    if mark not in data:
        return end
    quotes = quotes_of(data, dialect)
    while end and np.searchsorted(quotes, end) % 2:
        opening = quotes[np.searchsorted(quotes, end) - 1]
        end = data.rfind(b"\n", 0, int(opening)) + 1
    return end


def _irregular_end(data: bytes, dialect: Dialect) -> int:
    """The end of the last line; before a record at the end whose quotation marks do not close, if they still may."""
    end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
    lines = split(data[:end])
    far = sum(map(len, lines))
    at = 0
    with long_fields():
        scan = Scan(lines, dialect)
        for begin, _, fields in scan:
            while at < begin:
                far -= len(lines[at])
                at += 1
            if fields is None and far <= LONGEST:
                return len("".join(lines[:begin]).encode("utf-8", "surrogateescape"))
    return end
