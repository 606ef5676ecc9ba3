"""Room flow. In: a release's answers, the Observation before -> Out: what changed in questions and answers since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.task import Questioned
from grundstein.flow.answered import answers_of, questions_of
from grundstein.production import drifting, looking, watching
from grundstein.tools.sealing import HOUSE_COLUMNS, unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.core.records import Observation
    from grundstein.flow.grounds import Ground

SAID = ("answer", "probability")
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
    asked, said = _known(found)
    for one in looks_due:
        looks += 1
        windows = [_window(project, found, answers.slice(start, one.end - start)) for start in one.starts]
        parts = [drifting.looked(looks, len(windows), (asked, rows), (said, told)) for rows, told in windows]
        questions, answered = (drifting.surest(c for part in parts for c in part[k]) for k in (0, 1))
        questions = [_nameless(one, found) for one in questions]
        before = watching.drift(questions, answered, len(asked) + len(said), looks)
    return Drifted(int(answers["_row"][looks_due[-1].end - 1].as_py()), looks, before)


def _nameless(one: drifting.Change, found: Ground) -> drifting.Change:
    """A change without the value of a personal column: a record holds no person's data."""
    personal = any(column.name == one.column and column.personal for column in found.main.columns)
    return replace(one, value=drifting.UNNAMED) if personal and one.value else one


def _window(project: Project, found: Ground, window: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The questions of a window, the last about each unit, and its answers; at most 20,000, evenly spread."""
    if window.num_rows > drifting.MOST:
        window = window.take(pa.array(np.linspace(0, window.num_rows - 1, drifting.MOST).astype(np.int64)))
    rows, _ = questions_of(project, found, window)
    return once_each(rows, found.naming), window


def _known(found: Ground) -> tuple[dict[str, drifting.Reference], dict[str, drifting.Reference]]:
    """The columns of the questions as learnt from and judged; the answers as they were to the sealed questions.

    Columns that only number or name their rows are left out: later rows have other numbers. Where a question is no row
    of the first role's table, the sealed questions alone say what questions are like.
    """
    from grundstein.evaluation.checks.rows import numbers_rows

    development, sealed = found.split.development[found.task.roles[0].name], found.split.questions
    hidden = {*HOUSE_COLUMNS, *found.naming, *found.main.key, found.case.time}
    learned = sealed.slice(0, 0) if isinstance(found.task, Questioned) else development.select(sealed.column_names)
    both = pa.concat_tables([learned, sealed], promote_options="permissive")
    names = [name for name in sealed.column_names if name not in hidden and not numbers_rows(both[name], name)]
    fresh = sealed if sealed.num_rows >= drifting.FEWEST or not learned.num_rows else learned
    told = found.answers.solution.answer(fresh, found.answers.live)
    said = [name for name in SAID if name in told.column_names]
    return drifting.references(once_each(both, found.naming), names), drifting.references(told, said)


def once_each(rows: pa.Table, naming: Sequence[str]) -> pa.Table:
    """The last row about each unit: rows about the same one are no independent draws."""
    names = [name for name in naming if name in rows.column_names]
    if not names or not rows.num_rows:
        return rows
    hashed = unit_hash(rows, names, "")[::-1]
    last = rows.num_rows - 1 - np.unique(hashed, return_index=True)[1]
    return rows.take(pa.array(np.sort(last)))


def _arrivals(answers: pa.Table) -> NDArray[np.int64]:
    """Number what came together: one file, one call, or one question."""
    names = [name for name in ("_batch", "answered_at") if name in answers.column_names]
    changed = np.zeros(answers.num_rows, dtype=np.int64)
    for name in names:
        codes = np.asarray(answers[name].combine_chunks().dictionary_encode().indices.fill_null(-1), dtype=np.int64)
        changed[1:] |= codes[1:] != codes[:-1]
    return np.cumsum(changed)
