"""Room lake. In: the bytes of an Outlook message (.msg) -> Out: the same mail as it would travel, or Unfit.

A .msg is a file system of properties (MS-OXMSG); the few that a mail has are read by their numbers and written as a
mail of text, pages and names of what is attached, so that there is one reader of mails. What is attached is never
opened. A text that stands there as RTF alone is left out.
"""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.parser import HeaderParser
from email.utils import format_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from grundstein.core.errors import Refused
from grundstein.lake.reading.message import MOST_PARTS, PAGE, Unfit, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EDGE = "part-of-an-outlook-message"
MOST = 4 * PAGE
UNICODE, NARROW, BINARY = "001F", "001E", "0102"
CLASS, SUBJECT, SENT, ARRIVED, HEADS, BODY, PAGES = 0x001A, 0x0037, 0x0039, 0x0E06, 0x007D, 0x1000, 0x1013
SENDERS, SENDER_NAME = (0x5D01, 0x5D02, 0x0C1F, 0x0065), 0x0C1A
ADDRESSES, RECEIVES, COPY = (0x39FE, 0x3003), 0x0C15, 2
NAMES, METHOD, EMBEDDED = (0x3707, 0x3704, 0x3001), 0x3705, 5
CODEPAGE, PAGE_CODEPAGE = 0x3FFD, 0x3FDE
THREAD = {"Message-ID": 0x1035, "In-Reply-To": 0x1042, "References": 0x1039}
OTHER = ("IPM.Contact", "IPM.Task", "IPM.Appointment", "IPM.StickyNote", "IPM.Activity", "IPM.DistList")
OWN = ("content-", "mime-version")
MEANT = {"IPM.Schedule": "text/calendar", "REPORT.": "message/delivery-status"}
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def mail_of(data: bytes) -> bytes:
    """Return an Outlook message as a mail. Unfit: damaged, or a contact, a task, an appointment.

    Refused where the library that reads such files is not installed.
    """
    try:
        import olefile
    except ImportError:
        raise Refused(
            "reading Outlook messages (.msg) needs the extra `text`",
            "olefile",
            "pip install 'grundstein[text]', or save the mails as .eml",
        ) from None
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return _written(Folder(file, ()))
    except Unfit:
        raise
    except (OSError, ValueError, KeyError, IndexError, struct.error, RecursionError, OverflowError, TypeError):
        raise Unfit("it is an Outlook message that is damaged or cut off") from None


