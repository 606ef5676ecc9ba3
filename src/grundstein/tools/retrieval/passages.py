"""Room tools. In: a document's text -> Out: its sentences and passages, each with section and place."""

from __future__ import annotations

import re
from dataclasses import dataclass

SHORT = (
    "abb abs al anm art aufl bd bspw bzgl bzw ca dr ebd eg etc evtl fig figs ff ggf hrsg ie inkl insb jr kap lit max "
    "min mio mr mrd mrs ms nr no op prof pp resp rn rspr s sog sr st str tab tel u usw vgl vol vs z zb zzgl ziff"
)
SHORTENED = frozenset(SHORT.split())
END = re.compile(r"[.!?…]+[\"'”“»«)\]]*(?=\s+|$)")
WORD_BEFORE = re.compile(r"([^\W_]+(?:\.[^\W_]+)*)$")
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$")
BLANK = re.compile(r"\n[ \t]*\n")
LONG = 150
LETTERS = 1_100


@dataclass(frozen=True)
class Piece:
    """A piece of a text: `text[start:end]`, below the heading `section`."""

    start: int
    end: int
    section: str = ""


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Piece]:
    """Return the sentences of a text or of a part of it; a full stop of an abbreviation, number or name ends none."""
    stop = len(text) if end is None else end
    found, begin = [], start
    for mark in END.finditer(text, start, stop):
        if mark.end() < stop and not _ends(text, mark.start(), mark.end(), mark.group()):
            continue
        found.append((begin, mark.end()))
        begin = mark.end()
    found.append((begin, stop))
    return [Piece(*bare) for bare in (_bare(text, *one) for one in found) if bare[0] < bare[1]]


def passages(text: str) -> list[Piece]:
    """Return the passages of a text: sentences of one paragraph in a row, some hundred words at most.

    A line that begins with # is the heading of what follows; paragraphs stand between empty lines.
    """
    found: list[Piece] = []
    section = ""
    for start, end, heading in _paragraphs(text):
        if heading:
            section = heading
        else:
            found += [Piece(one.start, one.end, section) for one in _grouped(text, sentences(text, start, end))]
    return found


def _grouped(text: str, several: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    words = 0
    for one in several:
        own = len(text[one.start : one.end].split())
        if found and words + own <= LONG and one.end - found[-1].start <= LETTERS:
            found[-1] = Piece(found[-1].start, one.end)
            words += own
        else:
            found.append(one)
            words = own
    return found


def _paragraphs(text: str) -> list[tuple[int, int, str]]:
    """Start, end and, of a heading, its words."""
    found, begin = [], 0
    cuts = [*((mark.start(), mark.end()) for mark in BLANK.finditer(text)), (len(text), len(text))]
    for cut, after in cuts:
        line_start = begin
        block_start = begin
        for line in text[begin:cut].splitlines(keepends=True):
            told = HEADING.match(line.rstrip("\n"))
            if told:
                found += [(block_start, line_start, ""), (line_start, line_start + len(line), told[1])]
                block_start = line_start + len(line)
            line_start += len(line)
        found.append((block_start, cut, ""))
        begin = after
    return [(start, end, heading) for start, end, heading in found if text[start:end].strip()]


def _ends(text: str, start: int, end: int, mark: str) -> bool:
    following = text[end:].lstrip()[:1] if end < len(text) else ""
    if not mark.startswith("."):
        return True
    if following.islower():
        return False
    before = WORD_BEFORE.search(text, max(0, start - 30), start)
    word = before[1] if before else ""
    if word.replace(".", "").casefold() in SHORTENED or "." in word:
        return False
    return not (len(word) == 1 and word.isalpha()) and not (word.isdigit() and len(word) <= 2)


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())
