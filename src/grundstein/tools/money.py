"""Room tools. In: money, probabilities, truths -> Out: what answers are worth, unit by unit, and where to start acting.

Two classes: act on a unit or leave it alone. Many classes: let the machine answer or ask a person, which is the same
question about "is the answer right?". A number: what is paid per unit of error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.case import Money

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FAR = 1e308


@dataclass(frozen=True)
class Stakes:
    """What acting and leaving alone are worth, for a unit whose truth is yes and for one whose truth is no."""

    act_yes: float
    act_no: float
    skip_yes: float
    skip_no: float

    @property
    def gain_yes(self) -> float:
        """What acting on a yes is worth above leaving it alone."""
        return self.act_yes - self.skip_yes

    @property
    def gain_no(self) -> float:
        """What acting on a no is worth above leaving it alone."""
        return self.act_no - self.skip_no

    @property
    def direction(self) -> int:
        """1 where acting pays on a likely yes, -1 where it pays on a likely no (a loan to who will pay it back)."""
        return 1 if self.gain_yes >= self.gain_no else -1

    @property
    def worst(self) -> float:
        """The most that one unit can lose against another answer."""
        return max(abs(self.gain_yes), abs(self.gain_no))

    @property
    def even(self) -> float | None:
        """The probability of yes at which acting pays nothing (Elkan 2001); None where acting is always worth alike."""
        spread = self.gain_yes - self.gain_no
        return -self.gain_no / spread if spread else None

    def worth(self, act: Floats, yes: Flags) -> Floats:
        """Value of each unit in currency; `act` between 0 and 1 is a share of a capacity."""
        acting = np.where(yes, self.act_yes, self.act_no)
        resting = np.where(yes, self.skip_yes, self.skip_no)
        return act * acting + (1.0 - act) * resting


def stakes(money: Money) -> Stakes:
    """Read the stakes of a yes/no question or of many classes; KeyError for another form."""
    if money.form == "classes":
        return Stakes(money["right"], money["wrong"], money["ask"], money["ask"])
    if money.form not in {"cells", "action"}:
        raise KeyError(money.form)
    cells = money.cells()
    return Stakes(cells["act_on_yes"], cells["act_on_no"], cells["skip_yes"], cells["skip_no"])


def number_worth(money: Money, predicted: Floats, truth: Floats) -> Floats:
    """Minus what each error costs: `over` per unit too much, `under` per unit too little, signs left aside."""
    error = predicted - truth
    return -(abs(money["over"]) * np.maximum(error, 0.0) + abs(money["under"]) * np.maximum(-error, 0.0))


def wanted_quantile(money: Money | None) -> float:
    """The quantile whose prediction costs least: the middle where too much and too little cost the same."""
    over, under = (abs(money["over"]), abs(money["under"])) if money else (1.0, 1.0)
    return under / (over + under) if over + under else 0.5


@dataclass(frozen=True)
class Policy:
    """Act where direction x score is above `cut`, on the share `at` of those exactly on it (a capacity shared)."""

    cut: float
    at: float = 0.0
    direction: int = 1

    def act(self, scores: Floats) -> Floats:
        """Share of action per unit, 0 to 1; depends on the unit's own score alone."""
        turned = self.direction * scores
        return np.where(turned > self.cut, 1.0, np.where(turned == self.cut, self.at, 0.0))


def within(room: float | None, scores: Floats, cut: float = 0.5) -> Floats:
    """Act above the cut; where capacity is less than that, on the highest scores, those on the edge share the rest."""
    wanted = Policy(cut).act(scores)
    if room is None or not len(scores) or wanted.mean() <= room:
        return wanted
    edge = float(np.quantile(scores, 1 - room, method="inverted_cdf"))
    above, on = float((scores > edge).mean()), float((scores == edge).mean())
    return Policy(edge, min(1.0, max(0.0, (room - above) / on))).act(scores)


def choose_policy(
    scores: Floats,
    yes: Flags,
    weights: Floats,
    at_stake: Stakes,
    room: float | None = None,
    calibrated: bool = False,
    direction: int | None = None,
) -> Policy:
    """Choose where to start acting, for money, on scores that were made without these units' truths.

    `room` is capacity / volume: no more than that share is acted on, units on the last score share what is left.
    With `calibrated` scores (probabilities of yes) the cut that theory names stands, unless another one earned more
    by over one standard error. Ties go to acting on fewer.
    """
    way = at_stake.direction if direction is None else direction
    turned = way * scores
    gains = weights * np.where(yes, at_stake.gain_yes, at_stake.gain_no)
    best = _best_cut(turned, gains, 1.0 if room is None else room, way)
    if not calibrated or at_stake.even is None or not len(scores):
        return best
    theory = Policy(way * at_stake.even, 0.0, way)
    if room is not None and (turned > theory.cut).mean() > room:
        return best
    gained = gains * (best.act(scores) - theory.act(scores))
    error = float(gained.std()) / max(np.sqrt(len(gained)), 1.0)
    return best if float(gained.mean()) > error else theory


def _best_cut(turned: Floats, gains: Floats, room: float, way: int) -> Policy:
    levels, group = np.unique(-turned, return_inverse=True)
    sums = np.bincount(group, gains, len(levels))
    shares = np.bincount(group, minlength=len(levels)) / max(len(turned), 1)
    within = np.clip((room - (np.cumsum(shares) - shares)) / np.maximum(shares, 1e-300), 0.0, 1.0)
    within[within > 1.0 - 1e-9] = 1.0
    last = int(np.argmax(np.concatenate([[0.0], np.cumsum(sums * within)])))
    if last == 0:
        return Policy(FAR, 0.0, way)
    if within[last - 1] < 1.0:
        return Policy(-float(levels[last - 1]), float(within[last - 1]), way)
    if last == len(levels):
        return Policy(-FAR, 0.0, way)
    return Policy(-float(levels[last - 1] + levels[last]) / 2, 0.0, way)
