"""Room tasks. In: a corpus and its references -> Out: Archive, everything that the explorer and its tables show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.explore.corpus import NO_YEAR, corpus_of
from grundstein.tools.archive.alike import Alike, alike_of
from grundstein.tools.archive.chart import Chart, chart_of
from grundstein.tools.archive.entities import Gazetteer, Named, entities_of
from grundstein.tools.archive.groups import Groups, groups_of
from grundstein.tools.archive.telling import Outcome, keywords_of, outcome_of, rarity_of, sentences_of, summary_of
from grundstein.tools.archive.trends import Trend, trend_of
from grundstein.tools.archive.words import Words, words_of
from grundstein.tools.columns import as_texts
from grundstein.tools.language import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from grundstein.core.ports import Progress
    from grundstein.tasks.explore.corpus import Corpus
    from grundstein.tasks.explore.options import Plan

WORDS_SHOWN = 40
ASKED_LANGUAGE = 200
OTHER = "other"


@dataclass(frozen=True, eq=False)
class Archive:
    """All that is known of an archive; lists have one entry a document."""

    corpus: Corpus
    words: Words
    groups: Groups
    alike: Alike
    keywords: list[list[str]]
    summaries: list[str]
    outcomes: list[Outcome]
    entities: list[list[Named]]
    references: list[tuple[int, int]]
    unknown_references: int
    trends: dict[int, Trend]
    word_trends: dict[str, Trend]
    chart: Chart | None
    languages: dict[str, float]


def archive_of(
    rows: pa.Table, references: pa.Table | None, plan: Plan, seed: int, progress: Progress, draw: bool = True
) -> Archive:
    """Read documents and find out all that the explorer shows. Groups are learnt from texts that repeat no other.

    `draw`: with a map.
    """
    progress.step("reading the documents")
    corpus = corpus_of(rows, plan)
    texts = corpus.whole
    alike = alike_of(texts, seed)
    words = words_of(texts)
    progress.step("looking for groups")
    groups = _groups(words, alike, plan, seed)
    progress.step("drawing the map")
    chart = chart_of(groups.places, seed) if draw and groups.found else None
    progress.step("reading sentences")
    keywords = [own or made for own, made in zip(corpus.keywords, keywords_of(words), strict=True)]
    rarity = rarity_of(words)
    sentences = [sentences_of(text) for text in corpus.texts]
    edges, unknown = _references(references, corpus, plan)
    named = [Gazetteer(plan.names), Gazetteer(filter(_telling, corpus.ids), "document")]
    entities = [entities_of(text, named) for text in texts]
    return Archive(
        corpus,
        words,
        groups,
        alike,
        keywords,
        [summary_of(one, rarity) for one in sentences],
        [outcome_of(one) for one in sentences],
        entities,
        list(dict.fromkeys([*edges, *_mentions(corpus, entities)])),
        unknown,
        _trends(corpus, groups),
        _word_trends(corpus, words),
        chart,
        _languages(texts),
    )


def _groups(words: Words, alike: Alike, plan: Plan, seed: int) -> Groups:
    """Learn groups on first texts only, so that a thousand copies are one; a copy stands where its first one does."""
    own = np.flatnonzero(~alike.copies)
    part = Words(words.names, words.shown, words.held[own], words.times[own])
    found = groups_of(part, seed, plan.groups)
    place = np.empty(len(alike.first), dtype=np.int64)
    place[own] = np.arange(len(own))
    roots = np.array([_root(alike, row) for row in range(len(alike.first))], dtype=np.int64)
    whole = place[roots]
    return Groups(
        found.of[whole],
        found.names,
        found.terms,
        found.each,
        found.coherence,
        found.chosen,
        found.tried,
        found.places[whole],
    )


def _root(alike: Alike, row: int) -> int:
    while alike.first[row] != row:
        row = int(alike.first[row])
    return row


def _references(references: pa.Table | None, corpus: Corpus, plan: Plan) -> tuple[list[tuple[int, int]], int]:
    """Pairs of documents, the second named by the first, each once; and how many name a document that is not here."""
    if references is None:
        return [], 0
    place = {name: row for row, name in enumerate(corpus.ids)}
    pairs = zip(
        as_texts(references, plan.source).to_pylist(), as_texts(references, plan.target).to_pylist(), strict=True
    )
    told = [(place.get(one, -1), place.get(other, -1)) for one, other in pairs]
    known = dict.fromkeys(pair for pair in told if min(pair) >= 0 and pair[0] != pair[1])
    return list(known), sum(min(pair) < 0 for pair in told)


def _telling(name: str) -> bool:
    """Whether an id is one wherever it stands: letters and digits, not a plain number."""
    return len(name) > 3 and any(map(str.isdigit, name)) and any(map(str.isalpha, name)) and " " not in name


def _mentions(corpus: Corpus, entities: Sequence[Sequence[Named]]) -> list[tuple[int, int]]:
    """Pairs of documents, the id of the second in the text of the first."""
    place = {name: row for row, name in enumerate(corpus.ids)}
    pairs = [(row, place[one.value]) for row, named in enumerate(entities) for one in named if one.kind == "document"]
    return [(one, other) for one, other in pairs if one != other]


def _trends(corpus: Corpus, groups: Groups) -> dict[int, Trend]:
    dated = corpus.years != NO_YEAR
    if not dated.any():
        return {}
    years = corpus.years[dated]
    return {group: trend_of(years, groups.of[dated] == group) for group in range(len(groups.names))}


def _word_trends(corpus: Corpus, words: Words) -> dict[str, Trend]:
    """Trends of the terms whose share changed most clearly between the first and the last third."""
    dated = np.flatnonzero(corpus.years != NO_YEAR)
    if not len(dated):
        return {}
    years = corpus.years[dated]
    early, late = np.quantile(years, [1 / 3, 2 / 3], method="inverted_cdf")
    parts = [words.held[dated[years <= early]], words.held[dated[years > late]]]
    if not all(part.shape[0] for part in parts):
        return {}
    shares = [np.asarray(part.mean(axis=0), dtype=np.float64).ravel() for part in parts]
    error = np.sqrt(sum(s * (1 - s) / p.shape[0] + 1 / p.shape[0] ** 2 for s, p in zip(shares, parts, strict=True)))
    clear = np.argsort(-np.abs(shares[1] - shares[0]) / error, kind="stable")[:WORDS_SHOWN]
    columns = words.held.tocsc()
    found = {}
    for place in clear.tolist():
        inside = np.asarray(columns[:, [place]].toarray()).ravel()[dated] > 0
        found[words.shown[place]] = trend_of(years, inside)
    return {word: one for word, one in found.items() if one.direction in ("up", "down")}


def _languages(texts: Sequence[str]) -> dict[str, float]:
    """The share of each language, by up to 200 texts spread over the archive; those of a few words tell none."""
    step = max(1, len(texts) // ASKED_LANGUAGE)
    told = Counter(language_of(text) or OTHER for text in texts[::step] if text.strip())
    return {name: count / sum(told.values()) for name, count in told.most_common()}
