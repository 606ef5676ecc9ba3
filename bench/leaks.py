"""Bench. In: honest tables and a fixed list of planted leaks -> Out: which are found, which are missed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.evaluation import checks
from public import CLEAN, Known, bank, look, simulated, truth
from tabled import table

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 3_000
TABLES = (
    "Telco",
    "bank churn",
    "Adult",
    "bank marketing without `duration`",
    "credit",
    "Hillstrom",
    "Ames",
    "bikes",
    "wine",
    "breast cancer",
    "diabetes",
    "make_classification, 4 classes",
    "simulated customers",
    "simulated orders",
)
Plant = Callable[[Known, np.random.Generator], Known]


@dataclass(frozen=True)
class Leak:
    """One kind of leak: how it is planted, which findings count, and whether it must be found."""

    name: str
    plant: Plant
    must: bool
    codes: tuple[str, ...] = ("GST-K",)
    only: str = ""
    why: str = ""


def is_number(known: Known) -> bool:
    """Whether the answer is a number."""
    return look(known, 0).goal.kind == "number"


def wrong(y: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The answer with a share of its rows wrong: another class, or another row's number."""
    hit = rng.random(len(y)) < share
    classes = np.unique(y)
    if len(classes) > 30:
        return np.where(hit, rng.permutation(y), y)
    place = np.searchsorted(classes, y)
    other = (place + rng.integers(1, len(classes), len(y))) % len(classes)
    return np.where(hit, classes[other], y)


def copy(share: float) -> Plant:
    """The answer under another name and on another scale, a share of the rows wrong."""
    return lambda known, rng: known.added(leak=wrong(truth(known), share, rng) * 3 + 7)


def jittered(known: Known, rng: np.random.Generator) -> Known:
    """The answer with noise of a tenth of its spread added to every row."""
    y = truth(known)
    return known.added(leak=y * 3 + 7 + rng.normal(0, 0.3 * y.std(), len(y)))


def two_wrong(known: Known, rng: np.random.Generator) -> Known:
    """Two copies, each wrong in 5 % of the rows, at other rows: they hide one another."""
    y = truth(known)
    return known.added(leak=wrong(y, 0.05, rng), leak_too=wrong(y, 0.05, rng))


def graded(known: Known, rng: np.random.Generator) -> NDArray[np.float64]:
    """A trace that grows with the answer, such as the length of a call that ended in a sale."""
    y = truth(known)
    step = (y - y.min()) / max(float(np.ptp(y)), 1.0) if is_number(known) else y
    return np.round(rng.gamma(2, 60, len(y)) * (1 + 4 * step))


def two_traces(known: Known, rng: np.random.Generator) -> Known:
    """The same trace in seconds and, rounded, in minutes."""
    seconds = graded(known, rng)
    return known.added(leak=seconds, leak_too=np.round(seconds / 60, 1))


def afterwards(known: Known, rng: np.random.Generator) -> Known:
    """A value filled after the event: a trace of the answer, for every row."""
    return known.added(leak=graded(known, rng))


