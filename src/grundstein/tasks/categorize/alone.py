"""Room tasks. In: one question of typed values, live tables -> Out: its answer without a table, and what moved it.

An answer is walked to in steps: the share of each category overall, or by the text; then each key's past choices, the
most specific last; then what people corrected. Effects are how far each step moved the probability of the category
that was answered; that of the text is shared out among its words, by the integral of the softmax's slope on the
straight line from no words to all of them. They add up to the answer's probability less that of a question without
words and keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grundstein.core.task import Reason
from grundstein.tasks.categorize.answers import answer_row
from grundstein.tasks.categorize.memory import CORRECTED
from grundstein.tasks.categorize.reading import text_alone
from grundstein.tools.moving import along, worded
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.categorize.answers import Finish
    from grundstein.tasks.categorize.machines import Machine
    from grundstein.tasks.categorize.memory import Habit, Level, Now
    from grundstein.tasks.categorize.options import Plan
    from grundstein.tasks.categorize.reading import Reader

    Floats = NDArray[np.float64]

MOST_CHOICES = 3


class Step(NamedTuple):
    """Probabilities after a key's past choices (none: before all of them); `told`: by what people corrected."""

    shares: Floats
    level: Level | None = None
    place: int = -1
    told: bool = False


@dataclass(frozen=True)
class Alone:
    """A solution beside its live tables, for one question at a time; `learnt` is what reads its text."""

    plan: Plan
    finish: Finish
    habit: Habit
    now: Callable[[], Now]
    learnt: tuple[Reader, Machine] | None = None

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question: bit for bit what `answer` says of a table of this row."""
        now = self.now()
        *_, last = self._steps(now, question)
        return answer_row(now.labels, last.shares, self.finish, self.plan.top)

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """Return the words, values and keys that moved this answer most, the strongest first; see the page's head."""
        now = self.now()
        steps = list(self._steps(now, question))
        output = int(np.argsort(-steps[-1].shares, kind="stable")[0])
        found = self._of_text(question, output, most)
        for before, after in pairwise(steps):
            if after.level is not None:
                moved = float(after.shares[output] - before.shares[output])
                found.append(_of_key(question, now.labels, after, after.level, moved))
        return strongest(found, most)

    def _steps(self, now: Now, question: Mapping[str, Any]) -> Iterator[Step]:
        found = now.past.overall
        if self.learnt:
            reader, machine = self.learnt
            own = machine.shares(reader.row(question))[0]
            more = len(now.labels) - len(own)
            found = np.concatenate((own, np.zeros(more))) if more else own
        yield Step(found)
        for past, habit in ((now.past, self.habit), (now.corrected, CORRECTED)):
            for level, place in past.known(question, habit) if past else ():
                found = (level.seen(place) + habit.strength * found) / (level.totals[place] + habit.strength)
                yield Step(found, level, place, past is now.corrected)

    def _of_text(self, question: Mapping[str, Any], output: int, most: int) -> list[Reason]:
        """The words and pairs of the text, and the values of other columns; none of a category that it cannot know."""
        if self.learnt is None or output >= len(self.learnt[1].offsets):
            return []
        reader, machine = self.learnt
        score = scored(reader, machine, question)
        effects = along(score.base, score.parts, softmax, output)
        signs = reader.signs.row(question)
        texts = {name: text_alone(question, [name], reader.clean).lower() for name in reader.text}
        names = [*score.words, *(name for _, name in signs)]
        found = []
        for place in np.argsort(-np.abs(effects), kind="stable")[:most].tolist():
            own = place < len(score.words)
            column = _column_of(names[place], texts) if own else names[place]
            found.append(Reason(column, names[place] if own else worded(question[column]), float(effects[place])))
        return found


class Scored(NamedTuple):
    """Scores of one question: `base` (labels,) of no word at all, `parts` (labels, things) what each thing adds to it.

    Things are the `words` of its text and pairs of them, then the values of its other columns that have a place.
    """

    base: Floats
    parts: Floats
    words: Sequence[str]


def scored(reader: Reader, machine: Machine, question: Mapping[str, Any]) -> Scored:
    """Take a question's score apart; what a piece of several words adds is shared among them."""
    from scipy import sparse

    row = reader.row(question)
    added = machine.slope * (row.data[:, None] * machine.weights[row.indices]).astype(np.float64)
    terms = int(np.count_nonzero(row.indices < len(reader.terms)))
    words, owner, columns = reader.terms.said(text_alone(question, reader.text, reader.clean))
    at = np.searchsorted(row.indices[:terms], columns)
    shares = sparse.csr_matrix((1 / np.bincount(at, minlength=terms)[at], (owner, at)), shape=(len(words), terms))
    parts = np.concatenate((shares @ added[:terms], added[terms:])).T
    return Scored(machine.slope * machine.offsets.astype(np.float64), parts, words)


def _column_of(word: str, texts: Mapping[str, str]) -> str:
    """The column whose text, in lower case, holds a word or the first of a pair; the first of several."""
    first, found = word.partition(" ")[0], [*texts]
    return next((name for name in found if len(found) > 1 and first in texts[name]), found[0])


def strongest(found: Sequence[Reason], most: int) -> tuple[Reason, ...]:
    """The strongest reasons first, of equal ones the first; what has no effect gives none."""
    return tuple(sorted((one for one in found if one.effect), key=lambda one: -abs(one.effect))[:most])


def _of_key(question: Mapping[str, Any], labels: Sequence[str], step: Step, level: Level, moved: float) -> Reason:
    """A key, its value with the categories chosen for it most often; `choices:` are what people said of answers."""
    seen = level.seen(step.place)
    often = [place for place in np.argsort(-seen, kind="stable") if seen[place]]
    said = ", ".join(f"{labels[place]} {seen[place]:.3g}" for place in often[:MOST_CHOICES])
    value = " + ".join(worded(question[name]) for name in level.names)
    more = ", ..." if len(often) > MOST_CHOICES else ""
    return Reason(("choices: " if step.told else "") + " + ".join(level.names), f"{value}: {said}{more}", moved)
