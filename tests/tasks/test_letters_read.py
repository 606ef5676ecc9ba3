"""Whole letters: forty written ones with planted faults, the forms of a file, and what is no letter."""

from __future__ import annotations

import io
import textwrap
import tomllib
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused
from grundstein.core.findings import codes as findings
from grundstein.tasks.letters import TASK
from grundstein.tasks.letters.closing import closing_of
from grundstein.tasks.letters.codes import codes
from grundstein.tasks.letters.documents import text_of
from grundstein.tasks.letters.letter import Letter, letter_of, said_of, told_of
from grundstein.tasks.letters.parts import lines_of
from grundstein.tasks.letters.signals import roles, topics
from grundstein.tasks.letters.telling import CODES, finding_of

WRITTEN = Path(__file__).parent / "letters_written"
PLANTED: dict[str, list[str]] = tomllib.loads((WRITTEN / "planted.toml").read_text(encoding="utf-8"))
LOCALES = {"21_rezeption_at": "at", "25_laborantin_ch": "ch"}
NAMES = sorted(path.stem for path in WRITTEN.glob("*.txt"))
CASE = Case("l", "?", "letters", {"rows": "l"}, {"target": "grade"}, affects="applicants", risk="high")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def written(name: str) -> str:
    return (WRITTEN / f"{name}.txt").read_text(encoding="utf-8")


def letter(name: str) -> Letter:
    return letter_of(written(name), LOCALES.get(name, "de"))


def signs(name: str) -> set[str]:
    return {one.label for one in letter(name).signals if not one.harmless}


def test_forty_letters_were_written_and_every_planted_fault_belongs_to_one() -> None:
    assert len(NAMES) == 40
    assert set(PLANTED) <= set(NAMES)


def test_nine_of_ten_planted_faults_are_found_with_at_most_one_false_alarm_a_letter() -> None:
    told = {name: signs(name) for name in NAMES}
    planted = {name: set(PLANTED.get(name, [])) for name in NAMES}
    found = sum(len(told[name] & planted[name]) for name in NAMES)
    assert found >= 0.9 * sum(map(len, planted.values()))
    assert max(len(told[name] - planted[name]) for name in NAMES) <= 1


def test_a_letter_without_faults_raises_no_alarm() -> None:
    for name in ("06_entwickler", "18_personalreferent", "25_laborantin_ch", "26_tischler"):
        assert signs(name) == set(), name


def test_each_sentence_has_its_section() -> None:
    sections = [line.section for line in letter("01_kassiererin").lines]
    assert sections == [
        *("other", "intro", "company", "tasks", "tasks", "tasks", "tasks", "tasks"),
        *("performance", "performance", "performance", "performance", "behaviour", "behaviour"),
        *("ending", "closing", "other", "other"),
    ]


def test_grades_by_section_name_what_drove_them() -> None:
    said = said_of(letter("24_projektleiterin"))
    assert said["grades"]["overall"] == 1.0
    assert said["grades"]["behaviour"] == 4.0
    assert "vollsten" in said["driven_by"]["overall"]
    assert {one["code"] for one in said["signals"]} == {"GST-Z13"}
    overall = next(one for one in said["sentences"] if "vollsten" in one["text"])
    assert overall["fixed"]
    assert "9 AZR 584/13" in overall["source"]


def test_sides_of_the_work_that_are_not_mentioned_are_listed() -> None:
    assert said_of(letter("12_lagerist"))["not_mentioned"] == ["grasp", "manner"]


def test_a_role_that_is_named_is_asked_for_its_topic() -> None:
    text = written("12_lagerist")
    assert "missing: honesty" not in {one.label for one in letter_of(text).signals}
    assert "missing: honesty" in {one.label for one in letter_of(text, roles=["cash"]).signals}


def test_an_austrian_letter_is_told_of_its_law() -> None:
    text = written("05_aussendienst")
    assert "law: austria" in {one.label for one in letter_of(text, "at").signals}
    assert "law: austria" not in {one.label for one in letter_of(text).signals}


