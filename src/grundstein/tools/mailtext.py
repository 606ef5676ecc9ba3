"""Room tools. In: the text of a mail, German or English -> Out: what its writer says in it, without what is around it.

Cut are the thread below (quoted with ">" or not), signatures from the closing phrase on, and legal notices. Where only
a quoted text is left, as in a mail that was passed on, that text is the mail. Every pattern looks at one line, of which
it sees 300 letters, and none of them can backtrack over more than a few words: the time grows with the text alone.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 200_000
SEEN = 300
WRAPPED = 3
BLOCK = 8
LEAST = 3
SIGNATURE = 15
LONG = 90
PLAIN, QUOTES, THREAD = 0, -1, -2
FLAGS = re.IGNORECASE

ANSWERS = re.compile(r"^(?:(?:re|aw|antw|antwort|fw|fwd|wg|weitergeleitet)\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?:\s*)+", FLAGS)
QUOTED = re.compile(r"^\s?(?:[>|]\s?)+")
BEGIN = re.compile(
    r"^\s*[-_=*]{2,}\s?(?:urspr(?:ü|ue)ngliche (?:nachricht|e-?mail)|original[- ]?(?:nachricht|message|mail)"
    r"|original appointment|weitergeleitete (?:nachricht|e-?mail)|forwarded (?:message|by)\b[^-]{0,80}"
    r"|ende der weitergeleiteten nachricht)"
    r"\s?[-_=*]*\s*$"
    r"|^\s*(?:anfang der weitergeleiteten (?:nachricht|e-?mail)|begin forwarded message)\s?:\s*$"
    r"|^\s*[-_]{25,}\s*$",
    FLAGS,
)
NAMES = r"(?:von|gesendet|gesendet am|datum|an|cc|kopie|betreff|from|sent|date|to|subject|reply-to|antwort an)"
HEAD = re.compile(rf"^[\s>|]{{0,6}}\*?{NAMES}\s?:\*?(?:\s|$)", FLAGS)
FIRST = re.compile(r"^[\s>|]{0,6}\*?(?:von|from)\s?:\*?\s+\S", FLAGS)
FIELD = re.compile(r"^[A-Za-z][A-Za-z-]{1,40}:\s|^\s+\S")
OPENED = re.compile(
    r"^\s*(?:am\s+(?:\S{1,12}\s+){0,2}\d|am\s+(?:mo|di|mi|do|fr|sa|so)|on\s+(?:mon|tue|wed|thu|fri|sat|sun|\d|[a-z]{3})"
    r"|in (?:article|message|nachricht|artikel)\s|\d{4}-\d\d-\d\d|\d{1,2}\.\s?(?:\d{1,2}\.|[a-zä]{3,9})\s?\d{2,4}"
    r"|le \d|\"?[\w.+-]{1,60}@)",
    FLAGS,
)
WROTE = re.compile(
    r"(?:\bschrieb(?:en)?(?: am\b[^:]{0,60}| in (?:nachricht|news)[^:]{0,80}| folgendes)?|\bwrote|\bwrites"
    r"|\bgeschrieben|\bsaid|<\s?[^<>\s]{1,80}@[^<>\s]{2,80}>)\s?:?\s*$",
    FLAGS,
)
SAYS = re.compile(r"^\S.{0,120}\b(?:schrieb(?:en)?|wrote|writes)\b.{0,90}(?::|\.\.\.)\s*$", FLAGS)
SIGNS = re.compile(r"[\d@<]")
MINE = re.compile(r"\b(?:ich|wir|i|we)\b", FLAGS)
DASHES = re.compile(r"^--\s?$|^__+\s?$")
DEVICE = re.compile(
    r"^\s*(?:von meinem .{2,40} gesendet|(?:gesendet|verschickt) (?:von|mit|aus)\b.{2,60}"
    r"|sent (?:from|with|via)\b.{2,60}|get outlook for .{2,40}|holen sie sich outlook .{2,40}"
    r"|diese (?:nachricht|e-?mail) wurde von meinem .{2,60}"
    r"|outlook f(?:ü|ue)r (?:ios|android).{0,40}|viren(?:frei|gepr(?:ü|ue)ft)\..{0,80}|virus-free\..{0,80})\s*$",
    FLAGS,
)
GREETING = r"gr(?:ü|ue|u)(?:ß|ss)(?:en?|e)?"
CLOSING = re.compile(
    rf"^\W{{0,4}}(?:(?:mit|es)?\s?(?:ganz |den )?(?:freundliche|beste|herzliche|viele|liebe|sch(?:ö|oe)ne|sonnige"
    rf"|kollegiale|gute|allerbeste|freundlichste|verbindliche)[nrms]{{0,2}}\s{GREETING}.{{0,40}}|{GREETING}"
    r"|gru(?:ß|ss)(?:,? \S{1,20})?|mfg|m\.f\.g\.?|vg|lg|bg|hochachtungsvoll|freundlich(?:st)?"
    r"|mit freundlicher empfehlung|(?:with )?(?:best|kind|kindest|warm|warmest|many)(?: regards| wishes)?"
    r"|(?:with )?regards|yours (?:sincerely|faithfully|truly)|sincerely(?: yours)?|cheers|all the best"
    r"|respectfully|take care|many thanks and (?:best|kind) regards"
    r"|(?:vielen dank|danke|thanks) (?:und|and) .{0,12}(?:gr(?:ü|ue|u)|regards).{0,20})(?:[ ,.!-]{0,4}"
    r"|,? (?:aus|from|i\. ?a\.|ihr|euer|dein|your) .{0,40})$",
    FLAGS,
)
THANKS = re.compile(
    r"^\W{0,3}(?:(?:vielen|herzlichen|besten) dank|danke(?: sch(?:ö|oe)n| vorab| im voraus)?|thanks"
    r"(?: (?:a lot|again|in advance))?|thank you|many thanks|thx)\W{0,4}$",
    FLAGS,
)
AFTER = re.compile(r"^\s*(?:p\.?\s?s\.?|nachtrag)\s?[:.]", FLAGS)
NOTICE = re.compile(
    r"^\W{0,6}(?:(?:wichtiger |rechtlicher )?hinweis:? .{0,60}(?:vertraulich|e-?mail|empf(?:ä|ae)nger)|diese (?:e-?mail"
    r"|nachricht)(?: und|,| ist| enth(?:ä|ae)lt| kann| einschlie(?:ß|ss)lich).{0,120}(?:vertraulich|gesch(?:ü|ue)tzt"
    r"|bestimmt|anh(?:ä|ae)nge)|der inhalt dieser (?:e-?mail|nachricht)|die in dieser (?:e-?mail|nachricht) enthalten"
    r"|(?:sollten|falls|wenn) sie (?:diese (?:e-?mail|nachricht) (?:irrt|versehentlich|f(?:ä|ae)lschlich)|nicht der "
    r"(?:richtige|beabsichtigte|vorgesehene|bestimmungsgem))|das unerlaubte (?:kopieren|weitergeben)|bitte"
    r" (?:pr(?:ü|ue)fen|denken|ber(?:ü|ue)cksichtigen) sie .{0,60}(?:drucken|umwelt|mail)|informationen zum datenschutz"
    r"|(?:gesch(?:ä|ae)ftsf(?:ü|ue)hr(?:er|ung|erin)|vorstand|sitz der gesellschaft|registergericht|amtsgericht"
    r"|handelsregister|hrb|ust-?id(?:nr)?|steuernummer)\b.{0,3}[:. ]|this (?:e-?mail|message|communication)"
    r".{0,60}(?:confidential|privileged|intended|attachment)|the information (?:contained )?in this (?:e-?mail|message)"
    r"|if you (?:are not the (?:intended|named)|have received this)|please consider the environment"
    r"|(?:confidentiality|legal|privacy) (?:notice|note|disclaimer)|disclaimer\s?:)",
    FLAGS,
)
WARNING = re.compile(
    r"^\W{0,6}(?:\[?extern(?:al|e)?\]?\s?(?:e-?mail|sender|absender|nachricht)|(?:caution|warning|achtung|vorsicht"
    r"|warnung)\W{1,4}.{0,40}(?:extern|outside|au(?:ß|ss)erhalb)|you don't often get email from|sie erhalten nicht "
    r"(?:h(?:ä|ae)ufig|oft) e-?mails von)",
    FLAGS,
)


def cleaned(text: str) -> str:
    """Return what the writer of a mail says; of a longer text its first 200,000 letters. Linear in the text.

    A text without anything to cut stays as it is but for blanks at the ends of lines and empty lines beside others.
    """
    lines = [line.rstrip() for line in text[:LONGEST].replace("\xa0", " ").replace("\u200b", "").splitlines()]
    own = _trimmed(_without_notices(_own(lines)))
    return own or _trimmed(_without_notices(_passed_on(lines)))


def subject_of(text: str) -> str:
    """Return a subject without what programs write before it when a mail is answered or passed on."""
    return ANSWERS.sub("", text.strip()[:SEEN]) + text.strip()[SEEN:]


def plain(text: str) -> str:
    """Return a mail's text or its subject, whichever it is: a text of one line is taken as a subject as well."""
    stripped = text.strip()
    return cleaned(subject_of(stripped) if "\n" not in stripped else stripped)


