"""`check` reads files and nothing else: it finds every fault of a folder at once, each with its file and line."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from grundstein.core.errors import Refused
from grundstein.flow.checking import Checked, changed, check
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path

ROLES = "roles: {service: [first], finance: [], law: [third]}\n"


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Folder:
    """The files that people wrote, without lake, ledger and models: a fresh checkout."""
    root = tmp_path / "checkout"
    shutil.copytree(made, root, ignore=shutil.ignore_patterns("lake", "files", "ledger.sqlite*", "*.csv", "reports"))
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write(ROLES)
    return open_project(root)


def case(project: Folder, name: str = "leaving", **fields: str) -> None:
    """Write the case with other fields; an empty one is left out."""
    text = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.split(":")[0] not in fields]
    lines += [f"{field}: {value}" for field, value in fields.items() if value]
    (project.root / "cases" / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def standard(project: Folder, text: str) -> Folder:
    (project.root / "standard.yaml").write_text(text, encoding="utf-8")
    return open_project(project.root)


def codes(found: Checked) -> list[str]:
    return [one.finding.code for one in found.faults]


def only(project: Folder, code: str, line: str = "", file: str = "cases/leaving.yaml") -> str:
    """The sentence of the one fault there is, which stands on the line that begins with `line`."""
    found = check(project)
    assert codes(found) == [code], [str(one) for one in found.faults]
    (fault,) = found.faults
    assert fault.file == file
    if line:
        assert (project.root / file).read_text(encoding="utf-8").splitlines()[fault.line - 1].strip().startswith(line)
    return fault.finding.text()


def test_a_folder_without_faults_passes_without_lake_and_ledger(files):
    found = check(files)
    assert (found.faults, found.ready, found.contracts) == ((), ("leaving",), ("people",))
    assert found.passed is not None
    assert not list(files.root.glob("ledger*"))
    assert not (files.root / "lake").exists()


@pytest.mark.parametrize(
    ("fields", "code", "line", "said"),
    [
        ({"baseline": "tenur < 12"}, "GST-N03", "baseline", "tenure"),
        ({"baseline": "tenure < plan and day"}, "GST-N04", "baseline", "VARCHAR"),
        ({"baseline": "tenure <"}, "GST-N04", "baseline", "read"),
        ({"baseline": "(select 1)"}, "GST-N04", "baseline", "query"),
        ({"target": "leavs"}, "GST-N03", "target", "leaves"),
        ({"ignore": "[plan, plann]"}, "GST-N03", "ignore", "plan"),
        ({"acted": "called"}, "GST-N03", "acted", "called"),
        ({"entity": "persn"}, "GST-N16", "entity", "person"),
        ({"data": "peple"}, "GST-N02", "data", "people"),
        ({"data": "select * from peple"}, "GST-N02", "data", "people"),
        ({"data": "select tenur, leaves, person from people"}, "GST-N05", "data", "tenure"),
        ({"data": "select tenure + plan as tenure, leaves from people"}, "GST-N05", "data", "SELECT"),
        ({"data": "select *, now() as later from people"}, "GST-N05", "data", "clock"),
        ({"data": "select * from read_csv('a.csv')"}, "GST-N05", "data", "read_csv"),
        ({"data": "select person, plan, leaves from people"}, "GST-N03", "baseline", "tenure"),
        ({"data": "select tenure, plan, leaves from people"}, "GST-N03", "data", "person"),
        ({"data": "{rows: people, corpus: people}"}, "GST-N16", "data", "corpus"),
        ({"metric": "log_los", "money": "", "worthwhile": "0"}, "GST-N16", "metric", "log_loss"),
        ({"signed_by": "[servce]"}, "GST-N06", "signed_by", "service"),
        ({"signed_by": "[finance]"}, "GST-N07", "signed_by", "finance"),
        ({"affects": "staff"}, "GST-N08", "affects", "high_risk"),
        ({"also": "[{name: vendor, table: scores}]"}, "GST-N09", "also", "scores"),
        ({"also": "[{name: mine, python: 'mine.py:Model'}]"}, "GST-N09", "also", "mine.py"),
        ({"volum": "900"}, "GST-N01", "volum", "volume"),
        ({"task": "predikt"}, "GST-N01", "task", "predict"),
    ],
)
def test_a_fault_of_a_case_is_named_with_its_line_and_what_was_meant(files, fields, code, line, said):
    case(files, **fields)
    assert said in only(files, code, line)


def test_a_select_that_fits_is_checked_by_running_it_over_no_rows(files):
    case(files, data="select person, tenure, plan, leaves from people where tenure > 2 and plan like 'm%'")
    assert not check(files).faults


def test_every_fault_of_every_file_is_told_at_once_one_line_each(files):
    case(files, "other", baseline="tenur < 1", signed_by="[nobody]")
    case(files, volum="900", worthwil="3", period="decade")
    (files.root / "contracts" / "broken.yaml").write_text("schema: [\n", encoding="utf-8")
    found = check(files)
    assert sorted(codes(found)) == ["GST-N01"] * 4 + ["GST-N03", "GST-N06"]
    assert all("\n" not in str(one) for one in found.faults)
    assert {one.file for one in found.faults} == {"cases/leaving.yaml", "cases/other.yaml", "contracts/broken.yaml"}


def test_columns_in_a_task_s_own_lists_are_found_on_their_line(files):
    fields = {"task": "categorize", "target": "leaves", "text": "plan", "positive": "", "baseline": "", "money": ""}
    case(files, **fields, worthwhile="", keys="[person, tenure + dey]")
    assert "day" in only(files, "GST-N03", "keys")
    case(files, **fields, worthwhile="", keys="[person, tenure + day]")
    assert not check(files).faults


def test_an_idea_is_asked_nothing(files):
    (files.root / "cases" / "leaving.yaml").write_text("question: Could we?\nidea: true\n", encoding="utf-8")
    found = check(standard(files, "required: [decision]\ntasks: [recommend]\napprovers: {staff: [law]}\n"))
    assert (found.faults, found.ready) == ((), ())


def test_python_of_a_case_is_read_and_never_run(files):
    (files.root / "mine.py").write_text("raise SystemExit(3)\nclass Model: ...\n", encoding="utf-8")
    case(files, also="[{name: mine, python: 'mine.py:Model'}]")
    assert not check(files).faults
    case(files, also="[{name: mine, python: 'mine.py:Modell'}]")
    assert "Model" in only(files, "GST-N09", "also")


def test_a_query_of_a_dashboard_is_checked_on_its_line(files):
    (files.root / "dashboards").mkdir()
    text = (
        "# Leaving\n\n```sql\nselect plan, count(*) from people group by 1\n```\n\n```sql\nselect pan from people\n```"
    )
    (files.root / "dashboards" / "leaving.md").write_text(text, encoding="utf-8")
    found = check(files)
    assert [(one.file, one.line, one.finding.code) for one in found.faults] == [("dashboards/leaving.md", 8, "GST-N05")]
    assert found.queries == 2


def test_a_contract_that_is_about_another_table_or_says_a_column_twice_is_named(files):
    path = files.root / "contracts" / "people.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("- name: people", "- name: peple"), encoding="utf-8")
    assert "peple" in only(files, "GST-N17", file="contracts/people.yaml")
    case(files, baseline="", money="", metric="log_loss")
    path.write_text(text.replace("- name: plan", "- name: Tenure"), encoding="utf-8")
    assert "Tenure" in only(files, "GST-N17", "- name: Tenure", "contracts/people.yaml")


@pytest.mark.parametrize(
    ("text", "fields", "code", "line", "said"),
    [
        ("required: [decision]", {}, "GST-N10", "", "`decision`"),
        ("required: [decision]", {"decision": '" "'}, "GST-N10", "decision", "`decision`"),
        ("required: [metric or signed_by]", {}, "GST-N10", "", "`metric` or `signed_by`"),
        ("approvers: {customers: [law]}", {}, "GST-N11", "", "customers"),
        ("approvers: {customers: [finance]}", {"affects": "our Customers"}, "GST-N07", "affects", "finance"),
        ("approvers: {customers: [dpo]}", {"affects": "customers"}, "GST-N06", "affects", "dpo"),
        ("least_holdback: 0.05", {}, "GST-N12", "", "5.0%"),
        ("least_holdback: 0.05", {"holdback": "0.01"}, "GST-N12", "holdback", "1.0%"),
        ("tasks: [recommend]", {}, "GST-N13", "task", "recommend"),
        ("high_risk_words: [leaves]", {}, "GST-N08", "question", "high_risk"),
    ],
)
def test_a_case_that_falls_short_of_the_company_s_standard_is_named(files, text, fields, code, line, said):
    case(files, **fields)
    assert said in only(standard(files, text + "\n"), code, line)


def test_a_case_that_meets_the_standard_passes(files):
    case(files, decision="we call", affects="customers", holdback="0.05", signed_by="[service]")
    text = (
        "required: [decision, money or metric, signed_by, worthwhile]\napprovers: {customers: [law], staff: [works]}\n"
    )
    assert not check(standard(files, text + "least_holdback: 0.05\ntasks: [predict]\n")).faults


def test_a_contract_without_owner_or_with_an_unmarked_personal_column_is_named(files):
    assert "people" in only(standard(files, "contract_owner: true\n"), "GST-N14", file="contracts/people.yaml")
    asked = standard(files, "personal_words: [person, birth]\n")
    assert "person" in only(asked, "GST-N15", "- name: person", "contracts/people.yaml")
    path = files.root / "contracts" / "people.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("- name: person\n", "- name: person\n        classification: none\n"), encoding="utf-8"
    )
    assert not check(open_project(files.root)).faults


def test_a_weaker_standard_of_the_project_is_a_fault_with_both_lines(files):
    (files.root / "company.yaml").write_text("tasks: [predict]\nleast_holdback: 0.1\n", encoding="utf-8")
    with (files.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("standard: company.yaml\n")
    project = standard(files, "# ours\nleast_holdback: 0.02\n")
    said = only(project, "GST-N01", "least_holdback", "standard.yaml")
    assert "company.yaml, line 2" in said


def test_only_the_cases_that_are_named_are_checked_and_what_they_read(files):
    case(files, "other", baseline="tenur < 1")
    assert check(files, ["leaving"]).faults == ()
    assert codes(check(files, ["other"])) == ["GST-N03"]
    with pytest.raises(Refused, match="leavin"):
        check(files, ["leavin"])


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_the_cases_that_changed_are_found_by_git_by_their_file_or_what_they_read(files):
    case(files, "other", data="select * from people")
    case(files, "third", data="elsewhere")
    git(files.root, "init", "-b", "main", ".")
    git(files.root, "add", ".")
    git(files.root, "commit", "-m", "all")
    assert changed(files, "main") == ()
    git(files.root, "checkout", "-b", "work")
    case(files, "third", data="nowhere")
    git(files.root, "commit", "-am", "one")
    assert changed(files, "main") == ("third",)
    with (files.root / "contracts" / "people.yaml").open("a", encoding="utf-8") as file:
        file.write("# owned\n")
    (files.root / "cases" / "third.yaml").unlink()
    git(files.root, "commit", "-am", "two")
    assert changed(files, "main") == ("leaving", "other")


@pytest.mark.parametrize("since", ["nowhere", "--output=taken", "-", "main; rm -rf ."])
def test_a_commit_that_is_none_is_refused_and_nothing_is_written(files, since):
    git(files.root, "init", "-b", "main", ".")
    with pytest.raises(Refused, match="cannot be told"):
        changed(files, since)
    assert not list(files.root.rglob("taken*"))
