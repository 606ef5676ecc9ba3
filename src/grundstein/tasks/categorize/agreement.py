"""Room tasks. In: what people said of which item -> Out: how often two people agree, and rows completed by their word.

A table of labels has the columns that name an item, the category, `told_by` and `told_at`; of what one person said of
an item twice the newest counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.columns import as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LABELS = "__labels"
BY, AT, SUGGESTED, ROW = "told_by", "told_at", "suggested", "row"
Item = tuple[Any, ...]
Said = dict[Item, dict[str, str]]


@dataclass(frozen=True)
class Agreement:
    """Two people on one item: how often they agree, and Cohen's kappa (1960), which leaves out what chance would do.

    `disputed` are the categories that are given beside one another most often, as pairs with their number.
    """

    items: int
    people: int
    share: float
    kappa: float
    disputed: Sequence[tuple[str, str, int]]


def is_labels(table: pa.Table) -> bool:
    """Whether a table says who said what of which item."""
    return {BY, AT} <= set(table.column_names)


def item_columns(labels: pa.Table, target: str) -> list[str]:
    """The columns that name an item."""
    return [name for name in labels.column_names if name not in (target, BY, AT, SUGGESTED, "_row", "_batch")]


def items_of(rows: pa.Table, keys: Sequence[str]) -> list[Item]:
    """The item of each row; `row` is the place in the table where it has no key."""
    names = ["_row" if name == ROW and ROW not in rows.column_names else name for name in keys]
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def said_of(labels: pa.Table, target: str) -> Said:
    """Return by item who said what."""
    found: Said = defaultdict(dict)
    when = np.argsort(np.asarray(pc.fill_null(pc.cast(labels[AT], pa.int64()), 0)), kind="stable")
    told = labels.take(pa.array(when))
    columns = (items_of(told, item_columns(labels, target)), told[BY].to_pylist(), as_texts(told, target).to_pylist())
    for item, person, label in zip(*columns, strict=True):
        if label is not None:
            found[item].pop(person or "", None)
            found[item][person or ""] = label
    return dict(found)


def settled(said: Mapping[str, str]) -> str:
    """What counts of several people's word: what most said, of those as often the newest."""
    often = Counter(said.values())
    most = max(often.values())
    return next(label for label in reversed(list(said.values())) if often[label] == most)


def agreement(said: Said) -> Agreement | None:
    """Compare every two people on every item that both know; None where there is none."""
    pairs = [(one[first], one[second]) for one in said.values() for first, second in combinations(sorted(one), 2)]
    if not pairs:
        return None
    share = float(np.mean([one == other for one, other in pairs]))
    both = [one for one in said.values() if len(one) > 1]
    apart = Counter(tuple(sorted(pair)) for pair in pairs if pair[0] != pair[1])
    disputed = [(pair[0], pair[1], count) for pair, count in sorted(apart.items(), key=lambda one: (-one[1], one[0]))]
    people = len({person for one in both for person in one})
    return Agreement(len(both), people, share, _kappa(pairs, share), tuple(disputed[:5]))


def completed(rows: pa.Table, labels: pa.Table, target: str) -> pa.Table:
    """The rows, those without a category with what people said of them."""
    keys = item_columns(labels, target)
    names = ["_row" if name == ROW and ROW not in rows.column_names else name for name in keys]
    if not keys or not set(names) <= set(rows.column_names):
        return rows
    said = {item: settled(one) for item, one in said_of(labels, target).items()}
    kind = rows.schema.field(target).type
    told = pa.array([said.get(item) for item in items_of(rows, keys)], pa.string()).cast(kind)
    return rows.set_column(rows.column_names.index(target), target, pc.coalesce(rows[target], told))


def outside(labels: pa.Table, sealed: pa.Table, target: str) -> pa.Table:
    """The labels of items that are not among the sealed rows."""
    keys = item_columns(labels, target)
    names = ["_row" if name == ROW and ROW not in sealed.column_names else name for name in keys]
    if not set(names) <= set(sealed.column_names):
        return labels
    hidden = set(items_of(sealed, keys))
    return labels.filter(pa.array([item not in hidden for item in items_of(labels, keys)], pa.bool_()))


def _kappa(pairs: Sequence[tuple[str, str]], share: float) -> float:
    """Agreement beyond chance; who of two stands first says nothing, so both orders count."""
    often = Counter(label for pair in pairs for label in pair)
    chance = sum((count / (2 * len(pairs))) ** 2 for count in often.values())
    return 1.0 if chance >= 1 else (share - chance) / (1 - chance)
