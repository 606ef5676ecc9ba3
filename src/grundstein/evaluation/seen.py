"""Room evaluation. In: a sealed part, and tables as they were used before -> Out: Seen: what was opened or learned.

Exact where the tables are still there: of its own table by `_row`, of others by the key's hash, else by the content of
rows. What stands in the ledger alone is known by sketches (`openings`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.evaluation.kinship import same_rows
from grundstein.tools.sealing import instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.evaluation.evaluate import Pinned

    Flags = NDArray[np.bool_]
    Units = NDArray[np.int64]

LEARNED = 0.01


@dataclass(frozen=True)
class Use:
    """One way in which a table was used: its seal, the last `_row` that was there, and the openings of it.

    `given`: the table was a given test table, all its rows were opened and none was learned from.
    """

    seal: Seal
    last_row: int
    openings: tuple[str, ...]
    given: bool = False

    def covered(self, rows: pa.Table) -> Flags:
        """Mark the rows that an opening covers: the whole sealed part, whichever slice of it was asked."""
        return self._there(rows) & (sealed_rows(rows, self.seal) | self.given)

    def learned(self, rows: pa.Table) -> Flags:
        """Mark the rows that were in development."""
        return self._there(rows) & known_rows(rows, self.seal, 0.0) & (not self.given)

    def _there(self, rows: pa.Table) -> Flags:
        return instants(rows["_row"]) <= self.last_row


@dataclass(frozen=True)
class Used:
    """A governed table, and all the ways in which earlier experiments used it."""

    table: str
    rows: pa.Table
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Seen:
    """What is known of a sealed part: the units that each earlier opening covers, the tables these openings were of.

    `whole`: the units of the whole sealed part of the table, of which the case may ask a slice. `learned`: the share
    of the asked units that other tables had in development; `learned_in`: which table.
    """

    covered: Mapping[str, Units] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    whole: Units | None = None
    learned: float = 0.0
    learned_in: str = ""


def seen_before(pinned: Pinned, base: pa.Table, used: Sequence[Used]) -> Seen:
    """Look up the sealed units of a case in every table that was used before. `base`: the governed rows of its table.

    Refused where a given test table stands beside development rows that were evaluated under another name: whoever
    may name a second one can pick.
    """
    asked = _asked(pinned, base)
    covered: dict[str, Units] = {}
    tables: dict[str, str] = {}
    learned, learned_in = 0.0, ""
    for one in used:
        own = one.table == pinned.seal.table
        if pinned.seal.how == "given" and not own:
            _refuse_picked(pinned, asked, one)
        found = _in_own(pinned, base, asked, one) if own else _in_other(asked, one)
        covered |= found.covered
        tables |= dict.fromkeys(found.covered, one.table)
        if found.learned > learned:
            learned, learned_in = found.learned, one.table
    return Seen(covered, tables, asked.whole, learned, learned_in)


@dataclass(frozen=True)
class _Asked:
    """The units that are asked, as rows without their truth; `known`: the rows that are not sealed."""

    parts: tuple[tuple[pa.Table, Units], ...]
    known: pa.Table
    units: Units
    whole: Units


def _asked(pinned: Pinned, base: pa.Table) -> _Asked:
    rows, seal = pinned.sealed, pinned.seal
    units = unit_hash(rows, seal.key, seal.salt)
    target = {str(pinned.case.options.get("target", ""))}
    parts = [(_without(rows, target), units)]
    judged = pinned.data[pinned.task.roles[0].name]
    whole = units
    if seal.how != "given" and judged is not base:
        sealed = base.filter(pa.array(sealed_rows(base, seal)))
        whole = unit_hash(sealed, seal.key, seal.salt)
        inside = np.isin(whole, units)
        parts.append((_without(sealed.filter(pa.array(inside)), target), whole[inside]))
    known = judged.filter(pa.array(~sealed_rows(judged, seal)))
    return _Asked(tuple(parts), known, np.unique(units), np.unique(whole))


def _in_own(pinned: Pinned, base: pa.Table, asked: _Asked, used: Used) -> Seen:
    """Openings of the same table, whatever its seal was then; what was learned from is never sealed again."""
    units = unit_hash(base, pinned.seal.key, pinned.seal.salt)
    found = {name: units[use.covered(base)] for use in used.uses for name in use.openings}
    return Seen({name: np.intersect1d(asked.units, some) for name, some in found.items()})


def _in_other(asked: _Asked, used: Used) -> Seen:
    kin = [same_rows(part, asked.known, used.rows) for part, _ in asked.parts]
    covered: dict[str, Units] = {}
    learned = 0.0
    for use in used.uses:
        opened, known = use.covered(used.rows), use.learned(used.rows)
        keys = unit_hash(used.rows, use.seal.key, use.seal.salt)
        hits = [asked.units[np.isin(asked.units, keys[opened])]]
        shares = [float(np.isin(asked.units, keys[known]).mean()) if len(asked.units) else 0.0]
        for one, (_, units) in zip(kin, asked.parts, strict=True):
            inside = one.place >= 0
            hits.append(units[inside & opened[one.place]])
            shares.append(max(float((inside & known[one.place]).mean()) - one.chance, 0.0) if len(units) else 0.0)
        some = np.unique(np.concatenate(hits))
        covered |= dict.fromkeys(use.openings, some)
        learned = max(learned, *shares)
    return Seen(covered, learned=learned)


def _refuse_picked(pinned: Pinned, asked: _Asked, used: Used) -> None:
    known = asked.known
    keys = unit_hash(known, pinned.seal.key, pinned.seal.salt)
    before = [unit_hash(used.rows, use.seal.key, use.seal.salt) for use in used.uses if not use.given]
    by_key = max((float(np.isin(keys, some).mean()) for some in before), default=0.0)
    half = known.num_rows // 2
    by_content = same_rows(known.slice(0, half), known.slice(half), used.rows).share if before else 0.0
    if max(by_key, by_content) >= LEARNED:
        raise Refused(
            f"The development rows of {pinned.seal.table} were evaluated before, as the table {used.table}.",
            "A test table named before anything was evaluated on these rows, so that nobody could pick it.",
            f"grundstein decide {pinned.case.name}, without --test",
        )


def _without(rows: pa.Table, names: set[str]) -> pa.Table:
    return rows.select([name for name in rows.column_names if name not in names])