def _own(lines: Sequence[str]) -> list[str]:
    """The lines of the writer: those quoted are left out, and all from where a thread or a signature begins."""
    marks = _marks(lines)
    kept: list[str] = []
    place, begun = 0, False
    while place < len(lines):
        mark = marks[place]
        if mark == THREAD or (mark > 0 and begun and not _quotes(lines, marks, place + mark)):
            break
        if mark == PLAIN and begun and _closes(lines, marks, place):
            kept += _afterwards(lines, marks, place)
            break
        if mark == PLAIN and not DEVICE.match(lines[place][:SEEN]):
            kept.append(lines[place])
            begun = begun or bool(lines[place].strip())
        place += max(mark, 1)
    return kept


def _marks(lines: Sequence[str]) -> list[int]:
    """What each line is: PLAIN, QUOTED, THREAD, or the number of lines that say who wrote what follows."""
    empty = [not line or line.isspace() for line in lines]
    heads = list(accumulate((bool(HEAD.match(line[:SEEN])) for line in lines), initial=0))
    return [PLAIN if empty[place] else _mark(lines, empty, heads, place) for place in range(len(lines))]


def _mark(lines: Sequence[str], empty: Sequence[bool], heads: Sequence[int], place: int) -> int:
    line = lines[place][:SEEN]
    if QUOTED.match(line):
        return QUOTES
    if FIRST.match(line) and heads[min(place + BLOCK, len(lines))] - heads[place] >= LEAST:
        return THREAD
    if BEGIN.match(line) and (any(map(str.isalpha, line)) or _headed(lines, place + 1)):
        return THREAD
    return _attribution(lines, empty, place)


