"""Bench. In: a bot that tries everything -> Out: how often it ever makes noise qualify, by the product's own rules.

`python bench/run.py bot [--quick]`. At the level of values 1,000 worlds (`bench/bot_worlds.py`), end to end 30 projects
(`bench/bot_projects.py`), and tables on which today's rule was acted on (`bench/bot_acted.py`).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bot_kept import FOLDER, kept
from bot_worlds import EDITS, MOST_ARRIVALS, UNITS, World, nudged_candidate, world
from grundstein.core.records import Opening
from grundstein.evaluation.judge import Part, judge
from grundstein.evaluation.openings import account, identical, identity, sketch
from grundstein.tools import inference
from grundstein.tools.inference import opening_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Values

RUNS = 200
WHOLE, PART = (30, RUNS), (4, 40)
LEAST = 20
MOST_ROWS = UNITS + MOST_ARRIVALS * (UNITS // 5)
WORDS = ("does_not_qualify", "not_enough_data", "qualifies")
LEARNED_FROM = "units of the sealed part were once used in development"
RULES = (
    ("the judge", "product"),
    ("a slice starts at its own units' count", "slices anew"),
    ("rows under other keys are new", "keys anew"),
    ("what was learned from under other keys is not barred", "not barred"),
    ("every opening at 2.5 %", "no accounting"),
)


@dataclass
class Bot:
    """What the bot and the ledger know: openings by id with the rows they cover, rows learned from by table."""

    made: World
    rule: str
    openings: dict[str, Opening] = field(default_factory=dict)
    covers: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    learned: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    decided: int = 0
    best: int = -1

    def run(self) -> bool:
        """Make an edit, evaluate, and decide in every other run; True where noise qualifies.

        Greedy: a candidate whose word is worse than the best so far is given up for the one before.
        """
        made, kept = self.made, self.made.asked
        edits, weights = zip(*EDITS, strict=True)
        edit = edits[made.rng.choice(len(edits), p=np.array(weights) / sum(weights))]
        edit(made)
        sealed, inside = made.sealed(), made.inside()
        test, known = inside & sealed, inside & ~sealed
        if min(test.sum(), known.sum()) < LEAST:
            made.asked = kept
            return False
        self._learn(known)
        if made.rng.random() < 0.5:
            return False
        word = self._decided(test, known)
        if edit is nudged_candidate and WORDS.index(word) < self.best:
            made.asked = kept
        self.best = WORDS.index(word)
        return word == "qualifies"

    def _learn(self, known: NDArray[np.bool_]) -> None:
        name = self.made.rows.name
        rows = self.made.rows.row[~self.made.sealed()] if self.made.rows.known else self.made.rows.row[known]
        self.learned.setdefault(name, np.zeros(MOST_ROWS, dtype=np.bool_))[rows] = True

    def _decided(self, test: NDArray[np.bool_], known: NDArray[np.bool_]) -> str:
        parts = {name: self._part(test, known, name) for name in ("candidate", *self.made.opponents(test))}
        margins = dict.fromkeys(list(parts)[1:], self.made.asked.worthwhile)
        name = self._identity(parts, margins)
        same = identical(name, self.openings)
        if same is not None:
            return self.words[same]
        opening = self._opening(name, test)
        tolerance = self.made.asked.worthwhile if self.made.asked.tolerance is None else self.made.asked.tolerance
        opponents = {each: part for each, part in parts.items() if each != "candidate"}
        said = judge(parts["candidate"], opponents, margins, opening.level, tolerance, None, opening.count == 1)
        self.openings[name], self.words[name] = opening, said.verdict
        self.covers[name] = np.zeros(MOST_ROWS, dtype=np.bool_)
        self.covers[name][self.made.rows.row[self.made.sealed() if self.rule != "slices anew" else test]] = True
        self.decided += 1
        return said.verdict

    def _part(self, test: NDArray[np.bool_], known: NDArray[np.bool_], name: str) -> Part:
        both: list[Values] = []
        for rows in (known, test):
            act = self.made.acts(self.made.asked.rule, rows) if name == "candidate" else self.made.opponents(rows)[name]
            both.append(self.made.values(rows, act))
        if self._barred(test):
            both = [replace(values, biased=LEARNED_FROM) for values in both]
        return Part(*both)

    def _barred(self, test: NDArray[np.bool_]) -> bool:
        """Whether the sealed units were learned from under another name that the product knows again (GST-J09)."""
        here = self.made.rows
        if self.rule in ("keys anew", "not barred"):
            return False
        others = {rows.name for rows in self.made.tables if rows.known and rows.name != here.name}
        rows = [self.learned[name] for name in others if name in self.learned] if here.known else []
        return any(some[here.row[test]].mean() >= 0.01 for some in rows)

    def _opening(self, name: str, test: NDArray[np.bool_]) -> Opening:
        """The product's account of these units; an opening covers the whole sealed part of its table."""
        here = self.made.rows
        units, whole = here.unit[test], here.unit[self.made.sealed()]
        asked = here.row[test]
        seen = {e: units[rows[asked]] for e, rows in self.covers.items()} if here.known else {}
        cost = account(units, self.openings, (), {} if self.rule in ("keys anew", "slices anew") else seen)
        level = opening_level(1, False) * 2 if self.rule == "no accounting" else cost.level
        kept = sketch(units if self.rule == "slices anew" else whole)
        return Opening(name, "case", name, cost.count, level, len(units), kept)

    def _identity(self, parts: dict[str, Part], margins: dict[str, float]) -> str:
        values = repr([part.test.value.tobytes() for part in parts.values()])
        where = repr(self.made.rows.unit[self.made.sealed()].tobytes())
        tolerance = self.made.asked.worthwhile if self.made.asked.tolerance is None else self.made.asked.tolerance
        return identity(questions=where, answers="", truth="", values=values, margins=margins, tolerance=tolerance)


