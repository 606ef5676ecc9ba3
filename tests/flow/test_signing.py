"""Who may sign what: roles, four eyes, one refusal, an end, and nothing signed stands once what it rests on changed."""

from __future__ import annotations

import getpass
import threading
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from signers import case_says, changed_byte, decide_again, denials

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Release, SignOff, Verdict
from grundstein.flow import signing
from grundstein.project.folder import open_project

REASON = "we accept the loss"


def test_what_every_role_has_signed_is_released_as_it_was_judged(decided, tokens):
    signed = flow.sign(decided, "leaving", tokens["first"], "approve", "")
    put = cast("Release", flow.release(decided, "leaving").record)
    assert put.bond == cast("SignOff", signed.record).bond
    assert put.signatures == (signed.id,)
    assert put.bond.solution == cast("Verdict", decided.ledger.get(put.bond.verdict).record).winner


def test_nothing_is_released_unsigned_and_the_missing_role_is_named(decided, tokens):
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")
    assert denials(decided)


def test_only_the_hash_of_a_token_is_kept(decided, tokens):
    assert not [
        path for path in decided.root.rglob("*") if path.is_file() and tokens["first"].encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("token", ["", "x", "'; DROP TABLE ledger; --", "{{ 7 * 7 }}", "0" * 43])
def test_a_token_of_nobody_signs_nothing_and_the_attempt_is_written_down(decided, tokens, token):
    with pytest.raises(Refused, match="nobody"):
        flow.sign(decided, "leaving", token, "approve", "")
    assert denials(decided) == ["This token is nobody's."]


def test_a_token_that_was_taken_back_signs_nothing(decided, tokens):
    flow.remove_person(decided, "first")
    with pytest.raises(Refused, match="nobody"):
        flow.sign(decided, "leaving", tokens["first"], "approve", "")


def test_a_new_token_ends_the_one_before(decided, tokens):
    flow.add_person(decided, "first")
    with pytest.raises(Refused, match="nobody"):
        flow.sign(decided, "leaving", tokens["first"], "approve", "")


def test_a_person_without_the_role_cannot_sign_for_it(decided, tokens):
    with pytest.raises(Refused, match="Nothing here waits"):
        flow.sign(decided, "leaving", tokens["third"], "approve", "")
    with pytest.raises(Refused, match="does not have the role"):
        flow.sign(decided, "leaving", tokens["third"], "approve", "", role="service")


def test_who_evaluated_may_not_sign(decided):
    own = getpass.getuser()
    path = decided.root / "grundstein.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[first,", f"[{own}, first,"), encoding="utf-8")
    project = open_project(decided.root)
    with pytest.raises(Refused, match="may not sign"):
        flow.sign(project, "leaving", flow.add_person(project, own), "approve", "")


def test_one_person_signs_once_however_many_roles_they_have(decided, tokens):
    case_says(decided, "affects: staff")
    flow.sign(decided, "leaving", tokens["both"], "approve", "", role="service")
    with pytest.raises(Refused, match="has signed this already"):
        flow.sign(decided, "leaving", tokens["both"], "approve", "", role="finance")


def test_a_case_about_staff_takes_the_role_that_is_named_for_high_risk_too(decided, tokens):
    case_says(decided, "affects: staff")
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    with pytest.raises(Refused, match="finance"):
        flow.release(decided, "leaving")
    flow.sign(decided, "leaving", tokens["third"], "approve", "")
    assert flow.release(decided, "leaving")


def test_a_refusal_needs_its_reason_and_ends_what_was_to_be_signed(decided, tokens):
    with pytest.raises(Refused, match="reason"):
        flow.sign(decided, "leaving", tokens["first"], "refuse", "")
    flow.sign(decided, "leaving", tokens["first"], "refuse", "the list is too long to call")
    with pytest.raises(Refused, match="the list is too long"):
        flow.sign(decided, "leaving", tokens["second"], "approve", "")
    with pytest.raises(Refused, match="the list is too long"):
        flow.release(decided, "leaving")


def test_todays_rule_can_be_signed_and_released_too(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "", solution="rule")
    assert cast("Release", flow.release(decided, "leaving").record).bond.solution == "rule"


def test_a_solution_that_was_only_tried_cannot_be_signed(decided, tokens):
    with pytest.raises(Refused, match="cannot be signed"):
        flow.sign(decided, "leaving", tokens["first"], "approve", "", solution="nobody")


