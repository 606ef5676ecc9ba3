"""Room approval. In: a Story and how much room there is -> Out: the six short answers that a signer asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.approval.words import say_known
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.phrases import Phrases
    from grundstein.approval.story import Story
    from grundstein.core.findings import Finding
    from grundstein.core.records import Flip

CASE_NAME = (1, 24)
DAYS_TO_DECIDE = 28
WORSE = {
    "GST-M01": "losing",
    "GST-T40": "losing",
    "GST-T41": "losing",
    "GST-T32": "misjudged",
    "GST-T39": "misjudged",
    "GST-T30": "wrong",
    "GST-T37": "wrong",
    "GST-M02": "least",
}
NO_WEAK = "GST-M03"
HIGH_RISK = ("staff", "applicants")
VERDICTS = ("qualifies", "does_not_qualify", "not_enough_data", "not_applicable")


@dataclass(frozen=True)
class Room:
    """How many words of each kind fit, and which details are told that also stand below."""

    question: int
    roles: int
    slice: int
    more: bool
    earlier: bool
    touched: bool


ROOMS = (
    Room(20, 4, 3, more=True, earlier=True, touched=True),
    Room(20, 4, 3, more=False, earlier=True, touched=True),
    Room(20, 2, 2, more=False, earlier=True, touched=True),
    Room(20, 1, 2, more=False, earlier=False, touched=True),
    Room(20, 1, 2, more=False, earlier=False, touched=False),
    Room(14, 1, 1, more=False, earlier=False, touched=False),
    Room(8, 1, 1, more=False, earlier=False, touched=False),
)


@dataclass(frozen=True)
class Note:
    """A short answer to one of the six questions that a signer asks."""

    key: str
    title: str
    text: str


def notes(words: Phrases, state: str, room: Room) -> tuple[Note, ...]:
    """What happens otherwise, what it rests on, what could go wrong and for whom, what was tried, what to decide."""
    texts = {
        "nothing": _nothing(words, state),
        "rests": _rests(words, room),
        "risk": _risk(words, state, room),
        "worse": _worse(words, room),
        "tried": _tried(words, room),
        "ask": _ask(words, state, room),
    }
    return tuple(Note(key, words.say(f"{key}.title"), text) for key, text in texts.items())


def _nothing(words: Phrases, state: str) -> str:
    story, gain, step = words.story, words.gain, words.step()
    if story.in_use:
        more = story.gain_over(story.released.name) if story.released else None
        if state != "qualifies" or more is None or not story.experiment.money:
            return words.say("nothing.released")
        return words.say("nothing.gone", gain=words.amount(more.mean, step), per=words.per)
    if not story.question.baseline or story.baseline is None:
        return words.say("nothing.unknown")
    if not story.experiment.money:
        return words.say("nothing.rule")
    if state == "qualifies" and gain:
        return words.say("nothing.forgone", gain=words.amount(gain.mean, step), per=words.per)
    return words.say("nothing.stays", result=words.amount(story.result(story.baseline), step), per=words.per)


def _rests(words: Phrases, room: Room) -> str:
    money = words.story.question.money
    if money is None:
        known = words.story.experiment.declared
        measure = words.measure[:1].lower() + words.measure[1:] if words.language == "en" else words.measure
        return words.say("rests.metric", measure=measure) if known else words.say("rests.undeclared")
    if not money.assumed:
        return words.say("rests.measured")
    flips = flips_of(words.story)
    nearest = min(flips, key=_nearness, default=None)
    amount = nearest.amount if nearest else money.assumed[0]
    stated = words.stated(amount, money[amount])
    parts = [words.say("rests.assumed", amount=words.say(f"amount.{amount}"), stated=stated)]
    if nearest:
        parts.append(_flip(words, nearest))
    if len(money.assumed) > 1 and room.more:
        parts.append(words.say("rests.more", count=wording.count(len(money.assumed) - 1, words.language)))
    return " ".join(parts)


def flips_of(story: Story) -> tuple[Flip, ...]:
    """Where the advice changes: the verdict's figures, else those of development."""
    return story.verdict.flips if story.verdict else story.experiment.flips


def _nearness(flip: Flip) -> float:
    """How far an amount must move to change the advice, as a part of what was stated."""
    return float("inf") if flip.flips_at is None else abs(flip.flips_at - flip.stated) / (abs(flip.stated) or 1.0)


