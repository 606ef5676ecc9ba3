"""Room lake. In: the path of a text file, maybe packed -> Out: its bytes as UTF-8, piece by piece.

Bytes that the encoding does not know pass through as they are, so that their record can be put aside.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.lake.reading.encoding import BEYOND, BOMS, OLD, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

HEAD = 1 << 20
CHUNK = 1 << 22
UTF8 = "utf-8"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacked where it is packed with gzip; Refused where it is damaged."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            yield file  # type: ignore[misc]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refused(f"{path.name} cannot be unpacked: {error}", "a whole gzip file", "copy it again") from None


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked, in pieces."""
    with opened(path) as file:
        while piece := file.read(CHUNK):
            yield piece


def first_bytes(path: Path, size: int = HEAD) -> bytes:
    """The first bytes of a file, unpacked."""
    with opened(path) as file:
        return file.read(size)


def find_encoding(path: Path, settings: Mapping[str, str], thorough: bool) -> tuple[str, bool]:
    """Return the encoding, and whether the bytes leave no doubt; `thorough`: by every byte rather than by the first.

    Who reads on in UTF-8 and meets other bytes asks again, thoroughly.
    """
    head = first_bytes(path)
    asked = settings.get("encoding", "")
    found = decode(_whole(head), asked)
    if asked or found.encoding != UTF8 or head.startswith(codecs.BOM_UTF8) or not thorough:
        return found.encoding, found.sure
    undecoded, beyond = _counted(path)
    if not undecoded or undecoded <= beyond - undecoded:
        return UTF8, not undecoded
    return (found.encoding if found.encoding in OLD else "cp1252"), False


def utf8(path: Path, encoding: str) -> Iterator[bytes]:
    """The text of a file as UTF-8 without a byte order mark, in pieces."""
    marks = [mark for mark, name in BOMS if name == encoding]
    pieces = chunks(path)
    if encoding != UTF8:
        yield from _recoded(pieces, encoding, marks)
        return
    first = True
    for piece in pieces:
        yield piece.removeprefix(codecs.BOM_UTF8) if first else piece
        first = False


def _recoded(pieces: Iterator[bytes], encoding: str, marks: list[bytes]) -> Iterator[bytes]:
    wide = encoding.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if wide else "surrogateescape")
    first = True
    for piece in pieces:
        mark = next((m for m in marks if first and piece.startswith(m)), b"")
        first = False
        yield _encoded(decoder.decode(piece.removeprefix(mark)))
    yield decoder.getstate()[0]


def _encoded(text: str) -> bytes:
    try:
        return text.encode(UTF8, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(UTF8, "surrogatepass")


def _counted(path: Path) -> tuple[int, int]:
    """Bytes that are not UTF-8, and characters beyond ASCII with them."""
    undecoded = beyond = 0
    rest = b""
    for piece in chunks(path):
        text = rest + piece
        end = text.rfind(b"\n") + 1 or len(text)
        rest = text[end:]
        found = decode(text[:end], UTF8)
        undecoded += found.undecoded
        beyond += len(BEYOND.findall(found.text))
    found = decode(rest, UTF8)
    return undecoded + found.undecoded, beyond + len(BEYOND.findall(found.text))


def _whole(head: bytes) -> bytes:
    """The first bytes up to the end of a line, so that no character is cut."""
    if len(head) < HEAD:
        return head
    if head.startswith(tuple(mark for mark, name in BOMS if name != UTF8)) or b"\0" in head[:64]:
        return head[: len(head) - len(head) % 4]
    return head[: head.rfind(b"\n") + 1] or head
