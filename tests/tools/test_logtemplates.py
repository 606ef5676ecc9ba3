"""What the finder of log templates promises: what varies goes, what is said stays, state goes on where it stopped."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools.logmasks import MOST_WORDS, Masks
from grundstein.tools.logtemplates import MOST, OTHER, UNKNOWN, Miner

if TYPE_CHECKING:
    from pathlib import Path

SYSTEMS = ("HDFS", "BGL", "OpenStack", "Windows", "Linux", "Hadoop", "Apache", "OpenSSH")
WORDS = st.sampled_from(
    ["user", "ann", "bob", "cid", "dan", "Error", "FAILED", "failed", "10.0.0.1", "0x1f", "a=3", ""]
)
LINES = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=60)


def masked(text: str, *own: str) -> str:
    masks = Masks(own)
    return " ".join(masks.joined(masks.words(text)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("took 17 ms, 3.5MB read", "took <*> ms, <*> read"),
        ("from 10.0.0.1:8080 to /10.0.0.2", "from <*> to <*>"),
        ("open /var/log/a.txt failed", "open <*> failed"),
        (r"open C:\Temp\x.log failed", "open <*> failed"),
        ("GET https://a.example/b?c=1 done", "GET <*> done"),
        ("id 3f2a9c1e-0b1c-4d5e-8f90-1a2b3c4d5e6f gone", "id <*> gone"),
        ("block blk_-38865049064139660 and blk_7 of job", "block <*> and <*> of job"),
        ("at 2026-01-31T10:00:00.123Z now", "at <*> now"),
        ("began Fri Jun 3 07:08:09 2005 here", "began <*> here"),
        ("flags 0xff mac 00:1a:2b:3c:4d:5e", "flags <*> mac <*>"),
        ("nodes 1, 2, 3 left", "nodes <*> left"),
        ("host () refused", "host (<*>) refused"),
        ("enabled.......1", "enabled.......<*>"),
        ("Done.", "Done."),
    ],
)
def test_what_varies_in_every_log_is_masked(line: str, expected: str) -> None:
    assert masked(line) == expected


def test_a_sources_own_masks_are_words_before_a_value_or_a_pattern_within_one() -> None:
    assert masked("session of user ann ended", "user *") == "session of user <*> ended"
    assert masked("ticket ABC-DEF closed", "[A-Z]{3}-[A-Z]{3}") == "ticket <*> closed"


@pytest.mark.parametrize("mask", ["(", "a*"])
def test_a_mask_that_is_no_pattern_or_fits_nothing_at_all_is_refused(mask: str) -> None:
    with pytest.raises(Refused):
        Miner([mask])


def test_a_word_varies_once_it_has_had_three_names_or_six_other_values() -> None:
    miner = Miner()
    numbers = miner.mine([f"session opened for {name} now" for name in ("ann", "bob", "cid")])
    assert len(set(numbers)) == 1
    assert miner.template(numbers[0]) == "session opened for <*> now"
    assert len(set(Miner().mine([f"machine is {state} now" for state in ("Up", "Down", "Lost", "Found")]))) == 4


def test_words_that_say_how_something_went_are_kept_apart() -> None:
    assert len(set(Miner().mine(["service started", "service stopped", "service failed"]))) == 3


def test_several_words_vary_at_once_where_many_lines_differ_in_them() -> None:
    lines = [
        f"user {chr(97 + a)}{chr(97 + b)}x came from {chr(97 + b)}{chr(97 + a)}y today"
        for a in range(8)
        for b in range(8)
    ]
    assert len(set(Miner().mine(lines))) <= 2


def test_what_was_never_learnt_is_unknown_and_looking_learns_nothing() -> None:
    miner = Miner()
    miner.add(["disk 1 full"])
    before = json.dumps(miner.state())
    assert miner.look(["disk 7 full", "disk on fire"]) == [miner.look(["disk 2 full"])[0], UNKNOWN]
    assert json.dumps(miner.state()) == before


def test_no_log_makes_it_grow_without_end() -> None:
    miner = Miner()
    lines = [f"{chr(0x4E00 + n // 80)}{chr(0x4E00 + n % 80)}A Bb{chr(0x4E00 + n)}" for n in range(MOST + 200)]
    numbers = miner.add(lines)
    assert numbers[-1] == OTHER
    assert len(miner.templates()) <= MOST + 1
    assert len(masked("word " * 10_000).split()) <= MOST_WORDS
    assert miner.add(["x" * 3_000_000])


@given(LINES, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_lines_read_in_two_goes_give_the_templates_of_one(lines: list[str], cut: int) -> None:
    whole = Miner()
    expected = whole.mine(lines)
    first = Miner()
    numbers = first.add(lines[:cut])
    second = Miner.restored(json.loads(json.dumps(first.state())))
    numbers += second.add(lines[cut:])
    assert [second.now(number) for number in numbers] == expected
    assert second.state() == whole.state()
    assert second.templates() == whole.templates()
    assert second.look(lines) == expected


@given(LINES)
@settings(max_examples=40, deadline=None)
def test_a_template_is_what_its_lines_share(lines: list[str]) -> None:
    miner = Miner()
    for line, number in zip(lines, miner.mine(lines), strict=True):
        words, shared = masked(line).split(), miner.template(number).split()
        assert len(words) == len(shared)
        assert all(other in (one, "<*>") for one, other in zip(words, shared, strict=True))


def test_masks_are_proposed_where_names_vary_in_one_template_and_stand_in_another() -> None:
    miner = Miner()
    miner.add([f"login of user {name}" for name in ("ann", "bob", "cid")])
    miner.add(["password of user ann changed", "password of user dan changed", "key of user eve sent"])
    assert [one.mask for one in miner.proposed()] == ["user *"]
    assert Miner(["user *"]).mine(["password of user ann changed", "password of user dan changed"]) == [1, 1]


def groups(labels: list[object]) -> set[tuple[int, ...]]:
    found: dict[object, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        found[label].append(at)
    return {tuple(rows) for rows in found.values()}


def test_the_templates_of_eight_public_logs_are_found_with_one_set_of_masks(shared_data: Path) -> None:
    accuracy = []
    for system in SYSTEMS:
        path = shared_data / "logs" / "loghub_2k" / f"{system}_2k.log_structured.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        right = groups([row["EventId"] for row in rows])
        found = groups(list(Miner().mine(row["Content"] for row in rows)))
        accuracy.append(sum(len(group) for group in found & right) / len(rows))
    assert sum(accuracy) / len(accuracy) >= 0.86
