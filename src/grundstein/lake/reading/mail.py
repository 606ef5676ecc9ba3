"""Room lake. In: the bytes of a mail, or of a box of mails (.eml, .msg, mbox, Maildir) -> Out: Raw, a row a mail.

Mails are rows of: message_id, in_reply_to, thread, sent_at, sender, sender_domain, recipients, subject, body (as sent),
text (what its writer says: `tools.mailtext`), language, kind, attachments, attachment_count, folder, file.
"""

from __future__ import annotations

import mmap
import re
from itertools import accumulate
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.findings import Finding
from grundstein.lake.reading.message import BODY, Mail, Unfit, read_message
from grundstein.lake.reading.outlook import MAGIC, mail_of
from grundstein.lake.reading.raw import Raw, broken_table, misfits, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ENDINGS = (".eml", ".mbox", ".emlx", ".msg")
BOXES = ("cur", "new")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("message_id", "in_reply_to", "thread")),
        pa.field("sent_at", pa.timestamp("us", "UTC")),
        *(pa.field(name, pa.string()) for name in Mail._fields[4:13]),
        pa.field("attachment_count", pa.int64()),
        pa.field("folder", pa.string()),
        pa.field("file", pa.string()),
    ]
)
SHOWN = 20_000
SPAN = 8 << 20
KNOWN = re.compile(
    rb"^(?:from|to|date|subject|message-id|received|return-path|mime-version|reply-to|delivered-to|newsgroups)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
BEGIN = re.compile(rb"(?:\A|\n\r?\n)(From [^\r\n]{1,300}\r?\n)(?=>?[!-9;-~]{1,76}[ \t]*:|[^\r\n]*\r?\n|\Z)")
STAMP = re.compile(rb"^From (?:\S{1,200}|-)\s+(?:\w{3},?\s+)?.{0,20}\d\d:\d\d")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
HEAD = 16_384


def is_mail(head: bytes, path: Path) -> bool:
    """Whether a file is a mail or a box of them, by its ending, its folder (Maildir), or how it begins."""
    told = path.name.lower().removesuffix(".gz")
    if told.endswith(ENDINGS) or in_maildir(path):
        return True
    if told.endswith((".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".tab")):
        return False
    top = re.split(rb"\n\r?\n", head[:HEAD].lstrip(b"\r\n"), maxsplit=1)[0]
    named = {found.group().lower() for found in KNOWN.finditer(top)}
    lines = [line for line in top.split(b"\n")[:4] if line.strip()]
    begins = bool(lines) and bool(STAMP.match(lines[0]) or re.match(rb"[A-Za-z][A-Za-z-]{1,40}:", lines[0]))
    return begins and len(named) >= (1 if STAMP.match(lines[0]) else 2)


def is_box(head: bytes, path: Path) -> bool:
    """Whether a file of mails holds many: it is named `.mbox`, or begins as one does."""
    return bool(STAMP.match(head[:400])) or path.name.lower().removesuffix(".gz").endswith(".mbox")


def in_maildir(path: Path) -> bool:
    """Whether a file lies in the `cur` or `new` of a Maildir."""
    return path.parent.name in BOXES and (path.parent.parent / "tmp").is_dir()


def spans(path: Path) -> list[tuple[int, int, int]]:
    """Cut a box into parts of some 8 MB: the bytes that each begins and ends with, and its first line."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts = (found.start(1) for found in BEGIN.finditer(data) if STAMP.match(found.group(1)))
        cuts = [0]
        for start in starts:
            if start - cuts[-1] >= SPAN:
                cuts.append(start)
        ends = [*cuts[1:], len(data)]
        lines = accumulate((data[start:end].count(b"\n") for start, end in zip(cuts, ends, strict=True)), initial=1)
        return list(zip(cuts, ends, lines, strict=False))


def read_span(path: Path, name: str, start: int, end: int, line: int) -> Raw:
    """Return the mails of a part of a box."""
    with path.open("rb") as file:
        file.seek(start)
        return read_mail(file.read(end - start), path, name, line)


def read_mail(data: bytes, path: Path, name: str, begin: int = 1) -> Raw:
    """Return one row a mail; what cannot be read as one stands in `broken`, its text cut after 20,000 letters.

    `begin` is the line that the data begin on.
    """
    mails: list[Mail] = []
    lines: list[int] = []
    texts: list[str] = []
    broken: list[tuple[int, str, str]] = []
    for place, one in _split(data, path):
        line = place + begin - 1
        try:
            mails.append(read_message(mail_of(one) if one.startswith(MAGIC) else one))
        except Unfit as error:
            broken.append((line, str(error), _shown(one)))
            continue
        lines.append(line)
        texts.append(_shown(one))
    told = (*_told(mails, name), *(misfits(broken, len(mails)) if len(mails) + len(broken) > 1 else ()))
    at, written = pa.array(lines, pa.int64()), pa.array(texts, pa.string())
    return Raw(None, at, written, broken_table(broken), told, _table(mails, path, name), {"format": "mail"})


def _split(data: bytes, path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the mails of a file with the line that each begins on."""
    if path.name.lower().endswith(".emlx"):
        first, _, rest = data.partition(b"\n")
        size = int(first) if first.strip().isdigit() else len(rest)
        yield 2, rest[:size]
        return
    if not is_box(data[:HEAD], path):
        yield 1, data
        return
    starts = [found.start(1) for found in BEGIN.finditer(data) if STAMP.match(found.group(1))]
    if not starts or data[: starts[0]].strip():
        starts.insert(0, 0)
    line, before = 1, 0
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        line += data.count(b"\n", before, start)
        before = start
        yield line, data[start:end].replace(b"\n>From ", b"\nFrom ")


def _table(mails: Sequence[Mail], path: Path, name: str) -> pa.Table:
    folder = path.parent.parent.name if in_maildir(path) else path.parent.name
    columns = [list(values) for values in zip(*mails, strict=True)][:-1] or [[] for _ in Mail._fields[:-1]]
    columns += [[folder] * len(mails), [name] * len(mails)]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _told(mails: Sequence[Mail], name: str) -> list[Finding]:
    """What is odd about the mails of a file: a text that was cut, no text, no date."""
    counts = {
        "GST-I01": sum(one.cut for one in mails),
        "GST-I02": sum(one.text is None and one.body is None for one in mails),
        "GST-I03": sum(one.sent_at is None for one in mails),
    }
    return [
        Finding(code, "tip", {"file": name[:80], "count": count, "most": BODY})
        for code, count in counts.items()
        if count
    ]


def _shown(one: bytes) -> str:
    text = one[:SHOWN].decode("utf-8", "surrogateescape")
    return printable(CONTROL.sub(lambda sign: f"\\x{ord(sign.group()):02x}", text))
