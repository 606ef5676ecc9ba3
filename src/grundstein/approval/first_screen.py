"""Room approval. In: a Story -> Out: the first screen: at most 170 words, none that needs a statistician.

Texts that people wrote are cut to their share of the words, and details that stand below are left out first, so the
screen keeps its size whatever a case says.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from grundstein.approval.notes import ROOMS, Note, notes
from grundstein.approval.phrases import NAMED, Phrases
from grundstein.tools import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grundstein.approval.notes import Room
    from grundstein.approval.story import Story
    from grundstein.core.records import Outcome

MOST_WORDS = 170
ROWS = 5
TOO_NEAR = 2.0


@dataclass(frozen=True)
class Range:
    """The picture of the gain: places from 0 to 100 of its ends, its middle, nothing, and what is needed."""

    low: float
    mean: float
    high: float
    zero: float
    needed: float
    zero_label: str
    needed_label: str


@dataclass(frozen=True)
class Row:
    """One line of the table; `new` marks the candidate."""

    label: str
    cells: tuple[str, ...]
    new: bool = False


@dataclass(frozen=True)
class First:
    """What stands on the first screen, in order."""

    state: str
    eyebrow: str
    question: str
    advice: str
    gain: str
    gain_lines: tuple[str, ...]
    range: Range | None
    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]


def first_screen(story: Story, language: str) -> First:
    """Say what was asked, what is advised, what it brings, and what is asked of the reader; as much as has room."""
    words = Phrases(story, language)
    screens = (_filled(words, room) for room in ROOMS)
    return next((screen for screen in screens if counted(screen) <= MOST_WORDS), _filled(words, ROOMS[-1]))


def _filled(words: Phrases, room: Room) -> First:
    state = state_of(words.story)
    heads, rows = _table(words, state, room)
    return First(
        state=state,
        eyebrow=words.say("label.preview" if words.story.verdict is None else "label.recommendation"),
        question=wording.shortened(words.story.question.question, room.question, 7 * room.question),
        advice=_advice(words, state),
        gain=_gain(words, state),
        gain_lines=tuple(line for line in _gain_lines(words, state) if line),
        range=_range(words, state),
        caption=_caption(words, state),
        heads=heads,
        rows=rows,
        notes=notes(words, state, room),
    )


def counted(first: First) -> int:
    """Count the words on the screen: whatever holds a letter or a digit."""
    shown = [getattr(first, part.name) for part in fields(first) if part.name != "state"]
    return sum(any(letter.isalnum() for letter in word) for text in _texts(shown) for word in text.split())


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, (tuple, list)):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, (Range, Row)):
        yield from _texts([getattr(part, field.name) for field in fields(part)])
    elif isinstance(part, Note):
        yield from (part.title, part.text)


def state_of(story: Story) -> str:
    """The verdict's word; for a preview: undeclared, promising, open or weak, by what development rows say."""
    if story.verdict is not None:
        return story.verdict.verdict
    if not story.experiment.declared:
        return "undeclared"
    gain = story.gains.get(story.hardest)
    if gain is None:
        return "open"
    needed = story.margins.get(story.hardest, 0.0)
    return "promising" if gain.low > needed else "weak" if gain.high <= needed else "open"


def _advice(words: Phrases, state: str) -> str:
    if state == "does_not_qualify":
        kept = "keep" if words.story.question.baseline else "leave"
        state = "keep_released" if words.story.in_use else kept
    return words.say(f"advice.{state}", new=words.new)


def _gain(words: Phrases, state: str) -> str:
    """The gain in large letters; empty where there is none to be told."""
    gain = words.gain
    if gain is None or state in ("undeclared", "not_applicable"):
        return ""
    written = words.amount(gain.mean, words.step(), signed=True)
    return f"{written} {words.per}" if words.story.experiment.money else f"{words.measure}: {written}"


def _gain_lines(words: Phrases, state: str) -> list[str]:
    lines, today = _compared(words, state), words.story.in_use
    if today is None:
        return lines
    name = wording.shortened(today.solution, *NAMED)
    return [*lines, words.say("gain.in_use", name=name, day=wording.day(today.since, words.language))]


def _compared(words: Phrases, state: str) -> list[str]:
    story, gain = words.story, words.gain
    if state == "not_applicable":
        return [_perfect(words)]
    if gain is None or story.baseline is None:
        return [words.say("gain.nothing")]
    if state == "undeclared":
        way = "better" if gain.low > 0 else "worse" if gain.high < 0 else "alike"
        return [words.say(f"gain.{way}", new=words.new, against=words.against(story.baseline.name))]
    step = words.step()
    key = "gain.more" if story.sealed else "gain.seen"
    compared = [words.say(key, against=words.against(story.baseline.name)), _cost(words)]
    lines = [", ".join(part for part in compared if part), words.say("gain.range", span=words.spread(gain, step))]
    others = [story.hardest, *([story.released.name] if story.released else [])]
    first = words.amount(gain.mean, step, signed=True)
    for name in dict.fromkeys(name for name in others if name != story.baseline.name):
        other = story.gain_over(name)
        written = words.amount(other.mean, step, signed=True) if other else ""
        if written not in ("", first):
            lines.append(words.say("gain.hardest", gain=written, against=words.against(name)))
    opened = story.verdict is not None and story.verdict.opening
    denied = words.say("gain.denied" if opened else "gain.unopened")
    told = {"not_enough_data": _lacking(words), "does_not_qualify": denied}
    return [*lines, told.get(state, "")]


