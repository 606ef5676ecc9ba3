"""Room lake. In: a column's name and different texts -> Out: whether it holds names, addresses or numbers of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from grundstein.lake.contracts.words import is_personal

if TYPE_CHECKING:
    from grundstein.core.contract import Type

SAMPLE = 1000
FEW = 3
PATTERNS = (
    r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    r"^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}$",
    r"^(?:\+|00?)[1-9]\d{0,4}[ ()/.-]+[\d ()/.-]{4,}$|^\+\d{8,15}$",
)


def holds_people(name: str, texts: pa.Array, found: Type) -> bool:
    """Return whether a column's name, or the pattern of most of its texts (e-mail, IBAN, telephone), is personal.

    A text column with fewer than three different values (PhoneService: Yes, No) says nothing about anybody.
    """
    if found in ("boolean", "number", "decimal"):
        return False
    if is_personal(name) and (found != "text" or len(texts) >= FEW):
        return True
    sample = texts[:SAMPLE]
    if found != "text" or not len(sample):
        return False
    hits = [pc.mean(pc.cast(pc.match_substring_regex(sample, p), pa.float64())).as_py() for p in PATTERNS]
    return max(hits) > 0.5
