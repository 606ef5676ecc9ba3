"""Room tasks. In: a seed -> Out: a small case of this task with something to find, or with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case, Money

if TYPE_CHECKING:
    from grundstein.core.task import Data

SESSIONS = 260
SECOND = 1_000_000
START = 1_700_000_000 * SECOND
STEPS = (
    ("INFO", "Fetching revision {hex} of branch main"),
    ("INFO", "Compiling module {word} took {number} ms"),
    ("WARNING", "Cache miss for key {hex}, retrying in {number} ms"),
    ("INFO", "Running {number} tests on agent-{number}"),
    ("INFO", "Uploading report to /srv/reports/{hex}.xml"),
)
BEFORE_FAILURE = ("WARNING", "Disk /dev/sda{digit} has {number} MB left")
OFTEN = ("ERROR", "Optional plugin {word} failed to load")
WORDS = ("core", "billing", "search", "import", "mailer")


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Build logs; with `signal` a full disk goes before failures, without it nothing does.

    Error words stand in good and bad builds alike.
    """
    rng = np.random.default_rng(seed)
    names, times, levels, texts, outcomes = [], [], [], [], []
    for number in range(SESSIONS):
        failed = bool(rng.random() < 0.35)
        steps = [STEPS[at] for at in rng.permutation(len(STEPS))[: int(rng.integers(3, 6))]]
        if rng.random() < (0.85 if failed and signal else 0.08):
            steps.insert(int(rng.integers(0, 2)), BEFORE_FAILURE)
        if rng.random() < 0.5:
            steps.append(OFTEN)
        at = START + number * 900 * SECOND
        for level, text in steps:
            at += int(rng.integers(1, 60)) * SECOND
            names.append(f"build-{number:04d}")
            times.append(at)
            levels.append(level)
            texts.append(_said(rng, text))
            outcomes.append("failed" if failed else "passed")
    rows = pa.table(
        {
            "session": names,
            "time": pa.array(times, pa.timestamp("us", "UTC")),
            "level": levels,
            "text": texts,
            "outcome": outcomes,
            "_row": np.arange(len(names)),
        }
    )
    case = Case(
        name="builds",
        question="Which build will fail?",
        task="logs",
        data={"lines": "build_lines"},
        options={"outcome": "outcome", "positive": "failed"},
        money=Money("cells", {"act_on_yes": 20.0, "act_on_no": -5.0}),
        entity="session",
        worthwhile=0.5,
    )
    return case, {"lines": rows}


def _said(rng: np.random.Generator, text: str) -> str:
    return text.format(
        hex=f"{int(rng.integers(1 << 40)):010x}",
        number=int(rng.integers(1, 5000)),
        digit=int(rng.integers(1, 4)),
        word=WORDS[int(rng.integers(len(WORDS)))],
    )
