"""Bench. In: a city council's payments -> Out: the product's own verdict, and its winner beside today's plain rule."""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from grundstein import flow
from grundstein.core.records import Verdict
from grundstein.project.folder import create_project
from grundstein.tasks.categorize import TASK
from public import SHARED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.project.folder import Folder

    Flags = NDArray[np.bool_]

SPEND = SHARED / "bookkeeping" / "manchester_spend" / "manchester_2010-12_to_2019-12.csv.gz"
AREA = ["supplier", "service_area"]
CASE = """question: Which expense type is this payment?
decision: Bookkeeping takes the proposal or corrects it
task: categorize
data: payments
target: expenses_type
text: supplier
also_use: [service_area, net_amount_gbp]
keys: [supplier + service_area + net_amount_gbp, supplier + service_area, supplier, service_area]
metric: accuracy
"""
PAID = """## Categorize, payments of a city council
Manchester 2016 to 2019, sealed by the product's own cut: the latest quarter, {asked:,} payments, is 2019; {learnt:,}
came before; {labels} expense types. That the same amount counts as a key was chosen on 2018 alone. `memory` is the
opponent in the product. Today's plain rule: the type that supplier and area had most often, else the supplier, else
the area, else the most frequent.

| | accuracy | one of the first three |
|---|---|---|
{rows}

`{winner}` less today's plain rule: {gain:+.4f} [{low:+.4f}, {high:+.4f}] right answers a payment (95 %, suppliers drawn
whole); less `memory`, which has the amount too: {less}. The verdict on the challenger of `memory`: **{word}**.
Evaluate, all checks and decide: {cpu:.0f} CPU s (limit 180)."""


@dataclass(frozen=True, eq=False)
class Right:
    """Which payments were answered rightly: by the first answer, by one of three."""

    first: Flags
    three: Flags | None = None


class Frozen:
    """The development part as a live table."""

    version = "1"

    def __init__(self, table: pa.Table) -> None:
        """Keep it."""
        self._table = table

    def table(self) -> pa.Table:
        """All of it."""
        return self._table

    def since(self, version: str) -> pa.Table:
        """Nothing came after it."""
        del version
        return self._table.slice(0, 0)


def run(quick: bool) -> str:
    """Judge the payments of 2019 by those of three years before, by the product's own commands; alike if `quick`."""
    del quick
    with tempfile.TemporaryDirectory() as name:
        project = _project(Path(name))
        start = time.process_time()
        entry = flow.decide(project, "books")
        cpu = time.process_time() - start
        said = entry.record
        assert isinstance(said, Verdict)  # noqa: S101  (what `decide` returns)
        whole = project.tables.read("payments")
        before = whole.num_rows * 3 // 4
        known, asked = whole.slice(0, before), whole.slice(before)
        found = {"today's plain rule": _plain(known, asked)}
        found |= {
            o.name: _right(project, o.model, known, asked) for o in said.outcomes if o.model and o.standing != "trivial"
        }
    rows = [
        f"| {one} | {r.first.mean():.4f} | {'' if r.three is None else f'{r.three.mean():.4f}'} |"
        for one, r in found.items()
    ]
    winner = said.winner or max(found, key=lambda one: found[one].first.mean())
    suppliers = asked["supplier"].to_pylist()
    gain = _gain(found[winner].first, found["today's plain rule"].first, suppliers)
    less = "{:+.4f} [{:+.4f}, {:+.4f}]".format(*_gain(found[winner].first, found["memory"].first, suppliers))
    told: dict[str, Any] = {"asked": asked.num_rows, "learnt": known.num_rows, "rows": "\n".join(rows), "cpu": cpu}
    told |= dict(zip(("gain", "low", "high"), gain, strict=True))
    labels = len(pc.unique(known["expenses_type"]))
    return PAID.format(**told, labels=labels, winner=winner, less=less, word=said.verdict.replace("_", " "))


def _project(root: Path) -> Folder:
    whole = arrow_csv.read_csv(
        SPEND, convert_options=arrow_csv.ConvertOptions(column_types={"file_month": pa.string()})
    )
    month = whole["file_month"]
    kept = pc.and_(
        pc.is_valid(whole["expenses_type"]),
        pc.and_(pc.greater_equal(month, "2016-01"), pc.less_equal(month, "2019-12")),
    )
    arrow_csv.write_csv(whole.filter(kept).drop_columns(["file_month", "payment_date_raw"]), root / "payments.csv")
    project = create_project(root / "books", salt="bench", languages=["en"])
    flow.ingest(project, str(root / "payments.csv"), "payments")
    contract = project.contract("payments")
    assert contract is not None  # noqa: S101  (written by `ingest`)
    project.write_contract(replace(contract, entity="", time="_row"))
    (project.root / "cases" / "books.yaml").write_text(CASE, encoding="utf-8")
    return project


def _right(project: Folder, model: str, known: pa.Table, asked: pa.Table) -> Right:
    kind, _, digest = model.partition(":")
    solution = TASK.load(kind, project.files.folder(digest))
    told = solution.answer(asked, {"rows": Frozen(known)})
    truth = asked["expenses_type"]
    offered = [
        pc.fill_null(pc.equal(told[name], truth), fill_value=False) for name in ("answer", "answer: 2", "answer: 3")
    ]
    flags = [np.asarray(one, dtype=np.bool_) for one in offered]
    return Right(flags[0], np.any(flags, axis=0))


def _plain(known: pa.Table, asked: pa.Table) -> Right:
    """The rule without any of our code."""
    truth = known["expenses_type"].to_pylist()
    usual = Counter(truth).most_common(1)[0][0]
    said = [usual] * asked.num_rows
    for key in (["service_area"], ["supplier"], AREA):
        counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
        for one, label in zip(zip(*(known[name].to_pylist() for name in key), strict=True), truth, strict=True):
            counts[one][label] += 1
        best = {one: count.most_common(1)[0][0] for one, count in counts.items()}
        asks = zip(*(asked[name].to_pylist() for name in key), strict=True)
        said = [best.get(one, before) for one, before in zip(asks, said, strict=True)]
    return Right(np.array([one == label for one, label in zip(said, asked["expenses_type"].to_pylist(), strict=True)]))


def _gain(one: Flags, other: Flags, groups: list[str]) -> tuple[float, float, float]:
    """The mean difference and its 95 % range, whole groups drawn together (a linearised mean)."""
    apart = one.astype(np.float64) - other
    place = np.unique(np.array(groups, dtype=str), return_inverse=True)[1]
    error = float(np.sqrt(np.sum(np.bincount(place, apart - apart.mean()) ** 2))) / len(apart)
    return float(apart.mean()), float(apart.mean() - 1.96 * error), float(apart.mean() + 1.96 * error)
