"""Room tasks. In: the lines of a Windows installer's log -> Out: how it ended, and which action failed and why.

What the lines mean is Windows Installer's own: `Return value 3` ends an action that failed, `MainEngineThread is
returning N` is the code that the caller gets, 1603 says no more than that something failed. A bundle's log (Burn) ends
with its exit code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RETURNED = re.compile(r"MainEngineThread is returning (-?\d+)")
STATUS = re.compile(r"success or error status: (-?\d+)")
EXIT = re.compile(r"\bExit code: (0x[0-9a-fA-F]+)")
ENDED = re.compile(r"Action (?:ended|end) ?(?:\d+:\d+:\d+)?:? ?(?P<action>[\w.{}-]+)\. Return value (?P<value>\d+)")
CUSTOM = re.compile(r"CustomAction (?P<action>[\w.{}-]+) returned actual error code (?P<code>-?\d+)")
PRODUCT = re.compile(r"\bProduct: (?P<product>.{1,200}?) -- (?P<said>.+)", re.DOTALL)
NUMBERED = re.compile(r"(?:^|\b)Error (?P<code>\d{4,5})[.:]\s*(?P<said>.+)", re.DOTALL)
NAMED = re.compile(r"\bAction (?P<action>[\w.{}-]+), (?:location|entry|command)\b")
RESULT = re.compile(r"\b(?:failed|error)\b.*?\b(?P<code>0x8[0-9a-fA-F]{7})\b", re.IGNORECASE)
CLOSING = re.compile(
    r"(?:Installation|Configuration|Removal|Update|Advertisement) (?:operation )?(?:failed|completed successfully)"
)
NO_CAUSE = re.compile(
    r"Action |MSI \(|Property\(|Note: 1: |DEBUG: |CustomAction |\*{3}|=== |\s*$|SOFTWARE RESTR|\d+: \d+"
)
MEANINGS = {
    "1601": "the Windows Installer service could not be reached",
    "1602": "a person cancelled it",
    "1603": "something failed; the log says what",
    "1618": "another installation was running",
    "1619": "the package could not be opened",
    "1620": "the package is not valid",
    "1625": "a policy of the machine forbids it",
    "1633": "the package is for another kind of machine",
    "1638": "another version of the product is installed",
    "1641": "it succeeded and restarts the machine",
    "3010": "it succeeded; the machine must be restarted",
    "0": "it succeeded",
}
GOOD = ("0", "1641", "3010", "0x0", "0xbc2", "0x669")
BACK = 12
LONGEST, FARTHEST = 300, 4_000


@dataclass(frozen=True)
class Failure:
    """The `action` that failed, inside which other one, why, and the number of the line that says so."""

    action: str
    inside: str
    cause: str
    line: int


@dataclass(frozen=True)
class Installation:
    """How an installation ended.

    `code` as the caller got it, empty where the log does not say; `failure` where it failed.
    """

    code: str
    product: str
    failure: Failure | None

    @property
    def succeeded(self) -> bool:
        """Whether its code is one of success; an unknown code without a failed action counts as success."""
        return self.code in GOOD if self.code else self.failure is None

    @property
    def meaning(self) -> str:
        """What the code means, in words; empty where it has none of its own."""
        return MEANINGS.get(self.code, MEANINGS["0"] if self.succeeded else "")


def is_installer(texts: Sequence[str]) -> bool:
    """Whether lines are those of an installer."""
    marks = (RETURNED, STATUS, EXIT, ENDED)
    return any(mark.search(text) for text in texts for mark in marks)


def explained(texts: Sequence[str]) -> Installation:
    """How the installation went that these lines, entry by entry, tell of."""
    lines = [(at, line[:FARTHEST]) for at, text in enumerate(texts) for line in text.split("\n")]
    code = _last(RETURNED, lines) or _last(STATUS, lines) or _last(EXIT, lines).lower()
    product = next((found["product"] for _, line in lines if (found := PRODUCT.search(line))), "")
    failure = _failure(lines)
    if not code and failure is not None:
        code = "1603"
    failed = code not in GOOD and bool(code)
    return Installation(code, product, (failure or _by_bundle(lines)) if failed else None)


def _last(pattern: re.Pattern[str], lines: Sequence[tuple[int, str]]) -> str:
    """What a pattern finds in the last line that has it."""
    return next((found[1] for _, line in reversed(lines) if (found := pattern.search(line))), "")


def _failure(lines: Sequence[tuple[int, str]]) -> Failure | None:
    """The first action that ended with 3, and what was said of it; the innermost ends first."""
    ended = next(
        (
            (place, found["action"])
            for place, (_, line) in enumerate(lines)
            if (found := ENDED.search(line)) and found["value"] == "3"
        ),
        None,
    )
    if ended is None:
        return None
    place, action = ended
    custom = _custom(lines[:place])
    if custom is not None:
        at, own, code = custom
        said = _said(lines, at, place) or f"custom action {own} returned error code {code}"
        return Failure(own, "" if own == action else action, said, lines[at][0])
    cause = _said(lines, max(0, place - 4 * BACK), place) or _just_before(lines, place)
    named = NAMED.search(cause)
    inner, outer = (named["action"], action) if named and named["action"] != action else (action, "")
    return Failure(inner, outer, cause or "the log says no more than that it failed", lines[place][0])


def _custom(lines: Sequence[tuple[int, str]]) -> tuple[int, str, str] | None:
    """The last custom action that returned an error: its place, name and code."""
    for place in range(len(lines) - 1, -1, -1):
        found = CUSTOM.search(lines[place][1])
        if found and found["code"] != "0":
            return place, found["action"], found["code"]
    return None


def _said(lines: Sequence[tuple[int, str]], start: int, end: int) -> str:
    """What the installer itself said of an error between two lines: `Product: P -- text`, or a numbered error."""
    for place in range(start, end):
        line = lines[place][1]
        told = PRODUCT.search(line)
        if told and not CLOSING.match(told["said"]):
            return _clean(told["said"])
        numbered = NUMBERED.search(line)
        if numbered and not line.startswith("DEBUG"):
            return _clean(f"Error {numbered['code']}. {numbered['said']}")
    return ""


def _just_before(lines: Sequence[tuple[int, str]], place: int) -> str:
    """The last plain sentence before an action ended."""
    for _, line in reversed(lines[max(0, place - BACK) : place]):
        if not NO_CAUSE.match(line):
            return _clean(line)
    return ""


def _by_bundle(lines: Sequence[tuple[int, str]]) -> Failure | None:
    """The first line of a bundle's log, or of a log without actions, that names an error."""
    for at, line in lines:
        found = RESULT.search(line)
        if found:
            return Failure("bundle", "", _clean(line), at)
    return None


def _clean(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