def aggregate(known: Known, rng: np.random.Generator) -> Known:
    """The mean answer of the row's group (about 20 rows), the row itself counted."""
    y = truth(known)
    group = rng.integers(0, max(len(y) // 20, 3), len(y))
    mean = np.bincount(group, weights=y) / np.maximum(np.bincount(group), 1)
    return known.added(leak=mean[group])


def order_of_ids(known: Known, rng: np.random.Generator) -> Known:
    """Running numbers given after a sort by the answer."""
    y = truth(known)
    place = np.empty(len(y), dtype=np.int64)
    place[np.lexsort((rng.random(len(y)), y))] = np.arange(len(y))
    return known.added(leak=place + 1000)


def missing(known: Known, rng: np.random.Generator) -> Known:
    """A date that is there exactly when the answer is yes (one class of many, the upper quarter of numbers)."""
    y = truth(known)
    yes = y > np.quantile(y, 0.75) if is_number(known) else y == 1
    days = [int(d) if there else None for d, there in zip(rng.integers(0, 900, len(y)), yes, strict=True)]
    return known.added(leak=days)


def half(known: Known, rng: np.random.Generator) -> Known:
    """A date that is there for half of the yes and never else."""
    y = truth(known)
    yes = (y > np.quantile(y, 0.75) if is_number(known) else y == 1) & (rng.random(len(y)) < 0.5)
    return known.added(leak=[k % 90 if there else None for k, there in enumerate(yes)])


def category(known: Known, rng: np.random.Generator) -> Known:
    """A status code: six codes for each answer (for each tenth of a number)."""
    y = truth(known)
    band = np.searchsorted(np.quantile(y, np.linspace(0, 1, 11)[1:-1]), y) if is_number(known) else y.astype(int)
    code = rng.permutation(6 * (int(band.max()) + 1))
    return known.added(leak=[f"S{code[k]:02d}" for k in 6 * band + rng.integers(0, 6, len(y))])


def duplicated(known: Known, rng: np.random.Generator) -> Known:
    """A tenth of the rows stand twice."""
    n = known.table.num_rows
    return known.with_rows(rng.permutation(np.concatenate([np.arange(n), rng.choice(n, n // 10, replace=False)])))


def of_entities(known: Known, rng: np.random.Generator, entity: str = "account_no") -> Known:
    """Each row stands for a customer with three visits: the reasons differ a little, the answer is one."""
    n = known.table.num_rows
    rows = rng.permutation(np.repeat(rng.choice(n, n // 3, replace=False), 3))
    many = known.with_rows(rows)
    for name in many.table.column_names:
        column = many.table[name]
        if name not in (known.target, known.time) and checks.rows.is_number(column):
            values = checks.rows.numbers(column)
            moved = pa.array(values + rng.normal(0, 0.1, len(rows)) * np.nanstd(values))
            many = replace(many, table=many.table.set_column(many.table.column_names.index(name), name, moved))
    return many.added(**{entity: [f"A{row:05d}" for row in rows]} if entity else {})


def uneven(known: Known, rng: np.random.Generator) -> Known:
    """The rarest class cut to a third of itself where classes are nearly even: else there is nothing to fill up."""
    y = truth(known)
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < counts.max() / 2:
        return known
    rare = classes[np.argmin(counts)]
    return known.with_rows(np.flatnonzero((y != rare) | (rng.random(len(y)) < 1 / 3)))


def oversampled(known: Known, rng: np.random.Generator) -> Known:
    """Rows of rarer classes copied until they are as many as the commonest."""
    known = uneven(known, rng)
    y = truth(known)
    classes, counts = np.unique(y, return_counts=True)
    more = [rng.choice(np.flatnonzero(y == c), counts.max() - m) for c, m in zip(classes, counts, strict=True)]
    return known.with_rows(rng.permutation(np.concatenate([np.arange(len(y)), *more])))


def interpolated(known: Known, rng: np.random.Generator) -> Known:
    """SMOTE by hand: new rows of the rare class between a row and one of its five nearest; categories from the row."""
    known = uneven(known, rng)
    y, table = truth(known), known.table.drop([n for n in known.key if n != known.time])
    classes, counts = np.unique(y, return_counts=True)
    rare = table.take(pa.array(np.flatnonzero(y == classes[np.argmin(counts)])))
    numeric = [n for n in rare.column_names if checks.rows.is_number(rare[n]) and n != known.target]
    points = np.stack([np.nan_to_num(checks.rows.numbers(rare[n])) for n in numeric], axis=1)
    scaled = points / np.where(points.std(axis=0) > 0, points.std(axis=0), 1.0)
    base = rng.integers(0, len(points), counts.max() - counts.min())
    near = {i: np.argsort(((scaled - scaled[i]) ** 2).sum(axis=1))[1:6] for i in np.unique(base)}
    partner = np.array([rng.choice(near[i]) for i in base])
    invented = points[base] + rng.random((len(base), 1)) * (points[partner] - points[base])
    new = rare.take(pa.array(base))
    for place, name in enumerate(numeric):
        new = new.set_column(new.column_names.index(name), name, pa.array(invented[:, place]))
        table = table.set_column(table.column_names.index(name), name, pc.cast(table[name], pa.float64()))
    both = pa.concat_tables([table, new.select(table.column_names)])
    return replace(known, table=both.take(pa.array(rng.permutation(both.num_rows))), key=())


def thinned(known: Known, rng: np.random.Generator) -> Known:
    """Rows of commoner classes left out until all are equal."""
    y = truth(known)
    classes, counts = np.unique(y, return_counts=True)
    kept = [rng.choice(np.flatnonzero(y == c), counts.min(), replace=False) for c in classes]
    return known.with_rows(np.sort(np.concatenate(kept)))


TWICE = ("GST-C07", "GST-S01")
MADE = ("GST-K06", "GST-K07")
ENTITY = ("GST-S07", "GST-S02")
FOUND = """Planted leaks found in an issue (entities: in a tip as well), at most 3,000 rows of a table, of which three
quarters are development; `must`: has to be found always"""
MEANT = """GST-K01 is a question: an honest column that carries almost everything looks exactly like one that is filled
afterwards."""
TRACE = """no stronger than what is honest there: rows alone cannot tell; `known_at` or two versions of the rows do"""
LEAKS = (
    Leak("copy", copy(0.0), True),
    Leak("copy, 5 % wrong", copy(0.05), True),
    Leak("copy, 10 % wrong", copy(0.10), True),
    Leak("copy, 25 % wrong", copy(0.25), False, why="as right as many an honest reason"),
    Leak("copy with jitter", jittered, True),
    Leak("two near-copies", two_wrong, True),
    Leak("two near-copies of a trace", two_traces, False, why=TRACE),
    Leak("filled after the event", afterwards, False, why=TRACE),
    Leak("aggregate over the target", aggregate, False, why="too few groups, or classes that have no mean"),
    Leak("order of ids", order_of_ids, False),
    Leak("missing exactly when", missing, True),
    Leak("filled for half of the yes", half, False, why="a weak copy: as right as many an honest reason"),
    Leak("category code", category, False),
    Leak("duplicates across the split", duplicated, True, TWICE),
    Leak("entities across the split", of_entities, True, ENTITY),
    Leak("entities, the column named `household`", partial(of_entities, entity="household"), True, ENTITY),
    Leak("entities, no column names them", partial(of_entities, entity=""), False, ENTITY, why="nothing names them"),
    Leak("rare rows copied", oversampled, True, MADE, only="classes"),
    Leak("rare rows invented", interpolated, True, MADE, only="classes"),
    Leak("common rows left out", thinned, False, MADE, only="classes", why="rows left out leave no trace"),
)


def found(leak: Leak, known: Known, seed: int) -> bool:
    """Whether the checks of `evaluate` and `decide` name this leak in an issue or a question."""
    planted = leak.plant(known, np.random.default_rng(seed))
    cut = np.random.default_rng(seed + 1).random(planted.table.num_rows) < 0.25
    questions = planted.with_rows(np.flatnonzero(cut)).table
    seen = look(planted.with_rows(np.flatnonzero(~cut)), seed, questions)
    worries = ("issue", "tip") if leak.codes == ENTITY else ("issue",)
    said = [f for one in _asked(leak) for f in one(seen).findings if f.section in worries]
    if leak.codes[0] != "GST-K":
        return any(f.code in leak.codes for f in said)
    return any("leak" in str(f.facts.get("column", f.facts.get("columns", ""))) for f in said)


def _asked(leak: Leak) -> list[checks.Check]:
    if leak.codes == TWICE:
        return [checks.duplicates.check, checks.duplicates.sealed]
    if leak.codes == MADE:
        return [checks.resampled.check]
    return [checks.known.check] if leak.codes[0] == "GST-K" else [checks.entities.check, checks.entities.sealed]


def matrix(repeats: int, tables: tuple[str, ...] = TABLES) -> list[dict[str, object]]:
    """A row a leak: how often it is found on each table, of so many drawings."""
    rows: list[dict[str, object]] = [{"leak": leak.name, "must": "yes" if leak.must else ""} for leak in LEAKS]
    for name in tables:
        whole = CLEAN[name]()
        numbers = is_number(whole)
        for leak, row in zip(LEAKS, rows, strict=True):
            if numbers and leak.only == "classes":
                row[name] = "–"
                continue
            hits = sum(found(leak, whole.some(MOST, seed), seed) for seed in range(repeats))
            row[name] = f"{hits}/{repeats}"
    return rows


def missed(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The leaks that are not always found: where, and why."""
    told = []
    for leak, row in zip(LEAKS, rows, strict=True):
        counts = {name: str(cell).split("/") for name, cell in row.items() if "/" in str(cell)}
        short = [f"{name} {hits}/{of}" for name, (hits, of) in counts.items() if hits != of]
        if short:
            where = "everywhere" if all(hits == "0" for hits, _ in counts.values()) else ", ".join(short)
            told.append({"leak": leak.name, "missed (found of drawn)": where, "why": leak.why})
    return told


def worries(known: Known, seed: int) -> list[str]:
    """What the checks of leaks and copies would worry a reader with: `CODE column`, of issues alone."""
    cut = np.random.default_rng(seed).random(known.table.num_rows) < 0.25
    seen = look(known.with_rows(np.flatnonzero(~cut)), seed, known.with_rows(np.flatnonzero(cut)).table)
    said = [f for one in WORRYING for f in one(seen).findings if f.section == "issue"]
    return sorted({f"{f.code} {f.facts.get('column', f.facts.get('columns', ''))}".strip() for f in said})


WORRYING = (
    checks.known.check,
    checks.resampled.check,
    checks.duplicates.check,
    checks.duplicates.sealed,
    checks.entities.check,
)


def clean(repeats: int) -> list[dict[str, object]]:
    """Honest tables, each split so many times into development and sealed rows: in how many an issue is raised."""
    rows: list[dict[str, object]] = []
    for name, load in CLEAN.items():
        known = load()
        found = [worries(known, seed) for seed in range(repeats)]
        said = ", ".join(sorted({one for each in found for one in each}))
        shape = f"{known.table.num_rows:,} x {known.table.num_columns}"
        rows.append({"table": name, "rows x columns": shape, "alarms": f"{sum(map(bool, found))}/{repeats}", "": said})
    return rows


def strangers(count: int) -> str:
    """Simulated honest tables of random shapes: how many raise an issue, by code."""
    found = [worries(simulated(seed), seed) for seed in range(count)]
    by_code = Counter(one.split()[0] for each in found for one in dict.fromkeys(each))
    named = ", ".join(f"{code} {times}" for code, times in sorted(by_code.items()))
    return f"{sum(map(bool, found))} of {count} simulated tables of random shapes raise an issue ({named or 'none'})."


def unaided() -> list[dict[str, object]]:
    """Bank marketing in file order with the length of the call, which is known only afterwards."""
    said = checks.known.check(look(bank(), 0)).findings
    return [{"bank marketing": f.text()} for f in said if f.section == "issue"]


def run(quick: bool = False) -> list[tuple[str, str]]:
    """Titles and texts of this part of the section on checks."""
    found = matrix(1, TABLES[:2]) if quick else matrix(5)
    honest = clean(1 if quick else 5)
    alarmed = [row for row in honest if not str(row["alarms"]).startswith("0/")]
    told = f"{len(alarmed)} of {len(honest)} honest tables raise an issue. {strangers(20 if quick else 300)} {MEANT}"
    return [
        (FOUND, table(found)),
        ("What is missed, and why", table(missed(found))),
        ("Asked about unaided", table(unaided())),
        ("Issues about leaks, copies and resampling on honest tables", f"{told}\n\n{table(honest)}"),
    ]


if __name__ == "__main__":
    import sys

    print("\n\n".join(f"{title}:\n\n{text}" for title, text in run("--quick" in sys.argv)))
