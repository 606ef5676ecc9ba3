"""Room tools. In: texts -> Out: their language by its stop words, and the analyzer that makes terms of a text."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

STEMMED = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ru": "russian",
    "sv": "swedish",
}
PLAIN = "xx"
JOINED = ("da", "de", "fi", "hu", "nl", "no", "sv")
LONGEST = 60
LOOKED_AT = 600
TELLING = 0.12
FEW = 0.02
SAMPLE = 400


def engine() -> Any:
    """Return the module tantivy; Refused where it is not installed."""
    try:
        return import_module("tantivy")
    except ImportError:
        raise Refused(
            "Searching needs the library tantivy, which is not installed.",
            "The extra `search`.",
            "pip install 'grundstein[search]'",
        ) from None


@cache
def analyzer(language: str) -> Any:
    """Return tantivy's analyzer: words, lower case, no stop words, stems, no accents; `xx` neither stems nor stops."""
    return _built(language, ())


def splitter(language: str, parts: Sequence[str]) -> Any:
    """Return the analyzer that takes words apart which are made wholly of `parts`, before they are stemmed."""
    return _built(language, parts)


def _built(language: str, parts: Sequence[str]) -> Any:
    tantivy = engine()
    filters = tantivy.Filter
    built = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(filters.remove_long(LONGEST))
    built = built.filter(filters.lowercase())
    if parts:
        built = built.filter(filters.split_compound(list(parts)))
    if language in STEMMED:
        name = STEMMED[language]
        built = built.filter(filters.stopword(name)).filter(filters.stemmer(name))
    return built.filter(filters.ascii_fold()).build()


@cache
def _stopping(language: str) -> Any:
    tantivy = engine()
    built = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase())
    return (built.filter(tantivy.Filter.stopword(STEMMED[language])) if language else built).build()


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, as they are written."""
    found: list[str] = _stopping("").analyze(text)
    return found


def language_of(text: str) -> str:
    """Return the language whose stop words are the largest part of a text's beginning; `xx` where none are many."""
    start = text[:LOOKED_AT]
    words = len(_stopping("").analyze(start))
    if words < 3:
        return PLAIN
    stopped = {code: words - len(_stopping(code).analyze(start)) for code in STEMMED}
    best = max(stopped, key=lambda code: stopped[code])
    return best if stopped[best] > TELLING * words else PLAIN


def languages_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of a corpus by a sample spread over it, the most frequent first; `xx` where none is told.

    A language of fewer than 2 % of the sample counts as a slip, and so does one that only short texts seem to have.
    """
    step = max(len(texts) // SAMPLE, 1)
    sample = [text for text in texts[::step] if text.strip()]
    counted = Counter(language_of(text) for text in sample)
    told = {code: count for code, count in counted.items() if code != PLAIN}
    least = max(FEW * sum(told.values()), 2 if len(sample) > 20 else 1)
    found = [code for code, count in sorted(told.items(), key=lambda pair: (-pair[1], pair[0])) if count >= least]
    return tuple(found) or (PLAIN,)


def checked(language: str) -> str:
    """Return a language that a person named; Refused where there is no such analyzer."""
    code = language.strip().casefold()
    code = next((short for short, name in STEMMED.items() if code == name), code)
    if code not in STEMMED and code != PLAIN:
        known = (*STEMMED, PLAIN)
        raise Refused(f'there is no analyzer for the language "{language[:40]}"', nearest(code, known), "correct it")
    return code
