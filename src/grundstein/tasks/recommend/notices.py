"""Room tasks. In: development tables and folds -> Out: findings: what leaks, who was judged, what is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Finding
from grundstein.tasks.recommend.events import texts
from grundstein.tasks.recommend.judging import history_counts, wanted_of
from grundstein.tasks.recommend.leaking import leaks
from grundstein.tasks.recommend.shelf import shelf_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grundstein.core.task import Data, Split
    from grundstein.tasks.recommend.options import Reading

MANY_NEW = 0.05


def notices(read: Reading, development: Data, folds: Sequence[Split]) -> list[Finding]:
    """Return what a recommend case says of its own data; aggregates only."""
    return [*_leaks(read, development), *_judged(read, folds), *_shown(read, development), *_new(read, folds)]


def _leaks(read: Reading, development: Data) -> Iterator[Finding]:
    if read.drawn:
        yield Finding("GST-V01", "issue")
        return
    rows = {row.way: row for row in leaks(development["events"], read)}
    if rows:
        facts = {way: row.likeness for way, row in rows.items()} | {"users": rows["time"].users}
        leaking = rows["random"].likeness > rows["time"].likeness
        yield Finding("GST-V02", "tip" if leaking else "passed", facts)


def _judged(read: Reading, folds: Sequence[Split]) -> Iterator[Finding]:
    """Say of how many a value could be seen: they came back, and did something new."""
    known = set(texts(folds[-1].development["events"][read.key]).to_pylist()) if folds else set()
    asked = sum(fold.questions.num_rows for fold in folds)
    if not asked:
        return
    strangers = sum(int((history_counts(read, fold) == 0).sum()) for fold in folds)
    empty = sum(1 for fold in folds for seers in wanted_of(fold) if not any(seers))
    facts = {"asked": asked, "strangers": strangers, "empty": empty, "known": len(known)}
    yield Finding("GST-V03" if read.asked == "user" else "GST-V04", "passed", facts)


def _shown(read: Reading, development: Data) -> Iterator[Finding]:
    """Say how many items may be shown, and how many are known by nothing but who chose them."""
    if "items" not in development:
        return
    events = [item for item in texts(development["events"][read.item]).unique().to_pylist() if item is not None]
    shelf = shelf_of(development["items"], read, tuple(events))
    listed = set(texts(development["items"][read.item]).to_pylist())
    lacking = sum(item not in listed for item in events)
    if lacking:
        yield Finding("GST-V05", "tip", {"lacking": lacking, "items": len(events)})
    if read.never or read.only:
        shown = int(shelf.allowed.sum())
        yield Finding("GST-V06", "passed" if shown else "issue", {"shown": shown, "items": len(listed)})
    if read.described and shelf.table is not None:
        there = np.zeros(len(shelf.ids), dtype=bool)
        for name in (*read.text, *read.properties):
            there |= np.asarray(shelf.table[name].is_valid())
        bare = int((shelf.allowed & ~there).sum())
        if bare:
            yield Finding("GST-V07", "tip", {"bare": bare, "items": int(shelf.allowed.sum())})


def _new(read: Reading, folds: Sequence[Split]) -> Iterator[Finding]:
    """Say how many right answers nobody had chosen before: only texts and properties could have found them."""
    right = new = 0
    for fold in folds:
        known = set(texts(fold.development["events"][read.item]).to_pylist())
        wanted = [item for seers in wanted_of(fold) for one in seers for item in one]
        right, new = right + len(wanted), new + sum(item not in known for item in wanted)
    if right and new / right > MANY_NEW:
        yield Finding("GST-V08", "passed" if read.described else "tip", {"share": new / right})
