"""Room lake. In: the bytes of one mail -> Out: Mail, its parts as columns, or Unfit, why it cannot be one.

Heads are read from their bytes, because many are not encoded as they should be; of a mail's parts the outermost text
is read, everything else is counted as attached and never decoded.
"""

from __future__ import annotations

import email
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from grundstein.lake.reading.raw import printable
from grundstein.tools.hypertext import text_of
from grundstein.tools.language import language_of
from grundstein.tools.mailtext import cleaned, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message

HEAD_BYTES = 256 << 10
VALUE = 10_000
ADDRESSES = 100_000
ODD_LINES, LINE = 4, 200
DEEPEST = 100
MOST_PARTS = 10_000
BODY = 1_000_000
PAGE = 4_000_000
FIELD = re.compile(rb"^[!-9;-~]{1,76}[ \t]*:")
IDS = re.compile(r"<[^<>\s]{1,400}>")
PREFIXES = (
    "automatische antwort",
    "abwesenheit",
    "out of office",
    "automatic reply",
    "auto-reply",
    "autoreply",
    "auto:",
)
ABSENT = re.compile(
    r"\b(?:abwesenheits(?:notiz|nachricht|assistent)|out[- ]of[- ](?:the )?office|bin (?:derzeit )?nicht im b(?:ü|ue)ro"
    r"|automatische (?:antwort|r(?:ü|ue)ckmeldung)|auto(?:matic)?[- ]?(?:reply|response)|eingangsbest(?:ä|ae)tigung)\b",
    re.IGNORECASE,
)
UNDELIVERED = re.compile(
    r"\b(?:unzustellbar|undeliver(?:able|ed)|delivery (?:status notification|failure)|mail delivery (?:failed|system)"
    r"|returned mail|konnte nicht zugestellt)\b",
    re.IGNORECASE,
)
MACHINES = ("mailer-daemon", "postmaster")
BULK = ("bulk", "list", "junk")


class Unfit(ValueError):
    """What is no mail that can be read; the message says why."""


class Mail(NamedTuple):
    """One mail; empty texts are None, a `message_id` that lacks is made of the content.

    `kind`: message, auto_reply, bounce, invitation, newsletter or automatic. `body` is the text as it was sent, `text`
    what its writer says; `cut`: the text was longer than a cell takes.
    """

    message_id: str
    in_reply_to: str | None
    thread: str
    sent_at: datetime | None
    sender: str | None
    sender_domain: str | None
    recipients: str | None
    subject: str | None
    body: str | None
    text: str | None
    language: str | None
    kind: str
    attachments: str | None
    attachment_count: int
    cut: bool


@dataclass(frozen=True)
class Heads:
    """The first value of each field of a mail's head, decoded; names in small letters."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def read_message(data: bytes) -> Mail:
    """Return one mail. Unfit: no head, a head of over 256 KB, binary data, parts nested more than 100 deep."""
    content = _from_head(data)
    try:
        message = email.message_from_bytes(content)
    except RecursionError:
        raise Unfit(f"its parts are nested more than {DEEPEST} deep") from None
    heads = _heads(message)
    body, names, kinds = _content(message)
    subject, sender = heads["subject"], _addresses(heads["from"] or heads["sender"])
    writer = sender[0] if sender else ""
    replied = IDS.findall(heads["in-reply-to"]) or IDS.findall(heads["references"])[-1:]
    own = IDS.findall(heads["message-id"]) or [f"<{hashlib.sha256(data).hexdigest()[:32]}@no-message-id>"]
    began = IDS.findall(heads["references"]) or replied or own
    text = cleaned(body)
    told = dict.fromkeys(_addresses(", ".join(filter(None, (heads["to"], heads["cc"])))))
    return Mail(
        message_id=own[0],
        in_reply_to=_first(replied),
        thread=began[0],
        sent_at=_instant(heads["date"]),
        sender=writer or None,
        sender_domain=writer.rpartition("@")[2] or None,
        recipients="; ".join(told) or None,
        subject=subject or None,
        body=body[:BODY] or None,
        text=text or None,
        language=language_of(text or subject_of(subject)) or None,
        kind=_kind(heads, writer, kinds),
        attachments="; ".join(names) or None,
        attachment_count=len(names),
        cut=len(body) > BODY,
    )


def _from_head(data: bytes) -> bytes:
    """The mail from its first field on; Unfit where this is no mail, or its head alone could keep a machine busy."""
    if not data.strip():
        raise Unfit("it is empty")
    data = data.lstrip(b"\r\n")
    head = data[: HEAD_BYTES + 1]
    begin = 0
    for line in head.split(b"\n", ODD_LINES)[:ODD_LINES]:
        if FIELD.match(line) or not line.strip():
            break
        begin += len(line) + 1
    if not FIELD.match(head[begin : begin + LINE]):
        binary = b"\0" in head or sum(byte < 9 for byte in head[:1000]) > 10
        raise Unfit("it is binary data" if binary else "it has no head of a mail")
    if len(head) > HEAD_BYTES and b"\n\n" not in head and b"\n\r\n" not in head:
        raise Unfit("its head is longer than 256 KB")
    return data[begin:]


def _heads(message: Message) -> Heads:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        small = name.lower()
        if small not in found:
            found[small] = _value(str(value), ADDRESSES if small in ("to", "cc", "references") else VALUE)
    return Heads(found)


def _value(value: str, most: int) -> str:
    """A field's value: what is encoded is decoded, bytes that are not as they should be read as they are."""
    raw = value[:most].encode("utf-8", "surrogateescape")
    text = " ".join(decoded(raw, "").split())
    if "=?" not in text:
        return printable(text)
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return printable(text)
    return printable("".join(one if isinstance(one, str) else decoded(one, charset or "") for one, charset in parts))


