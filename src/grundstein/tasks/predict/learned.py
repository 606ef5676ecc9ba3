"""Room tasks. In: development rows -> Out: Learned, a candidate: one learner, or the mean of several."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.predict import linear, trees
from grundstein.tasks.predict.answers import Finish, answer_row, answer_table, finish
from grundstein.tasks.predict.keeping import keep, kept
from grundstein.tasks.predict.reasons import mixed, moved, through, told
from grundstein.tasks.predict.workshop import Memory, Workshop, chosen, fingerprint, workshop
from grundstein.tools.encoding import Encoder
from grundstein.tools.keeping import fitted, restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable, Reason
    from grundstein.tasks.predict.plan import Plan, Problem
    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]

MODELS: dict[str, Any] = {"linear": linear.Linear, "trees": trees.Trees}
LEARN: dict[str, Any] = {"linear": linear.learn, "trees": trees.learn}
STEPS = 10
FAR = 3.0
MEANS = "means.npz"


@dataclass(frozen=True)
class Fitted:
    """What was learnt: the encoder, a model and its share for each member, and what is decided after them.

    `reach` is how far from the last member's number the others' may be: trees stay within what they saw, lines do not.
    `means` are of the linear matrix's columns in development; None where no member is linear.
    """

    problem: Problem
    encoder: Encoder
    models: tuple[Any, ...]
    shares: tuple[float, ...]
    finish: Finish
    means: Floats | None = None
    reach: float = math.inf

    @cached_property
    def workers(self) -> tuple[Callable[[Raw], Floats], ...]:
        """What makes each member's raw predictions of values that were read."""
        return tuple(model.worker(self.encoder) for model in self.models)

    @cached_property
    def width(self) -> int:
        """How many numbers a row needs on its way."""
        return len(self.encoder.names) + len(self.problem.labels)

    def raw(self, raw: Raw) -> Floats:
        """Raw predictions of values that were read, of all members by their shares."""
        return _mixed(within([work(raw) for work in self.workers], self.reach), self.shares)


@dataclass(frozen=True)
class Learned:
    """A candidate. With one member it is that learner; with several, their mean, weighted by inner folds."""

    plan: Plan
    members: tuple[str, ...]
    fitted: Fitted | None = None
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The learner's name, or "mean"."""
        return self.members[0] if len(self.members) == 1 else "mean"

    def fit(self, data: Data, seed: int) -> Self:
        """Tune on inner folds, fit on all rows, decide threshold and calibration on inner predictions.

        ValueError where no column carries anything: such a candidate is left out, by name.
        """
        from threadpoolctl import threadpool_limits

        rows = data["rows"]
        key = (fingerprint(rows), str(seed))
        with threadpool_limits(limits=1):
            shop = self.memory.once(key, lambda: workshop(self.plan, rows, seed))
            if not shop.encoder.features:
                raise ValueError("no column carries anything")
            learnt = [self.memory.once((*key, name), partial(LEARN[name], shop)) for name in self.members]
        shares = _shares(shop, [outside for _, outside in learnt])
        reach = _reach(shop, [outside for _, outside in learnt], shares)
        outside = _mixed(within([raw for _, raw in learnt], reach), shares)
        decided = finish(self.plan, shop.problem, outside, shop.truth, shop.weights)
        models = tuple(model for model, _ in learnt)
        means = shop.linear.mean(axis=0) if "linear" in self.members else None
        return replace(self, fitted=Fitted(shop.problem, shop.encoder, models, shares, decided, means, reach))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question; `live` is not used."""
        del live
        known = self._known()
        raw = np.concatenate([known.raw(raw) for _, raw in known.encoder.blocks(questions, known.width)])
        return answer_table(known.problem, known.finish, raw)

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question of typed values: bit for bit what `answer` says of a table of this row."""
        known = self._known()
        return answer_row(known.problem, known.finish, known.raw(known.encoder.reader.question(question)))

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """Return the columns that moved this answer most; the method stands in `reasons`.

        Of two classes the effects are on the probability of yes, of many on that of the label that was answered. A
        model that was kept without the means of development is explained against a row without any level.
        """
        known = self._known()
        raw = known.encoder.reader.question(question)
        output = int(known.raw(raw)[0].argmax()) if known.problem.kind == "many" else 0
        means = np.zeros(len(known.encoder.names)) if known.means is None else known.means
        scores = [model.explained(known.encoder, raw, means) for model in known.models]
        shares = [getattr(model, "shares", (1.0,)) for model in known.models]
        each = [mixed([moved(one, output) for one in own], of) for own, of in zip(scores, shares, strict=True)]
        found = mixed(each, known.shares)
        if known.problem.kind != "many":
            found = through(found, lambda value: float(known.finish.finished(np.array([value]))[0]))
        return told(question, [feature.name for feature in known.encoder.features], found.effects, most)

    def save(self, folder: Path) -> None:
        """Write JSON, npz and LightGBM's text."""
        known = self._known()
        state = {"members": list(self.members), "shares": list(known.shares), "finish": known.finish}
        if math.isfinite(known.reach):
            state["reach"] = known.reach
        keep(folder, self.plan, known.problem, state)
        known.encoder.save(folder / "encoder.json")
        for model in known.models:
            model.save(folder)
        if known.means is not None:
            np.savez(folder / MEANS, means=known.means)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, problem, state = kept(folder)
        members = tuple(state["members"])
        models = tuple(MODELS[name].load(folder) for name in members)
        encoder = Encoder.load(folder / "encoder.json")
        finishing = restored(Finish, state["finish"], policy=Policy)
        means, reach = _means(folder), float(state.get("reach", math.inf))
        return cls(plan, members, Fitted(problem, encoder, models, tuple(state["shares"]), finishing, means, reach))

    def _known(self) -> Fitted:
        return fitted(self.fitted)


