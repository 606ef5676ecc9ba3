"""Room tasks. In: `grammar/codes.toml` -> Out: Code, phrases that are said to mean something else than they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from grundstein.tasks.letters.rules import pattern_of, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.tasks.letters.rules import Pattern


@dataclass(frozen=True)
class Code:
    """A phrase that is said to mean something else; `only_from`: only where the details are no better than this."""

    pattern: Pattern
    says: Mapping[str, str]
    source: str
    only_from: float
    harmless: bool


@cache
def codes() -> dict[str, Code]:
    """The hidden codes by name."""
    return {
        name: Code(
            pattern_of(one["phrases"]),
            {"en": one["en"], "de": one["de"]},
            one.get("source", "usage"),
            one.get("only_from", 0.0),
            one.get("harmless", False),
        )
        for name, one in table("codes").items()
    }
