"""Room demo. In: a seed -> Out: printed supplements that were sent, and which came back: beyond the rule, chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.demo.customers import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SENT = 5_000
FIRST_DAY = np.datetime64("2024-07-01")
DAYS = 540
WORKS = ("Handbuch Umsatzsteuer", "Kommentar Erbrecht", "Loseblatt Bilanz", "Praxis Arbeitsrecht")
WAYS = ("Hausadresse", "Postfach", "Poststelle")
BY_RULE, BY_CHANCE = 0.30, 0.03


def supplements(rng: np.random.Generator, receivers: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Draw deliveries. Those to a post-office box come back far more often; everything else says nothing.

    So today's rule (ask before sending to a box) is as good as any answer can be, and no model can add to it.
    """
    way = rng.choice(WAYS, SENT, p=(0.72, 0.12, 0.16))
    back = rng.random(SENT) < np.where(way == "Postfach", BY_RULE, BY_CHANCE)
    return {
        "LieferNr": np.arange(500_001, 500_001 + SENT),
        "KundenNr": rng.choice(np.array(receivers), SENT),
        "Lieferdatum": FIRST_DAY + np.sort(rng.integers(0, DAYS, SENT)).astype("timedelta64[D]"),
        "Werk": rng.choice(WORKS, SENT),
        "Gewicht_g": 180 + rng.integers(0, 90, SENT) * 10,
        "Zustellung": way,
        "Bundesland": rng.choice(STATES, SENT),
        "Versandkosten": np.round(rng.uniform(2.1, 6.9, SENT), 2),
        "Lieferungen_bisher": rng.poisson(9.0, SENT),
        "Retoure": np.where(back, "ja", "nein"),
    }
