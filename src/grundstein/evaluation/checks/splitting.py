"""Room evaluation. In: how the test part is drawn -> Out: what it can show (GST-S04, GST-S05, GST-S08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import quick, rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Part, Sample

FLATTERED = 0.02


def check(look: Look) -> Checked:
    """Say what the split cannot show, and what a random one would have claimed beside one in time."""
    if not look.time:
        return Checked(_no_time(look))
    if not look.has_target or not look.features or look.time not in look.table.column_names:
        return Checked()
    sample = look.sample
    return Checked((_claims(look, sample, quick.forward_parts(_time(sample))),))


def sealed(look: Look) -> Checked:
    """The same with the sealed rows, where they were shown: all rows by chance against the sealed ones."""
    if look.truth is None or not look.has_target or look.time not in look.table.column_names:
        return Checked()
    shared = [n for n in look.table.column_names if n in look.truth.column_names]
    both = pa.concat_tables([look.table.select(shared), look.truth.select(shared)], promote_options="permissive")
    names = [n for n in look.features if n in shared]
    sample = quick.sample(both, look.goal_of(both), names, look.time, look.seed)
    late = _time(sample) > rows.numbers(look.table[look.time]).max()
    return Checked((_claims(look, sample, [(np.flatnonzero(~late), np.flatnonzero(late))]),))


def _no_time(look: Look) -> tuple[Finding, ...]:
    dated = [n for table in look.development.values() for n in table.column_names if rows.is_time(table[n])]
    if dated:
        return (Finding("GST-S08", "tip", {"columns": ", ".join(dict.fromkeys(dated))}),)
    return (Finding("GST-S04", "tip"),)


def _claims(look: Look, sample: Sample, later: list[Part]) -> Finding:
    by_chance = _reached(sample, quick.random_parts(len(sample.goal), look.seed))
    in_time = _reached(sample, later)
    measure = quick.MEASURES[sample.kind]
    facts: dict[str, Fact] = {"random": round(by_chance, 3), "time": round(in_time, 3), "measure": measure}
    return Finding("GST-S05", "tip" if by_chance - in_time >= FLATTERED else "passed", facts)


def _reached(sample: Sample, parts: list[Part]) -> float:
    """What a cheap linear model reaches, in the field's measure."""
    x, y, kind = sample.matrix(sample.blocks), sample.goal, sample.kind
    return float(np.mean([quick.measured(y[p[1]], quick.linear(x, y, p, kind), kind) for p in parts]))


def _time(sample: Sample) -> NDArray[np.float64]:
    return sample.time if sample.time is not None else np.zeros(len(sample.goal))
