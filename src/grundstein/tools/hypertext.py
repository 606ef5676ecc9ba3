"""Room tools. In: a web page, or a mail written as one -> Out: its text, a line a block.

One pass over the signs "<" and ">", so that the time grows with the text whatever is broken in it; the standard
library's parser of Python 3.11 needs half a minute for 60,000 letters of open tags.
"""

from __future__ import annotations

import html
import re

NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]{0,20}")
BLANKS = re.compile(r"[ \t\r\f\v\xa0]+")
HIDDEN = frozenset({"script", "style", "head", "title", "noscript", "template", "svg", "object"})
QUOTE = "blockquote"
BREAKS = frozenset(
    {QUOTE, "br", "p", "div", "tr", "table", "li", "ul", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre"}
)
CELLS = frozenset({"td", "th"})


def text_of(page: str) -> str:
    """Return what a reader of the page sees; what stands in a quotation begins with "> "."""
    found: list[str] = []
    depth, place = 0, 0
    endless: set[str] = set()
    while place < len(page):
        start = page.find("<", place)
        start = len(page) if start < 0 else start
        found.append(_spoken(page[place:start]))
        if start == len(page):
            break
        name, place = _tag(page, start)
        plain = name.removeprefix("/")
        if name in HIDDEN and name not in endless:
            end = re.compile(f"</{name}", re.IGNORECASE).search(page, place)
            place = end.start() if end else place
            endless |= set() if end else {name}
        elif plain in BREAKS:
            depth += 0 if plain != QUOTE else 1 if plain == name else -min(depth, 1)
            found.append("\n" + "> " * min(depth, 1))
        elif name in CELLS:
            found.append(" ")
        elif not name and place == start + 1:
            found.append("<")
    return _tidied("".join(found))


def _tag(page: str, start: int) -> tuple[str, int]:
    """The name of the tag that begins here (empty where it has none), and the place behind it."""
    if page.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return "", len(page) if end < 0 else end + 3
    named = NAME.match(page, start + 1)
    if named is None and not page.startswith(("<!", "<?"), start):
        return "", start + 1
    end = page.find(">", start)
    return (named.group().lower() if named else ""), len(page) if end < 0 else end + 1


def _spoken(text: str) -> str:
    return html.unescape(text.replace("\n", " ")) if "&" in text else text.replace("\n", " ")


def _tidied(text: str) -> str:
    lines = [BLANKS.sub(" ", line).strip() for line in text.split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip()
