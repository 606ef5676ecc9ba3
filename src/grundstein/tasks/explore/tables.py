"""Room tasks. In: an Archive -> Out: its governed tables: documents, groups, trends, duplicates, entities, references.

All rows of one build carry its digest in `build`: a later build stands behind an earlier one, none is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.tasks.explore.corpus import NO_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.tasks.explore.building import Archive


def tables_of(archive: Archive, case: str, build: str) -> Mapping[str, pa.Table]:
    """Return tables by name; one without rows is left out."""
    made = {
        "documents": _documents(archive),
        "groups": _groups(archive),
        "trends": _trends(archive),
        "duplicates": _duplicates(archive),
        "entities": _entities(archive),
        "references": _references(archive),
    }
    return {
        f"{case}_{name}": table.append_column("build", pa.array([build] * table.num_rows))
        for name, table in made.items()
        if table.num_rows
    }


def _documents(archive: Archive) -> pa.Table:
    corpus, groups = archive.corpus, archive.groups
    return pa.table(
        {
            "document": pa.array(corpus.ids, pa.string()),
            "title": pa.array(corpus.titles, pa.string()),
            "year": pa.array([None if year == NO_YEAR else int(year) for year in corpus.years], pa.int64()),
            "group": pa.array([None if group < 0 else int(group) + 1 for group in groups.of], pa.int64()),
            "group_name": pa.array([None if group < 0 else groups.names[group] for group in groups.of], pa.string()),
            "keywords": pa.array([" | ".join(words) for words in archive.keywords], pa.string()),
            "summary": pa.array(archive.summaries, pa.string()),
            "outcome": pa.array([one.kind or None for one in archive.outcomes], pa.string()),
            "outcome_sentence": pa.array([one.sentence or None for one in archive.outcomes], pa.string()),
        }
    )


def _groups(archive: Archive) -> pa.Table:
    groups = archive.groups
    numbers = range(len(groups.names))
    trends = [archive.trends.get(number) for number in numbers]
    return pa.table(
        {
            "group": pa.array([number + 1 for number in numbers], pa.int64()),
            "name": pa.array(groups.names, pa.string()),
            "documents": pa.array([int((groups.of == number).sum()) for number in numbers], pa.int64()),
            "terms": pa.array([" | ".join(terms) for terms in groups.terms], pa.string()),
            "found_again": pa.array(groups.each, pa.float64()),
            "coherence": pa.array(groups.coherence, pa.float64()),
            "change": pa.array([None if one is None else one.change for one in trends], pa.float64()),
            "direction": pa.array([None if one is None else one.direction for one in trends], pa.string()),
        }
    )


def _trends(archive: Archive) -> pa.Table:
    named = [("group", archive.groups.names[group], trend) for group, trend in archive.trends.items()]
    named += [("term", word, trend) for word, trend in archive.word_trends.items()]
    rows = [
        {
            "kind": kind,
            "name": name,
            "year": year,
            "documents": own,
            "all": every,
            "share": share,
            "low": low,
            "high": high,
        }
        for kind, name, one in named
        for year, every, own, share, low, high in zip(
            one.periods, one.all, one.own, one.share, one.low, one.high, strict=True
        )
        if every
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"kind": pa.array([], pa.string())})


def _duplicates(archive: Archive) -> pa.Table:
    rows = np.flatnonzero(archive.alike.copies)
    ids = archive.corpus.ids
    return pa.table(
        {
            "document": pa.array([ids[row] for row in rows], pa.string()),
            "repeats": pa.array([ids[archive.alike.first[row]] for row in rows], pa.string()),
            "likeness": pa.array(archive.alike.likeness[rows], pa.float64()),
        }
    )


def _entities(archive: Archive) -> pa.Table:
    rows = [
        {"document": name, "kind": one.kind, "value": one.value, "times": one.times}
        for name, named in zip(archive.corpus.ids, archive.entities, strict=True)
        for one in named
    ]
    return pa.Table.from_pylist(rows) if rows else pa.table({"document": pa.array([], pa.string())})


def _references(archive: Archive) -> pa.Table:
    ids = archive.corpus.ids
    return pa.table(
        {
            "document": pa.array([ids[one] for one, _ in archive.references], pa.string()),
            "names": pa.array([ids[other] for _, other in archive.references], pa.string()),
        }
    )
