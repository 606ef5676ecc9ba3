"""Room evaluation. In: answers that were put down, and rows as they are now -> Out: the units whose truth came later.

Only these can judge answers of which nobody knows what they were made of: a unit counts where no version of any table
knew its truth when its answer was put down. Rows that were not there at all must also be dated later, where the
contract has a time: what happened before could be known outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.tools.matching import MATCHED
from grundstein.tools.sealing import clusters, instants, known_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.evaluation.evaluate import Pinned

    Hashes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

FEWEST_KNOWN = 20


@dataclass(frozen=True)
class Then:
    """What the lake knew when answers were put down, units as hashes of the key by which answers are matched.

    `known`: units with a truth in some version of some table; `there`: units that the case's table held. `strict`: a
    unit that was there at all is not judged (a SELECT could have hidden its truth). `at`: microseconds since 1970;
    `rows`: how many rows the case's table had. `closed` says why nothing can be judged.
    """

    known: Hashes
    there: Hashes
    at: int
    rows: int
    strict: bool = False
    closed: str = ""


@dataclass(frozen=True)
class Laid:
    """Answers of one deposit with what the lake knew then; `given` names units by `key`."""

    deposit: str
    given: pa.Table
    key: tuple[str, ...]
    then: Then

    @property
    def units(self) -> Hashes:
        """The answered units."""
        return unit_hash(self.given, self.key, "", MATCHED)


@dataclass(frozen=True)
class Prospect:
    """The units that can be judged now. `source`: for each row the place of its deposit among those asked, -1: none.

    `late`: answered units whose truth had been known before, or that are dated before the answers (none where truth is
    whatever comes later). `new`: units that came later and that nobody was asked about.
    """

    source: NDArray[np.int64]
    late: int
    new: int
    open: int
    clusters: int

    @property
    def rows(self) -> Flags:
        """The rows that can be judged."""
        return self.source >= 0


def prospect(pinned: Pinned, laid: Sequence[Laid]) -> Prospect:
    """Mark the rows that can be judged by the answers that were put down first for them.

    A unit that was there and open, and was passed over by a deposit that answered others, is judged by its silence.
    """
    rows, key = pinned.data[pinned.task.roles[0].name], laid[0].key
    unit, known = unit_hash(rows, key, "", MATCHED), _known(pinned, rows)
    source = np.full(rows.num_rows, -1, dtype=np.int64)
    answered = [np.isin(unit, one.units) for one in laid]
    there = [np.isin(unit, one.then.there) for one in laid]
    fair = [_fair(pinned, rows, unit, one.then) & known for one in laid]
    for place in range(len(laid)):
        source[fair[place] & answered[place] & (source < 0)] = place
    for place, one in enumerate(laid):
        if not one.then.strict and (source == place).any():
            source[fair[place] & there[place] & (source < 0)] = place
    said = np.logical_or.reduce(answered)
    seen = np.logical_or.reduce([said, *there])
    judged = source >= 0
    told = bool(pinned.case.options.get("target"))
    cluster = clusters(rows.filter(pa.array(judged)), pinned.seal) if told else unit[judged]
    return Prospect(
        source=source,
        late=len(np.unique(unit[said & known & ~judged])) if told else 0,
        new=len(np.unique(unit[known & ~seen])),
        open=len(np.setdiff1d(laid[-1].units, unit[known if told else judged])),
        clusters=len(np.unique(cluster)),
    )


def _known(pinned: Pinned, rows: pa.Table) -> Flags:
    target = str(pinned.case.options.get("target", ""))
    if not target:
        return np.ones(rows.num_rows, dtype=np.bool_)
    return truth_known(rows[target])


def truth_known(column: pa.ChunkedArray) -> Flags:
    """Mark values that are there and, for numbers, finite."""
    known = pc.is_valid(column)
    if pa.types.is_floating(column.type):
        known = pc.fill_null(pc.is_finite(column), fill_value=False)
    return np.asarray(known, dtype=np.bool_)


def _fair(pinned: Pinned, rows: pa.Table, unit: Hashes, then: Then) -> Flags:
    """Mark the rows whose truth nobody could have found here, nor outside where the contract has a time."""
    if then.closed:
        return np.zeros(rows.num_rows, dtype=np.bool_)
    there = np.isin(unit, then.there)
    clock = _clock(pinned)
    dated = clock in rows.column_names
    later = instants(rows[clock]) > then.at if dated else np.ones(rows.num_rows, dtype=np.bool_)
    if not pinned.case.options.get("target"):
        came = np.asarray(rows["_row"]) >= then.rows if "_row" in rows.column_names else ~there
        return np.asarray(came & later)
    if then.strict:
        return np.asarray(~there & later)
    return np.asarray(~np.isin(unit, then.known) & (there | later))


def _clock(pinned: Pinned) -> str:
    """The column of time, where it is one of the calendar."""
    time = pinned.seal.time or pinned.case.time or (pinned.contract.time if pinned.contract else "")
    return "" if time == "_row" else time


def split_of(pinned: Pinned, found: Prospect, first: Then, key: Sequence[str]) -> tuple[Split, pa.Table]:
    """Return the split to judge on and its table: fitted on development rows known before the first deposit.

    Refused where too little was known then to fit today's rule and the simplest answers.
    """
    role, case = pinned.task.roles[0].name, pinned.case
    rows = pinned.data[role]
    fit = known_rows(rows, pinned.seal, case.horizon_days) & ~found.rows & _before(pinned, rows, first, key)
    if int(fit.sum()) < FEWEST_KNOWN:
        raise Refused(
            f"Only {int(fit.sum())} development rows of {case.name} were known when the answers were put down.",
            f"At least {FEWEST_KNOWN}, to fit the opponents on.",
            "Put the answers down anew, now that more is known",
        )
    clock = _clock(pinned) or ("_row" if case.time == "_row" else "")
    table = pa.concat_tables([rows.filter(pa.array(fit)), rows.filter(pa.array(found.rows))])
    if clock in table.column_names:
        table = table.append_column("_time", pa.array(instants(table[clock])))
    numbers = pa.array(np.arange(table.num_rows, dtype=np.int64))
    table = (table.drop_columns(["_row"]) if "_row" in table.column_names else table).append_column("_row", numbers)
    seal = replace(pinned.seal, how="given", cut=str(int(fit.sum()) - 1), time="", earlier=())
    split = pinned.task.seal({**pinned.data, role: table}, case, seal)
    return replace(split, how="time" if "_time" in table.column_names else "given"), table


def _before(pinned: Pinned, rows: pa.Table, first: Then, key: Sequence[str]) -> Flags:
    if pinned.case.options.get("target"):
        return np.isin(unit_hash(rows, key, "", MATCHED), first.known)
    return np.asarray(rows["_row"]) < first.rows
