"""Room tasks. In: development rows -> Out: Learned, a candidate: one learner, or the mean of several."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from grundstein.core.errors import Refused
from grundstein.tasks.predict import linear, trees
from grundstein.tasks.predict.answers import Finish, answer_table, finish
from grundstein.tasks.predict.keeping import keep, kept
from grundstein.tasks.predict.workshop import Memory, Workshop, chosen, fingerprint, workshop
from grundstein.tools.encoding import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.predict.plan import Plan, Problem

    Floats = NDArray[np.float64]

MODELS: dict[str, Any] = {"linear": linear.Linear, "trees": trees.Trees}
LEARN: dict[str, Any] = {"linear": linear.learn, "trees": trees.learn}
STEPS = 10


@dataclass(frozen=True)
class Fitted:
    """What was learnt: the encoder, a model and its share for each member, and what is decided after them."""

    problem: Problem
    encoder: Encoder
    models: tuple[Any, ...]
    shares: tuple[float, ...]
    finish: Finish


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
        outside = _mixed([raw for _, raw in learnt], shares)
        decided = finish(self.plan, shop.problem, outside, shop.truth, shop.weights)
        models = tuple(model for model, _ in learnt)
        return replace(self, fitted=Fitted(shop.problem, shop.encoder, models, shares, decided))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question; `live` is not used."""
        del live
        known = self._known()
        raw = [model.raw(known.encoder, questions) for model in known.models]
        return answer_table(known.problem, known.finish, _mixed(raw, known.shares))

    def save(self, folder: Path) -> None:
        """Write JSON, npz and LightGBM's text."""
        known = self._known()
        state = {"members": list(self.members), "shares": list(known.shares), "finish": known.finish.plain()}
        keep(folder, self.plan, known.problem, state)
        known.encoder.save(folder / "encoder.json")
        for model in known.models:
            model.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, problem, state = kept(folder)
        members = tuple(state["members"])
        models = tuple(MODELS[name].load(folder) for name in members)
        encoder = Encoder.load(folder / "encoder.json")
        fitted = Fitted(problem, encoder, models, tuple(state["shares"]), Finish.restored(state["finish"]))
        return cls(plan, members, fitted)

    def _known(self) -> Fitted:
        if self.fitted is None:
            raise Refused("this solution has not been fitted", "`fit` before `answer` and `save`", "fit it")
        return self.fitted


def _mixed(raw: list[Floats], shares: tuple[float, ...]) -> Floats:
    total = shares[0] * raw[0]
    for share, one in zip(shares[1:], raw[1:], strict=True):
        total = total + share * one
    return total


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
