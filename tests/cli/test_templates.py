"""A template writes a commented case that fits its table: it passes `check`, and can be evaluated as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from grundstein.project.folder import open_project
from grundstein.project.template_files import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from doors import Door, Said

TABLES = {
    "mail": (
        "message_id,sent_at,sender,Betreff,text,Team,Intent",
        "<{n}@x.de>,2025-01-{d:02d} 10:00,k{k}@x.de,Frage {n},{w} {n},{c},{c}2",
    ),
    "tickets": (
        "ticket,created,title,description,product,customer,assignment_group,resolved,status",
        "T{n},2025-01-{d:02d},{w},Bitte {n},P{k},K{k},{c},2025-02-{d:02d},zu",
    ),
    "receipts": ("receipt,day,Lieferant,Verwendungszweck,Betrag,Konto", "B{n},2025-01-{d:02d},L{k},{w} {n},{n}.5,{c}"),
    "tax": (
        "return,filed,Mandant,income,deductions,Bescheid_am,outcome",
        "S{n},2025-01-{d:02d},M{n},{n}00,{k}0,2025-05-{d:02d},{c}",
    ),
}
WORDS = {"Abo": "kündigen", "Technik": "Absturz"}
SETTINGS = """\
name: p
salt: tests
roles: {service: [somebody], council: [another]}
"""


def project(door: Door, kind: str, settings: str = SETTINGS, rows: int = 120) -> None:
    """A project with the table that a template is for."""
    rng = np.random.default_rng(0)
    head, line = TABLES[kind]
    names = list(WORDS)
    told = [names[int(place)] for place in rng.integers(0, 2, rows)]
    lines = [
        line.format(n=n, d=1 + n * 28 // rows, k=int(rng.integers(0, 9)), c=one, w=WORDS[one])
        for n, one in enumerate(told)
    ]
    (door.folder / "grundstein.yaml").write_text(settings, encoding="utf-8")
    (door.folder / "rows.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    assert door("ingest", "rows.csv", "--table", "mine").code == 0


def written(door: Door, name: str = "first") -> str:
    """The case file."""
    return (door.folder / "cases" / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_passes_check_and_every_field_of_it_is_explained(door: Door, kind: str) -> None:
    project(door, kind)
    said = door("new", "first", "--template", kind, "--data", "mine")
    assert said.code == 0, said.err
    checked = door("check")
    assert checked.code == 0, checked.err + checked.out
    text = written(door)
    assert text.count("#") >= 8
    assert "@" not in text.replace("@x", "")
    case = open_project(door.folder).case("first")
    assert case.signed_by == ("service",)
    assert case.question.endswith("?")


@pytest.mark.parametrize("kind", ["mail", "receipts", "tickets", "tax"])
def test_a_template_can_be_evaluated_as_it_stands(door: Door, kind: str) -> None:
    project(door, kind)
    door("new", "first", "--template", kind, "--data", "mine")
    said = door("evaluate", "first", "--json")
    assert said.code == 0, said.err
    assert said.document["task"] == ("predict" if kind == "tax" else "categorize")


def test_the_fields_are_the_columns_that_their_names_speak_for(door: Door) -> None:
    project(door, "receipts")
    door("new", "first", "--template", "receipts")
    options = open_project(door.folder).case("first").options
    assert (options["target"], options["text"], options["keys"]) == ("Konto", ["Verwendungszweck"], ["Lieferant"])
    assert options["also_use"] == ["Betrag"]


def test_mails_with_a_team_and_an_intent_get_a_case_for_each(door: Door) -> None:
    project(door, "mail")
    said = door("new", "first", "--template", "mail", "--data", "mine")
    assert said.out.count("Wrote") == 2
    cases = open_project(door.folder)
    assert cases.case("first").options["target"] == "Team"
    assert cases.case("first_Intent").options["target"] == "Intent"
    assert cases.case("first").options["clean"] == "mail"
    assert door("check").code == 0


def test_a_chart_of_accounts_beside_the_receipts_is_named(door: Door) -> None:
    project(door, "receipts")
    (door.folder / "chart.csv").write_text("Konto,name\nAbo,Abonnements\nTechnik,IT\nMiete,Raum\n", encoding="utf-8")
    assert door("ingest", "chart.csv", "--table", "chart").code == 0
    contract = door.folder / "contracts" / "chart.yaml"
    assert "Konto" in contract.read_text(encoding="utf-8")
    assert door("new", "first", "--template", "receipts", "--data", "mine").code == 0
    case = open_project(door.folder).case("first")
    assert dict(case.data) == {"rows": "mine", "categories": "chart"}
    assert door("check").code == 0
    said = door("evaluate", "first", "--json")
    assert said.code == 0, said.err
    found = {one["code"]: one["text"] for one in said.document["findings"]}
    assert "1 of 3" in found["GST-Y08"]


def test_a_tax_return_is_about_a_person_and_of_high_risk_where_somebody_signs_for_that(door: Door) -> None:
    project(door, "tax", SETTINGS + "high_risk: [council]\n")
    door("new", "first", "--template", "tax", "--data", "mine")
    case = open_project(door.folder).case("first")
    assert (case.task, case.affects, case.risk, case.signed_by) == ("predict", "taxpayers", "high", ("service",))
    assert case.ignore == ("Bescheid_am",)
    assert door("check").code == 0


def test_who_names_the_target_is_believed(door: Door) -> None:
    project(door, "tickets")
    door("new", "first", "--template", "tickets", "--data", "mine", "--target", "product")
    assert open_project(door.folder).case("first").options["target"] == "product"


def refused(door: Door, *words: str) -> Said:
    """A command that is not taken."""
    said = door("new", "first", *words)
    assert said.code in (1, 2)
    assert not (door.folder / "cases" / "first.yaml").exists()
    return said


def test_what_does_not_fit_is_refused_with_what_there_is(door: Door, tmp_path: Path) -> None:
    project(door, "mail")
    assert "mail" in refused(door, "--template", "mails", "--data", "mine").err
    assert "mine" in refused(door, "--template", "mail", "--data", "mines").err
    assert "keys" in refused(door, "--template", "receipts", "--data", "mine", "--target", "Team").err
    assert "Team" in refused(door, "--template", "mail", "--data", "mine", "--target", "Teams").err
    (tmp_path / "more.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    door("ingest", "more.csv", "--table", "more")
    assert "--data" in refused(door, "--template", "mail").err
