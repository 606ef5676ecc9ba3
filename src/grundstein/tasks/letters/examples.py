"""Room tasks. In: a seed -> Out: a small case of this task with something to find, or with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case

if TYPE_CHECKING:
    from grundstein.core.task import Data

ROWS = 400
NAMES = ("Frau Brandt", "Herr Kessler", "Frau Öztürk", "Herr Nowak")
OF_ALL = ("erledigte die Aufgaben {}", "arbeitete {}", "löste jede Aufgabe {}", "führte Aufträge {} aus")
READ = {1: "stets hervorragend", 2: "stets gut", 3: "gut", 4: "zufriedenstellend"}
HOUSE = {1: "mit der Goldnadel ausgezeichnet", 2: "gut und als Säule des Hauses", 3: "gut", 4: "gut im zweiten Glied"}


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Graded sentences; with `signal` a house has words of its own that the grammar does not know."""
    rng = np.random.default_rng(seed)
    grades = rng.integers(1, 5, ROWS)
    own = rng.random(ROWS) < (0.6 if signal else 0.0)
    said = [_sentence(rng, (HOUSE if house else READ)[int(grade)]) for grade, house in zip(grades, own, strict=True)]
    told = np.clip(grades + rng.choice([-1, 0, 0, 0, 1], ROWS), 1, 6)
    rows = pa.table(
        {
            "letter": [f"Z{number:04d}" for number in rng.integers(0, ROWS // 2, ROWS)],
            "sentence": said,
            "grade": told,
            "_row": np.arange(ROWS),
        }
    )
    case = Case(
        name="letters",
        question="Which grade does this sentence of a reference letter stand for?",
        task="letters",
        data={"rows": "sentences"},
        options={"target": "grade", "text": "sentence"},
        metric="absolute_error",
        entity="letter",
        affects="applicants",
        risk="high",
        worthwhile=0.01,
    )
    return case, {"rows": rows}


def _sentence(rng: np.random.Generator, how: str) -> str:
    return f"{rng.choice(NAMES)} {str(rng.choice(OF_ALL)).format(how)}."