@dataclass(frozen=True)
class Folder:
    """One object of the file: the mail itself, somebody it goes to, something attached."""

    file: Any
    path: tuple[str, ...]

    def data(self, number: int, kind: str) -> bytes:
        """A property's bytes, at most 16 MB; empty where it lacks."""
        place = [*self.path, f"__substg1.0_{number:04X}{kind}"]
        if not self.file.exists(place):
            return b""
        return bytes(self.file.openstream(place).read(MOST))

    def text(self, *numbers: int) -> str:
        """The first of some texts that is there; empty where none is."""
        for number in numbers:
            if wide := self.data(number, UNICODE):
                return wide.decode("utf-16-le", "replace").replace("\0", "")
            if narrow := self.data(number, NARROW):
                return decoded(narrow, self.charset(PAGE_CODEPAGE if number == BODY else CODEPAGE)).replace("\0", "")
        return ""

    def whole(self, number: int) -> int:
        """A whole number, 0 where it lacks."""
        return struct.unpack("<I", self._fixed.get(number, b"\0\0\0\0")[:4])[0]

    def moment(self, number: int) -> datetime | None:
        """An instant, UTC."""
        ticks = struct.unpack("<Q", self._fixed.get(number, bytes(8)))[0]
        return EPOCH + timedelta(microseconds=ticks // 10) if ticks else None

    def charset(self, number: int) -> str:
        """The name of a code page."""
        page = self.whole(number) or self.whole(CODEPAGE)
        return {0: "cp1252", 65001: "utf-8", 20127: "ascii"}.get(page, f"cp{page}")

    def inside(self, start: str) -> Iterator[Folder]:
        """The objects inside whose name begins so, in order."""
        names = {
            place[len(self.path)] for place in self.file.listdir(streams=False, storages=True) if self._holds(place)
        }
        yield from (Folder(self.file, (*self.path, name)) for name in sorted(names) if name.startswith(start))

    def _holds(self, place: Sequence[str]) -> bool:
        return len(place) == len(self.path) + 1 and tuple(place[: len(self.path)]) == self.path

    @cached_property
    def _fixed(self) -> dict[int, bytes]:
        """Properties of a fixed size: 16 bytes each, behind a head whose size tells what object it is."""
        data = bytes(self.file.openstream([*self.path, "__properties_version1.0"]).read(1 << 20))
        rows = range(8 if self.path else 32, len(data) - 15, 16)
        return {struct.unpack("<H", data[at + 2 : at + 4])[0]: data[at + 8 : at + 16] for at in rows}


def _written(mail: Folder) -> bytes:
    """The mail as text."""
    kind = mail.text(CLASS)
    if kind.startswith(OTHER):
        raise Unfit(f"it is no mail but an Outlook item of the kind {kind[:40]}")
    parts = [_part("text/plain", mail.text(BODY).encode())]
    if page := _page(mail):
        parts.append(_part("text/html", page.encode()))
    parts += [_part(meant, b"") for start, meant in MEANT.items() if kind.startswith(start)]
    for place, one in enumerate(mail.inside("__attach_version1.0_#")):
        if place >= MOST_PARTS:
            break
        parts.append(_attached(one))
    heads = [f"{name}: {' '.join(value.split())}" for name, value in _heads(mail, kind) if value.strip()]
    heads += ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{EDGE}"']
    return "\n".join([*heads, "", *(f"--{EDGE}\n{part}" for part in parts), f"--{EDGE}--", ""]).encode(
        "utf-8", "replace"
    )


def _heads(mail: Folder, kind: str) -> list[tuple[str, str]]:
    """The head as it came over the network, else one made of properties."""
    came = [(name, str(value)) for name, value in HeaderParser().parsestr(mail.text(HEADS)).items()]
    found = [(name, value) for name, value in came if not name.lower().startswith(OWN)]
    there = {name.lower() for name, _ in found}
    made = [("Subject", mail.text(SUBJECT)), *_people(mail)]
    sent = mail.moment(SENT) or mail.moment(ARRIVED)
    made += [("Date", format_datetime(sent))] if sent else []
    made += [(name, mail.text(number)) for name, number in THREAD.items()]
    made += [("X-Auto-Reply", "yes")] if kind.startswith("IPM.Note.Rules") else []
    return found + [(name, value) for name, value in made if name.lower() not in there]


def _people(mail: Folder) -> list[tuple[str, str]]:
    """Who wrote it, and to whom; addresses of a company's own directory are none."""
    writer = next((text for number in SENDERS if "@" in (text := mail.text(number))), "")
    found = [("From", f'"{_plain(mail.text(SENDER_NAME))}" <{writer}>' if writer else "")]
    told: dict[str, list[str]] = {"To": [], "Cc": []}
    for one in mail.inside("__recip_version1.0_#"):
        address = next((text for number in ADDRESSES if "@" in (text := one.text(number))), "")
        role = {0: "To", 1: "To", COPY: "Cc"}.get(one.whole(RECEIVES), "")
        if address and role:
            told[role].append(f"<{address}>")
    return [*found, *((name, ", ".join(some)) for name, some in told.items())]


def _page(mail: Folder) -> str:
    return mail.text(PAGES) or decoded(mail.data(PAGES, BINARY)[:PAGE], mail.charset(PAGE_CODEPAGE))


def _attached(one: Folder) -> str:
    """A part that has a name and nothing in it."""
    nested = one.whole(METHOD) == EMBEDDED
    name = one.text(*NAMES)
    kind = "message/rfc822" if nested else "application/octet-stream"
    return f"Content-Type: {kind}\nContent-Disposition: attachment; filename*=utf-8''{quote(name[:1000])}\n\n"


def _part(kind: str, data: bytes) -> str:
    text = base64.encodebytes(data).decode()
    return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{text}"


def _plain(text: str) -> str:
    return text.replace('"', "").replace("\\", "")
