"""Bench. In: mails of newsgroups, German and English -> Out: `categorize` beside a linear SVM and fastText."""

from __future__ import annotations

from categorize import compared
from categorize_sets import bare_news, mails, news

HEAD = """## Categorize, mails of newsgroups
CodEAlltag, which has no official split, by its name's hash, a quarter to test; 20 newsgroups by date, as they are and
without headers, quotes and footers. Peers, ranges and costs as in the section before."""


def run(quick: bool) -> str:
    """Return the section; the quick form takes the German mails alone."""
    return "\n".join([HEAD, *compared([mails] if quick else [mails, news, bare_news], quick)])
