"""Room evaluation. In: out-of-fold answers by group of people -> Out: who is treated worse (GST-T30 to T41).

Four comparisons, each at 5 % over all groups and comparisons together (Bonferroni), errors by cluster: a group with
everybody else in how often it is acted on, in how often its answer is wrong, and in whether what is foretold comes out
too high or too low; and the new answers with today's for the same group. What is sure must also be large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding, Section
from grundstein.evaluation.checks import people, slices
from grundstein.evaluation.checks.answered import Answered, answered
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.evaluation.checks.sensitive import sensitive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FEWEST, ERROR, COMPARISONS, MOST_CATEGORIES, SHOWN = 30, 0.05, 4, 200, 10
WRONG, SELECTED, OFF = 0.05, 0.8, 0.05
TITLE = {"en": "Wrong answers by group of people", "de": "Falsche Antworten nach Personengruppe"}
TITLE_NUMBER = {"en": "Mean error by group of people", "de": "Mittlerer Fehler nach Personengruppe"}


class Group(NamedTuple):
    """People who share a value of a sensitive column."""

    column: str
    value: str
    inside: Flags


class Gap(NamedTuple):
    """The mean in a group, elsewhere, their difference and its range over all comparisons."""

    group: Group
    mean: float
    rest: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """The group's mean less that of all others."""
        return self.mean - self.rest


@dataclass(frozen=True)
class People:
    """The winner's answers, today's, and the groups that are large enough to be judged; `small` are not."""

    look: Look
    new: Answered
    old: Answered | None
    groups: tuple[Group, ...]
    small: int

    @property
    def level(self) -> float:
        """The level of one comparison, on each side."""
        return ERROR / (2 * COMPARISONS * max(len(self.groups), 1))


def check(look: Look) -> Checked:
    """Compare groups of people by how they are treated; groups below 30 units are not judged, and that is said."""
    touched = people.touched(look.case)
    new = answered(look, look.winner)
    if new is None or touched is False:
        return Checked()
    named = sensitive(look)
    if not named:
        return Checked((Finding("GST-T36", "not_applicable"),) if touched else ())
    found = grouped(look, new, named)
    facts: dict[str, Fact] = {"columns": ", ".join(named), "groups": len(found.groups), "small": found.small}
    if len(found.groups) < 2:
        return Checked((Finding("GST-T35", "skipped", facts | {"fewest": FEWEST}),))
    told = [one for one in (_wrong(found), _selected(found), _off(found), _worse(found)) if one is not None]
    small = [Finding("GST-T34", "skipped", facts | {"fewest": FEWEST})] if found.small else []
    return Checked((*(told or [Finding("GST-T33", "passed", facts)]), *small), (_figure(found),))


def grouped(look: Look, new: Answered, named: list[str]) -> People:
    """Find the groups of the sensitive columns: categories, or quarters of a number."""
    groups: list[Group] = []
    for name in named:
        column = look.judged_column(name)
        if column is not None:
            groups += [
                Group(name, value, inside[new.places]) for value, inside in slices.groups_of(column, MOST_CATEGORIES)
            ]
    sizes = [int(g.inside.sum()) for g in groups]
    large = tuple(g for g, n in zip(groups, sizes, strict=True) if FEWEST <= n <= len(new.truth) - FEWEST)
    old = answered(look, look.baseline) if look.baseline != look.winner else None
    same = old if old is not None and np.array_equal(old.places, new.places) else None
    return People(look, new, same, large, sum(0 < n < FEWEST for n in sizes))


def gap(found: People, values: Floats, group: Group) -> Gap:
    """Compare a group with all others: Welch's error by cluster, at least that of the two put together."""
    from scipy.stats import t

    inside, cluster = group.inside, found.new.cluster
    mean, error, clusters = slices.mean_of(values, cluster, inside)
    rest, rest_error, _ = slices.mean_of(values, cluster, ~inside)
    together = float(values.std()) * np.sqrt(1 / inside.sum() + 1 / (~inside).sum())
    reach = float(t.ppf(1 - found.level, max(clusters - 1, 1))) * max(float(np.hypot(error, rest_error)), together)
    return Gap(group, mean, rest, mean - rest - reach, mean - rest + reach)


def _wrong(found: People) -> Finding | None:
    """The group whose answers are most often wrong (a number: whose error is largest), if clearly more than others'."""
    wrong = found.new.wrong
    least = WRONG if found.new.kind != "number" else 0.25 * float(wrong.mean())
    gaps = [one for g in found.groups if (one := gap(found, wrong, g)).low > 0 and one.difference >= least]
    if not gaps:
        return None
    code = "GST-T30" if found.new.kind != "number" else "GST-T37"
    return Finding(code, "tip", _facts(max(gaps, key=lambda one: one.difference)))


