"""Reads a report as a browser and a person do: texts, elements, ids; without the drawings' inner life."""

from __future__ import annotations

from html.parser import HTMLParser

QUIET = {"style", "title", "desc", "svg"}
VOID = {"meta", "br", "link", "img", "line"}


class Reader(HTMLParser):
    """Collects the elements of a page, and the visible text of the whole page and of its first screen."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.first: list[str] = []
        self.spoken: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "desc" in self.open:
            self.spoken.append(data)
        if QUIET & set(self.open):
            return
        self.texts.append(data)
        if "header" in self.open:
            self.first.append(data)

    @property
    def words(self) -> list[str]:
        """Words of the first screen: whatever holds a letter or a digit."""
        return [word for word in " ".join(self.first).split() if any(letter.isalnum() for letter in word)]

    @property
    def text(self) -> str:
        """All visible text, spaces joined."""
        return " ".join(" ".join(self.texts).split())

    @property
    def first_text(self) -> str:
        """The first screen's text, spaces joined."""
        return " ".join(" ".join(self.first).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a tag."""
        return [attrs for name, attrs in self.elements if name == tag]
