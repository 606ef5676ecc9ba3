"""Room flow. In: a live release -> Out: Ground, what it rests on: case, models and figures as signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import restore
from grundstein.core.case import Case
from grundstein.core.records import Gain, Verdict
from grundstein.flow import sketches
from grundstein.flow.answering import answerer
from grundstein.flow.sketches import Signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyarrow import Table

    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import Solution
    from grundstein.production.answering import Answerer
    from grundstein.production.sketching import Sketch


class Late(Mapping[str, "Table"]):
    """What the values of a release's answers rest on of its development part; what was not kept is read when asked."""

    def __init__(self, project: Project, signed: Signed, sketch: Sketch) -> None:
        self._project, self._signed = project, signed
        self._kept = {} if sketch.valued is None else {signed.task.roles[0].name: sketch.valued}

    def __getitem__(self, role: str) -> Table:
        return self._kept[role] if role in self._kept else self._whole[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept or self._whole)

    def __len__(self) -> int:
        return len(self._kept or self._whole)

    @cached_property
    def _whole(self) -> Mapping[str, Table]:
        return sketches.opened(self._project, self._signed).split.development


@dataclass(frozen=True)
class Ground(Signed):
    """All that a release rests on; `case` is settled, `valued_on` what `Task.value` reads of the development part."""

    verdict: Verdict
    answers: Answerer
    sketch: Sketch
    valued_on: Mapping[str, Table]

    @property
    def target(self) -> str:
        """The column whose value is the truth; empty where the task has none."""
        return str(self.case.options.get("target", ""))

    @property
    def baseline(self) -> str:
        """The name of the baseline that it was judged against."""
        return next(one.name for one in self.experiment.outcomes if one.standing == "baseline")

    @property
    def signed(self) -> Gain:
        """The gain per unit over the baseline that was signed; nothing where the baseline itself was released."""
        if self.release.bond.solution == self.baseline:
            return Gain(0.0, 0.0, 0.0)
        return self.verdict.gains.get(self.baseline) or self.experiment.gains[self.release.bond.solution]

    @property
    def naming(self) -> tuple[str, ...]:
        """The columns that say whom a row is about: the entity, else the key."""
        return sketches.naming(self.case, self.main)


def ground(project: Project, entry: Entry) -> Ground:
    """Bring together what a release rests on; the case is the one that was signed, whatever its file says now.

    No row of its snapshot is read where that was done before.
    """
    signed = sketches.signed(project, entry)
    sketch = sketches.sketch(project, signed)
    return Ground(
        **{**vars(signed), "case": cast("Case", restore(Case, json.loads(sketch.case)))},
        verdict=cast("Verdict", project.ledger.get(signed.release.bond.verdict).record),
        answers=answerer(project, entry, sketch.question),
        sketch=sketch,
        valued_on=Late(project, signed, sketch),
    )


def solution_of(project: Project, found: Ground, name: str) -> Solution:
    """Load a solution that was judged beside the released one, its files checked."""
    model = next(one.model for one in found.experiment.outcomes if one.name == name)
    kind, _, kept = model.partition(":")
    return found.task.load(kind, project.files.folder(kept))
