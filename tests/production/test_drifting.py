"""Questions as before say nothing; each planted change is found, named, and told from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from grundstein.core.findings import codes
from grundstein.production import drifting, watching

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("amount", "count", "kind", "note", "gaps", "flag")


def rows(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "amount": np.exp(rng.normal(3, 1, n)),
        "count": rng.integers(0, 72, n).astype(float),
        "kind": rng.choice(["a", "b", "c", "d"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "note": np.array(["x" * k for k in rng.integers(5, 60, n)]) if n < 200 else rng.choice(["ok", "bad"], n),
        "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.normal(0, 1, n)),
        "flag": rng.random(n) < 0.3,
    }


def table(columns: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def found(after: dict[str, Any], look: int = 1) -> list[drifting.Change]:
    known = drifting.references(table(rows(3_000, 1)), NAMES)
    return drifting.looked(look, 1, (known, table(after)))[0]


def told(after: dict[str, Any]) -> dict[str, str]:
    """Which finding names which column."""
    findings = watching.drift(found(after), [], len(NAMES), 1)
    assert all(finding.text(language) for finding in findings for language in ("en", "de"))
    return {finding.code: str(finding.facts.get("column", "")) for finding in findings}


def changed(**changes: Callable[[Any], Any]) -> dict[str, Any]:
    after = rows(500, 2)
    return after | {name: change(after[name]) for name, change in changes.items()}


@pytest.mark.parametrize("seed", range(2, 22))
def test_rows_like_those_before_say_that_nothing_changed(seed):
    findings = watching.drift(found(rows(400, seed)), [], len(NAMES), 1)
    assert [finding.code for finding in findings] == ["GST-W08"]


@pytest.mark.parametrize(
    ("code", "column", "after"),
    [
        ("GST-W01", "count", changed(count=lambda v: np.minimum(v * 1.6, 72))),
        ("GST-W02", "kind", changed(kind=lambda v: np.where(np.arange(500) % 3 == 0, "d", v))),
        ("GST-W02", "flag", changed(flag=lambda v: v | (np.arange(500) % 3 == 0))),
        ("GST-W03", "amount", changed(amount=lambda v: np.where(np.arange(500) % 8 == 0, np.nan, v))),
        ("GST-W03", "gaps", changed(gaps=lambda v: np.where(np.isnan(v), 0.1, v))),
        ("GST-W04", "amount", changed(amount=lambda v: v * 100)),
        ("GST-W06", "kind", changed(kind=lambda v: np.where(np.arange(500) % 12 == 0, "new", v))),
    ],
)
def test_each_planted_change_has_its_own_finding_about_its_column_alone(code, column, after):
    assert told(after) == {code: column}


def test_the_factor_of_another_unit_is_named():
    assert [one.factor for one in found(changed(amount=lambda v: v / 1000))] == [0.001]


def test_two_columns_that_were_swapped_are_named_together_and_once():
    after = rows(500, 2)
    after["amount"], after["count"] = after["count"], after["amount"]
    assert told(after) == {"GST-W05": "amount"}


def test_a_date_that_moved_on_says_nothing_but_one_that_is_missing_does():
    days = np.arange("2024-01-01", "2025-01-01", dtype="datetime64[D]")
    known = drifting.references(pa.table({"bought": pa.array(np.repeat(days, 4))}), ["bought"])
    assert drifting.changed(known, pa.table({"bought": pa.array(days[-200:])}), 0.001) == []
    gone = pa.array([None if k % 5 == 0 else day for k, day in enumerate(days[-200:].tolist())])
    [one] = drifting.changed(known, pa.table({"bought": gone}), 0.001)
    assert one.what == "empty"


def test_texts_that_became_longer_are_told_as_such():
    rng = np.random.default_rng(3)
    before, after = (["w" * k + f"{j}" for j, k in enumerate(rng.integers(a, b, 300))] for a, b in ((20, 60), (50, 99)))
    known = drifting.references(pa.table({"note": before}), ["note"])
    [finding] = watching.drift(drifting.changed(known, pa.table({"note": after}), 0.001), [], 1, 1)
    assert finding.code == "GST-W07"


def test_a_value_that_only_a_few_have_is_not_named():
    after = rows(500, 2)
    after["kind"] = np.array([f"own {k}" if k % 10 == 0 else value for k, value in enumerate(after["kind"])])
    assert [one.value for one in found(after)] == [drifting.UNNAMED]


def test_a_column_that_is_gone_or_holds_lists_stops_nothing():
    known = drifting.references(pa.table({"a": [[1]] * 100, "b": list(range(100))}), ["a", "b"])
    assert list(known) == ["b"]
    assert drifting.changed(known, pa.table({"c": list(range(100))}), 0.5) == []


@given(st.integers(2, 400), st.integers(2, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_the_bound_on_fishers_test_is_never_below_the_test_and_close_in_the_tails(of, among, data):
    seen, known = data.draw(st.integers(0, of)), data.draw(st.integers(0, among))
    bound = float(drifting.fisher(np.array([float(seen)]), of, np.array([float(known)]), among)[0])
    law = hypergeom(of + among, seen + known, of)
    upper = seen / of >= known / among
    exact = min(1.0, 2 * float(law.sf(seen - 1) if upper else law.cdf(seen)))
    assert bound >= exact * (1 - 1e-6)
    assert exact > 0.01 or bound <= 3 * exact + 1e-300


@given(st.lists(st.floats(-5, 5), min_size=60, max_size=300), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_says_nothing(values, random):
    known = drifting.references(pa.table({"a": np.arange(500) / 100}), ["a"])
    mixed = list(values)
    random.shuffle(mixed)
    one, other = (drifting.compared(known["a"], pa.table({"a": part})) for part in (values, mixed))
    assert (one.moved, one.chance) == (other.moved, other.chance)


@given(st.integers(1, 10_000))
def test_all_looks_together_may_err_no_more_than_the_life_of_a_release(looks):
    assert sum(drifting.level(look) for look in range(1, looks + 1)) <= drifting.LIFE


def test_every_code_of_watching_stands_in_the_sentences():
    assert set(watching.DRIFT) | set(watching.CALIBRATION) <= set(codes())