def _means(folder: Path) -> Floats | None:
    if not (folder / MEANS).exists():
        return None
    with np.load(folder / MEANS, allow_pickle=False) as kept_means:
        return np.asarray(kept_means["means"], dtype=np.float64)


def _mixed(raw: list[Floats], shares: tuple[float, ...]) -> Floats:
    total = shares[0] * raw[0]
    for share, one in zip(shares[1:], raw[1:], strict=True):
        total = total + share * one
    return total


def within(raw: list[Floats], reach: float) -> list[Floats]:
    """Keep each member's number within reach of the last one's."""
    if not math.isfinite(reach):
        return raw
    return [*(np.clip(one, raw[-1] - reach, raw[-1] + reach) for one in raw[:-1]), raw[-1]]


def _reach(shop: Workshop, outside: list[Floats], shares: tuple[float, ...]) -> float:
    """Three times how far apart members' numbers usually were out of inner folds; none where that clearly loses.

    Beyond it a line has left what was seen, and nobody has measured which of them is right. Not so in time, where
    numbers may outgrow what was seen.
    """
    if shop.problem.kind != "number" or len(outside) < 2 or "_time" in shop.rows.column_names:
        return math.inf
    apart = np.concatenate([one - outside[-1] for one in outside[:-1]])
    usual = FAR * float(np.sqrt(np.nanmean(apart**2)))
    return chosen(shop, {each: _mixed(within(outside, each), shares) for each in (usual, math.inf)}, usual)


def _shares(shop: Workshop, outside: list[Floats]) -> tuple[float, ...]:
    """Equal shares, unless others, in tenths, lost clearly less on inner folds."""
    count = len(outside)
    equal = (1.0 / count,) * count
    grid = [parts for parts in itertools.product(range(STEPS + 1), repeat=count) if sum(parts) == STEPS]
    tried = {equal: _mixed(outside, equal)}
    for parts in grid if count > 1 else []:
        shares = tuple(part / STEPS for part in parts)
        tried[shares] = _mixed(outside, shares)
    return chosen(shop, tried, equal)
