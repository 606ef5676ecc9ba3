"""How often sealed units were opened, seen through sketches of their hashes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.canonical import canonical, record_id, restore
from grundstein.core.records import Opening, Verdict
from grundstein.evaluation.openings import SKETCH, account, identical, identity, overlap, sketch

UNITS = np.random.default_rng(0).integers(0, 2**63 - 1, 60_000)


def opening(units: np.ndarray, name: str) -> Opening:
    return Opening(name, name, name, 1, 0.0125, len(units), sketch(units))


def earlier(*parts: np.ndarray) -> dict[str, Opening]:
    records = [opening(units, f"opening {number}") for number, units in enumerate(parts)]
    return {record_id(record): record for record in records}


def verdict(opening_id: str, figures: str) -> Verdict:
    word = "qualifies" if figures == "sealed" else "not_enough_data"
    return Verdict(opening_id, "e", "c", word, "w", figures, 0.0125, 1, {}, {}, "", (), None, None, (), (), ())  # type: ignore[arg-type]


def test_units_never_opened_are_at_their_first_opening() -> None:
    found = account(UNITS[:500], earlier(UNITS[500:1000], UNITS[1000:50_000]), [])
    assert (found.count, found.level, found.shown, found.before) == (1, 0.0125, False, ())
    assert found.findings == ()


def test_the_same_units_are_counted_whatever_case_or_table_they_came_under() -> None:
    for size in (40, 1024, 30_000):
        found = account(UNITS[:size], earlier(*[UNITS[:size]] * 4), [])
        assert found.count == 5
        assert found.level == pytest.approx(0.025 / 30)
        assert [finding.code for finding in found.findings] == ["GST-J07"]


def test_a_window_moved_by_a_row_is_still_counted() -> None:
    windows = [UNITS[step : step + 2000] for step in range(6)]
    assert account(windows[-1], earlier(*windows[:-1]), []).count == 6


def test_the_count_is_of_the_unit_opened_most_and_not_of_the_openings() -> None:
    halves = earlier(UNITS[:300], UNITS[300:600], UNITS[:300])
    assert account(UNITS[300:600], halves, []).count == 2
    assert account(UNITS[:600], halves, []).count == 3


def test_a_part_within_a_far_larger_one_is_found_by_its_smallest_hashes() -> None:
    assert account(UNITS[:3000], earlier(UNITS), []).count == 2
    assert account(UNITS, earlier(UNITS[:3000], UNITS[:3000]), []).count == 3


def test_an_opening_repeated_under_one_identity_counts_once() -> None:
    first = opening(UNITS[:300], "same")
    again = replace(first, count=2)
    assert account(UNITS[:300], {"a": first, "b": again}, []).count == 2


def test_sealed_figures_once_shown_halve_the_level_with_every_opening() -> None:
    before = earlier(*[UNITS[:300]] * 5)
    ids = list(before)
    hidden = account(UNITS[:300], before, [verdict(one, "development") for one in ids])
    shown = account(UNITS[:300], before, [verdict(ids[0], "sealed")])
    assert hidden.level == pytest.approx(0.025 / 42)
    assert shown.level == pytest.approx(0.025 / 64)
    assert [finding.code for finding in shown.findings] == ["GST-J07", "GST-J08"]
    assert not account(UNITS[300:600], before, [verdict(ids[0], "sealed")]).shown


def test_a_sketch_survives_the_ledger_and_knows_no_order() -> None:
    record = opening(UNITS[:5000], "x")
    assert len(record.sketch) == SKETCH
    assert sketch(np.concatenate([UNITS[:5000][::-1], UNITS[:9]])) == record.sketch
    assert restore(Opening, json.loads(canonical(record))) == record


def test_identity_changes_with_each_thing_that_could_change_the_verdict() -> None:
    parts = {"questions": "q", "answers": "a", "truth": "t", "values": "v", "margins": {"rule": 0.5}, "tolerance": 0.5}
    same = identity(**parts)  # type: ignore[arg-type]
    assert identity(**dict(parts)) == same  # type: ignore[arg-type]
    changes = [{name: "x"} for name in ("questions", "answers", "truth", "values")]
    for change in [*changes, {"margins": {"rule": 0.6}}, {"margins": {"r": 0.5}}, {"tolerance": 0.4}]:
        assert identity(**{**parts, **change}) != same  # type: ignore[arg-type]
    assert identical(same, {"id": replace(opening(UNITS[:40], "x"), identity=same)}) == "id"
    assert identical(same, earlier(UNITS[:40])) is None


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 400))
@settings(max_examples=30, deadline=None)
def test_overlap_of_complete_sketches_is_exact(shared: int, only_a: int, only_b: int) -> None:
    a, b = UNITS[: shared + only_a], np.concatenate([UNITS[:shared], UNITS[1000 : 1000 + only_b]])
    assert overlap(sketch(a), sketch(b)) == pytest.approx(shared / (shared + only_a))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_overlap_of_large_parts_is_estimated_within_a_few_percent(share: float) -> None:
    common = round(20_000 * share)
    b = np.concatenate([UNITS[:common], UNITS[20_000 : 40_000 - common]])
    assert overlap(sketch(UNITS[:20_000]), sketch(b)) == pytest.approx(share, abs=0.05)
    assert overlap(tuple(map(int, UNITS[:20_000])), sketch(b)) == pytest.approx(share, abs=0.05)


def test_a_small_part_is_found_in_development_that_holds_it() -> None:
    assert overlap(sketch(UNITS[:2000]), sketch(UNITS[:6000])) == 1.0
    assert overlap(sketch(UNITS[:2000]), sketch(UNITS[2000:8000])) == 0.0
    assert overlap((), ()) == 0.0


def test_an_opening_covers_what_the_lake_says_beyond_its_sketch() -> None:
    """Units under other keys, or of a part so small that the sketch of a large one misses it."""
    before = earlier(UNITS[:50_000])
    name = next(iter(before))
    small = np.sort(UNITS[:50_000])[-200:]
    assert account(small, before, []).count == 1
    assert account(small, before, [], {name: small[:1]}).count == 2
    assert account(UNITS[50_000:50_200], before, [], {name: UNITS[50_000:50_001]}).before == (name,)
