"""Room tasks. In: development sessions -> Out: findings and figures of logs: ceiling, speaking lines, news, masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Finding
from grundstein.tasks.logs.ceiling import ceiling, counted, ordered
from grundstein.tasks.logs.early import After, by_lines, enough
from grundstein.tasks.logs.sessions import grouped, outcomes_of, sessions_of
from grundstein.tools.logtemplates import Miner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.task import Data, Split
    from grundstein.tasks.logs.options import Plan

FEW, SHOWN, LONGEST = 5, 12, 160
LATE, PARTS = 0.9, 10
CLEARLY = 0.1


@dataclass(frozen=True)
class Seen:
    """Sessions as the templates of their lines, and which of them came to yes."""

    miner: Miner
    events: list[list[int]]
    yes: list[bool]
    homeless: int


def seen(plan: Plan, data: Data) -> Seen:
    """Read the templates of all sessions."""
    groups = grouped(data["lines"], plan)
    sessions = sessions_of(data["lines"], plan, groups)
    miner = Miner(plan.masks)
    numbers = miner.mine(text for one in sessions for text in one.texts)
    ends = np.cumsum([len(one.texts) for one in sessions]).tolist()
    events = [numbers[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    yes = [one == plan.positive for one in outcomes_of(data, plan, groups)]
    return Seen(miner, events, yes, int((groups.of < 0).sum()))


def findings(plan: Plan, data: Data, folds: Sequence[Split]) -> list[Finding]:
    """What only this task can say of its lines."""
    found = seen(plan, data)
    told = [Finding("GST-G08", "tip", {"lines": found.homeless})] if found.homeless else []
    masks = [one.mask for one in found.miner.proposed() if one.mask not in plan.masks]
    if masks:
        listed = ", ".join(f'"{mask}"' for mask in masks[:FEW])
        told.append(Finding("GST-G06", "tip", {"masks": listed, "count": len(masks)}))
    if not plan.outcome:
        return [*told, *_news(found)]
    return [*told, *_ceiling(plan, found), *(_early(by_lines(plan, folds[-1])) if folds else [])]


def figures(plan: Plan, split: Split) -> list[Figure]:
    """Which lines speak for a failure, and how early it can be known; without outcomes when templates were new."""
    found = seen(plan, split.development)
    if not plan.outcome:
        return [_new_over_time(found)]
    after = by_lines(plan, split)
    return [_speaking(found), *([_by_lines(plan, after)] if len(after) > 1 else [])]


def _ceiling(plan: Plan, found: Seen) -> list[Finding]:
    best = ceiling(ordered(found.events), found.yes, plan.stakes)
    loose = ceiling(counted(found.events), found.yes, plan.stakes)
    if not best.alike:
        return [Finding("GST-G04", "passed", {"sessions": best.sessions, "looks": best.looks})]
    facts = {"alike": best.alike, "sessions": best.sessions, "lost": best.lost, "accuracy": best.accuracy}
    return [Finding("GST-G03", "tip", {**facts, "f1": best.f1, "counted": loose.accuracy})]


def _early(after: Sequence[After]) -> list[Finding]:
    first = enough(after)
    if first is None:
        return []
    facts = {"lines": first.lines, "value": first.value, "whole": after[-1].value, "f1": first.f1}
    return [Finding("GST-G05", "tip", facts)]


def _news(found: Seen) -> list[Finding]:
    """Templates that no session had before the last tenth of them."""
    start = int(LATE * len(found.events))
    known = {number for said in found.events[:start] for number in said}
    late = Counter(number for said in found.events[start:] for number in set(said) if number not in known)
    facts = {"sessions": len(found.events), "templates": len(found.miner.templates()), "new": len(late)}
    if not late or not known:
        return [Finding("GST-G09", "passed", facts)]
    shown = next((number for number, count in late.most_common() if count >= FEW), None)
    said = _short(found.miner.template(shown)) if shown is not None else "-"
    return [Finding("GST-G07", "tip", {**facts, "template": said})]


def _speaking(found: Seen) -> Figure:
    """Templates by how much more often they stand in sessions that came to yes; those of at least five sessions.

    A record keeps columns by name, so their names stand in the order in which they are shown.
    """
    total, bad = len(found.yes), sum(found.yes)
    inside: Counter[int] = Counter()
    failing: Counter[int] = Counter()
    for said, yes in zip(found.events, found.yes, strict=True):
        inside.update(set(said))
        failing.update(set(said) if yes else ())

    def speaks(number: int) -> float:
        hit, other = failing[number], inside[number] - failing[number]
        return float(np.log((hit + 1) / (bad + 2)) - np.log((other + 1) / (total - bad + 2)))

    often = sorted((number for number, count in inside.items() if count >= FEW), key=lambda n: (-speaks(n), n))
    chosen = [number for number in often[:SHOWN] if speaks(number) > CLEARLY]
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "line": tuple(_short(found.miner.template(number)) for number in chosen),
        "share": tuple(round(failing[number] / max(bad, 1), 3) for number in chosen),
        "share_others": tuple(round((inside[number] - failing[number]) / max(total - bad, 1), 3) for number in chosen),
        "sessions": tuple(inside[number] for number in chosen),
    }
    return Figure(
        "speaking_lines",
        "table",
        {"en": "Lines that speak for a yes", "de": "Zeilen, die für ein Ja sprechen"},
        columns,
        labels={
            "en": {
                "line": "line, with what varies masked",
                "share": "share of sessions with yes that have it",
                "share_others": "share of the others",
                "sessions": "sessions",
            },
            "de": {
                "line": "Zeile, Wechselndes verdeckt",
                "share": "Anteil der Sitzungen mit Ja, die sie haben",
                "share_others": "Anteil der übrigen",
                "sessions": "Sitzungen",
            },
        },
    )


def _by_lines(plan: Plan, after: Sequence[After]) -> Figure:
    """Value by the number of lines seen; the ceiling beside it where it is in the same measure."""
    rows: list[tuple[int, float, str]] = []
    for one in after:
        rows += [(one.lines, one.value, "model"), (one.lines, one.words, "words")]
        best = {"money": one.ceiling.value, "accuracy": one.ceiling.accuracy}.get(plan.measure)
        rows += [(one.lines, best, "ceiling")] if best is not None else []
    columns = dict(zip(("lines", "value", "who"), (tuple(each) for each in zip(*rows, strict=True)), strict=True))
    return Figure(
        "value_by_lines",
        "line",
        {"en": "How early it can be known", "de": "Wie früh man es wissen kann"},
        columns,
        "lines",
        "value",
        "who",
        labels={
            "en": {
                "lines": "lines seen",
                "value": "value per session",
                "model": "linear model",
                "words": "words",
                "ceiling": "ceiling",
            },
            "de": {
                "lines": "gesehene Zeilen",
                "value": "Wert je Sitzung",
                "model": "lineares Modell",
                "words": "Wörter",
                "ceiling": "Obergrenze",
            },
        },
    )


def _new_over_time(found: Seen) -> Figure:
    """How many templates came up for the first time, by tenths of the sessions."""
    parts = np.array_split(np.arange(len(found.events)), PARTS)
    known: set[int] = set()
    new = []
    for part in parts:
        said = {number for at in part.tolist() for number in found.events[at]}
        new.append(len(said - known))
        known |= said
    return Figure(
        "new_templates",
        "bar",
        {"en": "Templates that came up for the first time", "de": "Erstmals aufgetretene Muster"},
        {"part": tuple(f"{at + 1}" for at in range(PARTS)), "new": tuple(new)},
        "part",
        "new",
        labels={
            "en": {"part": "tenth of the sessions, in order", "new": "new templates"},
            "de": {"part": "Zehntel der Sitzungen, der Reihe nach", "new": "neue Muster"},
        },
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
