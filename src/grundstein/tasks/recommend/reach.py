"""Room tasks. In: lists -> Out: what they do to the catalogue: coverage, novelty, what was popular anyway."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.tasks.recommend.events import texts

if TYPE_CHECKING:
    import pyarrow as pa

    from grundstein.core.task import Split
    from grundstein.tasks.recommend.options import Reading

HEAD = 0.1


def reached(read: Reading, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return four figures of lists.

    `coverage`: share of the items shown to anybody. `novelty`: bits, 1 for an item that half of all choices are of.
    `popular_shown`: share of what is shown that is of the most popular tenth; `popular_chosen`: of what was chosen.
    """
    counts = Counter(dict(_counts(read, split)))
    shown = Counter(item for items in answers["items"].to_pylist() for item in (items or ())[: read.k])
    catalogue = {*counts, *_catalogue(read, split)}
    events, total = sum(counts.values()), sum(shown.values())
    if not total or not events:
        return {"coverage": 0.0, "novelty": 0.0, "popular_shown": 0.0, "popular_chosen": 0.0}
    ranked = sorted(counts, key=lambda item: (-counts[item], item))
    head = set(ranked[: max(int(np.ceil(HEAD * len(catalogue))), 1)])
    bits = sum(times * -np.log2(max(counts[item], 1) / events) for item, times in shown.items())
    return {
        "coverage": len(shown) / len(catalogue | set(shown)),
        "novelty": float(bits / total),
        "popular_shown": sum(times for item, times in shown.items() if item in head) / total,
        "popular_chosen": sum(counts[item] for item in head) / events,
    }


def pictures(read: Reading, split: Split, answers: pa.Table) -> list[Figure]:
    """Return the table of what the lists do to the catalogue."""
    found = reached(read, split, answers)
    return [
        Figure(
            "reach",
            "table",
            {"en": "What the lists do to the catalogue", "de": "Was die Listen mit dem Angebot machen"},
            {name: (value,) for name, value in found.items()},
            labels={
                "coverage": {"en": "Share of items shown to anybody", "de": "Anteil der Artikel, die jemand sieht"},
                "novelty": {"en": "Novelty (bits; higher is rarer)", "de": "Neuheit (Bit; höher ist seltener)"},
                "popular_shown": {
                    "en": "Of what is shown, from the most popular tenth",
                    "de": "Vom Gezeigten aus dem beliebtesten Zehntel",
                },
                "popular_chosen": {
                    "en": "Of what was chosen, from the most popular tenth",
                    "de": "Vom Gewählten aus dem beliebtesten Zehntel",
                },
            },
        )
    ]


def _catalogue(read: Reading, split: Split) -> list[str]:
    if "items" not in split.development:
        return []
    return texts(split.development["items"][read.item]).drop_null().to_pylist()


def _counts(read: Reading, split: Split) -> list[tuple[str, int]]:
    known = texts(split.development["events"][read.item]).drop_null().value_counts()
    return list(zip(known.field("values").to_pylist(), known.field("counts").to_pylist(), strict=True))
