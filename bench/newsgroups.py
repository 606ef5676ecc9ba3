"""Bench. In: mails of 20 newsgroups -> Out: `categorize` beside a linear SVM and fastText, in one run."""

from __future__ import annotations

from categorize import compared
from categorize_sets import bare_news, news

HEAD = """## Categorize, long mails in 20 newsgroups
Split by date, as they are and without headers, quotes and footers; peers, ranges and costs as in the section before."""


def run(quick: bool) -> str:
    """Return the section; the quick form leaves the headers out only."""
    return "\n".join([HEAD, *compared([bare_news] if quick else [news, bare_news], quick)])
