"""Bench. In: the power market in time order -> Out: the whole circle on it, and whether anything beats persistence.

Half hours arrive in blocks. What is released answers each block before its truth is there; then the truth comes, the
release is observed, and the case is evaluated again, with what is in use as one more opponent. A person signs what
qualifies, else what is in use stays.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from grundstein import flow
from grundstein.core.contract import Contract
from grundstein.core.records import Experiment, Opening, Release, Verdict
from grundstein.project.folder import Folder, create_project, open_project
from public import SHARED
from tabled import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grundstein.core.records import Observation

CASE = """\
question: Will the price of power rise in the next half hour?
task: predict
data: power
target: class
positive: "1"
time: _row
baseline: before = 1
metric: accuracy
ignore: [slot]
signed_by: [trading]
again: {rows: 1000}
"""
SELECT = "SELECT *, lag(class, 1, 0) OVER (ORDER BY slot) AS before FROM raw"
SOURCE = SHARED / "drift-streams" / "elec2.csv"


@dataclass(frozen=True)
class Market:
    """The project, the market's half hours, and who signs."""

    project: Folder
    lake: duckdb.DuckDBPyConnection
    token: str

    def part(self, begin: int, end: int, columns: str = "*") -> Path:
        """Write the half hours from `begin` to before `end` to a file."""
        path = self.project.root / f"{begin}-{len(columns)}.csv"
        chosen = f"SELECT {columns} FROM power WHERE slot >= {begin} AND slot < {end} ORDER BY slot"
        self.lake.execute(f"COPY ({chosen}) TO '{path}' (HEADER)")
        return path

    def came(self, begin: int, end: int) -> None:
        """Ingest half hours with their truth."""
        flow.ingest(self.project, str(self.part(begin, end)), "power")

    def signed(self) -> str:
        """Sign what the newest verdict advises and release it; returns its name."""
        put = flow.standing(self.project, "rises").bond.solution
        flow.sign(self.project, "rises", self.token, "approve", "")
        flow.release(self.project, "rises")
        return put


def opened(root: Path, first: int) -> Market:
    """A project with the first half hours and the case."""
    lake = duckdb.connect()
    lake.execute(f"CREATE TABLE raw AS SELECT row_number() OVER () AS slot, * FROM read_csv('{SOURCE}')")
    lake.execute(f"CREATE TABLE power AS {SELECT}")
    market = Market(create_project(root, name="market", salt="circle"), lake, "")
    market.came(1, first + 1)
    market.project.write_contract(replace(market.project.contract("power") or Contract("power", ()), key=("slot",)))
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {trading: [trader]}\n")
    (root / "cases" / "rises.yaml").write_text(CASE, encoding="utf-8")
    project = open_project(root)
    return Market(project, lake, flow.add_person(project, "trader"))


def turns(market: Market, first: int, block: int, last: int) -> Iterator[dict[str, object]]:
    """Yield one line a turn; the first one has nothing in use yet."""
    project = market.project
    flow.advance(flow.decide(project, "rises"), project)
    yield _line(market, first, None)
    for begin in range(first + 1, last - block + 2, block):
        market.signed()
        flow.answer(project, "rises", str(market.part(begin, begin + block, "* EXCLUDE (class)")))
        market.came(begin, begin + block)
        (done,) = flow.tick(project)
        seen: Any = done.observation.record if done.observation else None
        yield _line(market, begin + block - 1, seen)


def _line(market: Market, rows: int, seen: Observation | None) -> dict[str, object]:
    project = market.project
    said, tested = (_last(project, kind) for kind in (Verdict, Experiment))
    standing = {one.standing: one for one in said.outcomes}
    gain, over = said.gains["rule"], said.gains.get(standing["released"].name) if "released" in standing else None
    use = project.ledger.entries(Release)
    return {
        "half hours": f"{rows:,}",
        "in use": next((row.record.bond.solution.replace("released ", "") for row in reversed(list(use))), "-"),
        "it gained since": f"{seen.measured.mean:+.4f} on {seen.truths:,}" if seen and seen.measured else "-",
        "persistence": f"{standing['baseline'].value:.4f}",
        "candidate": said.winner,
        "against persistence": f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]",
        "against what is in use": f"{over.mean:+.4f} [{over.low:+.4f}, {over.high:+.4f}]" if over else "-",
        "figures": f"{said.figures}, {tested.units_test if said.figures == 'sealed' else tested.units:,} rows",
        "verdict": said.verdict,
        "sealed part": f"opening {said.openings}" if said.opening else "closed",
    }


def _last(project: Folder, kind: type) -> Any:
    return list(project.ledger.entries(kind))[-1].record


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not SOURCE.is_file():
        return "## The circle\nNot measured: the power market's data are not beside this checkout."
    first, block, last = (6_000, 3_000, 9_000) if quick else (9_000, 6_000, 45_000)
    with tempfile.TemporaryDirectory() as folder:
        market = opened(Path(folder, "market"), first)
        lines = list(turns(market, first, block, last))
        found = flow.audit(market.project)
        openings = len(list(market.project.ledger.entries(Opening)))
    whole = market.lake.execute(
        "SELECT count(*), avg((class = before)::INT), avg((class = 0)::INT) FROM power"
    ).fetchone()
    beaten = [line for line in lines if line["verdict"] == "qualifies"]
    count, persistence, majority = whole or (0, 0.0, 0.0)
    return f"""## The circle
Elec2, {count:,} half hours of a power market in time order: does the price rise? Over the whole set persistence \
(the class of the half hour before) is right in {persistence:.1%}, the commoner class in {majority:.1%}. The \
lagged class is a column made by `{SELECT}`, the rule `before = 1` is the registered baseline, accuracy decides. \
Each turn: the rows so far are evaluated and judged; what is signed answers the next {block:,} half hours before \
their truth is there; then the truth comes, `tick` observes it and evaluates again, with what is in use as one \
more opponent. A person signs what qualifies; where nothing does, what is in use is signed anew.

{_said(lines, beaten)} The seal was opened {openings} times in {len(lines)} turns. The audit after the last turn \
{"found nothing" if not found else "found: " + "; ".join(found)}.

{table(lines)}
"""


def _said(lines: list[dict[str, object]], beaten: list[dict[str, object]]) -> str:
    """Whether anything beat persistence, plainly."""
    if not beaten:
        return "**Persistence is the baseline, and nothing beat it on sealed rows.**"
    turn = beaten[0]
    return (
        f"**Persistence is the baseline; {turn['candidate']} beat it on sealed rows** with {turn['half hours']} "
        f"half hours ({turn['against persistence']} accuracy). "
        f"{len(beaten)} of {len(lines)} turns ended in `qualifies`."
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(run("--quick" in sys.argv))
