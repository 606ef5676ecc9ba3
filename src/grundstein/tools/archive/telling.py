"""Room tools. In: texts and their words -> Out: keywords, a summary of a text's own sentences, and what came of it.

A summary are the sentences nearest to the whole text by the weights of its words (Radev et al. 2004), in their order,
the first ones a little ahead. What came of it is said by sentences with words of outcome, for good, for bad or open.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.archive.words import sequence_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.tools.archive.words import Words

KEYWORDS = 6
SENTENCES, LONGEST = 2, 400
MOST_SENTENCES = 200
LEAD = 0.15
END = re.compile(r"(?<=[.!?])[\"»“)]?\s+(?=[\"„«(]?[A-ZÄÖÜ0-9])|\n{2,}")
WORKED, FAILED, TOLD = "worked", "failed", "told"
OUTCOMES: Mapping[str, re.Pattern[str]] = {
    FAILED: re.compile(
        r"\b(fail(s|ed|ure)?|unsuccessful|abandon(ed)?|discontinued|cancell?ed|rejected|no (significant |clear )?"
        r"(improvement|gain|benefit|effect|difference)s?|does not (improve|help|work)|did not (improve|help|work)|"
        r"not (feasible|viable|successful)|worse than|gescheitert|scheiterte|eingestellt|abgebrochen|verworfen|"
        r"abgelehnt|erfolglos|"
        r"kein(e|en)? (nennenswerte[rn]? |signifikante[rn]? )?(Verbesserung|Wirkung|Effekt|Nutzen|Vorteil)|"
        r"nicht (bewährt|umgesetzt|erfolgreich|machbar|wirtschaftlich)|schlechter als)\b",
        re.IGNORECASE,
    ),
    WORKED: re.compile(
        r"\b(outperform(s|ed|ing)?|improve(s|d|ments?)?|success(ful|fully)?|succeed(s|ed)?|effective(ly|ness)?|"
        r"state[- ]of[- ]the[- ]art|better than|(significant|substantial) (gain|reduction|increase)s?|achiev(e|es|ed)|"
        r"erfolgreich|bewährt|verbesser(t|te|ten|ung|ungen)|besser als|eingeführt|umgesetzt|wirksam|gelungen|gelang|"
        r"erreicht(e|en)?|gesenkt|gesteigert)\b",
        re.IGNORECASE,
    ),
    TOLD: re.compile(
        r"\b(results?|we (show|find|found|conclude|demonstrate)|shows? that|concludes?|conclusions?|findings?|"
        r"experiments? (show|demonstrate|indicate)|Ergebnis(se|sen)?|zeigt(e|en)?|ergab(en)?|Fazit|"
        r"Schlussfolgerung(en)?|stellte sich heraus)\b",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What a document says came of it; `kind` is "worked", "failed", "told" or empty."""

    kind: str = ""
    sentence: str = ""


def keywords_of(words: Words) -> list[list[str]]:
    """The terms of each text that are frequent in it and rare elsewhere, longer ones before their parts."""
    long = np.array([1.0 + 0.5 * name.count(" ") for name in words.names])
    score = words.times.copy()
    score.data = (1 + np.log(score.data)) * (words.rarity * long)[score.indices]
    found = []
    for start, end in zip(score.indptr[:-1], score.indptr[1:], strict=True):
        columns, weight = score.indices[start:end], score.data[start:end]
        order = np.lexsort((columns, -weight))[: 4 * KEYWORDS]
        found.append(_distinct([int(columns[place]) for place in order], words))
    return found


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, its first 200."""
    parts = [" ".join(part.split()) for part in END.split(text[:100_000]) if part and part.strip()]
    return parts[:MOST_SENTENCES]


def summary_of(sentences: Sequence[str], rarity: Mapping[str, float]) -> str:
    """The sentences nearest to all of them, in their order; all of a text of few."""
    if len(sentences) <= SENTENCES:
        return _cut(" ".join(sentences))
    bags = [_bag(sentence, rarity) for sentence in sentences]
    whole: dict[str, float] = {}
    for bag in bags:
        for word, weight in bag.items():
            whole[word] = whole.get(word, 0.0) + weight
    scores = [_near(bag, whole) + LEAD / (place + 1) for place, bag in enumerate(bags)]
    best = sorted(sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:SENTENCES])
    return _cut(" ".join(sentences[place] for place in best))


def outcome_of(sentences: Sequence[str]) -> Outcome:
    """The last sentence that says how it ended, what failed before what worked before what is only told."""
    for kind, pattern in OUTCOMES.items():
        for sentence in reversed(sentences):
            if pattern.search(sentence):
                return Outcome(kind, _cut(sentence))
    return Outcome()


def rarity_of(words: Words) -> dict[str, float]:
    """How rare each single word is."""
    pairs = zip(words.names, words.rarity.tolist(), strict=True)
    return {name: weight for name, weight in pairs if " " not in name}


def _distinct(places: Sequence[int], words: Words) -> list[str]:
    found: list[str] = []
    said: set[str] = set()
    for place in places:
        parts = set(words.names[place].split(" "))
        if not parts & said and not any(_alike(part, one) for part in parts for one in said):
            found.append(words.shown[place])
            said |= parts
    return found[:KEYWORDS]


def _alike(one: str, other: str) -> bool:
    """Whether two words differ by an ending of up to two letters."""
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and len(long) - len(short) < 3 and long.startswith(short)


def _bag(sentence: str, rarity: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in sequence_of(sentence):
        weight = rarity.get(word.lower(), 0.0)
        if weight:
            found[word.lower()] = found.get(word.lower(), 0.0) + weight
    return found


def _near(bag: Mapping[str, float], whole: Mapping[str, float]) -> float:
    length = math.sqrt(sum(weight**2 for weight in bag.values())) * math.sqrt(sum(w**2 for w in whole.values()))
    return sum(weight * whole.get(word, 0.0) for word, weight in bag.items()) / length if length else 0.0


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + " …"
