"""Bench. In: tables on which today's rule was acted on -> Out: how often an equally good candidate falsely qualifies.

A customer who was saved looks like a false alarm of the rule, never of its rival. Values and verdict are the product's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from bot_kept import kept
from grundstein.core.case import Case, Money
from grundstein.core.records import Seal
from grundstein.core.task import Split, Values
from grundstein.evaluation.judge import Part, judge
from grundstein.tasks.predict import TASK
from grundstein.tools.inference import opening_level

FIRST = opening_level(1, shown=False)
SUCCESS, FEW = 0.3, 50
WAYS = (
    ("`acted: nobody`, which is not true", "nobody", 0.0),
    ("`acted: acted`, a tenth held back", "acted", 0.1),
    ("`acted: acted`, a third held back", "acted", 0.33),
    ("`acted: acted`, nobody held back", "acted", 0.0),
    ("`acted` is silent", "", 0.1),
)


@dataclass(frozen=True)
class Way:
    """What the case says of `acted`, and the share of the rule's picks that was left alone."""

    acted: str
    holdback: float
    size: int


def rows(rng: np.random.Generator, way: Way) -> pa.Table:
    """Risk that two scores see equally well; the rule's picks were acted on, three in ten of their leavers stayed."""
    many = round(way.size / 0.25)
    risk = rng.normal(size=many)
    score, other = (risk + 0.7 * rng.normal(size=many) for _ in range(2))
    leaves = rng.random(many) < 1 / (1 + np.exp(1.4 - 1.2 * risk))
    cut = 0.7**0.5 * 1.4 * 0.86
    acted = (score > cut) & (rng.random(many) >= way.holdback)
    seen = leaves & ~(acted & (rng.random(many) < SUCCESS))
    return pa.table(
        {
            "id": pa.array([f"u{rng.integers(2**62)}" for _ in range(many)]),
            "score": score,
            "other": other,
            "acted": pa.array(np.where(acted, "yes", "no")),
            "leaves": pa.array(np.where(seen, "Yes", "No")),
            "_row": pa.array(np.arange(many), pa.int64()),
        }
    ).append_column("cut", pa.array(np.full(many, cut)))


def qualifies(seed: int, way: Way) -> bool:
    """Judge the rival once, on a quarter of the rows."""
    rng = np.random.default_rng([seed, 20261124])
    table = rows(rng, way)
    money = Money("action", {"saved": 600.0, "success": SUCCESS, "cost": 60.0})
    said = Case(
        "c", "?", "predict", {"rows": "t"}, {"target": "leaves", "positive": "Yes"}, baseline="score > cut", money=money
    )
    case = TASK.settle(replace(said, acted=way.acted), {"rows": table})
    split = TASK.seal({"rows": table}, case, Seal("t", "random", ("id",), "", "", 0.25, "", str(seed)))
    known = split.development["rows"]
    development = Split(split.development, known.drop_columns(["leaves", "acted"]), {"rows": known}, "random")
    parts = {name: _part(case, split, development, name) for name in ("rival", "rule", "nobody", "everybody")}
    rival = parts.pop("rival")
    return judge(rival, parts, dict.fromkeys(parts, 0.0), FIRST, 0.0, None).verdict == "qualifies"


def _part(case: Case, split: Split, development: Split, name: str) -> Part:
    return Part(*(_values(case, one, name) for one in (development, split)))


def _values(case: Case, split: Split, name: str) -> Values:
    asked = split.questions
    acts = {
        "rival": np.asarray(asked["other"]) > np.asarray(asked["cut"]),
        "rule": np.asarray(asked["score"]) > np.asarray(asked["cut"]),
        "nobody": np.zeros(asked.num_rows, dtype=np.bool_),
        "everybody": np.ones(asked.num_rows, dtype=np.bool_),
    }[name]
    sure = acts.astype(np.float64)
    answer = pa.table({"answer": pa.array(np.where(acts, "Yes", "No")), "probability": sure, "act": sure})
    return TASK.value(case, split, answer)


def page(many: int, sizes: tuple[int, ...] = (750, 1750)) -> list[str]:
    """Return the table of shares."""
    lines = [
        f"An equally good rival of a rule that was acted on ({many:,} tables; n sealed units; {SUCCESS:.0%} saved):",
        "share that falsely qualifies at the first opening. Must hold: with `acted` <= 5 %. What always ends in",
        f"`not_enough_data` was run {FEW} times.",
        "",
        "| what the case says | " + " | ".join(f"n = {size:,}" for size in sizes) + " |",
        "|---|" + "---:|" * len(sizes),
    ]
    for words, acted, holdback in WAYS:
        shares = []
        for size in sizes:
            way = Way(acted, holdback, size)
            runs = many if acted == "nobody" or (acted and holdback) else FEW
            name = f"acted-{acted or 'silent'}-{holdback}-{size}"
            shares.append(f"{np.mean(kept(name, range(runs), lambda seed, way=way: bool(qualifies(seed, way)))):.3f}")
        lines.append(f"| {words} | " + " | ".join(shares) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(page(500)))
