"""A company's standard is extended and never weakened; what it asks of a case is a matter of its words alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.errors import Refused
from grundstein.core.standard import Standard, says, sounds_personal
from grundstein.project.folder import Folder, create_project, open_project, schemas
from grundstein.project.models import StandardFile
from grundstein.project.standards import LESSER, VARIABLE

FULL = """\
required: [decision, money or metric]
approvers: {customers: [data-protection], staff: [works-council, data-protection]}
least_holdback: 0.05
longest_valid_days: 180
tasks: [predict, recommend]
contract_owner: true
personal_words: [mail]
high_risk_words: [credit]
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    return create_project(tmp_path / "team" / "p", name="p")


def under(project: Folder, company: str, own: str = "", settings: str = "") -> Folder:
    """The project with a company's standard beside it, one of its own, and more settings."""
    (project.root.parent / "standard.yaml").write_text(company, encoding="utf-8")
    if own:
        (project.root / "standard.yaml").write_text(own, encoding="utf-8")
    with (project.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write(f"standard: ../standard.yaml\n{settings}")
    return open_project(project.root)


def refusal(project: Folder) -> list[str]:
    with pytest.raises(Refused) as refused:
        _ = project.standard
    return [refused.value.what, *(one.what for one in refused.value.others)]


def test_without_a_file_nothing_is_asked(project):
    assert project.standard == Standard()
    assert project.valid_days == 365


def test_the_company_s_file_is_found_by_its_path_and_read_as_written(project):
    said = under(project, FULL).standard
    assert said.required == ("decision", "money or metric")
    assert said.approvers["staff"] == ("works-council", "data-protection")
    assert (said.least_holdback, said.longest_valid_days, said.contract_owner) == (0.05, 180, True)
    assert said.files == ("../standard.yaml",)


def test_a_project_may_ask_more(project):
    own = """\
required: [decision, money or metric, worthwhile]
approvers: {customers: [data-protection, sales], machines: [safety]}
least_holdback: 0.1
longest_valid_days: 90
tasks: [predict]
high_risk_words: [credit, health]
"""
    said = under(project, FULL, own).standard
    assert "worthwhile" in said.required
    assert said.approvers == {
        "customers": ("data-protection", "sales"),
        "staff": ("works-council", "data-protection"),
        "machines": ("safety",),
    }
    assert (said.least_holdback, said.longest_valid_days, said.tasks) == (0.1, 90, ("predict",))
    assert (said.contract_owner, said.personal_words) == (True, ("mail",))


@pytest.mark.parametrize(
    ("own", "field", "above"),
    [
        ("required: [decision]", "lacks money or metric", 1),
        ("approvers: {customers: [sales]}", "lacks data-protection", 2),
        ("least_holdback: 0.01", "is 0.01", 3),
        ("longest_valid_days: 365", "is 365", 4),
        ("tasks: [predict, search]", "allows search", 5),
        ("tasks: []", "allows all", 5),
        ("contract_owner: false", "is false", 6),
        ("personal_words: []", "lacks mail", 7),
        ("high_risk_words: [health]", "lacks credit", 8),
    ],
)
def test_what_asks_less_is_refused_by_name_with_both_files_lines(project, own, field, above):
    (said,) = refusal(under(project, FULL, f"# ours\n{own}\n"))
    assert said.startswith("standard.yaml, line 2: `")
    assert field in said
    assert f"../standard.yaml, line {above}" in said


def test_a_project_s_own_valid_days_may_not_be_longer(project):
    (said,) = refusal(under(project, FULL, settings="valid_days: 365\n"))
    assert "grundstein.yaml, line" in said
    assert "`valid_days` is 365" in said
    assert "../standard.yaml, line 4" in said


def test_valid_days_that_nobody_wrote_follow_the_standard(project):
    assert under(project, FULL).valid_days == 180


def test_every_weakness_is_told_at_once(project):
    assert len(refusal(under(project, FULL, "least_holdback: 0\ncontract_owner: false\ntasks: []\n"))) == 3


def test_a_standard_of_the_machine_holds_whatever_the_project_names(project, tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text("least_holdback: 0.2\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "all.yaml"))
    assert project.standard.least_holdback == 0.2
    (said,) = refusal(under(project, "least_holdback: 0.1\n"))
    assert said.startswith("../standard.yaml, line 1")


def test_a_standard_that_is_named_and_not_there_stops_everything(project, monkeypatch):
    path = project.root.parent / "standard.yaml"
    named = under(project, FULL)
    path.unlink()
    assert "not there" in refusal(open_project(named.root))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requird: [decision]", "requird"),
        ("required: [desicion]", "desicion"),
        ("required: [money or metrik]", "metrik"),
        ("approvers: {staff: []}", "staff"),
        ("least_holdback: 5", "least_holdback"),
        ("longest_valid_days: 0", "longest_valid_days"),
        ("tasks: predict", "tasks"),
        ("required: [a", "YAML"),
    ],
)
def test_a_fault_of_the_standard_is_named_with_the_file_that_has_it(project, text, said):
    first = refusal(under(project, text + "\n"))[0]
    assert said in first
    assert first.startswith("../standard.yaml")


def test_every_field_has_its_rule_of_what_is_weaker():
    assert set(LESSER) | {"approvers"} == set(StandardFile.model_fields)


def test_the_schema_of_the_standard_is_printed_too():
    assert set(schemas()["standard"]["properties"]) == set(StandardFile.model_fields)


words = st.text(st.characters(categories=["L"], max_codepoint=0x17F), min_size=1, max_size=8)


@given(words, words)
@example("İ", "İ")
def test_a_word_counts_as_a_word_whatever_its_capitals_and_never_inside_another(word, other):
    assert says(f"({word.upper()}), {other}", word.upper())
    assert not says(f"{word}{other}", word) or word.casefold() == f"{word}{other}".casefold()


@pytest.mark.parametrize("name", ["e_mail", "eMail", "MAIL", "Mail 2", "customerMail", "mail-address"])
def test_a_column_s_name_is_taken_apart_as_people_write_them(name):
    assert sounds_personal(name, ["mail"])


@pytest.mark.parametrize("name", ["mailing", "blackmail", "tenure"])
def test_a_word_inside_another_does_not_sound_personal(name):
    assert not sounds_personal(name, ["mail"])


def test_approvers_come_by_every_word_that_a_case_affects_once_each():
    standard = Standard(approvers={"customers": ("dpo",), "staff": ("works", "dpo")})
    case = Case("c", "?", "predict", {}, affects="Staff who call customers")
    assert standard.approvers_of(case) == ("dpo", "works")
    assert standard.asks(case) == {"approvers": ["dpo", "works"]}


def test_the_page_s_example_holds_and_its_refusal_is_what_is_said(project):
    page = (Path(__file__).parents[2] / "docs" / "standard.md").read_text(encoding="utf-8")
    company = page.split("```yaml\n")[1].split("```")[0]
    (said,) = refusal(under(project, company, "# ours\n\nleast_holdback: 0.02\n"))
    assert said.replace("standard.yaml, line 3", "standard.yaml:3", 1) in page
    assert all(f"`{field}`" in page for field in StandardFile.model_fields)
