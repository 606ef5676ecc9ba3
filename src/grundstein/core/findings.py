"""Room core. In: a code and its facts -> Out: a Finding, and its sentence in English or German.

The sentences stand in `codes/*.toml`, one file a room: a title and a text a language, and the page that explains it.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Section = Literal["issue", "tip", "passed", "not_applicable", "skipped"]
Fact = str | int | float


@dataclass(frozen=True)
class Code:
    """What a finding code says in each language, and its page: meaning and remedy."""

    code: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """The same atom in a contract check, an experiment and an observation."""

    code: str
    section: Section
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the sentence; a number in it is written by its format in `codes/*.toml`, in German with a comma."""
        writer = _German() if language == "de" else _English()
        return writer.vformat(codes()[self.code].text[language], (), self.facts)

    def title(self, language: str = "en") -> str:
        """Return the short name of the finding."""
        return codes()[self.code].title[language]


class _English(string.Formatter):
    """Writes whole numbers by thousands: 1,234."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one fact."""
        plain = type(value) is int and not format_spec
        return super().format_field(value, "," if plain else format_spec)


class _German(_English):
    """Writes numbers as Germans do: 1.234,5, 12 % and a real minus."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one fact."""
        text = super().format_field(value, format_spec)
        return text.translate(_GERMAN).replace("%", "\u00a0%") if isinstance(value, (int, float)) else text


_GERMAN = str.maketrans(",.-", ".,−")


@cache
def codes() -> Mapping[str, Code]:
    """Return every finding code of the house."""
    found: dict[str, Code] = {}
    for file in sorted(files("grundstein.core").joinpath("codes").iterdir(), key=lambda f: f.name):
        for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            found[name] = Code(name, entry["title"], entry["text"], entry["meaning"], entry["remedy"])
    return found
