"""Room core. In: what went wrong -> Out: an error that says what happened, what was expected and what to do next.

GrundsteinError
├── Refused      the input or the state does not allow it; exit code 1
└── Misused      the command itself is wrong; exit code 2
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class GrundsteinError(Exception):
    """Three lines for a person: what happened, what was expected, what to do next.

    `others` are further errors that were found at once, for who reports them all.
    """

    exit_code = 1
    others: tuple[GrundsteinError, ...] = ()

    def __init__(self, what: str, expected: str, next_step: str) -> None:
        super().__init__(f"{what}\n{expected}\n{next_step}")
        self.what = what
        self.expected = expected
        self.next_step = next_step


class Refused(GrundsteinError):
    """The input or the state of the project does not allow what was asked."""


class Misused(GrundsteinError):
    """The command was not written as it must be."""

    exit_code = 2


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return the sentence that offers the nearest allowed word, or lists them all.

    >>> nearest("tragte", ["target", "time"])
    'did you mean "target"?'
    """
    words = sorted(map(str, allowed))
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"allowed: {', '.join(words)}" if words else "there is none yet"


def offered(word: str, allowed: Iterable[str]) -> str:
    """Return what `nearest` says as a sentence of its own; the word itself stays as it is written.

    >>> offered("Model", ["Model5"])
    'Did you mean "Model5"?'
    """
    said = nearest(word, allowed)
    return said[:1].upper() + said[1:]
