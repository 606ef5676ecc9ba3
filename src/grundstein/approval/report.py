"""Room approval. In: a Story -> Out: one self-contained HTML page in one language: no script, nothing fetched.

The page speaks of records only; the same story gives the same bytes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from grundstein.approval import buying, evidence, method, promises
from grundstein.approval.first_screen import first_screen
from grundstein.approval.phrases import Phrases
from grundstein.approval.story import Attempt, Step, Story, story
from grundstein.core.errors import Refused, nearest
from grundstein.tools.charts import printable
from grundstein.tools.wording import LANGUAGES

if TYPE_CHECKING:
    from jinja2 import Environment

EDGE = 18
PARTS = (
    evidence.evidence,
    buying.buying,
    evidence.failures,
    promises.promises,
    evidence.findings,
    method.data,
    method.method,
    method.card,
    method.trail,
)


def page(told: Story, language: str) -> str:
    """Write the page; Refused for a language that the house does not speak."""
    if language not in LANGUAGES:
        raise Refused(
            f'No report in "{language}".', nearest(language, LANGUAGES), "Correct `languages` in grundstein.yaml"
        )
    words = Phrases(told, language)
    return (
        environment()
        .get_template("page.html")
        .render(
            language=language,
            story=told,
            first=first_screen(told, language),
            sections=[section for part in PARTS if (section := part(told, language))],
            words=words,
        )
    )


@cache
def environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    found = Environment(
        loader=PackageLoader("grundstein.approval", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    found.filters["drawing"] = Markup
    found.filters["edge"] = _edge
    return found


def _edge(place: float) -> str:
    """The class of a label that would hang over the picture's edge."""
    return " start" if place < EDGE else " end" if place > 100 - EDGE else ""


__all__ = ["Attempt", "Step", "Story", "page", "story"]
