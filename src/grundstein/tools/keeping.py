"""Room tools. In: what a solution has learnt -> Out: `solution.json`, the same bytes for the same, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from grundstein.core.case import Money
from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE = "solution.json"
Made = TypeVar("Made")


def keep(folder: Path, content: Mapping[str, Any]) -> None:
    """Write `solution.json`, dataclasses as their fields; the folder is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, default=asdict)
    (folder / FILE).write_text(text, encoding="utf-8")


def kept(folder: Path) -> dict[str, Any]:
    """Read what `keep` wrote; dataclasses come back by `restored`."""
    content: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return content


def restored(kind: Callable[..., Made], plain: Mapping[str, Any], **parts: Callable[..., Any]) -> Made:
    """Return a dataclass from its fields as JSON holds them: lists are tuples again, `money` is Money.

    `parts` names the dataclasses of other fields.
    """
    fields = {name: _tuples(value) for name, value in plain.items()}
    for name, part in {"money": Money, **parts}.items():
        if fields.get(name) is not None:
            fields[name] = part(**fields[name])
    return kind(**fields)


def fitted(learnt: Made | None) -> Made:
    """Return what a fit has left; Refused where there was none."""
    if learnt is None:
        raise Refused("this solution has not been fitted", "`fit` before `answer` and `save`", "fit it")
    return learnt


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return {name: _tuples(one) for name, one in value.items()} if isinstance(value, dict) else value
