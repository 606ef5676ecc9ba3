"""Room demo. In: a seed -> Out: subscriptions at their notice date, with a cancellation that can partly be foreseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUSTOMERS = 6_000
FIRST_DAY = np.datetime64("2024-01-02")
DAYS = 728
KINDS = ("Steuerkanzlei", "Rechtsanwaltskanzlei", "Unternehmen", "Behörde")
NEW = 12
AFTERWARDS = ("Gekündigt", "Kündigungsgrund")
STATES = ("Bayern", "Berlin", "Hessen", "Niedersachsen", "Nordrhein-Westfalen", "Sachsen", "Thüringen")
TARIFFS = ("Basis", "Plus", "Premium")
PRICES = (590.0, 1190.0, 2390.0)
PAYMENTS = ("Lastschrift", "Rechnung", "Überweisung")
REASONS = ("Preis", "Zu wenig genutzt", "Wechsel zu Mitbewerber", "Kanzlei aufgelöst")
HAPPY = ("Schulung gewünscht", "Lobt die Suche", "Neue Kollegin angelegt", "Rückfrage zur Rechnung geklärt")
UNHAPPY = ("Fragt nach Kündigungsfrist", "Findet es zu teuer", "Vergleicht mit Mitbewerber", "Nutzt es kaum noch")


@dataclass(frozen=True)
class Customers:
    """Columns of one length, in the order of the notice date. `cancelled` is what the case asks for."""

    columns: dict[str, NDArray[Any]]
    cancelled: NDArray[np.bool_]


def customers(rng: np.random.Generator) -> Customers:
    """Draw the subscriptions whose notice date fell into two years.

    What drives a cancellation: falling use, a raised price, late payment, tickets, few months, a remark. Today's rule
    (young and hardly used) sees a part of it.
    """
    n = CUSTOMERS
    notice = FIRST_DAY + np.sort(rng.integers(0, DAYS, n)).astype("timedelta64[D]")
    months = np.minimum(rng.gamma(1.6, 26.0, n) + 3, 240).astype(int)
    kind = rng.choice(4, n, p=(0.48, 0.27, 0.2, 0.05))
    payment = rng.choice(3, n, p=(0.55, 0.35, 0.1))
    tariff = rng.choice(3, n, p=(0.45, 0.38, 0.17))
    seats = 1 + rng.poisson((0.6, 2.2, 6.0), (n, 3))[np.arange(n), tariff]
    bond = rng.normal(0.0, 1.0, n)
    before = rng.poisson(np.exp(2.3 + 0.45 * np.log(seats) + 0.35 * bond))
    change = rng.normal(0.12 * bond - 0.08, 0.55, n)
    logins = rng.poisson(before * np.exp(np.minimum(change, 0.8)))
    tickets = rng.poisson(np.exp(-0.5 - 0.25 * bond))
    late = np.where(rng.random(n) < 0.22, rng.gamma(1.5, 12.0, n), 0.0).astype(int)
    raised = rng.choice((0.0, 2.5, 4.9, 9.5), n, p=(0.35, 0.3, 0.2, 0.15))
    risk = -4.6 - 1.2 * np.log((logins + 1) / (before + 1)) - 0.4 * np.log1p(logins / seats)
    risk += 0.34 * raised + 0.09 * np.minimum(late, 40) + 0.8 * np.minimum(tickets, 5) - 0.4 * bond
    risk += 3.0 * np.exp(-months / 18.0) + np.array((0.6, 0.0, -0.8))[tariff]
    risk += np.array((0.0, 0.5, -0.5, -1.5))[kind] + np.array((-0.3, 0.4, 0.4))[payment]
    grumbles = rng.random(n) < 1.0 / (1.0 + np.exp(1.9 - 0.6 * risk))
    cancelled = rng.random(n) < 1.0 / (1.0 + np.exp(-(risk + 0.8 * grumbles)))
    columns = {
        "KundenNr": np.array([f"K-{number}" for number in 100_000 + rng.permutation(n * 7)[:n]]),
        "Firma": _companies(rng, kind),
        "Kundenart": np.array(KINDS)[kind],
        "Bundesland": rng.choice(STATES, n),
        "Stichtag": notice,
        "Abo_seit": notice - (months * 30.4).astype(int).astype("timedelta64[D]"),
        "Laufzeit_Monate": months,
        "Tarif": np.array(TARIFFS)[tariff],
        "Jahresbetrag": np.round(np.array(PRICES)[tariff] * (1 + 0.12 * (seats - 1)) * rng.uniform(0.9, 1.05, n), 2),
        "Preiserhöhung_Prozent": raised,
        "Nutzer": seats,
        "Logins_90T": logins,
        "Logins_Vorquartal": before,
        "Tickets_90T": tickets,
        "Zahlungsverzug_Tage": late,
        "Zahlart": np.array(PAYMENTS)[payment],
        "Newsletter": np.where(rng.random(n) < 0.4, "ja", "nein"),
        "Bemerkung": _remarks(rng, grumbles),
        "Gekündigt": np.where(cancelled, "ja", "nein"),
        "Kündigungsgrund": np.where(cancelled & (rng.random(n) < 0.9), rng.choice(REASONS, n), ""),
    }
    return Customers(columns, cancelled)


def newcomers(rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Draw a few subscriptions whose notice date comes after all others, without what is known only afterwards."""
    known = {name: values[:NEW] for name, values in customers(rng).columns.items() if name not in AFTERWARDS}
    moved = FIRST_DAY + DAYS - known["Stichtag"][0]
    numbers = np.array([f"K-{number}" for number in range(200_001, 200_001 + NEW)])
    later = {name: known[name] + moved for name in ("Stichtag", "Abo_seit")}
    return known | later | {"KundenNr": numbers}


def _companies(rng: np.random.Generator, kind: NDArray[np.int64]) -> NDArray[Any]:
    letters = np.array(list("ABCDEFGHKLMNPRSTUVWXZ"))
    codes = rng.choice(letters, (len(kind), 2))
    numbers = rng.integers(10, 1000, len(kind))
    short = ("Kanzlei", "Kanzlei", "Firma", "Amt")
    return np.array([f"{short[k]} {a}{b}-{n:03d}" for k, (a, b), n in zip(kind, codes, numbers, strict=True)])


def _remarks(rng: np.random.Generator, grumbles: NDArray[np.bool_]) -> NDArray[Any]:
    remarks = np.where(rng.random(len(grumbles)) < 0.25, rng.choice(HAPPY, len(grumbles)), "")
    return np.where(grumbles, rng.choice(UNHAPPY, len(grumbles)), remarks)
