"""Room tasks. In: a seed -> Out: a small case of this task with something to find, or with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case, Money

if TYPE_CHECKING:
    from grundstein.core.task import Data

ROWS = 700
TEAMS = {
    "Abo": ("kündigen", "Abonnement", "verlängern", "Probeheft", "Laufzeit"),
    "Rechnung": ("Rechnung", "Lastschrift", "Betrag", "Mahnung", "Storno"),
    "Technik": ("Anmeldung", "Passwort", "Fehlermeldung", "Installation", "Absturz"),
    "Versand": ("Lieferung", "Paket", "Adresse", "Zusteller", "beschädigt"),
}
FILLING = ("bitte", "ich", "habe", "Frage", "zu", "meiner", "noch", "keine", "Antwort", "danke", "seit", "gestern")


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Mails to four teams; with `signal` their words and who wrote them tell which, without it nothing does."""
    rng = np.random.default_rng(seed)
    names = list(TEAMS)
    usual = rng.integers(0, len(names), 120)
    sender = rng.integers(0, len(usual), ROWS)
    team = np.where(rng.random(ROWS) < 0.4, usual[sender], rng.integers(0, len(names), ROWS))
    about = team if signal else rng.integers(0, len(names), ROWS)
    writer = sender if signal else rng.integers(0, len(usual), ROWS)
    mails = [_mail(rng, TEAMS[names[place]]) for place in about]
    rows = pa.table(
        {
            "ticket": [f"T{number:05d}" for number in rng.permutation(ROWS)],
            "mail": mails,
            "sender": [f"kunde{number:03d}" for number in writer],
            "channel": rng.choice(["Formular", "Mail"], ROWS).tolist(),
            "team": [names[place] for place in team],
            "_row": np.arange(ROWS),
        }
    )
    case = Case(
        name="teams",
        question="Which team answers this mail?",
        task="categorize",
        data={"rows": "mails"},
        options={"target": "team", "text": "mail", "also_use": ["channel"], "keys": ["sender"]},
        money=Money("classes", {"right": 2.0, "wrong": -3.0, "ask": 0.0}),
        entity="ticket",
        worthwhile=0.05,
    )
    return case, {"rows": rows}


def _mail(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    said = [*rng.choice(FILLING, int(rng.integers(4, 12))), *rng.choice(words, int(rng.integers(0, 3)))]
    return " ".join(rng.permutation(said).tolist())
