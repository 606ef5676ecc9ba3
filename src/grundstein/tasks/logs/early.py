"""Room tasks. In: a split -> Out: what answers are worth after the first lines of a session, and what they could be.

For each number of lines the simplest candidate learns anew on what was said by then, beside the ceiling of all models
and today's words.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical
from grundstein.tasks.logs.ceiling import Ceiling, ceiling, ordered
from grundstein.tasks.logs.keywords import Keywords
from grundstein.tasks.logs.models import LINEAR
from grundstein.tasks.logs.sessions import grouped, read
from grundstein.tasks.logs.solutions import Learned
from grundstein.tasks.logs.worth import of_flags, truths, worth
from grundstein.tools.columns import as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.task import Split
    from grundstein.tasks.logs.options import Plan

LINES = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)
MOST_SESSIONS = 1_500
ENOUGH = 0.9


@dataclass(frozen=True)
class After:
    """What was reached after so many `lines` (0: all): value per session of model and words, their F1, the ceiling."""

    lines: int
    value: float
    words: float
    f1: float
    ceiling: Ceiling


@dataclass(frozen=True)
class _Asked:
    """A split that is known by the digest of what is in it."""

    digest: str
    plan: Plan = field(compare=False)
    split: Split = field(compare=False)


def by_lines(plan: Plan, split: Split) -> tuple[After, ...]:
    """What is reached after the first lines, up to the longest session or `early`; nothing where nothing can be learnt.

    The same split is computed once.
    """
    truth = split.truth["lines"]
    said = "\n".join(one or "" for one in as_texts(truth, "outcome").to_pylist())
    units = np.asarray(truth["_unit"]).tobytes() + str(split.development["lines"].num_rows).encode()
    known = hashlib.sha256(canonical(asdict(plan)).encode() + said.encode() + units).hexdigest()
    return _by_lines(_Asked(known, plan, split))


@lru_cache(maxsize=1)
def _by_lines(given: _Asked) -> tuple[After, ...]:
    plan, split = given.plan, given.split
    data = _fewer(split.development, plan)
    yes = truths(plan, split.truth["lines"])
    longest = max((len(one.texts) for one in read(split.questions, plan)), default=0)
    ladder = [lines for lines in LINES if lines < (min(longest, plan.early) if plan.early else longest)]
    found = []
    for lines in [*ladder, plan.early]:
        own = replace(plan, early=lines)
        try:
            fitted = Learned(own, LINEAR).fit(data, 0)
        except ValueError:
            return ()
        answers = fitted.answer(split.questions, {})
        spoken = Keywords(own).fit(data, 0).answer(split.questions, {})
        events = fitted.features.events(read(split.questions, own)) if fitted.features else []
        f1 = of_flags(yes, np.asarray(answers["probability"]) > 0.5)["f1"]
        value, words = (float(worth(own, yes, each)[0].mean()) for each in (answers, spoken))
        found.append(After(lines or longest, value, words, f1, ceiling(ordered(events), yes.tolist(), plan.stakes)))
    return tuple(found)


def enough(found: Sequence[After]) -> After | None:
    """The first number of lines after which nine tenths of the gain over the first line's are reached."""
    if len(found) < 2:
        return None
    start, end = found[0].value, found[-1].value
    if end <= start:
        return found[0]
    return next(one for one in found if one.value >= start + ENOUGH * (end - start))


def _fewer(data: Mapping[str, pa.Table], plan: Plan) -> Mapping[str, pa.Table]:
    """At most 1,500 sessions to learn from, evenly spread."""
    lines = data["lines"]
    groups = grouped(lines, plan)
    step = -(-len(groups.names) // MOST_SESSIONS)
    if step <= 1:
        return data
    return {**data, "lines": lines.filter(pa.array((groups.of >= 0) & (groups.of % step == 0)))}
