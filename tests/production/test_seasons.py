"""What is as it always is at this time of the year, or on these days, is no drift; what goes beyond it is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from grundstein.core.findings import codes
from grundstein.production import drifting, seasons, watching

DECEMBER, SATURDAY = 12, 5


def rows(first: str, days: int, n: int, seed: int, more: float = 0.0) -> pa.Table:
    """Sales are higher in December, baskets at weekends; nothing else depends on time."""
    rng = np.random.default_rng(seed)
    day = np.sort(np.datetime64(first) + rng.integers(0, days, n).astype("timedelta64[D]"))
    month, weekday = day.astype("datetime64[M]").astype(int) % 12 + 1, (day.astype(int) + 3) % 7
    kind = rng.choice(["a", "b", "c"], n)
    return pa.table(
        {
            "day": pa.array(day),
            "sales": rng.normal(0, 1, n) + 1.2 * (month == DECEMBER) + more,
            "basket": rng.normal(0, 1, n) + 1.5 * (weekday >= SATURDAY),
            "kind": np.where((month == DECEMBER) & (rng.random(n) < 0.5), "c", kind),
            "plain": rng.normal(0, 1, n) + more,
        }
    )


def found(window: pa.Table, known: pa.Table | None = None) -> dict[str, str]:
    """Which column is told, by which code."""
    known = rows("2022-01-01", 3 * 365, 6_000, 1) if known is None else known
    before = drifting.references(known, ["sales", "basket", "kind", "plain"])
    then = seasons.seasons(seasons.kept(known, "day", before), seasons.times_of(window, "day"))
    [changes] = drifting.looked(9, 1, (before, window))
    findings = watching.drift(seasons.alike(changes, before, window, then), [], 4, 1)
    assert all(finding.text(language) for finding in findings for language in ("en", "de"))
    return {str(one.facts["column"]): one.code for one in findings if "column" in one.facts}


@pytest.mark.parametrize("seed", range(2, 8))
def test_december_as_every_december_is_told_as_such(seed: int) -> None:
    assert found(rows("2025-12-01", 28, 400, seed)) == {"sales": "GST-W11", "kind": "GST-W11"}


@pytest.mark.parametrize("seed", range(2, 8))
def test_what_goes_beyond_the_season_and_what_has_none_is_drift(seed: int) -> None:
    told = found(rows("2025-12-01", 28, 400, seed, more=0.8))
    assert told == {"sales": "GST-W01", "kind": "GST-W11", "plain": "GST-W01"}


@pytest.mark.parametrize("seed", range(2, 8))
def test_december_in_july_is_drift(seed: int) -> None:
    assert found(rows("2025-07-01", 28, 400, seed, more=1.2)) == {"sales": "GST-W01", "plain": "GST-W01"}


@pytest.mark.parametrize("seed", range(2, 8))
def test_a_weekend_as_every_weekend_is_told_as_such(seed: int) -> None:
    assert found(rows("2025-07-05", 2, 300, seed)) == {"basket": "GST-W12"}


def test_the_earlier_months_are_named() -> None:
    known = rows("2022-06-01", 3 * 365, 6_000, 1)
    window = rows("2025-12-01", 28, 400, 2)
    before = drifting.references(known, ["sales"])
    then = seasons.seasons(seasons.kept(known, "day", before), seasons.times_of(window, "day"))
    [changes] = drifting.looked(9, 1, (before, window))
    [one] = seasons.alike(changes, before, window, then)
    assert one.season == "2022-12, 2023-12, 2024-12"


def test_without_an_earlier_december_december_is_drift() -> None:
    known = rows("2025-01-01", 300, 6_000, 1)
    assert found(rows("2025-12-01", 28, 400, 2), known)["sales"] == "GST-W01"


def test_a_column_that_was_empty_in_the_season_excuses_nothing() -> None:
    known = rows("2022-01-01", 3 * 365, 6_000, 1)
    december = np.asarray(known["day"]).astype("datetime64[M]").astype(int) % 12 + 1 == DECEMBER
    gone = pa.array(np.where(december, np.nan, np.asarray(known["sales"])), from_pandas=True)
    told = found(rows("2025-12-01", 28, 400, 2), known.set_column(1, "sales", gone))
    assert told["sales"] != "GST-W11"


def test_a_table_without_dates_has_no_seasons() -> None:
    table = rows("2022-01-01", 900, 500, 1).append_column("_row", pa.array(range(500)))
    known = drifting.references(table, ["sales"])
    assert seasons.kept(table, "_row", known) == {}
    assert seasons.kept(table, "", known) == {}
    assert seasons.seasons({}, seasons.times_of(table, "day")) == []


def test_other_answers_are_no_issue_where_only_the_season_changed_the_questions() -> None:
    answer = drifting.Change("answer", "category", 0.4, 0.0, 0.2, 0.6, "Yes")
    season = drifting.Change("sales", "number", 0.4, 0.0, 0.0, 1.2, season="2024-12")
    assert [one.section for one in watching.drift([season], [answer], 2, 1)] == ["tip", "tip"]
    assert watching.drift([], [answer], 2, 1)[0].section == "issue"


def test_every_code_of_a_season_stands_in_the_sentences() -> None:
    assert {watching.YEARLY, watching.WEEKLY} <= set(codes())
