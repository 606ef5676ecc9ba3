"""What a mail's writer says is kept, in German and English; what stands around it is cut, however long a text is."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.errors import Refused
from grundstein.tasks.categorize import TASK
from grundstein.tools import mailtext
from grundstein.tools.hypertext import text_of
from grundstein.tools.language import language_of
from grundstein.tools.mailtext import cleaned, plain, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SAID = "Meine Rechnung 4711 stimmt nicht.\nBitte schicken Sie mir:\n- den Lieferschein\n- eine Gutschrift"
THREADS = {
    "the dashes of Outlook": "-----Ursprüngliche Nachricht-----\nVon: Service\nGesendet: heute\n\nSehr geehrter Herr",
    "English dashes": "-----Original Message-----\nFrom: Service\nSent: today\n\nDear Sir",
    "a head without dashes": "Von: Service <s@verlag.de>\nGesendet: Montag\nAn: Kunde\nBetreff: AW: x\n\nGuten Tag",
    "an English head": "From: Service <s@verlag.de>\nSent: Monday\nTo: Customer\nSubject: RE: x\n\nDear customer",
    "a line of Apple Mail": "Am 12.03.2024 um 10:11 schrieb Service <s@verlag.de>:\n\n> Guten Tag\n> alt",
    "a line of Gmail that wraps": "Am Mo., 3. März 2025 um 10:11 Uhr schrieb Service Verlag <\ns@verlag.de>:\n\n> alt",
    "an English line that wraps": "On Mon, Mar 3, 2025 at 10:11 AM Service\n<s@verlag.de> wrote:\n\n> old",
    "the name first": "Service Verlag schrieb am 12.03.2024 10:00:\n> alt",
    "an answer without marks": "Am 12.03.2024 um 10:11 schrieb Service <s@verlag.de>:\nGuten Tag\nalt und lang",
    "a mail passed on": "---------- Forwarded message ---------\nFrom: Service\nDate: x\n\nold",
    "a line of Outlook": "________________________________\nVon: Service\nGesendet: heute\nAn: x\n\nalt",
}
ENDS = {
    "a German goodbye": "Mit freundlichen Grüßen\nErika Beispiel\nBeispiel GmbH",
    "a short one": "MfG\nErika",
    "umlauts as two letters": "Viele Gruesse aus Bonn\nErika",
    "an English goodbye": "Best regards,\nErika Example",
    "the dashes of a signature": "-- \nErika Beispiel\nTel. 0228 0",
    "a telephone": "Von meinem iPhone gesendet",
    "an English telephone": "Sent from my Galaxy",
    "thanks at the end": "Vielen Dank!\nErika",
    "a legal notice": "Diese E-Mail enthält vertrauliche Informationen.\nWenn Sie nicht der Empfänger sind ...",
    "an English notice": "This e-mail and any attachments are confidential.\nIf you are not ...",
    "what the law wants": "Sitz der Gesellschaft: Bonn\nRegistergericht: Bonn, HRB 1",
}


@pytest.mark.parametrize("name", THREADS)
def test_a_thread_below_is_cut(name: str) -> None:
    assert cleaned(f"{SAID}\n\n{THREADS[name]}\n") == SAID


@pytest.mark.parametrize("name", ENDS)
def test_what_ends_a_mail_is_cut_and_a_list_in_it_stays(name: str) -> None:
    assert cleaned(f"{SAID}\n\n{ENDS[name]}\n") == SAID
    assert cleaned(f"{SAID}\n\n{ENDS[name]}\n\n{THREADS['the name first']}\n") == SAID


def test_answers_between_quoted_lines_stay() -> None:
    mail = "On Mon, Mar 3, 2025 X wrote:\n\n> Can you come?\n\nYes, tomorrow.\n\n> And the other?\n\nNo.\n"
    assert cleaned(mail) == "Yes, tomorrow.\n\nNo."


def test_a_mail_that_was_passed_on_is_what_it_says() -> None:
    head = "-----Ursprüngliche Nachricht-----\nVon: Max\nGesendet: heute\nAn: y\nBetreff: Kündigung\n\n"
    assert cleaned(f"{head}{SAID}\n\nGruß\nMax") == SAID
    assert cleaned(f"> {SAID.replace(chr(10), chr(10) + '> ')}") == SAID


def test_a_sentence_about_writing_begins_no_thread() -> None:
    for sentence in ("Am 12. März schrieb ich Ihnen:", "Ihr Kollege schrieb mir das Folgende:", "Von: Bonn nach Köln"):
        assert cleaned(f"{SAID}\n{sentence}\nBitte antworten.") == f"{SAID}\n{sentence}\nBitte antworten."


def test_a_postscript_stays_and_a_warning_above_goes() -> None:
    mail = f"ACHTUNG: Diese E-Mail stammt von einem externen Absender.\n\n{SAID}\n\nMfG\nErika\n\nP.S.: Es eilt."
    assert cleaned(mail) == f"{SAID}\n\nP.S.: Es eilt."


def test_an_answered_subject_is_the_subject() -> None:
    assert subject_of("AW: WG: Re[2]: Rechnung 12") == plain("Fwd: Rechnung 12") == "Rechnung 12"
    assert plain("Rechnung: Frage") == "Rechnung: Frage"


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_nothing_is_invented(text: str) -> None:
    left = cleaned(text)
    given_lines = {line.strip() for line in text.replace("\xa0", " ").replace("\u200b", "").splitlines()}
    bare = {mailtext.QUOTED.sub("", line).strip() for line in given_lines}
    assert all(line.strip() in given_lines | bare | {""} for line in left.splitlines())


@given(st.lists(st.sampled_from([*THREADS.values(), *ENDS.values(), "> alt", "", "--", SAID]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_what_the_writer_says_first_stays_whatever_follows(parts: list[str]) -> None:
    left = cleaned("\n".join([SAID, *parts]))
    assert left.startswith(SAID)
    assert not any(line.startswith(">") for line in left.splitlines())


def _steps(text: str) -> Iterator[int]:
    """How often the patterns are asked for texts of growing size: the time that does not depend on the machine."""
    asked = 0

    class Counting:
        def __init__(self, pattern: object) -> None:
            self.pattern = pattern

        def __getattr__(self, name: str) -> object:
            nonlocal asked
            asked += 1
            return getattr(self.pattern, name)

    names = [name for name, value in vars(mailtext).items() if hasattr(value, "fullmatch")]
    before = {name: getattr(mailtext, name) for name in names}
    try:
        for name in names:
            setattr(mailtext, name, Counting(before[name]))
        for size in (1, 2, 4, 8):
            asked = 0
            cleaned(text * size)
            yield asked
    finally:
        for name in names:
            setattr(mailtext, name, before[name])


@pytest.mark.parametrize(
    "piece", ["\n", "Von: x\n", "Am 1\n", "x\nMfG\n", "x\n-- \n", ">>>\n", "x\nDanke\n", "-----\n"]
)
def test_the_work_grows_with_the_lines_alone(piece: str) -> None:
    counts = list(_steps(piece * 1_000))
    assert all(later <= 2 * before + 3_000 for before, later in pairwise(counts))


@pytest.mark.parametrize(
    "text", ["a" * 20_000_000, ">" * 2_000_000, "schrieb " * 500_000, "Am 1 " * 500_000, "*" * 1_000_000, " " * 999_999]
)
def test_an_endless_line_is_read_to_its_end_and_no_further_than_200000_letters(text: str) -> None:
    assert len(cleaned(text)) <= mailtext.LONGEST


def test_a_page_is_its_text_with_quotations_marked() -> None:
    page = "<style>p{}</style><p>Guten&nbsp;Tag &auml;</p><blockquote>alt<br>er</blockquote>3 < 4<script>x</script>"
    assert text_of(page) == "Guten Tag ä\n\n> alt\n> er\n3 < 4"


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<", "<script>", "</", "&#", "<svg><style>", "<![CDATA["])
def test_a_broken_page_ends(piece: str) -> None:
    assert isinstance(text_of(piece * 100_000), str)


def test_german_and_english_are_told_apart_by_their_small_words() -> None:
    assert language_of("Guten Tag, meine Rechnung stimmt nicht, bitte prüfen Sie das.") == "de"
    assert language_of("Hello, I would like to cancel my order, please.") == "en"
    assert language_of("") == language_of("4711 !!") == ""


def _mails(rows: int) -> tuple[Case, pa.Table]:
    rng = np.random.default_rng(0)
    team = rng.integers(0, 2, rows)
    words = np.array(["Rechnung Betrag Storno", "Passwort Anmeldung Absturz"])
    thread = "\n\nMit freundlichen Grüßen\nErika\n\nAm 12.03.2024 schrieb Service <s@v.de>:\n> "
    mails = [f"{words[one]} {n}{thread}{words[rng.integers(0, 2)]}" for n, one in enumerate(team)]
    options = {"target": "team", "text": ["subject", "mail"], "clean": "mail"}
    case = Case(name="c", question="?", task="categorize", data={"rows": "m"}, options=options, metric="accuracy")
    names = np.array(["Buchhaltung", "Technik"])[team].tolist()
    return case, pa.table({"subject": ["AW: Frage"] * rows, "mail": mails, "team": names, "_row": np.arange(rows)})


def test_a_case_that_cleans_learns_and_answers_alike() -> None:
    case, rows = _mails(240)
    solution = next(iter(TASK.candidates(case, 1))).fit({"rows": rows}, 0)
    bare = rows.set_column(1, "mail", [[text.split("\n")[0] for text in rows["mail"].to_pylist()]])
    assert solution.answer(rows, {}).equals(solution.answer(bare, {}))


def test_an_unknown_cleaning_is_refused() -> None:
    case, _ = _mails(2)
    with pytest.raises(Refused, match="clean"):
        TASK.contract(Case(**{**vars(case), "options": {**case.options, "clean": "html"}}))
