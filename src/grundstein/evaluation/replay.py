"""Room evaluation. In: a case pinned today -> Out: Promises, what past dates would have promised and what came later.

Only development rows are walked through. At each past date the latest quarter of what was known then is sealed, the
winner is chosen on the rest and judged once, at the level of a first opening; the model that was judged then answers
the rows that came until the next date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, digest, record_id
from grundstein.core.errors import Refused
from grundstein.core.records import Gain, Promise
from grundstein.evaluation.evaluate import FIRST, LEAST_UNITS, margins
from grundstein.evaluation.experiment import contenders, live, trial
from grundstein.evaluation.judge import Part, judge, range_of, sample_of
from grundstein.evaluation.sealing import cut_of, latest_cut
from grundstein.evaluation.steady import steady
from grundstein.tools.sealing import DAY, cut_value, instants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from grundstein.core.findings import Finding
    from grundstein.core.records import Word
    from grundstein.core.task import Data, Solution, Split, Values
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.experiment import Trial
    from grundstein.tools.inference import Range

BEGIN = 0.4


@dataclass(frozen=True)
class Date:
    """A past date: the split that would have been judged with what was known then, and the rows until `until`."""

    at: str
    until: str
    then: Pinned
    known: Split
    later: Split


def dates(pinned: Pinned, steps: int) -> Iterator[Date]:
    """Yield past dates, evenly by rows over the development part from 40 % of it on.

    Refused where the case has no time; dates with too few units on a side are left out.
    """
    seal, time = pinned.seal, pinned.seal.time
    if seal.how != "time":
        raise Refused(
            f"The rows of the case {pinned.case.name} are not sealed by time, so there is no past to walk through.",
            "A time column, in the contract or the case (`time: _row` for a file in the order of arrival).",
            f"Name it in cases/{pinned.case.name}.yaml",
        )
    role = pinned.task.roles[0].name
    moments = instants(pinned.data[role][time])
    past = moments[moments <= cut_value(seal.cut)]
    marks = np.quantile(past, BEGIN + (1 - BEGIN) * np.arange(steps + 1) / steps, method="inverted_cdf")
    for at, until in pairwise(marks):
        found = _date(pinned, int(at), int(until)) if until > at else None
        if found:
            yield found


def _date(pinned: Pinned, at: int, until: int) -> Date | None:
    role, time = pinned.task.roles[0].name, pinned.seal.time
    data = _until(pinned, at - (0 if time == "_row" else int(pinned.case.horizon_days * DAY)))
    cut = latest_cut(data[role], time)
    if not cut:
        return None
    begin, end = (cut_of(moment, data[role], time) for moment in (at, until))
    seal = replace(pinned.seal, cut=cut, earlier=())
    content = digest(canonical([pinned.content, begin]))
    then = replace(pinned, data=data, seal=seal, seal_id=record_id(seal), content=content)
    later = pinned.task.seal(_until(pinned, until), pinned.case, replace(seal, cut=begin))
    known = then.split
    enough = min(known.questions.num_rows, later.questions.num_rows) >= LEAST_UNITS
    folded = enough and any(pinned.task.folds(known.development, pinned.case, then.seed))
    return Date(begin, end, then, known, later) if folded else None


def _until(pinned: Pinned, moment: int) -> Data:
    """What was there at a moment: of each table that knows time the rows up to it, the others whole."""
    time = pinned.seal.time
    return {
        role: table.filter(pa.array(instants(table[time]) <= moment)) if time in table.column_names else table
        for role, table in pinned.data.items()
    }


def promise(date: Date, say: Callable[[str], None]) -> Promise | None:
    """Decide as it would have been decided at that date, and hold the promise against what came later.

    None where there was no candidate. The promised range is the judge's at the level of a first opening, whatever the
    verdict; for a later mean it is widened by sqrt(1 + units / later units), because that mean errs as well.
    """
    then, known = date.then, date.known
    task, case = then.task, then.case
    say(f"{case.name}: as of {date.at}")
    tested = trial(task, case, known.development, contenders(task, case, then.budget), then.seed, lambda _: None)
    if tested.winner is None:
        return None
    named = {one.name: one for one in [*tested.of("baseline", "default", "trivial"), tested.winner]}
    fitted = {name: one.contender.solution.fit(known.development, then.seed) for name, one in named.items()}
    parts = {name: Part(named[name].values, valued) for name, valued in _valued(then, known, fitted).items()}
    winner, baseline = tested.winner.name, tested.of("baseline")[0].name
    found = range_of(parts[winner], parts[baseline], FIRST)
    after = _valued(then, date.later, {name: fitted[name] for name in (winner, baseline)})
    later = sample_of(after[winner], after[baseline])
    return Promise(
        case=case.name,
        snapshot=then.snapshot,
        at=date.at,
        until=date.until,
        verdict=_verdict(date, tested, winner, parts),
        winner=winner,
        baseline=baseline,
        promised=Gain(found.mean, found.low, found.high),
        widened=widened(found, len(parts[winner].test.unit), later.units),
        later=later.mean,
        units=len(parts[winner].test.unit),
        units_later=later.units,
        budget=then.budget,
        lock=then.lock,
        findings=_warnings(parts[winner], parts[baseline]),
    )


def widened(found: Range, units: int, later: int) -> Gain:
    """Return a range of a mean as the range of a later mean of `later` units, drawn from the same world."""
    factor = math.sqrt(1 + units / later)
    return Gain(
        found.mean, found.mean - factor * (found.mean - found.low), found.mean + factor * (found.high - found.mean)
    )


def _valued(then: Pinned, split: Split, fitted: Mapping[str, Solution]) -> dict[str, Values]:
    fresh = live(then.task, split.development)
    return {name: then.task.value(then.case, split, one.answer(split.questions, fresh)) for name, one in fitted.items()}


def _verdict(date: Date, tested: Trial, winner: str, parts: Mapping[str, Part]) -> Word:
    needed = margins(date.then.case, tested)
    opponents = {name: part for name, part in parts.items() if name in needed}
    return judge(parts[winner], opponents, needed, FIRST, date.then.case.tolerated, None).verdict


def _warnings(winner: Part, baseline: Part) -> tuple[Finding, ...]:
    return steady(sample_of(winner.development, baseline.development), sample_of(winner.test, baseline.test))
