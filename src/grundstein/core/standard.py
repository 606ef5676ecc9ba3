"""Room core. In: a case and what its file states -> Out: what the company's standard asks, and where it falls short.

Pure rules: files and lines are the project's, signatures are the flow's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from grundstein.core.case import Case
from grundstein.core.findings import Finding

OR = " or "


@dataclass(frozen=True)
class Standard:
    """What a company asks of every case and contract, with what the project added; empty: nothing is asked.

    `required` are fields of a case, or alternatives ("money or metric"). `approvers` are roles by a word of `affects`.
    `least_holdback` is asked where acting hides the truth. `tasks`: those allowed; empty: all. `files` are those it was
    read from, the company's first.
    """

    required: tuple[str, ...] = ()
    approvers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least_holdback: float = 0.0
    longest_valid_days: int | None = None
    tasks: tuple[str, ...] = ()
    contract_owner: bool = False
    personal_words: tuple[str, ...] = ()
    high_risk_words: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def approvers_of(self, case: Case) -> tuple[str, ...]:
        """The roles that must sign a case because of whom it affects."""
        named = [roles for word, roles in self.approvers.items() if says(case.affects, word)]
        return tuple(dict.fromkeys(role for roles in named for role in roles))

    def is_high(self, case: Case) -> bool:
        """Tell whether a case speaks of what the standard calls high risk, in whom it affects, question or decision."""
        return any(says(f"{case.affects}; {case.question}; {case.decision}", word) for word in self.high_risk_words)

    def asks(self, case: Case) -> dict[str, object]:
        """What is asked of one case, the fields that ask nothing left out: a signature is bound to it."""
        asked: dict[str, object] = {
            "required": sorted(self.required),
            "approvers": sorted(self.approvers_of(case)),
            "least_holdback": self.least_holdback,
            "longest_valid_days": self.longest_valid_days,
            "tasks": sorted(self.tasks),
            "high_risk_words": sorted(word for word in self.high_risk_words if self.is_high(case)),
        }
        return {name: value for name, value in asked.items() if value}


def says(text: str, word: str) -> bool:
    """Tell whether a text holds a word or a phrase as such, whatever its capitals.

    >>> says("our Staff", "staff"), says("distaff", "staff")
    (True, False)
    """
    inside = r"\w\u0300-\u036f"  # a capital I with a dot is folded to a letter and a mark, which is no letter
    return re.search(rf"(?<![{inside}]){re.escape(word.casefold())}(?![{inside}])", text.casefold()) is not None


def shortfalls(case: Case, stated: Collection[str], standard: Standard) -> list[tuple[str, Finding]]:
    """Where a case falls short: the field, and a finding. `stated` are the fields that its file fills in.

    An idea is asked nothing: it is remembered, not evaluated.
    """
    if case.idea:
        return []
    found = []
    for asked in standard.required:
        names = asked.split(OR)
        if not any(name in stated for name in names):
            found.append((names[0], Finding("GST-N10", "issue", {"field": f"`{'` or `'.join(names)}`"})))
    if standard.approvers and not case.affects.strip():
        found.append(("affects", Finding("GST-N11", "issue", {"words": ", ".join(standard.approvers)})))
    if hides_truth(case) and case.holdback < standard.least_holdback:
        facts: dict[str, str | float] = {"holdback": case.holdback, "least": standard.least_holdback}
        found.append(("holdback", Finding("GST-N12", "issue", facts)))
    if standard.tasks and case.task not in standard.tasks:
        said = {"task": case.task or "nothing", "allowed": ", ".join(standard.tasks)}
        found.append(("task", Finding("GST-N13", "issue", said)))
    return found


def hides_truth(case: Case) -> bool:
    """Tell whether acting changes the outcome, so that only a holdback keeps the value measurable."""
    return case.money is not None and case.money.form == "action"


def sounds_personal(column: str, words: Collection[str]) -> bool:
    """Tell whether a column's name holds one of the words: `birth` is in `birth_date`, `BirthDate` and `dateOfBirth`.

    >>> sounds_personal("BirthDate", ["birth"]), sounds_personal("rebirthing", ["birth"])
    (True, False)
    """
    parts = " ".join(re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])|\d+", column))
    return any(says(parts, word) or says(column, word) for word in words)
