"""Room approval. In: a Story and a language -> Out: its names and amounts as both halves of the report write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.approval.words import say, say_known
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.story import Story
    from grundstein.core.records import Gain, Outcome

NAMED = (3, 24)
SIGNED = {"absolute_error": -1.0}
HUNDRED = ("accuracy", "ndcg", "mrr", "recall")


@dataclass(frozen=True)
class Phrases:
    """How this story's solutions, units, amounts and periods are called in one language."""

    story: Story
    language: str

    def say(self, key: str, **facts: object) -> str:
        """Return a sentence of the house."""
        return say(key, self.language, **facts)

    @property
    def new(self) -> str:
        """The candidate, as a department calls it: the new list, estimate, selection."""
        kind, unit = self.story.kind, self.story.experiment.unit
        return say_known(f"new.{kind}_{unit}", self.language, self.say(f"new.{kind}"))

    @property
    def kind(self) -> str:
        """The kind under which the words for nobody and everybody stand."""
        return self.story.kind if self.story.kind in ("list", "sort", "rank") else "list"

    def label(self, outcome: Outcome) -> str:
        """Name a solution in the table: by what it means where the house knows that, else by its name."""
        if outcome == self.story.winner:
            return self.new_one
        return self._called("who", outcome) or wording.shortened(outcome.name, *NAMED)

    @property
    def new_one(self) -> str:
        """The candidate at the beginning of a line."""
        return self.new[:1].upper() + self.new[1:]

    def named(self, name: str) -> str:
        """Name a solution in a table of all: what it means where the house knows that, with a name that tells more."""
        outcome = next((one for one in self.story.outcomes if one.name == name), None)
        known = say_known(f"model.{name}", self.language, name)
        called = self._called("who", outcome) if outcome else ""
        plain = outcome is None or outcome.standing == "trivial" or name in ("rule", "default")
        return (called or known) if plain or not called else f"{called} ({known})"

    def against(self, name: str) -> str:
        """Name an opponent after "compared with"."""
        outcome = next((o for o in self.story.outcomes if o.name == name), None)
        called = self._called("against", outcome) if outcome else ""
        return called or self.say("against.named", name=wording.shortened(name, *NAMED))

    def _called(self, form: str, outcome: Outcome) -> str:
        if outcome.standing == "baseline":
            return self.say(f"{form}.rule" if self.story.question.baseline else f"{form}.simple")
        if outcome.standing == "released":
            return self.say(f"{form}.released")
        if outcome.standing == "default":
            return self.say(f"{form}.simple")
        nothing = f"none_{self.kind}"
        ends = {"nobody": nothing, "nothing": nothing, "everybody": f"all_{self.kind}", "a person answers": "person"}
        name = ends.get(outcome.name, outcome.name)
        trivial = outcome.standing == "trivial" and name not in ("named", "rule", "simple")
        return say_known(f"{form}.{name}", self.language, "") if trivial else ""

    @property
    def units(self) -> str:
        """What is judged, in the plural: whom the answers touch where each row is one of them, no mail of theirs."""
        unit, affects, seal = self.story.experiment.unit, self.story.question.affects, self.story.seal
        one_each = seal is not None and seal.how != "entity" and seal.key == (seal.entity,)
        if unit in ("row", "unit") and affects and one_each:
            return self.touched
        return say_known(f"units.{unit}", self.language, wording.shortened(unit, 2, 18))

    @property
    def touched(self) -> str:
        """Whom the answers touch, in the language of the page where the house knows the word."""
        affects = self.story.question.affects
        return say_known(f"units.{affects}", self.language, wording.shortened(affects, 2, 24))

    @property
    def per(self) -> str:
        """The period that amounts are scaled to; per 1,000 units where the case names no volume."""
        case = self.story.question
        if not case.volume:
            return self.say("per.thousand", number=wording.count(1000, self.language), units=self.units)
        other = self.say("per.other", period=wording.shortened(case.period, 1, 12))
        return say_known(f"per.{case.period}", self.language, other)

    @property
    def measure(self) -> str:
        """What decides where it is no money, in plain words."""
        return self.say(f"measure.{self._measure}")

    @property
    def measured_gain(self) -> str:
        """In what a gain is counted where it is no money: an error that is smaller is a gain."""
        return say_known(f"gained.{self._measure}", self.language, self.measure)

    @property
    def _measure(self) -> str:
        name = self.story.experiment.measure.partition("@")[0]
        return name if name in (*SIGNED, *HUNDRED) else "other"

    @property
    def plain_factor(self) -> float:
        """What a measure is multiplied by to be read: errors without their minus, shares as parts of 100."""
        return SIGNED.get(self._measure, 100.0 if self._measure in HUNDRED else 1.0)

    def amount(self, value: float, step: float | None = None, *, signed: bool = False) -> str:
        """Write a scaled value: money, or the measure in its plain form."""
        if self.story.experiment.money:
            return wording.money(value, self.story.currency, self.language, step=step, signed=signed)
        return wording.number(value * self.plain_factor, self.language, step=step, signed=signed)

    def step(self) -> float | None:
        """The rounding of all amounts of the first screen, so that they add up: digits of the widest range.

        Three of money, two of a measure.
        """
        gain = self.gain
        wide = (gain.high - gain.low) or abs(gain.mean) if gain else 0.0
        if not wide:
            return None
        if self.story.experiment.money:
            return max(wording.step_of(wide), 1.0 if self.story.factor > 1 else 0.01)
        return wording.step_of(wide * abs(self.plain_factor), 2)

    @property
    def gain(self) -> Gain | None:
        """The winner's gain over the baseline, scaled; None where nothing was compared."""
        baseline = self.story.baseline
        return self.story.gain_over(baseline.name) if baseline else None

    def spread(self, gain: Gain, step: float | None) -> str:
        """Write the range of a gain."""
        ends = [self.amount(gain.low, step), self.amount(gain.high, step)]
        if not self.story.experiment.money and self.plain_factor < 0:
            ends.reverse()
        return wording.span(ends[0], ends[1], self.language)

    def stated(self, amount: str, value: float) -> str:
        """Write an amount of the case: a share for `success`, money for all others."""
        if amount == "success":
            return wording.percent(value, self.language)
        return wording.price(value, self.story.currency, self.language)