def test_got_to_know_is_no_code_and_says_who_decided_it() -> None:
    text = written("06_entwickler").replace("Sein Rat war", "Wir haben ihn als hilfsbereit kennengelernt. Sein Rat war")
    [one] = [one for one in letter_of(text).signals if one.kind == "code"]
    found = finding_of(one, letter_of(text).grades)
    assert one.harmless
    assert (found.code, found.section) == ("GST-Z16", "passed")
    assert "9 AZR 386/10" in found.text("de")


@pytest.mark.parametrize(
    ("last", "grade", "missing"),
    [
        ("Wir wünschen ihr alles Gute.", 5, ("regret", "thanks", "professional", "success")),
        ("Wir danken ihr und wünschen ihr beruflich viel Erfolg.", 3, ("regret", "private")),
        (
            "Wir bedauern das, danken ihr und wünschen ihr beruflich und privat alles Gute und viel Erfolg.",
            1,
            (),
        ),
        ("Wir danken ihr, bedauern ihren Eintritt in den Ruhestand und wünschen ihr Gesundheit.", 1, ()),
    ],
)
def test_the_closing_formula_is_graded_by_its_five_parts(last: str, grade: int, missing: tuple[str, ...]) -> None:
    before = "Zeugnis\n\nFrau Kern war hier tätig.\n\nSie arbeitete stets gut.\n\n"
    closing = closing_of(lines_of(f"{before}{last}"))
    assert (closing.grade, closing.missing) == (grade, missing)


def test_every_sign_has_a_sentence_in_both_languages() -> None:
    for name in NAMES:
        read = letter(name)
        for language in ("en", "de"):
            assert told_of(read, language)
            for one in read.signals:
                assert finding_of(one, read.grades).text(language)
    assert all(role.topic in topics() for role in roles().values())
    assert all(code.says["en"] and code.says["de"] for code in codes().values())
    assert {"GST-Z15", "GST-Z16", *CODES.values()} <= set(findings())


def do(args: list[str], language: str = "en") -> Any:
    return TASK.verbs["read"](SimpleNamespace(languages=(language,)), CASE, args)  # type: ignore[arg-type]


def test_the_verb_reads_a_file_for_a_person_and_a_program() -> None:
    done = do([str(WRITTEN / "07_pflegerin.txt"), "--locale", "de", "--role", "cash"], "de")
    assert done.text.startswith("07_pflegerin.txt\nNoten")
    assert "Kollegen werden vor Vorgesetzten genannt" in done.text
    assert done.said["roles"] == ["cash"]
    assert not done.tables


@pytest.mark.parametrize(
    "args", [[], ["a", "b"], ["a", "--role", "pirate"], ["a", "--locale"], ["a", "--loud"]], ids=" ".join
)
def test_a_verb_that_is_written_wrong_says_how_it_is_written(args: list[str]) -> None:
    with pytest.raises(Misused, match="grundstein do CASE read"):
        do(args)


def docx(paragraphs: list[str], extra: str = "", encoding: str = "utf-8") -> bytes:
    """A small DOCX; a paragraph that starts with * is in a list."""
    body = ""
    for text in paragraphs:
        numbered = '<w:pPr><w:numPr><w:ilvl w:val="0"/></w:numPr></w:pPr>' if text.startswith("*") else ""
        runs = "".join(f'<w:r><w:t xml:space="preserve">{part}</w:t></w:r>' for part in text.lstrip("*").split("|"))
        body += f"<w:p>{numbered}{runs}</w:p>"
    content = f'<?xml version="1.0"?>{extra}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("word/document.xml", content.encode(encoding))
    return file.getvalue()


def test_a_word_document_is_read_with_its_lists_and_split_runs(tmp_path: Path) -> None:
    path = tmp_path / "zeugnis.docx"
    lines = [line for line in written("06_entwickler").splitlines() if line]
    parts = ["*" + line[2:] if line.startswith("•") else line.replace("jederzeit", "jeder|zeit") for line in lines]
    path.write_bytes(docx(parts))
    read = letter_of(text_of(path))
    assert read.grades.overall == letter("06_entwickler").grades.overall
    assert [line.section for line in read.lines].count("tasks") == 5


