"""Room evaluation. In: development rows, sealed questions or time -> Out: which columns changed (GST-T01 to T08).

A column counts as changed where chance does not explain it (Kolmogorov-Smirnov or chi-squared, at 1 % over all columns
by Holm 1979) and at least a tenth of the rows would have to move to undo it (the statistic of Kolmogorov and Smirnov,
or total variation). Where rows share an entity, one row of each counts, for tests need rows that are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding, Section
from grundstein.evaluation.checks import quick, rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL, MOVED, TOLD_APART = 0.01, 0.1, 0.6
FEWEST, MOST_ROWS, MOST_APART = 50, 10_000, 4_000
FEW_VALUES, MOST_CATEGORIES, LATER = 10, 30, 0.25
TOLD, SHOWN = 3, 8
TITLE = {"en": "What changed in time", "de": "Was sich mit der Zeit geändert hat"}
LABELS = {
    "column": {"en": "column", "de": "Spalte"},
    "moved": {"en": "share of rows that lie elsewhere", "de": "Anteil der Zeilen, die anderswo liegen"},
}


class Two(NamedTuple):
    """Values of one column in two parts."""

    before: pa.ChunkedArray
    after: pa.ChunkedArray


@dataclass(frozen=True)
class Change:
    """How far one column differs: the share of rows moved, the probability that chance does that, and in words."""

    column: str
    moved: float
    chance: float
    code: str
    facts: dict[str, Fact]


def check(look: Look) -> Checked:
    """Compare the latest quarter of the development rows with those before it; a change in time is a tip."""
    if not look.has_target or look.time not in look.table.column_names:
        return Checked()
    when = rows.numbers(look.table[look.time])
    late = when > np.nanquantile(when, 1 - LATER)
    before, after = (look.table.filter(pa.array(part)) for part in (~late, late))
    changes = compared(look, before, after, _timeless(look))
    if not changes:
        return Checked()
    changed = told_changed(changes)
    if not changed:
        return Checked((Finding("GST-T07", "passed", {"columns": len(changes)}),))
    found = (Finding("GST-T02", "tip", _named(changed, changes)), *_told(changed))
    return Checked(found, (_figure(changed),))


def sealed(look: Look) -> Checked:
    """Compare development rows with the sealed questions; an issue, unless the seal is a cut in time."""
    questions = look.questions
    if questions is None or not look.has_target:
        return Checked()
    timeless = _timeless(look) if look.split == "time" else look.features
    names = [n for n in timeless if n in questions.column_names and not rows.numbers_rows(look.table[n], n)]
    changes = compared(look, look.table, questions, names)
    if not changes:
        return Checked()
    changed = told_changed(changes)
    apart, error = told_apart(look, questions, names)
    facts: dict[str, Fact] = {"apart": round(apart, 3), "questions": questions.num_rows}
    section: Section = "tip" if look.split == "time" else "issue"
    if changed:
        return Checked((Finding("GST-T01", section, facts | _named(changed, changes)), *_told(changed)))
    if apart >= TOLD_APART and apart - 0.5 > 3 * error:
        return Checked((Finding("GST-T08", section, facts | {"columns": len(changes)}),))
    return Checked((Finding("GST-T06", "passed", facts | {"columns": len(changes)}),))


def compared(look: Look, before: pa.Table, after: pa.Table, names: Sequence[str]) -> list[Change]:
    """Compare each column that says something, the most changed first; empty where a part is small."""
    shared = [n for n in names if not rows.numbers_rows(look.table[n], n)]
    before, after = (_independent(part, look, MOST_ROWS) for part in (before, after))
    if min(before.num_rows, after.num_rows) < FEWEST:
        return []
    found = [one for n in shared if (one := change(n, Two(before[n], after[n]))) is not None]
    return sorted(found, key=lambda one: (-one.moved, one.column))


def told_changed(changes: Sequence[Change]) -> list[Change]:
    """The changes that are both sure (Holm) and large."""
    order = sorted(changes, key=lambda one: one.chance)
    sure = set()
    for place, one in enumerate(order):
        if one.chance * (len(order) - place) > LEVEL:
            break
        sure.add(one.column)
    return [one for one in changes if one.column in sure and one.moved >= MOVED]


def told_apart(look: Look, questions: pa.Table, names: Sequence[str]) -> tuple[float, float]:
    """How well a cheap linear model tells the sealed questions from development rows (ROC AUC), and its error."""
    before, after = (_independent(part, look, MOST_APART // 2) for part in (look.table, questions))
    both = pa.concat_tables([before.select(names), after.select(names)], promote_options="permissive")
    later = np.repeat([0.0, 1.0], [before.num_rows, after.num_rows])
    sample = quick.sample(both, quick.Goal("two", later, np.ones(len(later), dtype=np.bool_)), names, "", look.seed)
    x, y = sample.matrix(sample.blocks), sample.goal
    areas = [quick.auc(y[p[1]] > 0, quick.linear(x, y, p, "two")) for p in quick.random_parts(len(y), look.seed)]
    error = np.sqrt((len(later) + 1) / (12 * before.num_rows * after.num_rows))
    return float(np.mean(areas)), float(error)


def change(name: str, two: Two) -> Change | None:
    """Compare one column; None where it cannot be compared (free text)."""
    parts = [(np.asarray(column.is_null()), column) for column in two]
    empty = _emptier(name, *(gone for gone, _ in parts))
    filled = Two(*(_filled(column) for column in two))
    if min(len(column) for column in filled) < FEWEST:
        return empty
    graded = rows.is_time(two.before) or (rows.is_number(two.before) and rows.distinct(two.before) > FEW_VALUES)
    found = _graded(name, filled) if graded else _sorted(name, filled)
    if found is None or empty.moved > found.moved:
        return empty if found is None else _doubled(empty)
    return _doubled(found)


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values that say something: not empty, and a finite number where it is one."""
    column = column.drop_null()
    return column.filter(pc.is_finite(column)) if pa.types.is_floating(column.type) else column


