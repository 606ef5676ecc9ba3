"""Time-ordered sets for the replay: real ones made from shared files, and simulated weather; each a CSV and a case."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ROWS = 12_000


@dataclass(frozen=True)
class Set:
    """One table with the case that is asked of it."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    case: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the table as CSV."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.head)
            writer.writerows(self.rows)


def sets(data: Path) -> Iterator[Set]:
    """Yield the sets; those of shared files only where the folder is there."""
    if data.is_dir():
        yield elec2(data)
        yield bikes(data)
        yield manchester(data)
        yield retail(data)
        yield bank(data)
    for seed, drift in ((1, 0.0), (2, 0.0), (3, 1.0)):
        yield weather(seed, drift)


def elec2(data: Path) -> Set:
    """Does the price of electricity rise; today's rule is what it did half an hour ago."""
    with (data / "drift-streams" / "elec2.csv").open(encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    rows = rows[:ROWS]
    before = ["0", *(row[-1] for row in rows[:-1])]
    placed = [[*row, b] for row, b in zip(rows, before, strict=True)]
    case = {"target": "class", "positive": '"1"', "time": "_row", "baseline": "before = 1", "metric": "accuracy"}
    return Set("elec2", [*head, "before"], placed, case)


def bikes(data: Path) -> Set:
    """How many bicycles are hired in an hour."""
    with (data / "drift-streams" / "bike_sharing_hour.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    head = [n for n in rows[0] if n not in ("instant", "casual", "registered", "yr")]
    placed = [[row[n] if n != "dteday" else _iso(row[n]) for n in head] for row in rows]
    return Set("bikes", head, placed, {"target": "cnt", "time": "dteday", "metric": "absolute_error"})


def _iso(text: str) -> str:
    month, day, year = text.split("/")
    return f"{year}-{int(month):02d}-{int(day):02d}"


def manchester(data: Path) -> Set:
    """Is a payment of the city above 2,000 pounds, by who pays what to whom; every 24th row."""
    path = data / "bookkeeping" / "manchester_spend" / "manchester_2010-12_to_2019-12.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::24]
    rows.sort(key=lambda row: row["file_month"])
    head = ["month", "service_area", "expenses_type", "supplier", "large"]
    placed = [
        [f"{row['file_month'][:7]}-01", row["service_area"], row["expenses_type"], row["supplier"],
         "yes" if float(row["net_amount_gbp"]) > 2000 else "no"]
        for row in rows
        if row["net_amount_gbp"]
    ]  # fmt: skip
    return Set(
        "manchester", head, placed, {"target": "large", "positive": '"yes"', "time": "month", "metric": "accuracy"}
    )


def retail(data: Path) -> Set:
    """Does a customer order again within 30 days: one row an invoice, its truth known 30 days later."""
    with gzip.open(data / "segmentation" / "online_retail_uci.csv.gz", "rt", encoding="utf-8") as file:
        lines = [row for row in csv.DictReader(file) if row["CustomerID"] and not row["InvoiceNo"].startswith("C")]
    invoices: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in lines:
        invoices[line["InvoiceNo"]].append(line)
    ordered = sorted(
        ((_when(rows[0]["InvoiceDate"]), name, rows) for name, rows in invoices.items()), key=lambda x: x[:2]
    )
    times: dict[str, list[datetime]] = defaultdict(list)
    for when, _, rows in ordered:
        times[rows[0]["CustomerID"]].append(when)
    end, seen, placed = ordered[-1][0] - timedelta(days=30), defaultdict(list), []
    for when, name, rows in ordered:
        customer = rows[0]["CustomerID"]
        again = any(when < other <= when + timedelta(days=30) for other in times[customer])
        value = sum(int(float(r["Quantity"])) * float(r["UnitPrice"]) for r in rows)
        earlier = seen[customer]
        last = (when - earlier[-1]).days if earlier else ""
        if when <= end:
            placed.append([when.date().isoformat(), name, customer, rows[0]["Country"], len(rows), round(value, 2),
                           when.hour, when.weekday(), len(earlier), last, "yes" if again else "no"])  # fmt: skip
        earlier.append(when)
    head = [
        "day",
        "invoice",
        "customer",
        "country",
        "lines",
        "worth",
        "hour",
        "weekday",
        "orders",
        "days_since",
        "again",
    ]
    case = {
        "target": "again", "positive": '"yes"', "time": "day", "entity": "customer", "horizon": 30,
        "metric": "accuracy", "ignore": "[invoice]", "baseline": "orders >= 5",
    }  # fmt: skip
    return Set("retail", head, placed, case)


def _when(text: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  (the shop's own clock, only its order matters)
        except ValueError:
            continue
    raise ValueError(text)


def bank(data: Path) -> Set:
    """Who subscribes when called, in the order of the calls."""
    with zipfile.ZipFile(data / "tabular" / "bank-additional.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith("additional-full.csv") and "MACOSX" not in n)
        head, *rows = list(csv.reader(io.StringIO(archive.read(name).decode()), delimiter=";"))
    case = {
        "target": "y", "positive": '"yes"', "time": "_row", "ignore": "[duration]",
        "money": "{act_on_yes: 55, act_on_no: -5}", "baseline": "poutcome = 'success'",
    }  # fmt: skip
    return Set("bank", head, rows[::3], case)


def weather(seed: int, drift: float, days: int = 6_000) -> Set:
    """Does it rain tomorrow: pressure and season with a memory; with `drift` the climate's meaning moves slowly."""
    random = np.random.default_rng(seed)
    pressure, humidity = np.zeros(days), np.zeros(days)
    for day in range(1, days):
        pressure[day] = 0.8 * pressure[day - 1] + random.normal()
        humidity[day] = 0.6 * humidity[day - 1] - 0.3 * pressure[day] + random.normal()
    season = np.cos(2 * np.pi * np.arange(days) / 365.25)
    weight = 1.2 - drift * np.arange(days) / days
    chance = 1 / (1 + np.exp(weight * pressure - 0.7 * humidity - 0.8 * season + 0.4))
    rains = random.random(days) < chance
    start = datetime(2005, 1, 1)  # noqa: DTZ001  (simulated days)
    rows = [
        [(start + timedelta(days=int(d))).date().isoformat(), round(pressure[d], 2), round(humidity[d], 2),
         round(season[d] * 8 + random.normal(), 1), "yes" if rains[d - 1] else "no", "yes" if rains[d] else "no"]
        for d in range(1, days)
    ]  # fmt: skip
    case = {
        "target": "rain", "positive": '"yes"', "time": "day", "baseline": "yesterday = 'yes'", "metric": "accuracy",
    }  # fmt: skip
    head = ["day", "pressure", "humidity", "warmth", "yesterday", "rain"]
    return Set(f"weather {seed}{' drifting' if drift else ''}", head, rows, case)