def _attribution(lines: Sequence[str], empty: Sequence[bool], place: int) -> int:
    """The number of lines that say who wrote what follows; 0 where none do, or where the writer speaks of himself."""
    line = lines[place][:SEEN]
    if SAYS.match(line) and not MINE.search(line):
        below = lines[place + 1 : place + WRAPPED]
        return int(bool(SIGNS.search(line)) or any(QUOTED.match(one[:SEEN]) for one in below))
    if OPENED.match(line):
        said = ""
        for more in range(min(WRAPPED, len(lines) - place)):
            said += " " + lines[place + more][:SEEN]
            if empty[place + more] or MINE.search(said):
                break
            if WROTE.search(said):
                return more + 1
    return 0


def _headed(lines: Sequence[str], place: int) -> bool:
    """Whether the head of a mail begins in one of the next lines."""
    return any(FIRST.match(line[:SEEN]) for line in lines[place : place + WRAPPED])


def _quotes(lines: Sequence[str], marks: Sequence[int], place: int) -> bool:
    """Whether what somebody is said to have written stands in quoted lines, so that the writer may go on below."""
    seen = [mark for line, mark in zip(lines[place:], marks[place : place + BLOCK], strict=False) if line.strip()]
    return QUOTES in seen[:WRAPPED]


def _closes(lines: Sequence[str], marks: Sequence[int], place: int) -> bool:
    """Whether the writer says goodbye here, or the signature begins; thanks end a mail where little comes behind."""
    line = lines[place][:SEEN]
    if DASHES.match(line):
        return _behind(lines, marks, place) <= SIGNATURE
    if len(line) > LONG:
        return False
    return bool(CLOSING.match(line)) or (bool(THANKS.match(line)) and _behind(lines, marks, place) <= WRAPPED)


def _behind(lines: Sequence[str], marks: Sequence[int], place: int) -> int:
    """Lines with something on them up to the next thread or goodbye, looked for as far as it matters."""
    count = 0
    for at in range(place + 1, min(len(lines), place + 2 * SIGNATURE)):
        if marks[at] != PLAIN or DASHES.match(lines[at][:SEEN]) or CLOSING.match(lines[at][:SEEN]):
            break
        count += bool(lines[at])
    return count


def _afterwards(lines: Sequence[str], marks: Sequence[int], place: int) -> list[str]:
    """What stands in a postscript below the name."""
    for at in range(place, min(len(lines), place + SIGNATURE)):
        if marks[at] != PLAIN:
            break
        if AFTER.match(lines[at][:SEEN]):
            end = next((n for n in range(at, len(lines)) if not lines[n] or marks[n] != PLAIN), len(lines))
            return ["", *lines[at:end]]
    return []


def _without_notices(lines: Sequence[str]) -> list[str]:
    """The lines without paragraphs that a mail program or a lawyer put there."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if not line.strip():
            inside = False
        elif NOTICE.match(line[:SEEN]) or WARNING.match(line[:SEEN]):
            inside = True
        if not inside:
            kept.append(line)
    return kept


def _passed_on(lines: Sequence[str]) -> list[str]:
    """The mail that is quoted, where nothing else is there: without marks, heads and its own thread."""
    bare = [QUOTED.sub("", line) if QUOTED.match(line[:SEEN]) else line for line in lines]
    begin = 0
    for place, mark in enumerate(_marks(bare[: 2 * BLOCK])):
        if place >= begin and mark != PLAIN:
            begin = _after_head(bare, place) if mark < 0 else place + mark
    return _own(bare[begin:]) or bare[begin:]


def _after_head(lines: Sequence[str], place: int) -> int:
    """The place behind the head of a mail that begins here or after a line of dashes."""
    place += bool(BEGIN.match(lines[place][:SEEN]))
    while place < len(lines) and not lines[place]:
        place += 1
    while place < len(lines) and (HEAD.match(lines[place][:SEEN]) or FIELD.match(lines[place][:SEEN])):
        place += 1
    return place


def _trimmed(lines: Sequence[str]) -> str:
    """The lines with at most one empty one between others, none at the ends."""
    found: list[str] = []
    for line in lines:
        if line.strip() or (found and found[-1].strip()):
            found.append(line)
    return "\n".join(found).strip()