def _cost(words: Phrases) -> str:
    story = words.story
    if not story.experiment.money:
        return ""
    if not story.running_cost:
        return words.say("gain.no_cost")
    key = "gain.cost" if story.question.volume else "gain.cost_apart"
    return words.say(key, cost=wording.price(story.running_cost, story.currency, words.language))


def _lacking(words: Phrases) -> str:
    story = words.story
    needed = story.verdict.units_needed if story.verdict else None
    tested = wording.count(story.tested, words.language)
    if needed is None:
        return words.say("gain.units_unknown", tested=tested, units=words.units)
    told = wording.number(needed, words.language)
    return words.say("gain.units", needed=told, tested=tested, units=words.units)


def _perfect(words: Phrases) -> str:
    story = words.story
    if story.winner is None or story.baseline is None:
        return words.say("gain.nothing")
    more = (story.experiment.perfect - story.baseline.value) * story.factor
    written = words.amount(more) if story.experiment.money else f"{words.amount(more)} ({words.measure})"
    return words.say("gain.perfect", perfect=f"{written} {words.per}" if story.experiment.money else written)


def _range(words: Phrases, state: str) -> Range | None:
    gain, story = words.gain, words.story
    if gain is None or state in ("undeclared", "not_applicable") or story.baseline is None:
        return None
    needed = story.needed_over(story.baseline.name)
    ends = (gain.low, gain.high, gain.mean, 0.0, needed)
    low, wide = min(ends), (max(ends) - min(ends)) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - low) / wide, 2)

    written = words.say("gain.needed", needed=words.amount(abs_zero(needed), words.step()))
    places = (place(gain.low), place(gain.mean), place(gain.high), place(0.0), place(needed))
    zero = "0" if abs(places[3] - places[4]) > TOO_NEAR else ""
    return Range(*places, zero_label=zero, needed_label=written if abs_zero(needed) else words.say("gain.needed_any"))


def abs_zero(value: float) -> float:
    """Return 0 for what is only a rounding of it."""
    return 0.0 if abs(value) < 1e-9 else value


def _caption(words: Phrases, state: str) -> str:
    story = words.story
    tested = wording.count(story.tested, words.language)
    told = words.gain is not None and state not in ("undeclared", "not_applicable")
    key = "sealed" if story.sealed else "short" if told else "development"
    caption = words.say(f"caption.{key}", tested=tested, units=words.units)
    if not _scaled(story):
        return caption
    if not story.question.volume:
        return caption + words.say("caption.per", per=words.per)
    volume = wording.count(story.question.volume, words.language)
    return caption + words.say("caption.volume", volume=volume, per=words.per)


def _scaled(story: Story) -> bool:
    return story.experiment.money or any("acted" in outcome.metrics for outcome in story.outcomes)


def _table(words: Phrases, state: str, room: Room) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    story = words.story
    shown = _shown(story, room)
    step = words.step()
    kind = story.kind if story.kind in ("list", "sort", "rank") else "other"
    columns: list[tuple[str, list[str]]] = []
    for name in ("acted", "right"):
        if any(name in outcome.metrics for outcome in shown):
            cells = [_counted(story, outcome, name, words.language) for outcome in shown]
            columns.append((words.say(f"head.{name}_{kind}"), cells))
    if kind == "sort" and any(outcome.metrics.get("acted", 1.0) < 1.0 for outcome in shown):
        columns.append((words.say("head.asked_sort"), [_left(story, outcome, words.language) for outcome in shown]))
    if story.experiment.measure != "absolute_error" and any("mae" in outcome.metrics for outcome in shown):
        errors = [wording.number(outcome.metrics.get("mae"), words.language) for outcome in shown]
        columns.append((words.say("head.error"), errors))
    if story.experiment.money:
        results = [words.amount(story.result(outcome), step) for outcome in shown]
        columns.append((f"{words.say('head.result')} {words.per}", results))
    elif state != "undeclared" or not columns:
        columns.append((words.measure, [words.amount(outcome.value, step) for outcome in shown]))
    rows = [
        Row(words.label(outcome), tuple(cells[place] for _, cells in columns), outcome == story.winner)
        for place, outcome in enumerate(shown)
    ]
    return tuple(head for head, _ in columns), tuple(rows)


def _shown(story: Story, room: Room) -> list[Outcome]:
    """The lines of the table: nobody, today's rule, what is in use, the new one, everybody.

    Where there is room, also a simple rule that is harder to beat than today's.
    """
    places = {"baseline": 1, "default": 2, "released": 2, "candidate": 3, "outside": 3, "trivial": 4}
    rows = [o for o in story.outcomes if o.standing in ("baseline", "released", "trivial") or o == story.winner]
    today = story.baseline.value if story.baseline else None
    harder = [o for o in story.outcomes if (o.standing, o.name) == ("default", story.hardest) and o.value != today]
    rows += harder if room.more else []
    rows.sort(key=lambda o: 0 if o.standing == "trivial" and o.name == "nobody" else places[o.standing])
    return rows[:ROWS]


def _counted(story: Story, outcome: Outcome, name: str, language: str) -> str:
    share = outcome.metrics.get(name)
    return wording.NOTHING if share is None else wording.count(share * (story.question.volume or 1000), language)


def _left(story: Story, outcome: Outcome, language: str) -> str:
    """How many a solution leaves to a person."""
    share = outcome.metrics.get("acted")
    return wording.NOTHING if share is None else wording.count((1 - share) * (story.question.volume or 1000), language)