def ever(seed: int, rule: str, runs: int = RUNS) -> tuple[bool, int, int]:
    """Run the bot in one world; returns whether noise ever qualified, the openings, and the rows' arrivals."""
    inference.units_needed = lambda *_: None  # how many units would be needed decides nothing, and takes a fifth
    bot = Bot(world(seed), rule)
    for _ in range(runs):
        if bot.run():
            return True, bot.decided, bot.made.arrivals
    return False, bot.decided, bot.made.arrivals


def worlds(rule: str, many: int) -> list[list[int]]:
    """Run the bot in worlds 0 to many - 1: [ever false, openings, arrivals] each."""
    return kept(f"values-{rule.replace(' ', '-')}", range(many), lambda seed: list(map(int, ever(seed, rule))))


def projects(numbers: Sequence[int], runs: int) -> list[dict[str, Any]]:
    """Run the bot in projects of these numbers, end to end; an attempt is one command after one edit."""
    from bot_projects import project

    def timed(seed: int) -> dict[str, Any]:
        start = time.process_time()
        return project(seed, runs) | {"seconds": time.process_time() - start}

    return kept("projects" if runs == RUNS else f"projects-{runs}", numbers, timed)


def run(quick: bool) -> str:
    """Return the page: values, the rules that were given up, projects, tables that were acted on."""
    from bot_acted import page

    many, few = (50, 10) if quick else (1000, 50)
    lines = [TITLE, *_values(many, few), "", *_projects(*((range(2), 20) if quick else _shape())), ""]
    return "\n".join([*lines, *page(20 if quick else 200)])


def _shape() -> tuple[Sequence[int], int]:
    """Projects and runs end to end: those that `python bench/bot.py projects` has finished, else a few short ones."""
    path = FOLDER / "projects.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    whole = sorted(json.loads(line)["number"] for line in lines)
    return (whole, RUNS) if len(whole) >= PART[0] else (range(PART[0]), PART[1])


TITLE = "## A bot against the judge"
NOTES = (
    f"{RUNS} runs in each world, edits drawn from a fixed list (`bench/bot_worlds.py`, `bench/bot_projects.py`):",
    "candidates chosen in development, money, margin, tolerance, slices, targets copied, turned round and mixed, the",
    "table renamed, rows under other keys, new rows. Half of the runs open. No column knows anything of the answer.",
    "",
)


def _values(many: int, few: int) -> list[str]:
    lines = [
        *NOTES,
        "| at the level of values | worlds | share that ever sees a false `qualifies` | upper 95 % limit | openings |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, rule in RULES:
        found = worlds(rule, many if rule == "product" else few)
        lines.append(f"| {name} | {_share([bool(one[0]) for one in found])} | {np.mean([o[1] for o in found]):.0f} |")
    fewest = [bool(one[0]) for one in worlds("product", many) if one[2] == 0]
    return [*lines, f"| the judge, worlds to which no new rows came | {_share(fewest)} | |"]


def _share(ever_: list[bool]) -> str:
    limit = inference.clopper_pearson(sum(ever_), max(len(ever_), 1), 0.05)
    return f"{len(ever_):,} | {np.mean(ever_) if ever_ else 0.0:.3f} | {limit:.3f}"


PARTLY = (
    f"**Only a part**: {WHOLE[0]} projects of {WHOLE[1]} runs take over an hour of one core "
    "(`python bench/bot.py projects`, resumable), and have not been run to their end."
)


def _projects(numbers: Sequence[int], runs: int) -> list[str]:
    found = projects(numbers, runs)
    refused: Counter[str] = Counter()
    for one in found:
        refused.update({n.split(": ")[1]: c for n, c in one["done"].items() if n.startswith("refused: ")})
    counts = {kind: sum(one[kind] for one in found) for kind in ("Question", "Experiment", "Opening")}
    return [
        f"End to end, {len(found)} projects of {runs} runs (real files, tables, cases, ledger; one candidate).",
        *([] if (len(numbers), runs) == WHOLE else [PARTLY]),
        "",
        "| figure | |",
        "|---|---:|",
        f"| projects with a false `qualifies` | {sum(one['ever'] for one in found)} |",
        f"| questions, experiments, openings in their ledgers | {', '.join(f'{n:,}' for n in counts.values())} |",
        f"| breaks in their chains | {sum(one['broken'] for one in found)} |",
        f"| CPU s a project | {np.mean([one['seconds'] for one in found]):.0f} |",
        f"| attempts refused, by edit | {', '.join(f'{name} {count}' for name, count in refused.most_common())} |",
    ]


if __name__ == "__main__":
    if sys.argv[1] == "projects":
        projects(range(WHOLE[0]), WHOLE[1])
    else:
        worlds(sys.argv[1], int(sys.argv[2]))
