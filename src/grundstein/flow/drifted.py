"""Room flow. In: a release's answers, the Observation before -> Out: what changed in questions and answers since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.flow.answered import answers_of, questions_of
from grundstein.flow.sketches import once_each
from grundstein.production import drifting, looking, seasons, watching

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.core.records import Observation
    from grundstein.flow.grounds import Ground

BACK = 4 * max(looking.WINDOWS)


@dataclass(frozen=True)
class Drifted:
    """Up to which row of the answers was looked, how many times in all, and what the newest look found."""

    until: int
    looks: int
    findings: tuple[Finding, ...]


def drifted(project: Project, found: Ground, known: Observation | None) -> Drifted:
    """Look at what came since the Observation before; where too little came, what was found then still holds."""
    until, looks = (known.until, known.looks) if known else (-1, 0)
    answers = answers_of(project, found, until - BACK)
    before = tuple(one for one in known.findings if one.code in watching.DRIFT) if known else ()
    looks_due = looking.looks(np.asarray(answers["_row"]), _arrivals(answers), until)
    if not looks_due:
        return Drifted(until, looks, before)
    columns = len(found.sketch.asked) + len(found.sketch.said)
    for one in looks_due:
        looks += 1
        windows = [_window(project, found, answers.slice(start, one.end - start)) for start in one.starts]
        parts = [_changes(found, looks, len(windows), *window) for window in windows]
        questions, answered = (drifting.surest(c for part in parts for c in part[k]) for k in (0, 1))
        questions = [_nameless(one, found) for one in questions]
        before = watching.drift(questions, answered, columns, looks)
    return Drifted(int(answers["_row"][looks_due[-1].end - 1].as_py()), looks, before)


def _nameless(one: drifting.Change, found: Ground) -> drifting.Change:
    """A change without the value of a personal column: a record holds no person's data."""
    return replace(one, value=drifting.UNNAMED) if one.column in found.personal and one.value else one


def _changes(found: Ground, look: int, windows: int, rows: pa.Table, told: pa.Table) -> list[list[drifting.Change]]:
    """What changed in the questions of a window, and whether it is of the season; what changed in its answers."""
    sketch = found.sketch
    questions, answers = drifting.looked(look, windows, (sketch.asked, rows), (sketch.said, told))
    if questions and sketch.seasons:
        moments = seasons.times_of(rows, found.case.time)
        if len(moments) < rows.num_rows:
            moments = seasons.times_of(told, "answered_at")
        questions = seasons.alike(questions, sketch.asked, rows, seasons.seasons(sketch.seasons, moments))
    return [questions, answers]


def _window(project: Project, found: Ground, window: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The questions of a window, the last about each unit, and its answers; at most 20,000, evenly spread."""
    if window.num_rows > drifting.MOST:
        window = window.take(pa.array(np.linspace(0, window.num_rows - 1, drifting.MOST).astype(np.int64)))
    rows, _ = questions_of(project, found, window)
    return once_each(rows, found.naming), window


def _arrivals(answers: pa.Table) -> NDArray[np.int64]:
    """Number what came together: one file, one call, or one question."""
    names = [name for name in ("_batch", "answered_at") if name in answers.column_names]
    changed = np.zeros(answers.num_rows, dtype=np.int64)
    for name in names:
        codes = np.asarray(answers[name].combine_chunks().dictionary_encode().indices.fill_null(-1), dtype=np.int64)
        changed[1:] |= codes[1:] != codes[:-1]
    return np.cumsum(changed)
