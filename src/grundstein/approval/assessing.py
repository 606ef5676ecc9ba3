"""Room approval. In: the ledger's rows, what people declare -> Out: Assessment: rows proven, declared or not yet.

The ML Test Score is the smallest of the four sums of its groups: 0 for nothing, 0.5 for a test done by hand, 1 for one
that the machine does each time (Breck et al. 2017). What is declared and not proven counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from grundstein.approval.proving import History, Proof, prove
from grundstein.core.assessing import POINTS, SCORED, reason, standard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.assessing import Advice, Declared, Row, Step
    from grundstein.core.ports import Entry

State = Literal["proven", "declared", "not_yet", "not_recorded"]
NEXT = 3


@dataclass(frozen=True)
class Assessed:
    """One row and what is known of it; "not_recorded": no record of this product could prove it."""

    row: Row
    state: State
    level: str
    check: str
    proof: Proof | None
    declared: Declared | None

    @property
    def points(self) -> float:
        """What it counts in the score: 0, 0.5 or 1."""
        return POINTS.get(self.level, 0.0)

    def why(self, language: str) -> str:
        """Why the record proves it, else what a person said, else why no record can."""
        if self.proof:
            return reason(self.check, language, self.proof.facts)
        return self.declared.statement if self.declared else self.row.lacks.get(language, "")


@dataclass(frozen=True)
class Walked:
    """One step of the road; `proof` is None where it is not proven."""

    step: Step
    check: str
    proof: Proof | None

    def why(self, language: str) -> str:
        """Why the record proves it."""
        return reason(self.check, language, self.proof.facts) if self.proof else ""


@dataclass(frozen=True)
class Advised:
    """Something to automate: `lacking` are the steps below it that are not proven; `there`: it is said to be there."""

    advice: Advice
    lacking: tuple[Step, ...]
    there: bool


@dataclass(frozen=True)
class Assessment:
    """Where a folder stands. `head` is the ledger's last hash; empty where there is no project."""

    name: str
    head: str
    at: str
    rows: tuple[Assessed, ...]
    steps: tuple[Walked, ...]
    advice: tuple[Advised, ...]

    @property
    def sums(self) -> Mapping[str, float]:
        """The points of each group of the ML Test Score."""
        return {group: sum(one.points for one in self.group(group)) for group in SCORED}

    @property
    def score(self) -> float:
        """The smallest of the four sums."""
        return min(self.sums.values())

    @property
    def next(self) -> tuple[Step | Row, ...]:
        """What to do next, at most three: steps of the road, then what the weakest groups of the score lack."""
        weakest = sorted(SCORED, key=lambda group: self.sums[group])
        rows = [one for group in weakest for one in self.group(group) if one.state == "not_yet" and one.row.command]
        ahead: list[Step | Row] = [one.step for one in self.steps if not one.proof]
        return tuple([*ahead, *(one.row for one in rows)][:NEXT])

    def group(self, name: str) -> tuple[Assessed, ...]:
        """The rows of one group."""
        return tuple(one for one in self.rows if one.row.of == name)


def assess(name: str, entries: Sequence[Entry], declared: Sequence[Declared]) -> Assessment:
    """Hold the records against what is asked; an empty ledger is fine."""
    history, said = History(entries), {one.row: one for one in declared}
    rows = tuple(_assessed(history, row, said.get(row.name)) for row in standard().rows)
    steps = tuple(Walked(step, *_first(history, step.proof)[1:]) for step in standard().steps)
    walked = {one.step.name: one for one in steps}
    advice = tuple(_advised(one, walked, rows) for one in standard().advice)
    last = entries[-1] if entries else None
    return Assessment(name, last.hash if last else "", last.at if last else "", rows, steps, advice)


def _assessed(history: History, row: Row, said: Declared | None) -> Assessed:
    level, check, proof = _first(history, row.proof)
    state: State = "proven" if proof else "declared" if said else "not_yet" if row.proof else "not_recorded"
    return Assessed(row, state, level, check, proof, said)


def _first(history: History, checks: Sequence[tuple[str, str]]) -> tuple[str, str, Proof | None]:
    """The best level that a record proves; ("", "", None) where none does."""
    found = ((level, check, prove(history, check)) for level, check in checks)
    return next(((level, check, proof) for level, check, proof in found if proof), ("", "", None))


def _advised(one: Advice, walked: Mapping[str, Walked], rows: Sequence[Assessed]) -> Advised:
    lacking = tuple(walked[name].step for name in one.needs if not walked[name].proof)
    return Advised(one, lacking, any(r.state in ("proven", "declared") for r in rows if r.row.name in one.rows))
