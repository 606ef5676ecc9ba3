"""Bench. In: a seed -> Out: what a bot reached in a project of its own, with real files, tables, cases and ledger.

The answer is independent of every column, so every `qualifies` is false. Edits come from a fixed list, half of them are
decided, the other half only evaluated. The product is used as it is, with a budget of one fit (the linear candidate).
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Question, Verdict
from grundstein.flow import pinning
from grundstein.project.folder import create_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from grundstein.project.folder import Folder

ROWS = 500
MOST_ARRIVALS, MOST_TABLES = 4, 10
WORDS = ("not_applicable", "does_not_qualify", "not_enough_data", "qualifies")
CASE: dict[str, Any] = {"question": "Who leaves?", "task": "predict", "data": "people", "target": "leaves"}
COLUMNS = ("person", "x", "z", "plan", "day", "leaves")
Rows = list[tuple[str, ...]]


@dataclass
class Bot:
    """A project, the case as the bot has it now, and what it has done so far."""

    project: Folder
    rng: Generator
    rows: Rows
    case: dict[str, Any]
    name: str = "leaving"
    tables: list[str] = field(default_factory=lambda: ["people"])
    test: dict[str, str] | None = None
    arrivals: int = 0
    step: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def path(self, kind: str, name: str) -> Path:
        """A file of the project."""
        return self.project.root / kind / name

    def ingest(self, rows: Rows, table: str, columns: tuple[str, ...] = COLUMNS) -> None:
        """Write a file and ingest it."""
        path = self.project.root / f"{table}-{self.step}.csv"
        path.write_text("\n".join(",".join(row) for row in [columns, *rows]) + "\n", encoding="utf-8")
        flow.ingest(self.project, str(path), table)


def people(rng: Generator, many: int, start: int = 0) -> Rows:
    """Rows of people who leave or stay by a coin."""
    x, z, coin = rng.normal(size=many), rng.normal(size=many), rng.random(many) < 0.5
    plan = rng.choice(["month", "year"], many)
    day = np.datetime64("2023-01-01") + (np.arange(start, start + many) * 700 // ROWS)
    parts = zip(x, z, plan, day.astype(str), coin, strict=True)
    return [
        (f"p{start + i:05d}", f"{a:.4f}", f"{b:.4f}", c, d, "Yes" if y else "No")
        for i, (a, b, c, d, y) in enumerate(parts)
    ]


def bot(seed: int, root: Path) -> Bot:
    """Make a project: with time or without, its money at the edge or its accuracy decides."""
    rng = np.random.default_rng([seed, 20261123])
    made = Bot(create_project(root, name="p", languages=["en"]), rng, people(rng, ROWS), dict(CASE))
    made.ingest(made.rows, "people")
    if rng.random() < 0.5:
        contract = made.project.contract("people")
        made.project.write_contract(replace(contract, time=""))  # type: ignore[type-var]
    made.case |= {"positive": "Yes"} | (_money(rng) if rng.random() < 0.5 else {"metric": "accuracy"})
    return made


def _money(rng: Generator) -> dict[str, Any]:
    return {"money": {"act_on_yes": float(rng.choice([0.9, 1.0, 1.0, 1.1])), "act_on_no": -1.0}}


def reword(b: Bot) -> None:
    """Ask the same in other words."""
    b.case["question"] = f"Who leaves, version {b.step}?"


def rename_case(b: Bot) -> None:
    """The same case under another name."""
    b.name = f"case{b.step}"


def other_worth(b: Bot) -> None:
    """Other money, or accuracy; another margin and tolerance."""
    for field_ in ("money", "metric", "tolerance"):
        b.case.pop(field_, None)
    b.case |= _money(b.rng) if b.rng.random() < 0.5 else {"metric": "accuracy"}
    b.case["worthwhile"] = float(b.rng.choice([0.0, 0.0, 0.01]))
    if b.rng.random() < 0.5:
        b.case["tolerance"] = float(b.rng.choice([0.0, 0.05, 0.5]))


def other_rule(b: Bot) -> None:
    """Another rule of today, or none."""
    b.case.pop("baseline", None)
    if b.rng.random() < 0.5:
        b.case["baseline"] = f"{b.rng.choice(['x', 'z'])} < {b.rng.normal():.2f}"


def other_columns(b: Bot) -> None:
    """Leave some columns out."""
    b.case["ignore"] = [str(name) for name in ("x", "z", "plan") if b.rng.random() < 0.3]


def made_columns(b: Bot) -> None:
    """Ask a SELECT with columns of the bot's making."""
    b.case["data"] = f"select *, x * z as xz, abs(x - {b.rng.normal():.2f}) as far from {b.rng.choice(b.tables)}"