def decoded(data: bytes, charset: str) -> str:
    """Text in the charset it says, unless the bytes say another: valid UTF-8 beyond ASCII is UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for name in (charset, "cp1252"):
        try:
            return data.decode(name) if name else data.decode("cp1252")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("latin-1")


def _content(message: Message) -> tuple[str, list[str], set[str]]:
    """The outermost text, the names of what is attached, and all content types."""
    texts: list[tuple[int, bool, str]] = []
    names: list[str] = []
    kinds: set[str] = set()
    for part, inside in _parts(message):
        kind = _type(part)
        kinds.add(kind)
        name = _name(part)
        attached = bool(name) or str(part.get("content-disposition", ""))[:20].strip().lower().startswith("attachment")
        if kind in ("text/plain", "text/html") and not attached:
            if not texts or inside <= texts[0][0] or not any(text.strip() for _, _, text in texts):
                texts.append((inside, kind == "text/html", _text(part, kind)))
        elif kind == "message/rfc822":
            names.append(name or "message")
        elif not part.is_multipart() and inside == 0 and kind not in ("text/calendar", "message/delivery-status"):
            names.append(name or kind)
    return _best(texts), [printable(name.replace(";", ",")) for name in names], kinds


def _best(texts: list[tuple[int, bool, str]]) -> str:
    """Plain texts of the outermost mail that has one, else its pages as text."""
    filled = [(inside, page, text) for inside, page, text in texts if text.strip()]
    if not filled:
        return ""
    least = min(inside for inside, _, _ in filled)
    mine = [(page, text) for inside, page, text in filled if inside == least]
    plain = [text for page, text in mine if not page]
    return "\n".join(plain or [text_of(text[:PAGE]) for _, text in mine])


def _parts(message: Message) -> Iterator[tuple[Message, int]]:
    """Every part in order, and in how many passed-on mails it stands. Unfit: too deep, too many."""
    waiting, count = [(message, 0, 0)], 0
    while waiting:
        part, depth, inside = waiting.pop()
        count += 1
        if depth > DEEPEST or count > MOST_PARTS:
            told = f"nested more than {DEEPEST} deep" if depth > DEEPEST else f"more than {MOST_PARTS}"
            raise Unfit(f"its parts are {told}")
        yield part, inside
        if part.is_multipart():
            within = inside + (_type(part) == "message/rfc822")
            children = [(one, depth + 1, within) for one in part.get_payload() if not isinstance(one, str)]
            waiting += reversed(children)


def _type(part: Message) -> str:
    return part.get_content_type() if len(str(part.get("content-type", ""))) < VALUE else "application/octet-stream"


def _name(part: Message) -> str:
    if any(len(str(part.get(name, ""))) > VALUE for name in ("content-type", "content-disposition")):
        return ""
    try:
        return _value(part.get_filename() or "", VALUE)
    except (ValueError, LookupError, TypeError):
        return ""


def _text(part: Message, kind: str) -> str:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError):
        data = None
    if not isinstance(data, bytes):
        return ""
    charset = str(part.get_content_charset() or "") if _type(part) == kind else ""
    return printable(decoded(data, charset).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"))


def _addresses(value: str) -> list[str]:
    try:
        found = getaddresses([value])
    except (RecursionError, ValueError, IndexError):
        return []
    return [address.strip().lower() for _, address in found if "@" in address]


def _first(found: Sequence[str]) -> str | None:
    return found[0] if found else None


def _instant(value: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(value)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _kind(heads: Heads, writer: str, kinds: set[str]) -> str:
    """What sort of mail it is, by what programs say in its head, then by the words of its subject."""
    subject, sent = heads["subject"][:300].lower(), heads["auto-submitted"].lower()
    precedence = heads["precedence"].lower()
    bounced = "message/delivery-status" in kinds or "x-failed-recipients" in heads.values
    machine = writer.partition("@")[0] in MACHINES
    if bounced or (machine and (heads["return-path"].strip() == "<>" or UNDELIVERED.search(subject))):
        return "bounce"
    replied = sent.startswith("auto-replied") or precedence in ("auto_reply", "auto-reply")
    marked = any(name in heads.values for name in ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder"))
    if replied or marked or subject.startswith(PREFIXES) or ABSENT.search(subject):
        return "auto_reply"
    suppressed = "all" in heads["x-auto-response-suppress"].lower().replace(",", " ").split()
    program = suppressed or sent.startswith("auto-")
    if "in-reply-to" in heads.values and (program or heads["return-path"].strip() == "<>"):
        return "auto_reply"
    if "text/calendar" in kinds:
        return "invitation"
    if "list-unsubscribe" in heads.values or "list-id" in heads.values or precedence in BULK:
        return "newsletter"
    return "automatic" if program else "message"
