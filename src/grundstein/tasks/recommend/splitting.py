"""Room tasks. In: events and a seal -> Out: earlier events to learn from, users to answer, and what they did later."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.task import Data, Split
from grundstein.tasks.recommend.events import events_of, require, texts, time_column
from grundstein.tasks.recommend.truths import asked_later, judged
from grundstein.tools.sealing import DAY, instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Case
    from grundstein.core.records import Seal
    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.truths import Asked

    Part = Callable[[NDArray[np.int64]], NDArray[np.bool_]]

FOLD_CUTS = (0.4, 0.6, 0.8, 1.0)
FOLDS, JUDGED_SHARE = 3, 0.25


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
    if read.related:
        share = seal.share or JUDGED_SHARE
        return split_judgements(data, read, known, lambda hashed: hashed < int(share * 2.0**63), seal.how, seal.salt)
    return split_events(data, read, sealed, known, seal.how, seal.salt)


def forward_folds(development: Data, case: Case, read: Reading, seed: int) -> Iterator[Split]:
    """Three splits forward in time, each learning from all that came before (drawn ones where the case asks)."""
    table, salt = events(development), f"fold:{seed}"
    if read.related:
        every = np.ones(table.num_rows, dtype=np.bool_)
        for fold in range(FOLDS):
            how = "random" if case.split == "random" else "time"
            yield split_judgements(development, read, every, partial(_fold_part, fold=fold), how, salt)
        return
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
    """Return known events to learn from and one unit for each user (or item) with sealed events, in order.

    `truth["events"]` has one row a unit: whom or what was asked for, `items` (texts in order: the sealed items that the
    user wanted and had not met in development; of an item such a list for each of its readers), `_unit` (hash of the
    question with `salt`) and `_time` (the first sealed event). A user who only came back to known items stays, with
    nothing to find.
    """
    table = events(data)
    found = events_of(table, read)
    keep = np.asarray(_valid(table, read))
    asked = asked_later(found.taken(known[keep]), found.taken(sealed[keep]), read)
    ids = found.item_ids if read.asked == "item" else found.user_ids
    questions, truth = _asked_tables(asked, ids, found.item_ids, read, salt)
    return Split({**data, "events": table.filter(pa.array(known))}, questions, {"events": truth}, how)


def split_judgements(data: Data, read: Reading, known: NDArray[np.bool_], part: Part, how: str, salt: str) -> Split:
    """Return the judgements of most items to learn from, and as units the items of which `part` says so.

    Events up to the seal are learned from, for judgements are no events.
    """
    table, links = events(data), data["judgements"]
    sealed = part(unit_hash(links, [read.item], salt))
    ids = tuple(sorted({*texts(links[read.item]).drop_null().to_pylist(), *_related(data, read)}))
    asked = judged(links.filter(pa.array(sealed)), read, ids)
    questions, truth = _asked_tables(asked, ids, ids, read, salt)
    kept = {**data, "events": table.filter(pa.array(known)), "judgements": links.filter(pa.array(~sealed))}
    return Split(kept, questions, {"events": truth}, how)


def _related(data: Data, read: Reading) -> list[str]:
    return texts(data["judgements"][read.related]).drop_null().to_pylist()


def _asked_tables(
    asked: Asked, units: Sequence[str], items: Sequence[str], read: Reading, salt: str
) -> tuple[pa.Table, pa.Table]:
    names = pa.array([units[unit] for unit in asked.units], pa.string())
    questions = pa.table({read.key: names})
    wanted = [[[items[place] for place in one] for one in seers] for seers in asked.wanted]
    single = read.asked == "user" or bool(read.related)
    listed = [seers[0] for seers in wanted] if single else wanted
    kind = pa.list_(pa.string()) if single else pa.list_(pa.list_(pa.string()))
    truth = {
        read.asked: names,
        "items": pa.array(listed, kind),
        "_unit": unit_hash(questions, [read.key], salt),
        "_time": pa.array(asked.first, pa.int64()),
    }
    return questions, pa.table(truth)


def events(data: Data) -> pa.Table:
    """Return the table of events; Refused where the case names none."""
    if "events" not in data:
        raise Refused(
            "a recommend case needs a table of events",
            f"expected `data: {{events: TABLE}}`; given: {', '.join(data) or 'nothing'}",
            "name the table of events in the case file",
        )
    return data["events"]


def _fold_part(hashed: NDArray[np.int64], fold: int) -> NDArray[np.bool_]:
    return hashed % FOLDS == fold


def _valid(table: pa.Table, read: Reading) -> NDArray[np.bool_]:
    valid = [np.asarray(table[name].is_valid()) for name in (read.user, read.item)]
    return valid[0] & valid[1]