def next_slice(b: Bot) -> None:
    """Ask a third of the table, one after the other."""
    low, high = np.quantile([float(row[1]) for row in b.rows], [b.step % 3 / 3, b.step % 3 / 3 + 0.33])
    b.case["data"] = f"select * from {b.rng.choice(b.tables)} where x >= {low:.4f} and x <= {high:.4f}"


def whole_table(b: Bot) -> None:
    """Ask a whole table again."""
    b.case |= {"data": str(b.rng.choice(b.tables)), "target": "leaves"}


def copied_target(b: Bot) -> None:
    """A copy of the target beside it."""
    b.case |= {"data": "select *, leaves as gone from people", "target": "gone"}


def flipped_target(b: Bot) -> None:
    """The target turned round, in its place."""
    turned = "case when leaves = 'Yes' then 'No' else 'Yes' end as leaves"
    b.case |= {"data": f"select * replace ({turned}) from people", "target": "leaves"}


def computed_target(b: Bot) -> None:
    """The target mixed with a column."""
    mixed = "case when (leaves = 'Yes') != (z > 0) then 'Yes' else 'No' end as gone"
    keeps = "*" if b.rng.random() < 0.5 else "* exclude (leaves)"
    b.case |= {"data": f"select {keeps}, {mixed} from people", "target": "gone"}


def averaged_truth(b: Bot) -> None:
    """A column averaged over the truth of like rows."""
    rate = "avg(case when leaves = 'Yes' then 1 else 0 end) over (partition by round(x, 1)) as rate"
    b.case |= {"data": f"select *, {rate} from people", "target": "leaves"}


def chosen_by_truth(b: Bot) -> None:
    """Rows chosen by their truth."""
    b.case |= {"data": "select * from people where leaves = 'Yes' or x > 0", "target": "leaves"}


def forged_key(b: Bot) -> None:
    """A key of the bot's making, so that other rows would be sealed."""
    b.case |= {"data": f"select * replace ('k{b.step}' || person as person) from people", "target": "leaves"}


def own_key(b: Bot) -> None:
    """Name another key in the case."""
    b.case |= {"data": "people", "target": "leaves", "key": [str(b.rng.choice(["x", "z"]))]}


def no_key(b: Bot) -> None:
    """Take the case's key away again."""
    b.case.pop("key", None)


def other_contract(b: Bot) -> None:
    """Give a table another key, entity or time."""
    table = str(b.rng.choice(b.tables))
    contract = b.project.contract(table)
    key = tuple(str(name) for name in (("x",), ("person",), ())[int(b.rng.integers(3))])
    if contract and set(key) <= set(contract.names):
        b.project.write_contract(replace(contract, key=key, entity="", time=str(b.rng.choice(["", "day"]))))


def renamed_table(b: Bot) -> None:
    """The same rows under another name, in another order."""
    _another(b, [b.rows[i] for i in b.rng.permutation(len(b.rows))], COLUMNS)


def rewritten_keys(b: Bot) -> None:
    """The same rows, or half of them, under other keys."""
    kept = b.rows if b.rng.random() < 0.5 else [row for row in b.rows if b.rng.random() < 0.5]
    _another(b, [(f"q{b.step}n{i}", *row[1:]) for i, row in enumerate(kept)], COLUMNS)


def turned_table(b: Bot) -> None:
    """The same rows without their key, the columns renamed and turned round, one added."""
    rows = [(*row[1:][::-1], f"{b.rng.integers(1000)}") for row in b.rows]
    _another(b, rows, ("leaves", "tag", "art", "b", "a", "lucky"))


