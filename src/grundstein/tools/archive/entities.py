"""Room tools. In: a text -> Out: what it names by a form that rules can check: numbers, addresses, dates, references.

Numbers with check digits are believed only where python-stdnum (extra `explore`) confirms them; without it those kinds
are left out and `missing_kinds` says so. A gazetteer is a list of names that the case brings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LONGEST = 50_000
MOST = 200
TAIL = ".,;:)]}>\"'"
FORMS: Mapping[str, re.Pattern[str]] = {
    "web": re.compile(r"\bhttps?://[^\s<>\"]{4,300}", re.IGNORECASE),
    "doi": re.compile(r"\b10\.\d{4,9}/[^\s<>\"]{2,120}"),
    "mail": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}\b"),
    "arxiv": re.compile(r"\barXiv:\s?\d{4}\.\d{4,5}(?:v\d+)?", re.IGNORECASE),
    "law": re.compile(
        r"(?:§§?|Art\.)\s?\d{1,4}[a-z]?(?:\s(?:Abs\.|Satz|Nr\.)\s?\d{1,3})*\s[A-ZÄÖÜ][A-Za-zÄÖÜäöü]{1,12}\b"
    ),
    "amount": re.compile(
        r"(?:[€$£]\s?\d[\d.,]{0,18}\d?|\b\d[\d.,]{0,18}\s?(?:€|EUR|USD|GBP|Euro|Dollar)(?!\w))"
        r"(?:\s?(?:Mio\.?|Mrd\.?|million|billion))?"
    ),
    "date": re.compile(
        r"\b(?:(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|"
        r"(?:0?[1-9]|[12]\d|3[01])\.\s?(?:0?[1-9]|1[0-2])\.\s?(?:19|20)\d{2}|"
        r"(?:0?[1-9]|[12]\d|3[01])\.?\s(?:January|February|March|April|May|June|July|August|September|October|November|"
        r"December|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember)\s(?:19|20)\d{2})\b"
    ),
}
CHECKED: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "isbn": ("stdnum.isbn", re.compile(r"\b(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx]\b")),
    "issn": ("stdnum.issn", re.compile(r"\b\d{4}-\d{3}[\dXx]\b")),
    "orcid": ("stdnum.isni", re.compile(r"\b(?:\d{4}-){3}\d{3}[\dXx]\b")),
    "iban": ("stdnum.iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")),
    "vat": ("stdnum.eu.vat", re.compile(r"\b(?:ATU|DE|BE|FR|NL|PL|IT|ES|CZ|DK|SE)\d{8,12}\b")),
}
KINDS = (*FORMS, *CHECKED, "name", "document")


@dataclass(frozen=True)
class Named:
    """One thing that a text names, in one way of writing, and how often."""

    kind: str
    value: str
    times: int


class Gazetteer:
    """Names that count as such wherever they stand as whole words, whatever their case."""

    def __init__(self, names: Iterable[str], kind: str = "name") -> None:
        """Prepare; names of one letter are left out."""
        self.kind = kind
        self._names = {name.lower(): name for name in sorted(set(names)) if len(name) > 1}
        self._longest = max((len(name.split()) for name in self._names), default=0)

    def found(self, text: str) -> Iterator[str]:
        """The names in a text, the longest first where two begin at one word."""
        if not self._names:
            return
        words = re.findall(r"[\w\-.&]+", text[:LONGEST].lower())
        place = 0
        while place < len(words):
            for size in range(min(self._longest, len(words) - place), 0, -1):
                name = self._names.get(" ".join(words[place : place + size]).strip("."))
                if name:
                    yield name
                    place += size - 1
                    break
            place += 1


def entities_of(text: str, gazetteers: Sequence[Gazetteer] = ()) -> list[Named]:
    """What a text names, at most 200 different things, in the order of kinds and first mention."""
    counts: dict[tuple[str, str], int] = {}
    shown = text[:LONGEST]
    for kind, pattern in FORMS.items():
        for hit in pattern.finditer(shown):
            _count(counts, kind, " ".join(hit.group().rstrip(TAIL).split()))
    for kind, (_, pattern) in CHECKED.items():
        check = _checks().get(kind)
        if check is None:
            continue
        for hit in pattern.finditer(shown):
            if check.is_valid(hit.group()):
                _count(counts, kind, check.compact(hit.group()))
    for gazetteer in gazetteers:
        for name in gazetteer.found(shown):
            _count(counts, gazetteer.kind, name)
    return [Named(kind, value, times) for (kind, value), times in list(counts.items())[:MOST]]


def missing_kinds() -> tuple[str, ...]:
    """The kinds that cannot be told here, as python-stdnum is not installed."""
    return () if _checks() else tuple(CHECKED)


@cache
def _checks() -> dict[str, Any]:
    if find_spec("stdnum") is None:
        return {}
    return {kind: import_module(module) for kind, (module, _) in CHECKED.items()}


def _count(counts: dict[tuple[str, str], int], kind: str, value: str) -> None:
    counts[kind, value] = counts.get((kind, value), 0) + 1
