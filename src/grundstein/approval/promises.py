"""Room approval. In: a Story with the promises of a replay -> Out: the section on how past promises were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.approval.evidence import Grid, Section
from grundstein.approval.phrases import Phrases
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.story import Story
    from grundstein.core.records import Promise

HEADS = ("as_of", "verdict", "gain", "promised_low", "promised_high", "came", "held", "warned")


def promises(story: Story, language: str) -> Section | None:
    """How many promises of past dates held what came later, and each of them; None where nobody has replayed it."""
    if not story.promises:
        return None
    words = Phrases(story, language)
    calm = [one for one in story.promises if not one.findings]
    told = {"dates": len(story.promises), "calm": len(calm), "held": sum(one.held for one in calm)}
    lead = (words.say("promises.lead", warned=len(story.promises) - len(calm), **told), words.say("promises.how"))
    heads = tuple(words.say(f"column.{key}") for key in HEADS)
    rows = tuple(_row(words, one) for one in story.promises)
    return Section(
        "promises", words.say("promises.title"), lead, grids=(Grid(heads, rows, words.say("promises.table")),)
    )


def _row(words: Phrases, one: Promise) -> tuple[str, ...]:
    language = words.language
    parts = (one.promised.mean, one.widened.low, one.widened.high, one.later)
    return (
        wording.day(one.at[:10], language) if "T" in one.at else one.at,
        words.say(f"word.{one.verdict}"),
        *(wording.exact(part, language) for part in parts),
        words.say("promises.yes" if one.held else "promises.no"),
        words.say("promises.yes" if one.findings else "promises.no"),
    )
