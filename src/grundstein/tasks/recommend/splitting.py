"""Room tasks. In: events and a seal -> Out: earlier events to learn from, users to answer, and what they did later."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.task import Data, Split
from grundstein.tasks.recommend.events import events_of, require, time_column
from grundstein.tools.sealing import DAY, instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from grundstein.core.case import Case
    from grundstein.core.records import Seal
    from grundstein.tasks.recommend.options import Reading

FOLD_CUTS = (0.4, 0.6, 0.8, 1.0)


def sealed_split(data: Data, case: Case, read: Reading, seal: Seal) -> Split:
    """Seal the latest events (given ones, or drawn ones where the case asks for that contrast); units are users."""
    if seal.how not in {"time", "given"} and not (seal.how == "random" and case.split == "random"):
        raise Refused(
            "the events of a recommend case must be sealed by time",
            f'expected a time column of `events`; the seal is "{seal.how}"',
            "name the column as `time:` in the case file, or `time: _row` where the file is in order",
        )
    table = events(data)
    require(table, seal.time if seal.how == "time" else read.user, "events")
    sealed, known = sealed_rows(table, seal), known_rows(table, seal, case.horizon_days)
    return split_events(data, read, sealed, known, seal.how, seal.salt)


def forward_folds(development: Data, case: Case, read: Reading, seed: int) -> Iterator[Split]:
    """Three splits forward in time, each learning from all that came before (drawn ones where the case asks)."""
    table, salt = events(development), f"fold:{seed}"
    if case.split == "random":
        drawn = unit_hash(table, [], salt, "fold") % 4
        for part in range(3):
            yield split_events(development, read, drawn == part, drawn != part, "random", salt)
        return
    name = time_column(table, read)
    times = instants(table[name])
    horizon = 0 if name == "_row" else int(case.horizon_days * DAY)
    cuts = [int(np.quantile(times, share, method="lower")) for share in FOLD_CUTS] if len(times) else []
    for cut, end in itertools.pairwise(cuts):
        sealed = (times > cut) & (times <= end)
        yield split_events(development, read, sealed, times <= cut - horizon, "time", salt)


def split_events(
    data: Data, read: Reading, sealed: NDArray[np.bool_], known: NDArray[np.bool_], how: str, salt: str
) -> Split:
    """Return known events to learn from and one unit for each user with sealed events, ordered by user.

    `truth["events"]` has one row a unit: `user`, `items` (texts in order: the sealed items that the user wanted and
    had not met in development; repeats do not count, for a ranking never shows what is in the history), `_unit`
    (hash of the user with `salt`) and `_time` (the first sealed event). A user who only came back to known items
    stays, with nothing to find.
    """
    table = events(data)
    found = events_of(table.append_column("_sealed", pa.array(sealed)).append_column("_known", pa.array(known)), read)
    keep = np.asarray(_valid(table, read))
    later, earlier = found.taken(sealed[keep]), found.taken(known[keep])
    width = max(len(found.item_ids), 1)
    fresh = ~np.isin(later.users * width + later.items, earlier.users * width + earlier.items)
    fresh &= later.weights > 0
    units, first = np.unique(later.users), np.full(len(found.user_ids), np.iinfo(np.int64).max)
    np.minimum.at(first, later.users, later.times)
    wanted = _item_lists(later.users[fresh] * width + later.items[fresh], units, width, found.item_ids)
    users = pa.array([found.user_ids[u] for u in units], pa.string())
    questions = pa.table({read.user: users})
    truth = pa.table(
        {
            "user": users,
            "items": pa.array(wanted, pa.list_(pa.string())),
            "_unit": unit_hash(questions, [read.user], salt),
            "_time": pa.array(first[units], pa.int64()),
        }
    )
    return Split({**data, "events": table.filter(pa.array(known))}, questions, {"events": truth}, how)


def events(data: Data) -> pa.Table:
    """Return the table of events; Refused where the case names none."""
    if "events" not in data:
        raise Refused(
            "a recommend case needs a table of events",
            f"expected `data: {{events: TABLE}}`; given: {', '.join(data) or 'nothing'}",
            "name the table of events in the case file",
        )
    return data["events"]


def _valid(table: pa.Table, read: Reading) -> NDArray[np.bool_]:
    valid = [np.asarray(table[name].is_valid()) for name in (read.user, read.item)]
    return valid[0] & valid[1]


def _item_lists(
    pairs: NDArray[np.int64], units: NDArray[np.int64], width: int, ids: tuple[str, ...]
) -> list[list[str]]:
    distinct = np.unique(pairs)
    starts = np.searchsorted(distinct, units * width)
    ends = np.searchsorted(distinct, (units + 1) * width)
    return [[ids[pair % width] for pair in distinct[start:end]] for start, end in zip(starts, ends, strict=True)]
