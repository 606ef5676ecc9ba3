"""Room tasks. In: a file -> Out: its text: plain text, PDF (extra `text`) or DOCX; what is no letter is refused."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 20_000_000
LONGEST = 60_000
MOST_PAGES = 30
HYPHEN = re.compile("[\x02\ufffe\u00ad]\\s*")
DOCUMENT = "word/document.xml"
WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
GERMAN = frozenset(
    re.findall(
        r"\w+",
        "der die das und mit war wir ihr sein seine ihre ihm ihn sich von vom zu zum zur auf für fuer als bei im in "
        "herr frau dem den des ein eine einer wünschen danken stets unser unsere unserer uns hat haben",
    )
)
ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the and of to with was he she his her him for our us we has have this that is in as at by from all very it be "
        "wish would always mr ms mrs been during their",
    )
)


def text_of(path: Path) -> str:
    """Return the text of a letter; Refused where the file is missing, no document, empty, foreign or without end."""
    if not path.is_file():
        raise Refused(f"there is no file {path.name}", "a letter as text, PDF or DOCX", "correct the path")
    if path.stat().st_size > LARGEST:
        raise Refused(f"{path.name} has more than {LARGEST:,} bytes", "a letter of some pages", "take the letter alone")
    content = path.read_bytes()
    text = _pdf(path) if content[:5] == b"%PDF-" else _docx(path) if content[:2] == b"PK" else _plain(content, path)
    return checked(text, path.name)


def checked(text: str, name: str) -> str:
    """The same text where it is a German one of a letter's length."""
    words = re.findall(r"[^\W\d_]+", text[:LONGEST].lower())
    if len(words) < 5:
        raise Refused(f"{name} holds no text", "a letter; a scan must be recognised first (OCR)", "bring it as text")
    if len(text) > LONGEST:
        raise Refused(
            f"{name} has {len(text):,} characters", f"a letter of at most {LONGEST:,}", "take the letter alone"
        )
    german, english = (sum(word in known for word in words) for known in (GERMAN, ENGLISH))
    if english > german:
        raise Refused(f"{name} is in English", "a German letter: its grades are in the wording", "bring the German one")
    if german < len(words) / 20:
        raise Refused(f"{name} does not read like German", "a German reference letter", "bring the German one")
    return text


def _plain(content: bytes, path: Path) -> str:
    if content[:5] == b"{\\rtf" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise Refused(f"{path.name} is in an old format", "text, PDF or DOCX", "save it as DOCX or PDF")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    odd = sum(byte < 32 and byte not in (9, 10, 12, 13) for byte in content[:10_000])
    if odd > len(content[:10_000]) / 100:
        raise Refused(f"{path.name} holds no text but bytes", "text, PDF or DOCX", "bring the letter in one of them")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _pdf(path: Path) -> str:
    try:
        import pypdfium2
    except ImportError:
        raise Refused(
            "reading a PDF needs the extra `text`", "pypdfium2", "pip install 'grundstein[text]', or bring it as text"
        ) from None
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        raise Refused(f"{path.name} cannot be opened: {problem}", "a PDF without a password", "save it anew") from None
    try:
        if len(document) > MOST_PAGES:
            raise Refused(f"{path.name} has {len(document)} pages", f"at most {MOST_PAGES}", "take the letter alone")
        text = "\n\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    if not text.strip():
        raise Refused(f"{path.name} is a picture without text", "a PDF with text", "recognise its text first (OCR)")
    return _paragraphs(text)


def _paragraphs(text: str) -> str:
    """A PDF breaks lines where its page ends: a line goes on unless it is much shorter than the others."""
    lines = [line.strip() for line in HYPHEN.sub("-\n", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    wide = max((len(line) for line in lines), default=0)
    joined: list[str] = []
    for line in lines:
        joined += [line, "\n" if line.endswith("-") or len(line) < 0.7 * wide else " "]
    return "".join(joined)


def _docx(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as whole, whole.open(DOCUMENT) as part:
            content = part.read(LARGEST + 1)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError) as problem:
        raise Refused(f"{path.name} is no DOCX: {problem}", "text, PDF or DOCX", "save it anew") from None
    if len(content) > LARGEST:
        raise Refused(f"{path.name} unpacks to more than {LARGEST:,} bytes", "a letter", "save its text anew")
    return _paragraphs_of(content, path.name)


def _paragraphs_of(content: bytes, name: str) -> str:
    """The paragraphs of a document in order, a bullet before those of a list."""
    from xml.etree import ElementTree as ET

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content[:200]:
        raise Refused(
            f"{name} declares entities or is in an unusual encoding",
            "a DOCX as a word processor writes it",
            "save it anew",
        )
    try:
        root = ET.fromstring(content)  # noqa: S314  (entities are refused above, the size is bounded)
    except ET.ParseError as problem:
        raise Refused(f"{name} is damaged: {problem}", "a whole DOCX", "save it anew") from None
    found = []
    for paragraph in root.iter(f"{WORDS}p"):
        bullet = "- " if paragraph.find(f"{WORDS}pPr/{WORDS}numPr") is not None else ""
        parts = [_piece(one) for one in paragraph.iter()]
        found.append(bullet + "".join(parts))
    return "\n\n".join(found).replace("\n\n- ", "\n- ")


def _piece(one: object) -> str:
    tag = getattr(one, "tag", "")
    if tag == f"{WORDS}t":
        return getattr(one, "text", None) or ""
    return {f"{WORDS}tab": " ", f"{WORDS}br": "\n", f"{WORDS}cr": "\n", f"{WORDS}noBreakHyphen": "-"}.get(tag, "")
