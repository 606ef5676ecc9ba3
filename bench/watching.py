"""Bench. In: simulated months of live releases -> Out: false alarms, changes found, value measured.

Run `python bench/watching.py [--quick]`. All of it is the product's own code: looks, windows, tests and levels of
`production`, and the count of units and the range of `flow.worth`.
"""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from scipy.special import betaincinv
from threadpoolctl import threadpool_limits

import watching_actions as actions
import watching_seasons as seasonal
import watching_streams as streams
from grundstein.flow.worth import development_of
from tabled import table

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
SEED = 20261122
WITHIN, AT_ONCE = 500, 4
PLANTS = (
    ("mean", 0.5, "a number's mean moves by 0.5 standard deviations"),
    ("mean", 0.75, "by 0.75"),
    ("mix", 0.2, "a fifth of the rows takes another category"),
    ("missing", 0.15, "15 % of a column that was always filled is empty"),
    ("unit", 100.0, "a number comes in a unit 100 times as small"),
    ("swapped", 0.0, "two columns of numbers are swapped"),
)


TASK: list[Callable[[int], object]] = []


def each(one: Callable[[int], T], count: int) -> list[T]:
    """Run seeds 0, 1, ... side by side; what is in memory now is there in every process."""
    TASK[:] = [one]
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("fork")) as pool:
        return cast("list[T]", list(pool.map(_seeded, range(count), chunksize=5)))


def _seeded(seed: int) -> object:
    return TASK[0](seed)


def quiet(count: int) -> str:
    """How many of so many quiet months see an alarm."""
    months = each(_quiet, count)
    looks, alarms = sum(looks for looks, _ in months), sum(alarm for _, alarm in months)
    high = 1.0 if alarms == count else float(betaincinv(alarms + 1, count - alarms, 0.95))
    share = f"{alarms} ({alarms / count:.1%}, 95 % upper limit {high:.1%})"
    return f"""Quiet releases: {count:,} months of 30 ticks, 40 to 300 rows a tick, 10 to 20 columns of mixed kinds that
hang together, held against 500 to 8,000 earlier rows; {looks:,} looks of up to four windows each. Months with any
alarm: {share}. At most 5 % is promised for the whole life of a release."""


def _quiet(seed: int) -> tuple[int, bool]:
    found = streams.followed(streams.stream(np.random.default_rng([SEED, 1, seed])))
    return len(found), any(one.columns for one in found)


def found(count: int) -> str:
    """How often a change that is planted in one column of such a month is found within 500 rows."""
    rows: list[dict[str, object]] = []
    for place, (_, _, said) in enumerate(PLANTS):
        after = [rows for rows in each(partial(_found, place), count) if rows]
        hits = len(after)
        median = float(np.median(after)) if after else float("nan")
        rows.append(
            {"change": said, f"found within {WITHIN} rows": f"{hits / count:.1%}", "median rows": f"{median:.0f}"}
        )
    return f"""Changes that begin at a random row of such a month, in one column, {count} runs each; rows arrive in
files of 40 to 250, which are looked at whole:

{table(rows)}"""


def _found(place: int, seed: int) -> int:
    """How many rows after it began a change was found; 0 where it was not, within 500."""
    what, size, _ = PLANTS[place]
    one, onset = streams.planted(np.random.default_rng([SEED, 2, place, seed]), what, size)
    seen = [look.rows for look in streams.followed(one, onset, onset + WITHIN) if "planted" in look.columns]
    return seen[0] - onset if seen else 0


def seasons(count: int) -> str:
    """How many quiet months are called changed by a season, with and without a look at earlier ones; what is found."""
    months = each(_season, count)
    rows: list[dict[str, object]] = []
    for name, said in seasonal.SEASONS.items():
        alone, now = (sum(name in one[k] for one in months) for k in (0, 1))
        rows.append({"season": said, "told as a change": alone, "the same, earlier seasons looked at": now})
    strange = sum(bool(one[1] - set(seasonal.SEASONS)) for one in months)
    found: list[dict[str, object]] = []
    for what, said in seasonal.PLANTS.items():
        hits = [one for one in each(partial(_beside_season, what), count) if one]
        found.append({"planted": said, f"told as a change within {WITHIN} rows": f"{len(hits) / count:.1%}"})
    return f"""Seasons: {count} months after 1.2 to 3.2 years of 2,000 to 8,000 rows, nothing changed but the season.
Months in which a column is told as a change:

{table(rows)}

Months in which another column is told as one: {strange}. What begins in such a month beside the seasons:

{table(found)}"""


def _season(seed: int) -> tuple[set[str], set[str]]:
    """The columns that are told as changes of a quiet month, without its times and with them."""
    one, _ = seasonal.stream(np.random.default_rng([SEED, 5, seed]))
    alone, now = (
        {name for look in streams.followed(each) for name in look.columns} for each in (seasonal.undated(one), one)
    )
    return alone, now


def _beside_season(what: str, seed: int) -> bool:
    one, onset = seasonal.stream(np.random.default_rng([SEED, 6, seed]), what)
    return any("planted" in look.columns for look in streams.followed(one, onset, onset + WITHIN))


def acted(runs: int) -> str:
    """Whether value is measured right where the call itself saves customers."""
    project, ground = actions.released(0.15)
    baseline = actions.baseline_of(project, ground)
    truth, known = actions.true_gain(ground, baseline), development_of(project, ground)
    every = each(partial(actions.run, ground, baseline, known, truth), runs)
    shutil.rmtree(project.root)
    shares = {
        "held back 15 %, whose time is over: at all looks at once": [one.all_looks for one in every],
        "- the same, at the last look": [one.last for one in every],
        "- the same with a range for one look, at all looks at once": [one.one_look_all for one in every],
        "everybody counts, also who was called": [one.everybody for one in every],
        "truths count as they are told, after two months": [one.as_told for one in every],
    }
    rows: list[dict[str, object]] = [
        {"what counts": name, "range holds the true gain": f"{np.mean(held):.1%}"} for name, held in shares.items()
    ]
    units, width = (float(np.mean([getattr(one, name) for one in every])) for name in ("units", "width"))
    signed = f"{ground.signed.mean:+.2f} [{ground.signed.low:+.2f}, {ground.signed.high:+.2f}]"
    return f"""Value where acting changes the outcome: {runs} runs of {actions.DAYS} days with {actions.A_DAY} customers
a day; a call saves {actions.SUCCESS:.0%} of those who would leave; who leaves is known within {actions.HORIZON} days,
who stays after them, up to {actions.LATE} days late, {actions.NEVER:.0%} never. One fitted model, signed at {signed} a
customer over today's rule; true gain {truth:+.2f}. {actions.LOOKS} looks; at the last {units:.0f} units count and the
range is {width:.1f} wide:

{table(rows)}"""


def run(quick: bool = False) -> str:
    """Return the section's text."""
    with threadpool_limits(limits=1):
        value = acted(5 if quick else 400)
        drift = (quiet(20 if quick else 1_000), found(5 if quick else 100), seasons(5 if quick else 100))
        parts = (*drift, value)
    return "\n\n".join(["## Watching", *parts])


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