def _selected(found: People) -> Finding | None:
    """The group acted on most unlike the others: less than four fifths as often, or more than five fourths."""
    act = found.new.act
    if found.new.kind == "number" or not np.isfinite(act).all() or act.std() == 0:
        return None
    gaps = [gap(found, act, g) for g in found.groups]
    unlike = [one for one in gaps if one.low * one.high > 0 and _ratio(one) <= SELECTED]
    if not unlike:
        return None
    most = min(unlike, key=lambda one: (_ratio(one), int(one.group.inside.sum())))
    pays = found.new.truth if found.new.kind == "two" else 1 - found.new.wrong
    truth = gap(found, pays, most.group)
    more: dict[str, Fact] = {"truth": round(truth.mean, 4), "truth_rest": round(truth.rest, 4)}
    return Finding("GST-T31" if found.new.kind == "two" else "GST-T38", "tip", _facts(most) | more)


def _ratio(one: Gap) -> float:
    return min(one.mean, one.rest) / max(one.mean, one.rest, 1e-12)


def _off(found: People) -> Finding | None:
    """The group for which what is foretold comes out too high or too low, most so compared with the others."""
    new = found.new
    if new.kind == "many":
        return None
    told = new.told[:, -1]
    least = OFF if new.kind == "two" else 0.1 * float(new.truth.std())
    gaps = [one for g in found.groups if (one := gap(found, told - new.truth, g)).low * one.high > 0]
    gaps = [one for one in gaps if abs(one.mean) >= least and abs(one.difference) >= least]
    if not gaps:
        return None
    most = max(gaps, key=lambda one: abs(one.mean))
    inside = most.group.inside
    facts: dict[str, Fact] = {
        "told": round(float(told[inside].mean()), 4),
        "came": round(float(new.truth[inside].mean()), 4),
    }
    code = "GST-T32" if new.kind == "two" else "GST-T39"
    return Finding(code, _section(found), _facts(most) | facts)


def _worse(found: People) -> Finding | None:
    """The group whose answers are clearly more often wrong (or further off) than today's; never a gain elsewhere."""
    from scipy.stats import t

    old, new = found.old, found.new
    if old is None:
        return None
    more, least = new.wrong - old.wrong, WRONG / 2 if new.kind != "number" else 0.05 * float(old.wrong.mean())
    worst: tuple[float, Group] | None = None
    for group in found.groups:
        mean, error, clusters = slices.mean_of(more, new.cluster, group.inside)
        sure = mean - float(t.ppf(1 - found.level, max(clusters - 1, 1))) * error > 0
        if sure and mean >= least and (worst is None or mean > worst[0]):
            worst = mean, group
    if worst is None:
        return None
    group = worst[1]
    facts: dict[str, Fact] = {
        "column": group.column,
        "value": group.value,
        "units": int(group.inside.sum()),
        "new": round(float(new.wrong[group.inside].mean()), 4),
        "old": round(float(old.wrong[group.inside].mean()), 4),
    }
    return Finding("GST-T40" if new.kind != "number" else "GST-T41", _section(found, always=True), facts)


def _section(found: People, *, always: bool = False) -> Section:
    """An issue where people are touched; before anybody has said so, only what is always wrong."""
    return "issue" if always or people.touched(found.look.case) else "tip"


def _facts(one: Gap) -> dict[str, Fact]:
    return {
        "column": one.group.column,
        "value": one.group.value,
        "units": int(one.group.inside.sum()),
        "mean": round(one.mean, 4),
        "rest": round(one.rest, 4),
        "low": round(one.low, 4),
        "high": round(one.high, 4),
    }


def _figure(found: People) -> Figure:
    """The winner's errors by group with 95 % ranges, the largest first; the mark is today's answer."""
    new, old = found.new, found.old
    told = [(g, *slices.mean_of(new.wrong, new.cluster, g.inside)) for g in found.groups]
    shown = sorted(told, key=lambda one: -one[1])[:SHOWN]
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "group": tuple(f"{g.column}: {g.value}" for g, *_ in shown),
        "wrong": tuple(round(mean, 4) for _, mean, _, _ in shown),
        "low": tuple(round(max(mean - 1.96 * error, 0.0), 4) for _, mean, error, _ in shown),
        "high": tuple(round(mean + 1.96 * error, 4) for _, mean, error, _ in shown),
        "units": tuple(int(g.inside.sum()) for g, *_ in shown),
    }
    if old is not None:
        columns["needed"] = tuple(round(float(old.wrong[g.inside].mean()), 4) for g, *_ in shown)
    number = new.kind == "number"
    labels = {
        "group": {"en": "group", "de": "Gruppe"},
        "wrong": {
            "en": "mean error (mark: today's answer)" if number else "share wrong (mark: today's answer)",
            "de": "mittlerer Fehler (Strich: heutige Antwort)" if number else "Anteil falsch (Strich: heutige Antwort)",
        },
        "needed": {"en": "today's answer", "de": "heutige Antwort"},
        "units": {"en": "units", "de": "Fälle"},
    }
    title = TITLE_NUMBER if number else TITLE
    return Figure("error_by_group", "interval", title, columns, x="group", y="wrong", labels=labels)
