"""Room tasks. In: development rows -> Out: Memory (the default opponent), Text and Both (candidates)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from grundstein.tasks.categorize.alone import Alone
from grundstein.tasks.categorize.answers import Finish, answer_table, finish
from grundstein.tasks.categorize.machines import Machine, log_losses
from grundstein.tasks.categorize.memory import Habit, Now, Recent, past_of, remembered, unhurried
from grundstein.tasks.categorize.options import Plan
from grundstein.tasks.categorize.reading import Reader
from grundstein.tasks.categorize.workshop import Shop, Shops, parts, shop_of
from grundstein.tools.keeping import fitted, keep, kept, restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

USUAL = Habit(1.0, 16.0)
HABITS = (USUAL, *(Habit(decay, strength) for decay in (1.0, 0.9, 0.6) for strength in (0.3, 1.0, 4.0)))


class Tried(NamedTuple):
    """What each row of an inner fold lost in the measure of the case, how sure its answer was, and whether right."""

    lost: Floats
    top: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Memory:
    """What was chosen before for the same text or key, newer choices maybe counting more; else the most frequent."""

    plan: Plan
    habit: Habit | None = None
    finish: Finish = field(default_factory=Finish)
    name: str = "memory"
    recent: Recent = field(default_factory=Recent, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Choose how much newer and more specific choices count, on an inner fold."""
        shop = shop_of(self.plan, data["rows"], seed)
        habit, tried = _habit(shop, shop.folds, None)
        return replace(self, habit=habit, finish=finish(self.plan, tried.top, tried.right), recent=Recent())

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer by what was chosen before, in the live tables as they are now."""
        habit, now = fitted(self.habit), self._now(live)
        return answer_table(now.labels, remembered(now, questions, None, habit), self.finish, self.plan.top)

    def beside(self, live: Mapping[str, LiveTable]) -> Alone:
        """What answers one question at a time by these tables."""
        calm = unhurried(live)
        return Alone(self.plan, self.finish, fitted(self.habit), lambda: self._now(calm))

    def _now(self, live: Mapping[str, LiveTable]) -> Now:
        return self.recent.of(live, self.plan, fitted(self.habit).decay)

    def save(self, folder: Path) -> None:
        """Write one JSON file: the choices themselves stay in their tables."""
        _keep(folder, self.plan, self.finish, {"habit": list(fitted(self.habit))})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, finishing, state = _kept(folder)
        return cls(plan, Habit(*state["habit"]), finishing)


@dataclass(frozen=True)
class Text:
    """The linear model of words and pieces of words; of past choices only people's corrections count."""

    plan: Plan
    labels: tuple[str, ...] = ()
    reader: Reader | None = None
    machine: Machine | None = None
    finish: Finish = field(default_factory=Finish)
    name: str = "text"
    recent: Recent = field(default_factory=Recent, compare=False, repr=False)
    shops: Shops = field(default_factory=Shops, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Learn terms and weights; ValueError where nothing carries anything."""
        shop = self.shops.of(self.plan, data["rows"], seed)
        reader, machine, outside = shop.learnt
        tried = _tried(self.plan, outside, shop.truth[shop.inner[1]])
        found = finish(self.plan, tried.top, tried.right)
        return replace(self, labels=shop.labels, reader=reader, machine=machine, finish=found, recent=Recent())

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question by its text, where nobody corrected it."""
        now = self._now(live)
        base = (_wider(part, now.labels) for part in _told(*_learnt(self), questions))
        return answer_table(now.labels, remembered(now, questions, base, USUAL), self.finish, self.plan.top)

    def beside(self, live: Mapping[str, LiveTable]) -> Alone:
        """What answers one question at a time by these tables."""
        return Alone(self.plan, self.finish, USUAL, lambda: self._now(live), _learnt(self))

    def _now(self, live: Mapping[str, LiveTable]) -> Now:
        choices = {role: table for role, table in live.items() if role == "choices"}
        return self.recent.of(choices, self.plan, USUAL.decay, self.labels)

    def save(self, folder: Path) -> None:
        """Write JSON and npz."""
        _keep(folder, self.plan, self.finish, {"labels": self.labels})
        _keep_machine(folder, *_learnt(self))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, finishing, state = _kept(folder)
        return cls(plan, tuple(state["labels"]), *_kept_machine(folder), finishing)


@dataclass(frozen=True)
class Both:
    """What was chosen before for the same key, backed off to the linear model of the text."""

    plan: Plan
    labels: tuple[str, ...] = ()
    reader: Reader | None = None
    machine: Machine | None = None
    habit: Habit | None = None
    finish: Finish = field(default_factory=Finish)
    name: str = "both"
    recent: Recent = field(default_factory=Recent, compare=False, repr=False)
    shops: Shops = field(default_factory=Shops, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Learn the text as `Text` does, then how much past choices count beside it."""
        shop = self.shops.of(self.plan, data["rows"], seed)
        reader, machine, outside = shop.learnt
        habit, tried = _habit(shop, [shop.inner], outside)
        habit, tried = _depth(shop, outside, habit, tried)
        found = finish(self.plan, tried.top, tried.right)
        return replace(
            self, labels=shop.labels, reader=reader, machine=machine, habit=habit, finish=found, recent=Recent()
        )

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer by past choices in the live tables where there are some, by the text where there are few."""
        habit, now = fitted(self.habit), self._now(live)
        base = (_wider(part, now.labels) for part in _told(*_learnt(self), questions))
        return answer_table(now.labels, remembered(now, questions, base, habit), self.finish, self.plan.top)

    def beside(self, live: Mapping[str, LiveTable]) -> Alone:
        """What answers one question at a time by these tables."""
        calm = unhurried(live)
        return Alone(self.plan, self.finish, fitted(self.habit), lambda: self._now(calm), _learnt(self))

    def _now(self, live: Mapping[str, LiveTable]) -> Now:
        return self.recent.of(live, self.plan, fitted(self.habit).decay, self.labels)

    def save(self, folder: Path) -> None:
        """Write JSON and npz; the choices themselves stay in their tables."""
        _keep(folder, self.plan, self.finish, {"labels": self.labels, "habit": list(fitted(self.habit))})
        _keep_machine(folder, *_learnt(self))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, finishing, state = _kept(folder)
        return cls(plan, tuple(state["labels"]), *_kept_machine(folder), Habit(*state["habit"]), finishing)


def _habit(shop: Shop, folds: Sequence[tuple[Rows, Rows]], base: Floats | None) -> tuple[Habit, Tried]:
    """Return the cautious habit, or the best where it lost less on inner folds by over two standard errors (of ten).

    With it comes how it did there; `base` are the text's probabilities of the rows that one fold asks.
    """
    found = [trial for fold in folds for trial in _trials(shop, fold, base)]
    each = {habit: _joined([tried for one, tried in found if one == habit]) for habit in HABITS}
    return _clearly(each, USUAL)


def _depth(shop: Shop, base: Floats, habit: Habit, tried: Tried) -> tuple[Habit, Tried]:
    """Leave coarse keys to the text, which reads them too, where that lost clearly less."""
    count = len(shop.plan.keys)
    fewer = [habit._replace(depth=depth) for depth in range(1, count)]
    each = {habit: tried, **dict(_trials(shop, shop.inner, base, fewer))}
    return _clearly(each, habit)


def _clearly(each: Mapping[Habit, Tried], usual: Habit) -> tuple[Habit, Tried]:
    """The usual habit, or the best where it lost less by over two standard errors."""
    best = min(each, key=lambda habit: float(each[habit].lost.mean()))
    gained = each[usual].lost - each[best].lost
    chosen = best if gained.sum() > 2 * np.sqrt(np.sum((gained - gained.mean()) ** 2)) else usual
    return chosen, each[chosen]


def _trials(
    shop: Shop, fold: tuple[Rows, Rows], base: Floats | None, tried: Sequence[Habit] = HABITS
) -> Iterator[tuple[Habit, Tried]]:
    fit, ask = fold
    known, asked, truth = shop.rows.take(fit), shop.rows.take(ask), shop.truth[ask]
    for decay, habits in groupby(sorted(tried), key=lambda habit: habit.decay):
        now = Now(shop.labels, past_of(known, shop.plan, decay).over(shop.labels), None)
        for habit in habits:
            given = None if base is None else parts(len(ask), lambda rows: base[rows])
            told = remembered(now, asked, given, habit)
            pairs = zip(told, parts(len(ask), lambda rows: truth[rows]), strict=True)
            yield habit, _joined([_tried(shop.plan, shares, right) for shares, right in pairs])


def _tried(plan: Plan, shares: Floats, truth: Rows) -> Tried:
    top, right = shares.max(axis=1), shares.argmax(axis=1) == truth
    if plan.measure == "log_loss":
        return Tried(log_losses(shares, truth), top, right)
    if plan.measure == "accuracy":
        return Tried(1.0 - right, top, right)
    even = plan.stakes.even
    act = np.ones(len(top)) if even is None else Policy(even).act(top)
    return Tried(-plan.stakes.worth(act, right), top, right)


def _joined(tried: Sequence[Tried]) -> Tried:
    return Tried(*map(np.concatenate, zip(*tried, strict=True)))


def _told(reader: Reader, machine: Machine, questions: pa.Table) -> Iterator[Floats]:
    return parts(questions.num_rows, lambda rows: machine.shares(reader.matrix(questions[rows])))


def _wider(shares: Floats, to: Sequence[str]) -> Floats:
    """The same probabilities with room for the categories that only past choices know; they stand last in `to`."""
    return np.pad(shares, ((0, 0), (0, len(to) - shares.shape[1])))


def _learnt(one: Text | Both) -> tuple[Reader, Machine]:
    return fitted(one.reader), fitted(one.machine)


def _keep(folder: Path, plan: Plan, finishing: Finish, state: Mapping[str, Any]) -> None:
    keep(folder, {"plan": plan, "finish": finishing.policy, "state": dict(state)})


def _kept(folder: Path) -> tuple[Plan, Finish, dict[str, Any]]:
    content = kept(folder)
    return restored(Plan, content["plan"]), Finish(Policy(**content["finish"])), content["state"]


def _keep_machine(folder: Path, reader: Reader, machine: Machine) -> None:
    reader.save(folder)
    np.savez_compressed(
        folder / "machine.npz", weights=machine.weights, offsets=machine.offsets, slope=np.array(machine.slope)
    )


def _kept_machine(folder: Path) -> tuple[Reader, Machine]:
    with np.load(folder / "machine.npz", allow_pickle=False) as found:
        machine = Machine(found["weights"], found["offsets"], float(found["slope"]))
    return Reader.load(folder), machine