@pytest.mark.parametrize("name", ["05_aussendienst", "12_lagerist", "30_verkaeuferin"])
def test_a_pdf_with_lines_that_break_anywhere_is_read_as_its_text(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pypdfium2")
    path = tmp_path / "zeugnis.pdf"
    lines = [line for part in written(name).splitlines() for line in textwrap.wrap(part, 70) or [""]]
    broken = [piece for line in lines for piece in line.replace("Zufriedenheit", "Zufrieden-\nheit").split("\n")]
    path.write_bytes(pdf(broken))
    read, plain = letter_of(text_of(path)), letter(name)
    assert read.grades == plain.grades
    assert {one.label for one in read.signals} == {one.label for one in plain.signals}


def test_a_pdf_is_read_with_its_broken_lines(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    path = tmp_path / "zeugnis.pdf"
    path.write_bytes(
        pdf(["Frau Kern war vom 1. Mai 2010 bis zum 31. Mai 2012 hier angestellt.", "Sie hat ihre Aufgaben"])
    )
    assert "Aufgaben" in text_of(path)


def pdf(lines: list[str]) -> bytes:
    """The smallest PDF with lines of text; none: a page that is empty."""
    escaped = [line.replace("(", r"\(").replace(")", r"\)") for line in lines]
    shown = " ".join(f"({line}) Tj 0 -12 Td" for line in escaped)
    stream = f"BT /F1 10 Tf 50 800 Td {shown} ET".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        content
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (
            count,
            table,
            count,
            len(content),
        )
    )


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("word/document.xml", b" " * 25_000_000)
    return file.getvalue()


ENGLISH = (
    "Ms Kern was with us for three years. She has always worked to our full satisfaction and we wish her all the best."
)
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">]>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", ENGLISH.encode(), "in English"),
        ("a.txt", b"", "holds no text"),
        ("a.txt", b"\n \n", "holds no text"),
        ("a.txt", "Die Firma liegt am Hafen und ist für ihr gutes Bier bekannt.".encode(), "no sentence judges"),
        ("a.txt", b"stets gut und " * 200_000, "characters"),
        ("a.txt", bytes(range(256)) * 40, "holds no text but bytes"),
        ("a.txt", b"{\\rtf1 Zeugnis}", "an old format"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old format"),
        ("a.docx", b"PK\x03\x04 nothing of the kind", "is no DOCX"),
        ("a.docx", bomb(), "unpacks to more than"),
        ("a.docx", docx(["Zeugnis"], LAUGHS), "declares entities"),
        ("a.docx", docx(["Zeugnis"], encoding="utf-16"), "unusual encoding"),
        ("a.pdf", pdf([]), "a picture without text"),
        ("a.pdf", b"%PDF-1.4 broken", "cannot be opened"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_letter_is_refused_with_its_reason(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    if name.endswith("pdf"):
        pytest.importorskip("pypdfium2")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=said) as refused:
        letter_of(text_of(tmp_path / name))
    assert all((refused.value.what, refused.value.expected, refused.value.next_step))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Er", "war", "stets", "gut", ".", "\n\n", "- ", "nicht", "1.", "Kollegen", "Dr.", "\x00", "ß"])
    )
)
def test_any_text_is_a_letter_or_is_refused(words: list[str]) -> None:
    with suppress(Refused):
        assert said_of(letter_of(" ".join(words)))["sentences"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no file"):
        text_of(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_is_read_in_the_encodings_of_its_time(tmp_path: Path, encoding: str) -> None:
    text = written("25_laborantin_ch")
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert letter_of(text_of(tmp_path / "a.txt")).grades == letter_of(text).grades


def test_an_endless_line_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Er arbeitete stets gut und sorgfältig und " * 1200, encoding="utf-8")
    read = letter_of(text_of(tmp_path / "a.txt"))
    assert len(read.lines) == 1
