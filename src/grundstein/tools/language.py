"""Room tools. In: a text -> Out: its language, German and English by their small words, others where that is installed.

Small words decide alike on every machine; only where they leave it open, as in a text of one word or of another
language, is py3langid asked (extra `text`, its model lies in the package), among the languages that are plausible.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SEEN = 4_000
WORD = re.compile(r"[^\W\d_]{1,20}")
LEAST, LEAD = 2, 2.0
SURE = 0.85
PLAUSIBLE = ("de", "en", "fr", "it", "es", "nl", "pl", "tr", "pt", "cs", "ru", "uk")
SMALL: Mapping[str, frozenset[str]] = {
    "de": frozenset(
        WORD.findall(
            "aber als am an auch auf aus bei bin bis bitte das dass dem den denn der des die dies diese diesen"
            " dieser doch du durch ein eine einem einen einer es für guten haben habe hallo hat herr frau ich"
            " ihnen ihr ihre ihren im ist ja kann kein keine können mein meine meinem meiner mich mir mit nach"
            " nicht noch nun nur oder ohne schon sehr sich sie sind über um und uns unser unsere vom von vor war"
            " was wenn werden wie wir wird wurde zu zum zur"
        )
    ),
    "en": frozenset(
        WORD.findall(
            "about am and any are as at be been but by can could dear did do does for from had has have he hello"
            " her his how i if is it just me my no not of on or our please she should so that the their there they"
            " this to us was we were what when which will with would you your yours thanks thank hi"
        )
    ),
}


def language_of(text: str) -> str:
    """Return the two letters of a text's language, by its first 4,000 letters; empty where nothing tells it."""
    words = WORD.findall(text[:SEEN].lower())
    counts = {language: sum(word in known for word in words) for language, known in SMALL.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])
    spoken = counts[first] >= max(LEAST, len(words) / 12)
    if spoken and counts[first] >= LEAD * counts[second]:
        return first
    model = _model()
    if model is None or not words:
        return ""
    found, share = model.classify(" ".join(words))
    return str(found) if share >= SURE else ""


@cache
def _model() -> Any:
    """The model of py3langid with its probabilities; None where it is not installed."""
    if find_spec("py3langid") is None:
        return None
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(list(PLAUSIBLE))
    return model
