"""What is kept of a snapshot comes back as it was, and tells no row and no personal value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from grundstein.production import drifting, seasons, sketching

if TYPE_CHECKING:
    from pathlib import Path

VEILED = {"name": "salt", "wage": "salt"}


def people(n: int, seed: int, wage: float = 1.0) -> pa.Table:
    rng = np.random.default_rng(seed)
    days = np.datetime64("2023-01-01") + rng.integers(0, 1_000, n).astype("timedelta64[D]")
    return pa.table(
        {
            "name": rng.choice([f"person {k}" for k in range(12)], n),
            "wage": np.round(rng.normal(3_000, 400, n) * wage, 2),
            "plan": rng.choice(["a", "b", "c"], n),
            "day": pa.array(days),
        }
    )


def sketch(table: pa.Table) -> sketching.Sketch:
    asked = drifting.references(table, ["name", "wage", "plan"], VEILED)
    valued, months = table.select(["plan"]).sort_by("plan"), seasons.kept(table, "day", asked)
    return sketching.Sketch("{}", "time", table.schema, ("name", "wage"), valued, asked, {}, months)


def test_a_sketch_comes_back_as_it_was_written(tmp_path: Path) -> None:
    one, path = sketch(people(3_000, 1)), tmp_path / "cache" / "one.npz"
    sketching.keep(path, one)
    other = sketching.kept(path)
    assert other is not None
    assert (other.case, other.how, other.question, other.names) == (one.case, one.how, one.question, one.names)
    assert other.valued.equals(one.valued)
    assert other.seasons.keys() == one.seasons.keys()
    window = people(400, 2, wage=1.3)
    assert drifting.changed(other.asked, window, 1e-4) == drifting.changed(one.asked, window, 1e-4)


def test_of_older_sketches_none_is_left(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        sketching.keep(tmp_path / name, sketch(people(500, 1)))
    assert [path.name for path in tmp_path.iterdir()] == ["two.npz"]


def test_a_file_that_is_torn_or_something_else_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    sketching.keep(path, sketch(people(500, 1)))
    whole = path.read_bytes()
    for spoilt in (b"", b"nonsense", whole[:-400], whole[:200] + b"\0" * 50 + whole[250:]):
        path.write_bytes(spoilt)
        assert sketching.kept(path) is None


def test_no_personal_value_can_be_read_from_what_is_kept(tmp_path: Path) -> None:
    table = people(3_000, 1)
    sketching.keep(tmp_path / "one.npz", sketch(table))
    kept = sketching.kept(tmp_path / "one.npz")
    assert kept is not None
    for part in (kept.asked, *kept.seasons.values()):
        assert not any("person" in label for label in part["name"].labels.to_pylist())
        assert np.allclose(part["wage"].numbers % 10, 0) or part["wage"].numbers.max() < 1_000
    assert kept.asked["plan"].labels.to_pylist() != []


@pytest.mark.parametrize("seed", range(3, 8))
def test_a_veiled_column_is_watched_like_any_other(seed: int) -> None:
    known = drifting.references(people(3_000, 1), ["name", "wage"], VEILED)
    assert drifting.changed(known, people(400, seed), 1e-4) == []
    [one] = drifting.changed(known, people(400, seed, wage=1.2), 1e-4)
    assert one.column == "wage"


def test_part_of_a_month_that_is_too_small_is_not_kept() -> None:
    table = people(3_000, 1)
    known = drifting.references(table, ["wage"])
    assert all(one["wage"].rows >= drifting.FEWEST for one in seasons.kept(table, "day", known).values())
    assert seasons.kept(table.slice(0, 40), "day", known) == {}
