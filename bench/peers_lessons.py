"""Bench. In: training files of `peers_tables` -> Out: what each shape of trees and each reach is worth, on folds alone.

`python bench/peers_lessons.py` writes `anchors/lessons.json`, which `peers` shows. No test file is read here.
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from grundstein.tasks.predict import TASK, learned, linear, trees
from grundstein.tasks.predict.plan import plan_of, truths
from grundstein.tasks.predict.splitting import fold_rows
from grundstein.tasks.predict.trees import Shape
from grundstein.tasks.predict.workshop import workshop
from peers import FILES, LEARNT, case_of
from peers_tables import ASKED, write
from tables import SEED, numbered

if TYPE_CHECKING:
    from grundstein.tasks.predict.workshop import Workshop
    from peers_tables import Asked

SMALL = {"6 leaves": Shape(6), "31 leaves": Shape(31), "symmetric": Shape(0)}
AMOUNTS = {
    "6 leaves": Shape(6),
    "31 leaves, log": Shape(31, "poisson"),
    "16 leaves, log, drawn cuts": Shape(16, "poisson", random=True),
}
MANY_AMOUNTS = {
    "31 leaves, log": Shape(31, "poisson", 0.1, rows=1.0),
    "127 leaves, log": Shape(127, "poisson", 0.1, rows=1.0),
    "63 leaves, log, fine": Shape(63, "poisson", 0.1, least=5, fine=True),
    "31 leaves, root, fine": Shape(31, "root", 0.15, columns=0.7, least=5, fine=True),
    "31 leaves, root, fine, two drawings": Shape(31, "root", 0.15, columns=0.7, least=5, fine=True, draws=2),
}
WIDE = {
    "6 leaves": Shape(6, rate=0.1, rows=1.0),
    "31 leaves": Shape(31, rate=0.1, rows=1.0),
    "127 leaves": Shape(127, rate=0.1, rows=1.0),
    "127 leaves, fine": Shape(127, rate=0.1, fine=True),
    "511 leaves, fine": Shape(511, rate=0.1, rows=0.8, columns=0.7, least=3, fine=True),
    "511 leaves, fine, two drawings": Shape(511, rate=0.1, rows=0.8, columns=0.7, least=3, fine=True, draws=2),
    "511 leaves, fine, half the rate, four drawings": Shape(511, rows=0.8, columns=0.7, least=3, fine=True, draws=4),
}
TRIED: dict[str, dict[str, Shape]] = {
    **dict.fromkeys(("telco", "bank_churn", "credit", "breast_cancer"), SMALL),
    **dict.fromkeys(("ames", "diabetes"), AMOUNTS),
    "bikes": MANY_AMOUNTS,
    **dict.fromkeys(("electricity", "adult", "bank_marketing"), WIDE),
}
REACHES = (1.5, 3.0, 6.0, math.inf)
FEW_FOLDS = 2


def measure(asked: Asked) -> dict[str, float]:
    """Scores by shape and, of a number of few rows, by reach (in standard deviations); means over folds."""
    rows = numbered(pq.read_table(FILES / asked.name / "train.parquet"))
    plan = plan_of(TASK.settle(case_of(asked), {"rows": rows}))
    found: dict[str, list[float]] = {}
    few = TRIED[asked.name] in (SMALL, AMOUNTS)
    for fold in list(fold_rows({"rows": rows}, plan, SEED))[: None if few else FEW_FOLDS]:
        shop = workshop(plan, fold.development["rows"], SEED)
        truth = truths(shop.problem, plan, fold.truth["rows"])
        told = {name: _told(shop, shape, fold.questions) for name, shape in TRIED[asked.name].items()}
        if TRIED[asked.name] is AMOUNTS:
            told |= _reached(shop, fold.questions)
        for name, predicted in told.items():
            found.setdefault(name, []).append(_score(asked, truth, predicted))
    return {name: float(np.mean(scores)) for name, scores in found.items()}


def _told(shop: Workshop, shape: Shape, questions: Any) -> np.ndarray:
    rounds, _ = trees.tuned_on_folds(shop, shape)
    every, none = np.arange(len(shop.truth)), np.zeros(0, dtype=np.int64)
    X = shop.encoder.tree_matrix(questions)
    drawn = [trees.boosted(shop, every, none, rounds, replace(shape, draw=draw))[0] for draw in range(shape.draws)]
    return np.mean([model.predict(X, num_threads=1) for model in drawn], axis=0)


def _reached(shop: Workshop, questions: Any) -> dict[str, np.ndarray]:
    (line, first), (grown, second) = linear.learn(shop), trees.learn(shop)
    told = [line.raw(shop.encoder, questions), grown.raw(shop.encoder, questions)]
    apart = float(np.sqrt(np.nanmean((first - second) ** 2)))
    means = {}
    for reach in REACHES:
        means[f"half linear, half trees, reach {reach:g}"] = sum(learned.within(told, reach * apart)) / 2
    return means


def _score(asked: Asked, truth: np.ndarray, predicted: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    if asked.positive is None:
        return float(np.sqrt(np.mean((truth - predicted) ** 2)))
    return float(roc_auc_score(truth > 0, predicted))


if __name__ == "__main__":
    write(FILES)
    kept = {}
    for one in ASKED:
        if one.name in TRIED:
            began = time.process_time()
            kept[one.name] = measure(one)
            sys.stdout.write(f"{one.name} {kept[one.name]} {time.process_time() - began:.1f} s\n")
            sys.stdout.flush()
    LEARNT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