def test_a_candidate_that_did_not_qualify_takes_a_second_signature_and_reasons_that_stay(decided, tokens):
    text = (
        (decided.root / "cases" / "leaving.yaml")
        .read_text(encoding="utf-8")
        .replace("worthwhile: 1\n", "worthwhile: 40\n")
    )
    (decided.root / "cases" / "leaving.yaml").write_text(text, encoding="utf-8")
    decide_again(decided)
    said = [cast("Verdict", row.record) for row in decided.ledger.entries(Verdict)][-1]
    assert said.verdict != "qualifies"
    with pytest.raises(Refused, match="reason"):
        flow.sign(decided, "leaving", tokens["first"], "approve", "", solution=said.winner)
    flow.sign(decided, "leaving", tokens["first"], "approve", REASON, solution=said.winner)
    with pytest.raises(Refused, match="one more"):
        flow.release(decided, "leaving", said.winner)
    flow.sign(decided, "leaving", tokens["second"], "approve", REASON, solution=said.winner)
    assert cast("Release", flow.release(decided, "leaving", said.winner).record).override


def test_an_edited_case_voids_the_signature_and_the_field_is_named(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    text = (decided.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    (decided.root / "cases" / "leaving.yaml").write_text(text.replace("saved: 600", "saved: 900"), encoding="utf-8")
    with pytest.raises(Refused, match=r"edited.*money"):
        flow.release(decided, "leaving")


def test_a_word_of_the_question_edited_after_the_signature_voids_it(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    text = (decided.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    (decided.root / "cases" / "leaving.yaml").write_text(text.replace("Who leaves?", "Who stays?"), encoding="utf-8")
    with pytest.raises(Refused, match="edited"):
        flow.release(decided, "leaving")


def test_a_role_that_is_taken_out_of_the_case_after_it_was_judged_must_sign_all_the_same(decided, tokens):
    text = (decided.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    (decided.root / "cases" / "leaving.yaml").write_text(text.replace("[service]", "[finance]"), encoding="utf-8")
    flow.sign(decided, "leaving", tokens["third"], "approve", "")
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("reports/leaving.en.html", "report"), (".grundstein/**/*.npz", "model"), ("lake/data/people/data/*", "people")],
)
def test_one_changed_byte_in_report_model_or_snapshot_voids_the_signature_and_is_named(decided, tokens, pattern, said):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    bond = flow.standing(decided, "leaving").bond
    folder = decided.files.folder(bond.model.partition(":")[2])
    found = (
        sorted(p for p in folder.rglob("*") if p.is_file()) if said == "model" else sorted(decided.root.glob(pattern))
    )
    changed_byte(found[0])
    with pytest.raises(Refused, match=said):
        flow.release(decided, "leaving")


def test_a_newer_verdict_voids_the_signature_of_the_one_before(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    case_says(decided, "tolerance: 2")
    decide_again(decided)
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")


def test_a_signature_ends_on_its_day(decided, tokens, monkeypatch):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    monkeypatch.setattr(signing, "now", lambda _: datetime.now(UTC) + timedelta(days=366))
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")


def test_a_clock_that_goes_back_is_not_believed(decided, monkeypatch):
    class Early(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2000, 1, 1, tzinfo=tz)

    monkeypatch.setattr(signing, "datetime", Early)
    assert signing.now(decided).isoformat() >= decided.ledger.head().at


def test_a_release_goes_back_to_the_one_before(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "", solution="rule")
    first = flow.release(decided, "leaving", "rule")
    with pytest.raises(Refused, match="no earlier release"):
        flow.roll_back(decided, "leaving")
    flow.sign(decided, "leaving", tokens["second"], "approve", "")
    flow.release(decided, "leaving")
    back = cast("Release", flow.roll_back(decided, "leaving").record)
    assert back.bond == cast("Release", first.record).bond
    assert signing.current(decided, "leaving").record == back


def test_a_shadow_does_not_take_the_place_of_what_is_live(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "", solution="rule")
    live = flow.release(decided, "leaving", "rule")
    flow.sign(decided, "leaving", tokens["second"], "approve", "")
    flow.release(decided, "leaving", shadow=True)
    assert signing.current(decided, "leaving").id == live.id
    assert signing.current(decided, "leaving", "shadow")


def test_two_people_who_sign_at_once_are_both_heard(decided, tokens):
    case_says(decided, "affects: staff")
    go = [
        threading.Thread(target=flow.sign, args=(decided, "leaving", tokens[name], "approve", ""))
        for name in ("first", "third")
    ]
    for one in go:
        one.start()
    for one in go:
        one.join()
    assert flow.release(decided, "leaving")
    assert not decided.ledger.verify()
