"""Room tasks. In: a line -> Out: whether it speaks of a failure, by words that programs use or by those of the case."""

from __future__ import annotations

import re
from functools import lru_cache

from grundstein.core.errors import Refused

WORDS = (
    *("error", "errors", "fail", "fails", "failed", "failing", "failure", "fatal", "exception", "panic", "abort"),
    *("aborted", "abnormal", "abnormally", "crash", "crashed", "corrupt", "corrupted", "denied", "refused", "timeout"),
    *("timed out", "unable to", "cannot", "killed", "terminated", "unreachable", "return value 3"),
    *("fehler", "fehlgeschlagen", "abgebrochen", "ausnahme", "abgestürzt", "verweigert", "nicht erreichbar"),
)
GRAVE = ("CRITICAL", "ERROR")


def speaks(text: str, level: str, rules: tuple[str, ...] = ()) -> bool:
    """Whether a line speaks of a failure; `rules` are the case's own words, or expressions between slashes."""
    return (level in GRAVE and not rules) or bool(pattern_of(rules).search(text))


@lru_cache(maxsize=64)
def pattern_of(rules: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all words; Refused where one cannot be read."""
    own = [word for word in rules if len(word) > 2 and word.startswith("/") and word.endswith("/")]
    words = [re.escape(word) for word in rules or WORDS if word not in own]
    for word in own:
        try:
            re.compile(word[1:-1])
        except re.error as error:
            raise Refused(
                f'the rule "{word}" cannot be read: {error}', "a word, or /expression/", "correct it"
            ) from None
    parts = [f"(?:{word[1:-1]})" for word in own]
    parts += [rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"] if words else []
    return re.compile("|".join(parts), re.IGNORECASE)