def _another(b: Bot, rows: Rows, columns: tuple[str, ...]) -> None:
    if len(b.tables) < MOST_TABLES:
        table = f"people{b.step}"
        b.ingest(rows, table, columns)
        b.tables.append(table)
        b.case |= {"data": table, "target": "leaves"}


def same_file_again(b: Bot) -> None:
    """Ingest the same file again."""
    b.ingest(b.rows, "people")


def same_rows_again(b: Bot) -> None:
    """Append a third of the rows under other keys to the same table."""
    if b.arrivals < MOST_ARRIVALS:
        b.arrivals += 1
        b.ingest([(f"r{b.step}n{i}", *row[1:]) for i, row in enumerate(b.rows[::3])], "people")


def rows_arrive(b: Bot) -> None:
    """A fifth more rows: the world brings them, not the bot."""
    if b.arrivals < MOST_ARRIVALS:
        b.arrivals += 1
        new = people(b.rng, ROWS // 5, len(b.rows))
        b.rows += new
        b.ingest(new, "people")


def random_split(b: Bot) -> None:
    """Ask for a random split, or no longer."""
    b.case["split"] = "random" if b.case.get("split") != "random" else ""


def picked_test(b: Bot) -> None:
    """Name a test table of one's choice."""
    table = f"test{b.step}"
    b.ingest([(f"t{b.step}n{i}", *row[1:]) for i, row in enumerate(people(b.rng, 150, 900))], table)
    b.test = {"rows": table}


EDITS: tuple[tuple[Callable[[Bot], None], float], ...] = (
    (reword, 1),
    (rename_case, 1),
    (other_worth, 4),
    (other_rule, 3),
    (other_columns, 4),
    (made_columns, 3),
    (next_slice, 4),
    (whole_table, 3),
    (copied_target, 1),
    (flipped_target, 1),
    (computed_target, 1),
    (averaged_truth, 1),
    (chosen_by_truth, 1),
    (forged_key, 1),
    (own_key, 1),
    (no_key, 1),
    (other_contract, 1),
    (renamed_table, 1),
    (rewritten_keys, 1),
    (turned_table, 1),
    (same_file_again, 0.5),
    (same_rows_again, 0.3),
    (rows_arrive, 0.5),
    (random_split, 1),
    (picked_test, 0.5),
)


def run(b: Bot) -> str:
    """Make an edit, then evaluate or decide; returns the verdict's word, "evaluated" or "refused".

    A case that ends in a worse word than before is given up for the one before.
    """
    edits, weights = zip(*EDITS, strict=True)
    edit = edits[b.rng.choice(len(edits), p=np.array(weights) / sum(weights))]
    kept, b.step, b.test = (dict(b.case), b.name), b.step + 1, None
    try:
        edit(b)
        b.path("cases", f"{b.name}.yaml").write_text(json.dumps(b.case), encoding="utf-8")
        if b.rng.random() < 0.5:
            flow.evaluate(b.project, b.name, b.test)
            word = "evaluated"
        else:
            word = cast("Verdict", flow.decide(b.project, b.name, b.test).record).verdict
    except Refused as refused:
        word = "refused"
        b.done[f"refused: {edit.__name__}: {refused.what[:60]}"] += 1
    if word in ("refused", "does_not_qualify"):
        b.case, b.name = kept
    b.done[word] += 1
    return word


def project(seed: int, runs: int = 200) -> dict[str, Any]:
    """Run the bot in a project of its own; returns what it did and whether noise ever qualified."""
    pinning.BUDGET = 1
    with tempfile.TemporaryDirectory(prefix="grundstein-bot-") as folder:
        made = bot(seed, Path(folder) / "p")
        words = [run(made) for _ in range(runs)]
        ledger = made.project.ledger
        counts = {kind.__name__: sum(1 for _ in ledger.entries(kind)) for kind in (Question, Experiment, Opening)}
        return {"ever": "qualifies" in words, "broken": len(ledger.verify()), **counts, "done": dict(made.done)}
