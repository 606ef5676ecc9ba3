"""Room production. In: a table's contract, a case's target -> Out: Feedback, which reads a truth that is told later."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import nearest
from grundstein.core.findings import Finding
from grundstein.production.questions import SHOWN, Questions, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract

NAMED = re.compile(r"[0-9A-Za-z_-]{1,64}")
FIELDS = ("answer_id", "key", "truth")


@dataclass(frozen=True)
class Told:
    """A truth about an answer (its id) or about a unit (its key), and every rule that it breaks."""

    truth: Any
    answer_id: str
    key: Mapping[str, Any] | None
    wrong: Sequence[Finding]


@dataclass(frozen=True)
class Feedback:
    """The compiled rules of a target's truth and of the key that names a unit, where the table has one."""

    target: str
    truths: Questions
    keys: Questions | None

    def read(self, entry: object) -> Told:
        """Read one truth; it counts where nothing is wrong."""
        if not isinstance(entry, dict):
            return Told(None, "", None, [Finding("GST-Q07", "issue", {"why": "a truth is no object"})])
        wrong = [
            Finding("GST-Q01", "issue", {"field": name[:SHOWN], "hint": nearest(name[:SHOWN], FIELDS)})
            for name in entry
            if name not in FIELDS
        ]
        given = {self.target: entry["truth"]} if "truth" in entry else {}
        values, bad = self.truths.read(given)
        answer_id, key, unclear = self._about(entry)
        return Told(values[self.target], answer_id, key, [*wrong, *bad, *unclear])

    def _about(self, entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None, Sequence[Finding]]:
        named, key = entry.get("answer_id"), entry.get("key")
        if (named is None) == (key is None):
            return "", None, [_unclear("both are given" if named is not None else "neither is given")]
        if named is not None:
            good = isinstance(named, str) and NAMED.fullmatch(named)
            return (named, None, []) if good else ("", None, [_unclear("this is no id of an answer")])
        if self.keys is None:
            return "", None, [_unclear("the table has no key")]
        if not isinstance(key, dict):
            return "", None, [_unclear("the key is no object")]
        values, wrong = self.keys.read(key)
        return "", values, wrong


def feedback(main: Contract, target: str, timezone: str) -> Feedback | None:
    """Compile what may be told of a case; None where it has no target in its table."""
    if target not in main.names:
        return None
    truth = replace(main.column(target), required=True)
    names = [name for name in main.key if name != target]
    keys = replace(main, columns=tuple(replace(main.column(name), required=True) for name in names))
    return Feedback(
        target, compiled(replace(main, columns=(truth,)), timezone), compiled(keys, timezone) if names else None
    )


def _unclear(why: str) -> Finding:
    return Finding("GST-Q11", "issue", {"why": why})
