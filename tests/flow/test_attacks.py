"""Against fooling the judge: each attempt is counted, barred, refused or free, and the ledger shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from arriving_people import people

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Question, Verdict
from grundstein.flow import pinning

if TYPE_CHECKING:
    from grundstein.project.folder import Folder

ROWS = [line.split(",") for line in people(900, 3, 2.5).splitlines()[1:]]
COLUMNS = ("person", "tenure", "plan", "day", "leaves")


@pytest.fixture(autouse=True)
def _one_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One candidate is enough here."""
    monkeypatch.setattr(pinning, "BUDGET", 1)


def ask(project: Folder, case: str = "leaving", **words: str) -> None:
    """Write the case with other words, under any name; an empty word is left out."""
    text = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.split(":")[0] not in words]
    lines += [f"{name}: {value}" for name, value in words.items() if value]
    (project.root / "cases" / f"{case}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def ingest(project: Folder, table: str, rows: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> None:
    path = project.root / f"{table}-{len(rows)}.csv"
    path.write_text("\n".join(",".join(row) for row in [columns, *rows]) + "\n", encoding="utf-8")
    flow.ingest(project, str(path), table)
    change(project, table, time="")


def change(project: Folder, table: str, **words: Any) -> None:
    contract = project.contract(table)
    assert contract is not None
    project.write_contract(replace(contract, **words))


def openings(project: Folder) -> list[Opening]:
    return [cast("Opening", entry.record) for entry in project.ledger.entries(Opening)]


def decided(project: Folder, case: str = "leaving") -> Verdict:
    return cast("Verdict", flow.decide(project, case).record)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def told(verdict: Verdict, code: str) -> str:
    return next(finding.text() for finding in verdict.findings if finding.code == code)


def test_slices_by_where_are_openings_of_the_whole_sealed_part(project: Folder) -> None:
    for number, part in enumerate(("tenure < 36", "tenure >= 36")):
        ask(project, f"part{number}", data=f"select * from people where {part}")
        decided(project, f"part{number}")
    first, second = openings(project)
    assert (first.count, second.count) == (1, 2)
    assert second.level < first.level
    assert "part0 (people)" in " ".join(finding.text() for finding in second.findings)


def test_rows_that_came_after_an_opening_are_not_punished_for_it(project: Folder) -> None:
    change(project, "people", time="day")
    ask(project, acted="nobody", time="day")
    decided(project)
    later = [[f"q{i}", *row[1:3], str(np.datetime64(row[3]) + 900), row[4]] for i, row in enumerate(ROWS)]
    ingest(project, "people", later)
    change(project, "people", time="day")
    decided(project)
    assert [opening.count for opening in openings(project)] == [1, 1]


def test_the_same_rows_under_other_keys_cannot_carry_a_verdict_and_are_told_to_the_signer(evaluated: Folder) -> None:
    decided(evaluated)
    ingest(evaluated, "copy", [[f"z{i}", *row[1:]] for i, row in enumerate(ROWS)])
    ask(evaluated, "again", data="copy")
    verdict = decided(evaluated, "again")
    assert verdict.verdict != "qualifies"
    assert verdict.openings == 2
    assert {"GST-J02", "GST-J07", "GST-J09", "GST-J10"} <= codes(verdict)
    assert told(verdict, "GST-J10").endswith("leaving (people)")


@pytest.mark.parametrize("kept", ["half of the rows", "other columns"])
def test_part_of_the_rows_or_renamed_columns_are_known_again(evaluated: Folder, kept: str) -> None:
    if kept == "half of the rows":
        ingest(evaluated, "copy", [[f"z{i}", *row[1:]] for i, row in enumerate(ROWS[::2])])
        ask(evaluated, "again", data="copy")
    else:
        rng = np.random.default_rng(0)
        rows = [[*row[1:][::-1], f"{rng.integers(1000)}"] for row in ROWS]
        ingest(evaluated, "copy", rows, ("gone", "seen", "tariff", "months", "lucky"))
        ask(evaluated, "again", data="copy", target="gone", baseline="months < 12")
    verdict = decided(evaluated, "again")
    assert verdict.verdict != "qualifies"
    assert "GST-J09" in codes(verdict)


def test_rows_appended_again_under_other_keys_cannot_carry_a_verdict(project: Folder) -> None:
    """A model would remember a row and answer its copy; copies are no further evidence either."""
    ingest(project, "people", [[f"z{i}", *row[1:]] for i, row in enumerate(ROWS)])
    verdict = decided(project)
    assert verdict.verdict != "qualifies"
    assert "GST-J11" in codes(verdict)


def test_the_same_file_again_adds_nothing_and_opens_nothing(evaluated: Folder) -> None:
    first = decided(evaluated)
    flow.ingest(evaluated, str(evaluated.root / "people.csv"), "people")
    assert decided(evaluated) == first
    assert len(openings(evaluated)) == 1


def test_another_key_in_the_contract_starts_no_new_count(evaluated: Folder) -> None:
    decided(evaluated)
    change(evaluated, "people", key=("tenure", "day"), entity="")
    verdict = decided(evaluated)
    assert verdict.openings == 2
    assert "by tenure, day now and was sealed by person" in told(verdict, "GST-J12")


def test_another_key_in_the_case_starts_no_new_count(evaluated: Folder) -> None:
    decided(evaluated)
    ask(evaluated, key="[tenure, day]")
    assert decided(evaluated).openings == 2


def test_another_time_starts_no_new_count(evaluated: Folder) -> None:
    decided(evaluated)
    ask(evaluated, time="day")
    verdict = decided(evaluated)
    assert verdict.openings == 2
    assert "by day now and was sealed by person" in told(verdict, "GST-J12")


SELECTS = {
    "copies the target": "select *, leaves as gone from people",
    "turns it round": "select *, case when leaves = 'Yes' then 'No' else 'Yes' end as gone from people",
    "mixes it with a column": "select * exclude (leaves), (leaves = 'Yes') != (tenure > 30) as gone from people",
    "averages it": "select *, leaves as gone, avg((leaves = 'Yes')::int) over (partition by plan) as r from people",
    "chooses by it": "select * exclude (leaves), leaves as gone from people where leaves = 'No' or tenure > 20",
    "drops": "select * exclude (leaves), case when tenure > 9 or leaves = 'No' then leaves end as gone from people",
}


@pytest.mark.parametrize("sql", SELECTS.values(), ids=SELECTS.keys())
def test_what_the_target_is_made_of_reaches_nothing_else(project: Folder, sql: str) -> None:
    positive = "true" if "!=" in sql else "Yes"
    ask(project, data=sql, target="gone", positive=f'"{positive}"')
    with pytest.raises(Refused, match=r"computes \"gone\"|carries something across"):
        flow.evaluate(project, "leaving")
    assert list(project.ledger.entries(Experiment)) == []
    assert len(list(project.ledger.entries(Question))) == 1


MADE = {
    "a key": "select * replace ('k' || person as person) from people",
    "another's key": "select * replace (lead(person, 7, person) over (order by _row) as person) from people",
    "an average over sealed rows": "select *, avg(tenure) over (partition by plan) as usual from people",
    "the first rows": "select * from people order by tenure desc limit 700",
}


@pytest.mark.parametrize("sql", MADE.values(), ids=MADE.keys())
def test_a_select_moves_nothing_across_the_seal(project: Folder, sql: str) -> None:
    ask(project, data=sql)
    with pytest.raises(Refused, match="carries something across"):
        flow.evaluate(project, "leaving")


def test_a_select_over_a_keyless_table_keeps_its_row_numbers(project: Folder) -> None:
    change(project, "people", key=(), entity="")
    for made in ("(_row + 7) % 900", "_row + 5000"):
        ask(project, data=f"select * replace ({made} as _row) from people")
        with pytest.raises(Refused, match=r"carries something across|`_row` of its own"):
            flow.evaluate(project, "leaving")


def test_an_honest_select_passes(project: Folder) -> None:
    honest = "select *, tenure / 12 as years, lower(plan) as tariff from people where tenure > 2 and leaves is not null"
    ask(project, data=honest)
    assert flow.evaluate(project, "leaving").record
    assert [finding.code for finding in decided(project).findings if finding.code in ("GST-J09", "GST-J11")] == []


def test_a_target_turned_round_in_its_place_is_another_opening_of_the_same_units(evaluated: Folder) -> None:
    decided(evaluated)
    turned = "select * replace (case when leaves = 'Yes' then 'No' else 'Yes' end as leaves) from people"
    ask(evaluated, data=turned)
    assert decided(evaluated).openings == 2


def test_a_column_that_a_target_is_computed_from_may_be_used_once_a_person_says_it_is_known(project: Folder) -> None:
    ask(project, data=SELECTS["mixes it with a column"], target="gone", positive='"true"')
    contract = project.contract("people")
    assert contract is not None
    columns = [replace(one, known_at="before") if one.name == "tenure" else one for one in contract.columns]
    change(project, "people", columns=tuple(columns))
    assert flow.evaluate(project, "leaving").record


def test_with_time_a_column_may_look_back_and_a_target_ahead_but_no_column_at_its_own_truth(project: Folder) -> None:
    change(project, "people", time="day")
    back = "select *, lag(leaves, 5) over (order by day, _row) as before from people"
    ahead = "select *, lead(leaves, 20) over (order by day, _row) as gone from people"
    ask(project, data=back, time="day")
    assert flow.evaluate(project, "leaving").record
    ask(project, data=ahead, target="gone", time="day", horizon="30")
    assert flow.evaluate(project, "leaving").record
    ask(project, data=ahead, target="gone", time="day", horizon="")
    with pytest.raises(Refused, match="carries something across"):
        flow.evaluate(project, "leaving")
    ask(project, data="select *, leaves as same from people", target="leaves", time="day")
    with pytest.raises(Refused, match='computes "leaves"'):
        flow.evaluate(project, "leaving")


def test_the_answer_stands_in_the_table_that_is_sealed(project: Folder) -> None:
    """Else a table that lends nothing but its key would move the seal, and rows could be chosen by their truth."""
    ingest(project, "keys", [[f"z{i}", row[0]] for i, row in enumerate(ROWS)], ("newid", "person"))
    lent = "select keys.newid, people.* exclude (_row, _batch), keys._row from keys join people using (person)"
    for sql in (lent, f"{lent} where leaves = 'Yes' or tenure > 30"):
        ask(project, data=sql)
        with pytest.raises(Refused, match="from another table than keys"):
            flow.evaluate(project, "leaving")


def test_todays_rule_sees_no_truth(project: Folder) -> None:
    ask(project, baseline='"leaves = No"')
    with pytest.raises(Refused, match="nobody knows"):
        flow.evaluate(project, "leaving")


def test_a_test_table_cannot_be_picked_by_copying_the_rows_beside_it(project: Folder) -> None:
    for name, start in (("first", 10_000), ("second", 20_000)):
        ingest(project, name, [[f"t{start + i}", *row[1:]] for i, row in enumerate(ROWS[:200])])
    ingest(project, "copy", [[f"z{i}", *row[1:]] for i, row in enumerate(ROWS)])
    flow.evaluate(project, "leaving")
    ask(project, "again", data="copy")
    with pytest.raises(Refused, match="evaluated before, as the table people"):
        flow.decide(project, "again", {"rows": "second"})


def test_a_copy_of_the_target_in_the_table_is_asked_about_and_qualifies_nothing(project: Folder) -> None:
    ingest(project, "told", [[*row, row[4]] for row in ROWS], (*COLUMNS, "gone"))
    ask(project, data="told")
    assert decided(project).verdict != "qualifies"
    experiment = next(cast("Experiment", entry.record) for entry in project.ledger.entries(Experiment))
    assert "GST-K09" in {finding.code for finding in experiment.findings if finding.section == "issue"}


def test_a_renamed_case_is_told_to_the_signer(evaluated: Folder) -> None:
    decided(evaluated)
    ask(evaluated, "other", worthwhile="2")
    verdict = decided(evaluated, "other")
    assert told(verdict, "GST-J10").endswith("leaving (people)")
    assert verdict.openings == 2


def test_the_ledger_shows_what_was_done_to_a_case(evaluated: Folder) -> None:
    decided(evaluated)
    ask(evaluated, worthwhile="2", baseline="tenure < 20")
    decided(evaluated)
    ask(evaluated, data="select *, leaves as gone from people", target="gone")
    with pytest.raises(Refused):
        decided(evaluated)
    lines = flow.trail(evaluated, "leaving")
    done = [line["what"] for line in lines]
    assert done[:4] == ["asked", "evaluated", "opened", decided_words(evaluated)[0]]
    assert "worthwhile (1.0 -> 2.0)" in lines[4]["words"]
    assert "opening 2 of these" in lines[6]["words"]
    assert done[-1] == "edited"
    assert "leaves as gone" in lines[-1]["words"]
    assert evaluated.ledger.verify() == []


def decided_words(project: Folder) -> list[str]:
    return [cast("Verdict", entry.record).verdict for entry in project.ledger.entries(Verdict)]


def test_a_running_cost_of_a_rule_that_nobody_stated_lowers_no_margin(project: Folder) -> None:
    ask(project, baseline="", baseline_cost="100000", volume="900")
    experiment = cast("Experiment", flow.evaluate(project, "leaving").record)
    assert min(experiment.margins.values()) == 1
