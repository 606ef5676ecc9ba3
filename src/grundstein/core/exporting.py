"""Room core. In: nothing -> Out: what is written where others look: runs and models, and who writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.ports import Lease

Kind = Literal["text", "whole", "number", "flag", "instant"]


@dataclass(frozen=True)
class Run:
    """One piece of work: an experiment, a solution in it, or a release. `key` names it for ever, `under` its parent.

    `at` is the UTC ISO instant of its end, `seconds` how long it took.
    """

    key: str
    case: str
    name: str
    at: str
    person: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    seconds: float = 0.0
    under: str = ""


@dataclass(frozen=True)
class Field:
    """One column of a question or an answer; `required`: it may not be left out; `many`: it holds lists of its kind."""

    name: str
    kind: Kind
    required: bool = True
    many: bool = False


@dataclass(frozen=True)
class Exported:
    """A released model: the judged files in `folder`, what is needed to answer with them, and its two sides."""

    run: Run
    folder: Path
    settings: Mapping[str, Any]
    takes: tuple[Field, ...]
    gives: tuple[Field, ...]


class Exporter(Protocol):
    """Another house's shelf. What has its key already is not written twice."""

    def writing(self) -> Lease:
        """Inside it nobody else writes there."""

    def run(self, run: Run) -> bool:
        """Write a run; tells whether it was new."""

    def model(self, model: Exported) -> bool:
        """Write a model as a version of its case, with its run; tells whether it was new."""

    def point(self, case: str, alias: str, key: str) -> None:
        """Let an alias of a case name the version of a key; an empty key takes the alias away."""