def _doubled(one: Change) -> Change:
    """Two tests were made of the column: whether it is filled, and with what."""
    return Change(one.column, one.moved, min(1.0, 2 * one.chance), one.code, one.facts)


def _emptier(name: str, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Change:
    facts: dict[str, Fact] = {"column": name, "before": float(before.mean()), "after": float(after.mean())}
    table = np.array([[before.sum(), (~before).sum()], [after.sum(), (~after).sum()]], dtype=np.float64)
    moved = abs(float(after.mean() - before.mean()))
    return Change(name, moved, _by_chance(table), "GST-T05", facts)


def _graded(name: str, two: Two) -> Change:
    from scipy.special import kolmogorov

    before, after = (np.sort(rows.numbers(column)) for column in two)
    steps = np.unique(np.concatenate([before, after]))
    one, other = (np.searchsorted(part, steps, side="right") / len(part) for part in (before, after))
    widest = int(np.argmax(np.abs(one - other)))
    moved = float(abs(one - other)[widest])
    many = np.sqrt(len(before) * len(after) / (len(before) + len(after)))
    facts: dict[str, Fact] = {
        "column": name,
        "value": _written(steps[widest], two.before),
        "before": float(one[widest]),
        "after": float(other[widest]),
    }
    if rows.is_time(two.before):
        return Change(name, moved, float(kolmogorov(many * moved)), "GST-T09", facts)
    means: dict[str, Fact] = {"mean_before": float(before.mean()), "mean_after": float(after.mean())}
    return Change(name, moved, float(kolmogorov(many * moved)), "GST-T04", facts | means)


def _sorted(name: str, two: Two) -> Change | None:
    code, names = rows.codes(pa.chunked_array([rows.texts(part).combine_chunks() for part in two]))
    if len(names) > len(code) / 4:
        return None
    before, after = code[: len(two.before)], code[len(two.before) :]
    counts = np.stack([np.bincount(part, minlength=len(names) + 1)[1:] for part in (before, after)]).astype(np.float64)
    kept = np.argsort(-counts.sum(axis=0), kind="stable")[:MOST_CATEGORIES]
    named = [names[k] for k in kept] + ["…"]
    table = np.concatenate(
        [counts[:, kept], counts.sum(axis=1, keepdims=True) - counts[:, kept].sum(axis=1, keepdims=True)], 1
    )
    shares = table / table.sum(axis=1, keepdims=True)
    moved = float(np.abs(shares[0] - shares[1]).sum() / 2)
    widest = int(np.argmax(np.abs(shares[0] - shares[1])))
    facts: dict[str, Fact] = {
        "column": name,
        "value": named[widest],
        "before": float(shares[0, widest]),
        "after": float(shares[1, widest]),
    }
    return Change(name, moved, _by_chance(table), "GST-T03", facts | {"moved": moved})


def _by_chance(table: Floats) -> float:
    """Chi-squared test that two rows of counts are alike; what is expected under five times is put together."""
    from scipy.special import chdtrc

    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < 5
    table = np.concatenate([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)], axis=1)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    wanted = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / table.sum()
    return float(chdtrc(table.shape[1] - 1, ((table - wanted) ** 2 / wanted).sum()))


def _timeless(look: Look) -> list[str]:
    """Columns that are no date: where rows are compared in time, another date says the same once more."""
    return [n for n in look.features if not rows.is_time(look.table[n])]


def _written(value: float, column: pa.ChunkedArray) -> Fact:
    return str(np.datetime64(int(value), "us"))[:10] if rows.is_time(column) else float(f"{value:.6g}")


def _independent(part: pa.Table, look: Look, most: int) -> pa.Table:
    """At most so many rows, drawn by the seed; one row of each entity."""
    order = np.random.default_rng(look.seed).permutation(part.num_rows)
    if look.entity in part.column_names:
        entity = rows.codes(part[look.entity])[0][order]
        first = np.unique(entity, return_index=True)[1]
        order = order[np.sort(first)]
    return part.take(pa.array(np.sort(order[:most])))


def _named(changed: Sequence[Change], changes: Sequence[Change]) -> dict[str, Fact]:
    more = "" if len(changed) <= 5 else ", …"
    names = ", ".join(one.column for one in changed[:5]) + more
    return {"names": names, "count": len(changed), "columns": len(changes), "moved": round(changed[0].moved, 3)}


def _told(changed: Sequence[Change]) -> list[Finding]:
    return [Finding(one.code, "tip", {n: _rounded(v) for n, v in one.facts.items()}) for one in changed[:TOLD]]


def _rounded(fact: Fact) -> Fact:
    return float(f"{fact:.6g}") if isinstance(fact, float) else fact


def _figure(changed: Sequence[Change]) -> Figure:
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "column": tuple(one.column for one in changed[:SHOWN]),
        "moved": tuple(round(one.moved, 4) for one in changed[:SHOWN]),
    }
    return Figure("changed_in_time", "bar", TITLE, columns, x="column", y="moved", labels=LABELS)
