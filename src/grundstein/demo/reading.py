"""Room demo. In: a seed and customers -> Out: articles, who read them when, and support tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ARTICLES, READERS, EVENTS, TICKETS = 420, 1_200, 24_000, 1_500
FIRST_SECOND = np.datetime64("2025-01-01T00:00:00")
SECONDS = 365 * 86_400
FIELDS = ("Umsatzsteuer", "Einkommensteuer", "Erbrecht", "Arbeitsrecht", "Gesellschaftsrecht", "Bilanzierung")
FORMS = ("Beitrag", "Urteil", "Arbeitshilfe", "Checkliste", "Meldung")
SUBJECTS = ("Fristen", "neue Rechtsprechung", "Praxisfall", "Gestaltung", "Rückstellungen", "Nachweis", "Überblick")
CHANNELS = ("web", "app", "newsletter")
QUEUES = ("Zugang", "Rechnung", "Inhalt", "Technik")
MESSAGES = {
    "Zugang": ("Login klappt nicht", "Passwort zurücksetzen", "Neuer Platz für eine Kollegin"),
    "Rechnung": ("Rechnung doppelt erhalten", "Betrag stimmt nicht", "Bitte an andere Adresse"),
    "Inhalt": ("Artikel nicht mehr auffindbar", "Frage zu einer Checkliste", "Verweis führt ins Leere"),
    "Technik": ("Export bricht ab", "Suche sehr langsam", "App startet nicht"),
}


def articles(rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Draw the articles: number, title, field of law, form, day of appearance, pages."""
    field = rng.integers(0, len(FIELDS), ARTICLES)
    titles = [
        f"{FIELDS[f]}: {s} {n}" for n, (f, s) in enumerate(zip(field, rng.choice(SUBJECTS, ARTICLES), strict=True), 1)
    ]
    return {
        "ArtikelNr": np.array([f"A-{number:05d}" for number in range(1, ARTICLES + 1)]),
        "Titel": np.array(titles),
        "Rechtsgebiet": np.array(FIELDS)[field],
        "Form": rng.choice(FORMS, ARTICLES, p=(0.35, 0.25, 0.15, 0.1, 0.15)),
        "Erschienen": np.datetime64("2023-01-01") + rng.integers(0, 730, ARTICLES).astype("timedelta64[D]"),
        "Seiten": 1 + rng.poisson(6.0, ARTICLES),
    }


def usage(rng: np.random.Generator, readers: Sequence[str], shelf: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Draw a year of reading: two in three by the reader's own fields of law, the rest by what everybody reads."""
    appeal = 1.0 / np.arange(1, ARTICLES + 1) ** 0.6
    rng.shuffle(appeal)
    own = rng.integers(0, len(FIELDS), READERS)
    busy = rng.gamma(0.9, 1.0, READERS)
    reader = rng.choice(READERS, EVENTS, p=busy / busy.sum())
    article = rng.choice(ARTICLES, EVENTS, p=appeal / appeal.sum())
    by_taste = rng.random(EVENTS) < 0.66
    for field, name in enumerate(FIELDS):
        chances = appeal * (shelf["Rechtsgebiet"] == name)
        chosen = np.flatnonzero(by_taste & (own[reader] == field))
        article[chosen] = rng.choice(ARTICLES, len(chosen), p=chances / chances.sum())
    at = FIRST_SECOND + np.sort(rng.integers(0, SECONDS, EVENTS)).astype("timedelta64[s]")
    return {
        "zeit": at,
        "kunde": np.array(readers)[reader],
        "ArtikelNr": shelf["ArtikelNr"][article],
        "kanal": rng.choice(CHANNELS, EVENTS, p=(0.6, 0.25, 0.15)),
        "sekunden": rng.gamma(1.4, 90.0, EVENTS).astype(int),
    }


def tickets(rng: np.random.Generator, readers: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Draw the support desk's tickets, from seven to seven, as its own tool exports them."""
    queue = rng.choice(QUEUES, TICKETS, p=(0.35, 0.25, 0.2, 0.2))
    seconds = 86_400 * rng.integers(0, 365, TICKETS) + rng.integers(7 * 3_600, 19 * 3_600, TICKETS)
    opened = FIRST_SECOND + np.sort(seconds).astype("timedelta64[s]")
    return {
        "ticket_id": np.arange(70_001, 70_001 + TICKETS),
        "customer": rng.choice(np.array(readers), TICKETS),
        "opened_at": opened,
        "queue": queue,
        "subject": np.array([MESSAGES[q][n] for q, n in zip(queue, rng.integers(0, 3, TICKETS), strict=True)]),
        "hours_to_close": np.round(rng.gamma(1.2, 14.0, TICKETS), 1),
    }
