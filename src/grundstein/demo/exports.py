"""Room demo. In: a folder and a seed -> Out: a publisher's exports and cases as files, and what to do with them.

The company is invented. It stands for a publisher of tax and legal texts that sells software, too: subscriptions with
notice dates, reading in an online library, printed supplements, a support desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.demo.cases import CASES, ROLES, CaseText
from grundstein.demo.customers import customers, newcomers
from grundstein.demo.files import (
    german_number,
    write_english_csv,
    write_german_csv,
    write_monthly_json,
    write_workbook,
    written,
)
from grundstein.demo.reading import READERS, articles, tickets, usage
from grundstein.demo.supplements import supplements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

COMPANY = "Verlag Musterhaus"
SHAPES: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "Jahresbetrag": lambda amount: f"{german_number(amount)} €",
        "Preiserhöhung_Prozent": lambda share: german_number(share, 1),
    }
)


@dataclass(frozen=True)
class Export:
    """One source to ingest: a file or folder, its table, and the options that reading it needs.

    `rows` are good ones, `broken` those that no reader can take as they are.
    """

    table: str
    source: Path
    rows: int
    broken: int = 0
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Exports:
    """What `write` wrote: sources in the order to ingest them, cases (and where they lie), and the project's settings.

    `roles` are the roles that the cases ask to sign, each with who has it; `new_rows` a file to answer, by case.
    """

    company: str
    currency: str
    timezone: str
    roles: Mapping[str, Sequence[str]]
    tables: tuple[Export, ...]
    cases: tuple[CaseText, ...]
    case_files: tuple[Path, ...]
    new_rows: Mapping[str, Path]

    @property
    def decided(self) -> tuple[str, ...]:
        """The cases that the demo decides, in order."""
        return tuple(case.name for case in self.cases if case.decided)


def write(folder: Path, seed: int) -> Exports:
    """Write `folder/exports/...` and `folder/cases/*.yaml`; the same seed writes the same bytes. Runs nothing."""
    exports, cases = folder / "exports", folder / "cases"
    for place in (exports / "nutzung", cases):
        place.mkdir(parents=True, exist_ok=True)
    streams = np.random.default_rng(seed).spawn(6)
    kunden, numbers = _customers(exports, streams[0])
    readers = numbers[:READERS]
    tables = (
        kunden,
        _supplements(exports, streams[1], numbers),
        *_reading(exports, streams[2], streams[3], readers),
        _tickets(exports, streams[4], readers),
    )
    files = tuple(cases / f"{case.name}.yaml" for case in CASES)
    for path, case in zip(files, CASES, strict=True):
        path.write_bytes(case.text.encode())
    new = {"kuendigung": _newcomers(exports, streams[5])}
    return Exports(COMPANY, "EUR", "Europe/Berlin", ROLES, tables, CASES, files, new)


def _customers(exports: Path, rng: np.random.Generator) -> tuple[Export, Sequence[str]]:
    columns = customers(rng).columns
    rows = written(columns, SHAPES)
    _forget(rng, rows, list(columns).index("Zahlungsverzug_Tage"), ("", "k.A."))
    _forget(rng, rows, list(columns).index("Logins_Vorquartal"), ("",))
    broken = _broken(list(columns), rows)
    path = exports / "kunden_export.csv"
    write_german_csv(path, list(columns), rows, broken)
    return Export("kunden", path, len(rows), len(broken)), list(columns["KundenNr"])


def _newcomers(exports: Path, rng: np.random.Generator) -> Path:
    """Subscriptions whose notice date is still to come, so that nobody knows yet who cancels."""
    columns = newcomers(rng)
    path = exports / "kunden_neu.csv"
    write_german_csv(path, list(columns), written(columns, SHAPES), {})
    return path


def _forget(rng: np.random.Generator, rows: list[list[str]], place: int, signs: tuple[str, ...]) -> None:
    for row in np.flatnonzero(rng.random(len(rows)) < 0.015):
        rows[row][place] = signs[int(rng.integers(len(signs)))]


def _broken(names: list[str], rows: list[list[str]]) -> dict[int, str]:
    """Lines that break the file, each in its own way: cut off, a stray semicolon, no such day, words for a number."""

    def line(number: int, **changes: str) -> str:
        row = [f"K-9{number:05d}", *rows[number][1:]]
        return ";".join(changes.get(name, text) for name, text in zip(names, row, strict=True))

    def cut_off(number: int, fields: int) -> str:
        return ";".join(line(number).split(";")[:fields])

    return {
        411: cut_off(411, 9),
        1205: line(1205, Bemerkung="Rückruf; Vertrag liegt bei"),
        2377: line(2377, Stichtag="31.02.2025"),
        3004: line(3004, Jahresbetrag="auf Anfrage"),
        4418: line(4418, Logins_90T="siehe Portal"),
        5120: cut_off(5120, 4),
    }


def _supplements(exports: Path, rng: np.random.Generator, numbers: Sequence[str]) -> Export:
    columns = supplements(rng, numbers)
    rows = written(columns, {"Versandkosten": german_number})
    path = exports / "beilagen_versand.csv"
    write_german_csv(path, list(columns), rows, {})
    return Export("lieferungen", path, len(rows))


def _reading(
    exports: Path, of_articles: np.random.Generator, of_usage: np.random.Generator, readers: Sequence[str]
) -> tuple[Export, Export]:
    shelf = articles(of_articles)
    workbook = exports / "artikel.xlsx"
    write_workbook(workbook, "Artikel", shelf, "Stand der Artikelliste; das Blatt Artikel enthält die Daten.")
    read: dict[str, NDArray[np.generic]] = usage(of_usage, readers, shelf)
    write_monthly_json(exports / "nutzung", "nutzung", read, "zeit")
    listed = Export("artikel", workbook, len(shelf["ArtikelNr"]), options=MappingProxyType({"sheet": "Artikel"}))
    return listed, Export("nutzung", exports / "nutzung", len(read["zeit"]))


def _tickets(exports: Path, rng: np.random.Generator, readers: Sequence[str]) -> Export:
    columns = tickets(rng, readers)
    path = exports / "tickets.csv"
    write_english_csv(path, columns)
    return Export("tickets", path, len(columns["ticket_id"]))
