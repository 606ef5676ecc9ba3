"""Room approval. In: a key and its facts -> Out: the report's sentence in English or German.

The sentences stand in `words/*.toml`, one file a part of the report, each key with `en` and `de`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def say(key: str, language: str, **facts: object) -> str:
    """Return a sentence with its facts filled in; facts are written beforehand, as people write them."""
    return sentences()[key][language].format(**facts)


def say_known(key: str, language: str, otherwise: str) -> str:
    """Return the words of a key, or the other text where the house has none."""
    known = sentences().get(key)
    return known[language] if known else otherwise


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Return every sentence by its dotted key."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("grundstein.approval").joinpath("words").iterdir(), key=lambda f: f.name):
        found |= dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))
    return found


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, entry in content.items():
        if "en" in entry:
            yield prefix + name, entry
        else:
            yield from _flat(entry, f"{prefix}{name}.")
