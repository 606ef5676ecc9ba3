"""Room tasks. In: a seed -> Out: a small archive with subjects that are told apart by their words, or with none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case

if TYPE_CHECKING:
    from grundstein.core.task import Data

COUNT = 240
SUBJECTS = {
    "batteries": "battery cell electrolyte anode cathode charging lithium capacity storage voltage",
    "coatings": "coating corrosion surface paint layer steel adhesion primer pigment zinc",
    "packaging": "packaging film recycling carton label pallet transport barrier fibre foil",
    "sensors": "sensor signal calibration noise measurement drift temperature sampling threshold wireless",
}
OUTCOMES = (
    "The trial was successful and improved the result.",
    "The attempt failed and was abandoned.",
    "Results are given in a table.",
)


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Return a case and its documents; without signal every word stands anywhere."""
    rng = np.random.default_rng(seed)
    words = [text.split() for text in SUBJECTS.values()]
    every = [word for one in words for word in one]
    begun = datetime(2004, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(COUNT):
        subject = int(rng.integers(len(words)))
        own = words[subject] if signal else every
        title = " ".join(rng.choice(own, 3, replace=False))
        said = [" ".join(rng.choice(own, 6, replace=False)).capitalize() + "." for _ in range(3)]
        rows.append(
            {
                "report": f"R-{number:04d}",
                "title": title.capitalize(),
                "text": " ".join([*said, OUTCOMES[int(rng.integers(len(OUTCOMES)))]] if signal else said),
                "written": begun + timedelta(days=25 * number),
                "area": list(SUBJECTS)[subject],
            }
        )
    case = Case(
        "archive",
        "What has been tried, and what came of it?",
        "explore",
        {"corpus": "reports"},
        {"id": "report", "title": "title", "text": "text"},
        time="written",
        metric="similarity",
    )
    return case, {"corpus": pa.Table.from_pylist(rows)}
