"""Room approval. In: a Story with outside candidates -> Out: the section on what building brought over buying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.approval.evidence import Grid, Section
from grundstein.approval.phrases import Phrases
from grundstein.core.records import Gain
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.story import Story
    from grundstein.core.records import Outcome


def buying(story: Story, language: str) -> Section | None:
    """One paragraph and a row for each outside candidate; None where the case brings none."""
    words = Phrases(story, language)
    outside = [one for one in story.experiment.outcomes if one.standing == "outside"]
    judged = bool(story.verdict and story.verdict.deposit)
    if not outside and not judged:
        return None
    lead = [words.say("buying.judged")] if judged else []
    if outside:
        lead += [_paragraph(words, max(outside, key=story.result)), words.say("buying.preview")]
    grid = _grid(words, outside)
    return Section("buying", words.say("buying.title"), tuple(lead), grids=(grid,) if grid.rows else ())


def advantage(story: Story, name: str) -> Gain | None:
    """What was built gains over an outside candidate, scaled, after prices and running costs; None without either."""
    gain = story.experiment.bought.get(name)
    known = {one.name: one for one in story.experiment.outcomes}
    built = known.get(story.experiment.winner)
    if gain is None or built is None:
        return None
    extra = story.cost(built) - story.cost(known[name])
    return Gain(*(part * story.factor - extra for part in (gain.mean, gain.low, gain.high)))


def _paragraph(words: Phrases, best: Outcome) -> str:
    name, gain = wording.shortened(best.name, 4, 40), advantage(words.story, best.name)
    if gain is None:
        return words.say("buying.alone", name=name)
    step = wording.step_of(abs(gain.high - gain.low) or abs(gain.mean) or 1.0)
    if not words.story.experiment.money:
        told = _told(words, gain, step)
        return words.say("buying.measured", measure=words.measure, name=name, **told)
    key = "buying.built" if gain.low > 0 else "buying.bought" if gain.high < 0 else "buying.alike"
    shown = Gain(-gain.mean, -gain.high, -gain.low) if key == "buying.bought" else gain
    said = words.say(key, name=name, per=words.per, **_told(words, shown, step))
    return f"{said} {words.say('buying.costs')}"


def _told(words: Phrases, gain: Gain, step: float) -> dict[str, str]:
    step = max(step, 1.0 if words.story.factor > 1 else 0.01) if words.story.experiment.money else step
    return {"gain": words.amount(gain.mean, step), "span": words.spread(gain, step)}


def _grid(words: Phrases, outside: list[Outcome]) -> Grid:
    story, language = words.story, words.language
    also = {one.name: one for one in story.question.also}
    rows = []
    for one in outside:
        entry, gain = also.get(one.name), story.experiment.bought.get(one.name)
        parts = (gain.mean, gain.low, gain.high) if gain else (None, None, None)
        rows.append(
            (
                one.name,
                words.say(f"buying.kind.{entry.kind if entry else 'file'}"),
                wording.price(entry.price, story.currency, language) if entry and entry.price else wording.NOTHING,
                wording.percent(one.metrics.get("answered", 0.0), language),
                wording.exact(one.value, language),
                *(wording.exact(part, language) for part in parts),
            )
        )
    heads = ("solution", "from", "price", "answered", "value", "gain", "low", "high")
    return Grid(tuple(words.say(f"column.{key}") for key in heads), tuple(rows), words.say("buying.table"))
