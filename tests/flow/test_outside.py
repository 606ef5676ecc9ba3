"""Answers from outside are judged on what nobody could have known when they were put down, and on nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from answering import CASE, HEADER, KNOWN, LATER, answers, came, counted, judged, laid_down, noise, truths, verdict
from grundstein import flow
from grundstein.core.records import Deposit, Opening
from grundstein.evaluation.outside_verdict import Chances
from grundstein.project.folder import Folder, create_project, open_project
from grundstein.tools.inference import opening_level
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.flow.outside import Judged


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("begun") / "project"
    project = create_project(root, name="p", salt="tests")
    came(project, KNOWN, "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / "leaving.yaml").write_text(CASE, encoding="utf-8")
    return root


@pytest.fixture
def project(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr("grundstein.flow.pinning.BUDGET", 0)
    shutil.copytree(begun, tmp_path / "project")
    return open_project(tmp_path / "project")


def codes(told: Judged) -> set[str]:
    return {finding.code for finding in told.findings}


def test_good_answers_that_were_put_down_before_the_truth_came_qualify(project: Folder) -> None:
    told = judged(project, truths(LATER[:400], right=0.95))
    assert (told.verdict, told.missing, told.unknown) == (None, 30, 400)
    assert counted(project) == (1, 0, 0)
    came(project, LATER[:400], "later")
    told = judged(project, truths(LATER[:400], right=0.95))
    said = verdict(told)
    assert (said.verdict, said.figures, said.openings, said.winner) == ("qualifies", "sealed", 1, "vendor")
    assert {one.name: one.standing for one in said.outcomes}["vendor"] == "outside"
    assert all(one.model == "" for one in said.outcomes)
    assert counted(project) == (1, 1, 1)
    assert project.ledger.verify() == []


def test_the_deposit_stands_in_the_ledger_before_anything_is_valued(project: Folder) -> None:
    judged(project, truths(LATER[:100]))
    came(project, LATER[:100], "later")
    told = judged(project, truths(LATER[:100]))
    assert told.verdict is not None
    opening = next(iter(project.ledger.entries(Opening)))
    assert told.deposit.sequence < opening.sequence < told.verdict.sequence
    assert "p00" not in str(told.deposit.record)


def test_answers_copied_from_the_truth_after_it_came_are_never_judged(project: Folder) -> None:
    came(project, LATER[:400], "later")
    told = judged(project, truths([*KNOWN, *LATER[:400]]))
    assert told.verdict is None
    assert told.gain.low > 0
    assert "GST-O06" in codes(told)
    assert "known before" in " ".join(finding.text() for finding in told.findings)
    came(project, LATER[400:420], "more")
    assert judged(project, truths([*KNOWN, *LATER[:400]])).verdict is None
    assert counted(project) == (1, 0, 0)


def test_noise_that_was_put_down_does_not_qualify(project: Folder) -> None:
    judged(project, noise(LATER[:400], 3))
    came(project, LATER[:400], "later")
    said = verdict(judged(project, noise(LATER[:400], 3)))
    assert said.verdict != "qualifies"
    assert said.figures == "development"
    assert said.gains == {}


def test_the_identical_judgement_is_free(project: Folder) -> None:
    judged(project, truths(LATER[:200], 0.9))
    came(project, LATER[:200], "later")
    first = judged(project, truths(LATER[:200], 0.9))
    again = flow.judge(project, answers(project, reversed(truths(LATER[:200], 0.9)), "renamed"), "leaving")
    assert first.verdict is not None
    assert again.verdict is not None
    assert first.verdict.id == again.verdict.id
    assert counted(project) == (1, 1, 1)


def test_every_set_of_answers_put_down_for_the_units_raises_the_bar(project: Folder) -> None:
    for seed in range(9):
        laid_down(project, noise(LATER[:200], seed), f"n{seed}")
    laid_down(project, noise(LATER[300:400], 77), "of others")
    judged(project, truths(LATER[:200], 0.9))
    came(project, LATER[:200], "later")
    said = verdict(judged(project, truths(LATER[:200], 0.9)))
    assert said.openings == 10
    assert said.level == opening_level(10, shown=False)
    assert "GST-O05" in {finding.code for finding in said.findings}


def test_a_set_whose_answers_were_taken_away_counts_still(project: Folder) -> None:
    laid_down(project, noise(LATER[:200], 1), "decoy")
    judged(project, truths(LATER[:200], 0.9))
    decoy = next(iter(project.ledger.entries(Deposit))).record
    assert isinstance(decoy, Deposit)
    shutil.rmtree(project.root / "files" / decoy.answers)
    came(project, LATER[:200], "later")
    assert verdict(judged(project, truths(LATER[:200], 0.9))).openings == 2


def test_sets_put_down_for_copies_of_the_table_count_under_other_cases_keys_and_names(project: Folder) -> None:
    """Else each of many sets would be the only one for a table of its own, and truth be brought to the luckiest."""
    case = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    for name, prefix in (("copy", ""), ("renamed", "x")):
        (project.root / f"{name}.csv").write_text(
            "\n".join([HEADER.replace("person", "who"), *(prefix + row for row in KNOWN)]) + "\n", encoding="utf-8"
        )
        flow.ingest(project, str(project.root / f"{name}.csv"), name)
        contract = project.contract(name)
        assert contract is not None
        project.write_contract(replace(contract, time=""))
        (project.root / "cases" / f"{name}.yaml").write_text(case.replace("people", name), encoding="utf-8")
        said = [(prefix + person, answer) for person, answer in noise(LATER[:200], len(name))]
        flow.judge(project, answers(project, said, f"for_{name}", "who,answer"), name)
    judged(project, truths(LATER[:200], 0.9))
    came(project, LATER[:200], "later")
    assert verdict(judged(project, truths(LATER[:200], 0.9))).openings == 3


def test_a_set_put_down_when_the_truth_was_there_is_no_chance_and_does_not_count(project: Folder) -> None:
    judged(project, truths(LATER[:200], 0.9))
    came(project, LATER[:200], "later")
    laid_down(project, truths(LATER[:200], 0.99, seed=5), "late")
    assert verdict(judged(project, truths(LATER[:200], 0.9))).openings == 1


def test_every_arrival_is_a_chance_to_look_and_counts(project: Folder) -> None:
    judged(project, truths(LATER[:200], 0.9))
    for part in range(4):
        came(project, LATER[part * 50 : part * 50 + 50], f"part{part}")
    assert verdict(judged(project, truths(LATER[:200], 0.9))).openings == 4


def test_the_best_of_100_random_sets_shown_after_the_best_arrival_holds_the_level() -> None:
    """Chosen with the truth in hand at each of 12 arrivals, at the real levels: the sum of all chances is 2.5 %."""
    rng, sets, arrivals, each, runs = np.random.default_rng(5), 100, 12, 60, 150
    found = 0
    for _ in range(runs):
        sums, squares, shown = np.zeros(sets), np.zeros(sets), False
        for arrival in range(1, arrivals + 1):
            gains = rng.choice([-60.0, 0.0, 0.0, 60.0], (sets, each))
            sums, squares = sums + gains.sum(axis=1), squares + (gains**2).sum(axis=1)
            n = each * arrival
            error = np.sqrt((squares / n - (sums / n) ** 2) / n)
            level = opening_level(Chances(sets, arrival).count, shown=False)
            shown = shown or bool((sums / n > stats.t.ppf(1 - level, n - 1) * error).any())
        found += shown
    assert stats.binomtest(found, runs, 0.025).pvalue > 0.001
    assert found / runs < 0.05


@pytest.mark.parametrize("most", [1, 7, 100])
def test_the_levels_of_all_chances_sum_to_the_level_of_one(most: int) -> None:
    total = sum(most * opening_level(Chances(most, b).count, shown=False) for b in range(1, 200_000))
    assert 0.0248 < total <= 0.025


def test_the_best_of_a_few_random_sets_does_not_qualify_end_to_end(project: Folder) -> None:
    worth = {}
    for seed in range(12):
        said = noise(LATER[:300], seed)
        laid_down(project, said, f"n{seed}")
        right = dict(truths(LATER[:300]))
        worth[seed] = sum((120 if right[person] == "Yes" else -60) for person, answer in said if answer == "Yes")
    came(project, LATER[:300], "later")
    best = max(worth, key=lambda seed: worth[seed])
    said = verdict(judged(project, noise(LATER[:300], best)))
    assert said.openings == 12
    assert said.verdict != "qualifies"


def test_rows_brought_again_do_not_become_new(project: Folder) -> None:
    judged(project, truths(KNOWN))
    came(project, [*reversed(KNOWN), *LATER[:10]], "again")
    told = judged(project, truths(KNOWN))
    assert told.verdict is None
    assert told.prospect is not None
    assert told.prospect.clusters == 0


def test_a_truth_that_another_table_of_the_lake_knew_does_not_count(project: Folder) -> None:
    path = project.root / "elsewhere.csv"
    path.write_text("\n".join(["person,leaves", *(f"{p},{v}" for p, v in truths(LATER[:200]))]) + "\n", "utf-8")
    flow.ingest(project, str(path), "elsewhere")
    judged(project, truths(LATER[:200]))
    came(project, LATER[:200], "later")
    assert judged(project, truths(LATER[:200])).verdict is None


def written(project: Folder, rows: list[str], batch: str) -> None:
    """Bring rows into the table by key; an empty truth is a question that is still open."""
    tables = project.tables
    like = tables.schema("people")
    fields = [row.split(",") for row in rows]
    columns = {
        "person": pa.array([f[0] for f in fields]),
        "tenure": pa.array([int(f[1]) for f in fields]),
        "plan": pa.array([f[2] for f in fields]),
        "day": pa.array([f[3] for f in fields]),
        "leaves": pa.array([f[4] or None for f in fields]),
    }
    with tables.lease("people"):
        first = tables.next_row("people")
        columns["_row"] = pa.array(range(first, first + len(rows)))
        columns["_batch"] = pa.array([batch] * len(rows))
        table = pa.table({name: columns[name].cast(like.field(name).type) for name in like.names})
        info = tables.upsert("people", write_parquet(table, tables.staging("people")), ["person"], batch)
    from grundstein.core.records import Batch

    project.ledger.once(Batch("people", batch, batch, len(rows), 0, info.version))


def opened(rows: list[str]) -> list[str]:
    return [row.rpartition(",")[0] + "," for row in rows]


def test_an_open_question_whose_truth_is_filled_in_later_is_judged(project: Folder) -> None:
    written(project, opened(LATER[:200]), "open")
    told = judged(project, truths(LATER[:150], 0.95))
    assert (told.unknown, told.missing) == (0, 30)
    written(project, LATER[:200], "filled")
    told = judged(project, truths(LATER[:150], 0.95))
    assert verdict(told).verdict == "qualifies"
    assert told.prospect is not None
    assert told.prospect.clusters == 200, "those that were passed over get today's rule's answer"


def test_a_corrected_row_whose_truth_was_known_before_does_not_count(project: Folder) -> None:
    judged(project, truths(KNOWN))
    other = {"Yes": "No", "No": "Yes"}
    parts = [row.rpartition(",") for row in KNOWN[:300]]
    written(project, [f"{front},{other[last]}" for front, _, last in parts], "corrected")
    told = judged(project, truths(KNOWN))
    assert told.verdict is None


def test_a_truth_that_was_taken_away_for_the_deposit_and_put_back_does_not_count(project: Folder) -> None:
    written(project, opened(KNOWN[:300]), "hidden")
    judged(project, truths(KNOWN[:300]))
    written(project, KNOWN[:300], "back")
    assert judged(project, truths(KNOWN[:300])).verdict is None
