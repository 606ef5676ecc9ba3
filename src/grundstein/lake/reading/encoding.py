"""Room lake. In: the bytes of a text file -> Out: Decoded, its text and the encoding it was read in.

A byte that the encoding does not know becomes a lone surrogate, so that its record can be put aside, never guessed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from grundstein.core.errors import Refused
from grundstein.lake.reading.raw import SURROGATE

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OLD = ("cp1252", "cp850", "mac_roman")
LETTERS = frozenset("äöüÄÖÜßéèêëàâçîïôûùœæåøñáíóúãõÉÈÀÇÅØÑÁÍÓÚìòÿý")
SIGNS = frozenset("“”„‚‘’–—…«»‹›€§°®©")
JOINERS = frozenset("’–—·®©´`")
BEYOND = re.compile("[^\x00-\x7f]")
STRANGE = re.compile("(?:[A-Za-z]|[^\x00-\x7f])*[^\x00-\x7f](?:[A-Za-z]|[^\x00-\x7f])+")


@dataclass(frozen=True)
class Decoded:
    """Text of a file. `sure`: the bytes themselves say the encoding; `undecoded`: bytes that it does not know."""

    text: str
    encoding: str
    sure: bool
    undecoded: int = 0


def decode(data: bytes, asked: str = "") -> Decoded:
    """Return the text of a file, in the encoding asked for or the one its bytes speak for; Refused if unknown."""
    if asked:
        return _as_asked(data, asked)
    for mark, name in BOMS:
        if data.startswith(mark):
            return _wide(data[len(mark) :], name) if name != "utf-8" else _utf8(data[len(mark) :])
    wide = _wide_without_mark(data)
    if wide:
        return _wide(data, wide)
    found = _utf8(data)
    good = len(BEYOND.findall(found.text)) - found.undecoded if found.undecoded else 0
    return found if found.undecoded <= good else _old(data)


def _utf8(data: bytes) -> Decoded:
    try:
        return Decoded(data.decode("utf-8"), "utf-8", sure=True)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
        return Decoded(text, "utf-8", sure=False, undecoded=len(SURROGATE.findall(text)))


def _wide_without_mark(data: bytes) -> str:
    """UTF-16 of a Western text has a NUL in every second byte."""
    head = data[: 4096 - 4096 % 2]
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def _wide(data: bytes, name: str) -> Decoded:
    unit = 4 if "32" in name else 2
    whole = len(data) - len(data) % unit
    text = data[:whole].decode(name, "surrogatepass") + data[whole:].decode("ascii", "surrogateescape")
    return Decoded(text, name, sure=True, undecoded=len(SURROGATE.findall(text)))


def _old(data: bytes) -> Decoded:
    """Windows-1252 unless DOS or old Macintosh letters make clearly better words."""
    sample = re.sub(rb"[\x00-\x7f]{80,}", b" ", data[:2_000_000])[:200_000]
    if _foreign(sample.decode("cp1252", "surrogateescape")):
        raise Refused(
            "the letters of this file are in no Western encoding",
            "the file's own encoding, such as big5, gb18030, shift_jis, euc-kr, cp1251, cp1250, iso8859-7",
            "name it with --encoding, or export the file as UTF-8",
        )
    scores = {name: _wordlike(sample.decode(name, "surrogateescape")) for name in OLD}
    best = max(OLD, key=lambda name: scores[name])
    name = best if scores[best] >= max(0.6, scores["cp1252"] + 0.3) else "cp1252"
    text = data.decode(name, "surrogateescape")
    return Decoded(text, name, sure=False, undecoded=len(SURROGATE.findall(text)))


def _foreign(text: str) -> bool:
    """Whether most characters of the words with any beyond ASCII are beyond it: Western words have one or two."""
    words = {word for word in STRANGE.findall(text) if any(map(str.isalpha, word))}
    beyond = sum(len(BEYOND.findall(word)) for word in words)
    return beyond >= 40 and beyond > 0.6 * sum(map(len, words))


def _wordlike(text: str) -> float:
    """Mean over characters beyond ASCII beside a letter: 1 a Western letter or a sign at a word's edge,
    -1 a sign inside a word or no character at all, 0 any other."""
    score = count = 0
    for match in BEYOND.finditer(text):
        character, at = match.group(), match.start()
        before, after = text[at - 1 : at].isalpha(), text[at + 1 : at + 2].isalpha()
        if before or after:
            count += 1
            inside = before and after
            score += character in LETTERS or character in (JOINERS if inside else SIGNS)
            score -= (inside and not character.isalpha() and character not in JOINERS) or character >= "\udc80"
    return score / count if count >= 3 else 0.0


def _as_asked(data: bytes, asked: str) -> Decoded:
    try:
        name = codecs.lookup(asked).name
    except LookupError:
        raise Refused(
            f'there is no encoding "{asked}"',
            "a name such as utf-8, utf-16, cp1252, latin-1, cp850",
            "write one of these after --encoding, or leave it out",
        ) from None
    mark, marked = next(((m, n) for m, n in BOMS if data.startswith(m) and name.startswith("utf")), (b"", ""))
    data = data[len(mark) :]
    if name in ("utf-16", "utf-32"):
        name = marked if marked.startswith(name) else f"{name}-le"
    if name.startswith(("utf-16", "utf-32")):
        return _wide(data, name)
    try:
        text = data.decode(name, "surrogateescape")
    except UnicodeDecodeError as error:
        raise Refused(
            f"byte {error.start + 1} of the file is not {asked}",
            f"a file written in {asked}",
            "leave --encoding out to have it found, or name the right one",
        ) from None
    return Decoded(text, name, sure=True, undecoded=len(SURROGATE.findall(text)))