def _flip(words: Phrases, flip: Flip) -> str:
    if flip.flips_at is None:
        return words.say("rests.never")
    at = words.stated(flip.amount, flip.flips_at if flip.amount == "success" else _whole(flip.flips_at))
    return words.say("rests.below" if flip.flips_at < flip.stated else "rests.above", flip=at)


def _whole(value: float) -> float:
    """An amount without cents where it is large enough not to need them."""
    return float(round(value)) if abs(value) >= 10 else value


def _risk(words: Phrases, state: str, room: Room) -> str:
    story, winner = words.story, words.story.winner
    parts = []
    told = room.touched and state in ("does_not_qualify", "not_enough_data")
    whose = f"{words.new_one}: " if told else ""
    if winner and state != "not_applicable":
        acted, right = winner.metrics.get("acted", 0.0), winner.metrics.get("right", 0.0)
        if story.kind in ("list", "sort", "rank") and acted > 0:
            wrong = wording.count(100 * max(0.0, 1 - right / acted), words.language)
            parts.append(whose + words.say(f"risk.{story.kind}", wrong=wrong))
        elif story.kind == "number" and "mae" in winner.metrics:
            step = None if story.experiment.money else words.step()
            error = wording.number(winner.metrics["mae"], words.language, step=step)
            parts.append(whose + words.say("risk.number", error=error))
    warnings = sum(finding.section == "issue" for finding in story.findings)
    if warnings:
        number = wording.count(warnings, words.language)
        parts.append(words.say("risk.warning" if warnings == 1 else "risk.warnings", count=number))
    if story.edits:
        parts.append(words.say("risk.edited"))
    return " ".join(parts) or words.say("risk.nothing")


def _worse(words: Phrases, room: Room) -> str:
    story, case = words.story, words.story.question
    parts = [_group(words, {finding.code: finding for finding in story.findings}, room)]
    if case.affects and room.touched:
        parts.append(words.say("worse.affects", affects=words.touched))
    if case.risk == "high" or case.affects in HIGH_RISK:
        parts.append(words.say("worse.high"))
    return " ".join(parts)


def _group(words: Phrases, found: dict[str, Finding], room: Room) -> str:
    for code, key in WORSE.items():
        if code in found:
            facts = found[code].facts
            column, value = (
                wording.shortened(str(facts.get(name, "")), room.slice, 26) for name in ("column", "value")
            )
            return words.say(f"worse.{key}", column=column, value=value)
    if NO_WEAK in found:
        return words.say("worse.none", groups=found[NO_WEAK].facts.get("slices", wording.NOTHING))
    return words.say("worse.unknown")


def _tried(words: Phrases, room: Room) -> str:
    story = words.story
    models = sum(outcome.standing == "candidate" for outcome in story.experiment.outcomes)
    key = "tried.nothing" if not models else "tried.model" if models == 1 else "tried.models"
    parts = [words.say(key, count=wording.count(models, words.language))]
    if not story.tried:
        return f"{parts[0]} {words.say('tried.first')}"
    if not room.earlier:
        return f"{parts[0]} {words.say('tried.count', count=wording.count(len(story.tried), words.language))}"
    last = story.tried[0]
    word = say_known(f"word.{last.verdict}", words.language, wording.shortened(last.verdict, 2, 20))
    when = wording.month(last.date, words.language)
    parts.append(words.say("tried.earlier", case=wording.shortened(last.case, *CASE_NAME), word=word, month=when))
    if len(story.tried) > 1 and room.more:
        parts.append(words.say("tried.more", count=wording.count(len(story.tried) - 1, words.language)))
    return " ".join(parts)


def _ask(words: Phrases, state: str, room: Room) -> str:
    story = words.story
    until = wording.later(story.last_day, DAYS_TO_DECIDE)
    by = words.say("ask.by", day=wording.day(until, words.language)) if until else ""
    roles = wording.shortened(wording.listing(story.question.signed_by, words.language), room.roles, 48)
    who = words.say("ask.who", roles=roles) if roles else ""
    key = state if state in ("undeclared", *VERDICTS) else "preview"
    told = words.say(f"ask.{key}", by=by, who=who)
    return told[:1].upper() + told[1:]
