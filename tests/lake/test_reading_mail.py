"""Mails become rows, whatever wrote them; what is no mail is put aside with its reason, and nothing runs away."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.records import Batch
from grundstein.flow import ingest
from grundstein.lake.reading import read_raw
from grundstein.lake.reading.mail import spans
from grundstein.lake.reading.message import DEEPEST, Unfit, read_message
from grundstein.project.folder import Folder, create_project

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.lake.reading.raw import Raw

HEAD = b"From: Erika <Erika@Firma.de>\nTo: s@verlag.de\nSubject: Frage\nDate: Mon, 3 Mar 2025 10:00:00 +0100\n"


def mail(body: str = "Guten Tag,\nwo ist mein Paket?\n", **fields: str) -> EmailMessage:
    """A mail with these fields of its head beside the usual ones; `_` stands for `-`."""
    made = EmailMessage()
    usual = {"From": "Erika Ä <Erika@Firma.de>", "To": "Service <s@verlag.de>", "Subject": "Frage zu Größe"}
    for name, value in (usual | {"Date": "Mon, 3 Mar 2025 10:00:00 +0100", "Message-ID": "<1@firma.de>"}).items():
        made[name] = fields.pop(name.replace("-", "_"), value)
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file of these bytes."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rows(raw: Raw) -> list[dict[str, Any]]:
    """The rows of a source."""
    return list(raw.content.to_pylist())


def test_a_mail_is_a_row_of_what_it_says(tmp_path: Path) -> None:
    made = mail("Wo ist mein Paket?\n\nMfG\nErika\n\n> alt\n", In_Reply_To="<0@x.de>", References="<a@x.de> <0@x.de>")
    made.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Lieferschein ä.pdf")
    [row] = rows(read_raw(written(tmp_path, "abo/1.eml", made.as_bytes()), {}, None, "abo/1.eml"))
    assert row == {
        "message_id": "<1@firma.de>",
        "in_reply_to": "<0@x.de>",
        "thread": "<a@x.de>",
        "sent_at": datetime(2025, 3, 3, 9, tzinfo=UTC),
        "sender": "erika@firma.de",
        "sender_domain": "firma.de",
        "recipients": "s@verlag.de",
        "subject": "Frage zu Größe",
        "body": "Wo ist mein Paket?\n\nMfG\nErika\n\n> alt\n",
        "text": "Wo ist mein Paket?",
        "language": "de",
        "kind": "message",
        "attachments": "Lieferschein ä.pdf",
        "attachment_count": 1,
        "folder": "abo",
        "file": "abo/1.eml",
    }


def test_a_page_alone_is_read_as_its_text_and_beside_a_text_not_at_all() -> None:
    made = mail()
    made.add_alternative("<p>anders</p>", subtype="html")
    assert read_message(made.as_bytes()).text == "Guten Tag,\nwo ist mein Paket?"
    page = HEAD + b"Content-Type: text/html; charset=utf-8\n\n<style>p{}</style><p>Wo &uuml;ber</p>mir<br>allen"
    assert read_message(page).text == "Wo über\nmir\nallen"


KINDS = {
    "message": [{}],
    "auto_reply": [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"Subject": "Automatische Antwort: Frage"},
        {"Subject": "Abwesenheitsnotiz"},
        {"Subject": "Out of Office: Re: x"},
        {"Return_Path": "<>", "In_Reply_To": "<0@x.de>"},
        {"X_Auto_Response_Suppress": "DR, OOF, All", "In_Reply_To": "<0@x.de>"},
    ],
    "bounce": [{"From": "MAILER-DAEMON@x.de", "Subject": "Unzustellbar: Frage"}, {"X_Failed_Recipients": "a@b.de"}],
    "newsletter": [{"List_Unsubscribe": "<mailto:x@y.de>"}, {"Precedence": "bulk"}],
    "automatic": [{"Auto_Submitted": "auto-generated"}, {"X_Auto_Response_Suppress": "All"}],
}


@pytest.mark.parametrize(("kind", "fields"), [(kind, fields) for kind, many in KINDS.items() for fields in many])
def test_what_programs_send_is_known_by_its_head(kind: str, fields: dict[str, str]) -> None:
    assert read_message(mail(**fields).as_bytes()).kind == kind


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("utf-8", "Größe".encode()),
        ("utf-8", "Größe".encode("cp1252")),
        ("us-ascii", "Größe".encode("latin-1")),
        ("iso-8859-1", "Größe".encode()),
        ("no-such-charset", "Größe".encode()),
        ("", "Größe".encode("cp1252")),
    ],
)
def test_a_wrong_charset_loses_no_letter(charset: str, body: bytes) -> None:
    said = f"Content-Type: text/plain; charset={charset}\n".encode() if charset else b""
    assert read_message(HEAD + said + b"\n" + body).text == "Größe"


def test_a_head_that_is_not_encoded_is_read_as_it_is() -> None:
    for subject in (
        "Größe".encode(),
        "Größe".encode("cp1252"),
        b"=?utf-8?q?Gr=C3=B6=C3=9Fe?=",
        b"=?utf-8?b?R3LDtsOfZQ==?=",
    ):
        assert read_message(b"From: a@b.de\nSubject: " + subject + b"\n\nx").subject == "Größe"
    assert read_message(b"From: a@b.de\nSubject: =?no-such?q?x?= =?utf-8?b?%%%?=\n\nx").subject


def test_a_mail_of_30_mb_is_a_row_with_its_attachment_counted() -> None:
    block = base64.encodebytes(b"\0" * 57 * 1_000) * 400
    head = HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nDas Paket fehlt.\n--x\n"
    data = head + b"Content-Disposition: attachment; filename=a.zip\nContent-Transfer-Encoding: base64\n\n" + block
    assert len(data) > 30_000_000
    one = read_message(data + b"--x--\n")
    assert (one.text, one.attachments, one.attachment_count, one.cut) == ("Das Paket fehlt.", "a.zip", 1, False)


def test_an_endless_line_is_cut_and_told(tmp_path: Path) -> None:
    raw = read_raw(written(tmp_path, "1.eml", HEAD + b"\n" + b"a" * 5_000_000), {}, None)
    assert [len(row["body"]) for row in rows(raw)] == [1_000_000]
    assert [finding.code for finding in raw.findings] == ["GST-I01"]


def nested(depth: int) -> bytes:
    """A mail that was passed on so often; only the innermost has a text."""
    return (HEAD + b"Content-Type: message/rfc822\n\n") * depth + HEAD + b"\nganz innen\n"


def test_forty_nested_mails_are_read_to_the_innermost_text() -> None:
    one = read_message(nested(40))
    assert (one.text, one.attachment_count) == ("ganz innen", 40)


@pytest.mark.parametrize("data", [nested(DEEPEST + 1), nested(20_000)])
def test_a_mail_nested_deeper_than_any_is_put_aside(data: bytes) -> None:
    with pytest.raises(Unfit, match="nested"):
        read_message(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (bytes(range(256)) * 50, "binary"),
        (b"no head at all\n\ntext", "no head"),
        (b"Subject: " + b"a" * 300_000, "longer than 256 KB"),
        (b"X: y\n" * 100_000, "longer than 256 KB"),
    ],
)
def test_what_is_no_mail_is_put_aside_with_its_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    raw = read_raw(written(tmp_path, "1.eml", data), {}, None)
    assert raw.rows == 0
    assert reason in raw.broken["reason"][0].as_py()


def test_broken_mime_keeps_what_can_be_read() -> None:
    without_end = HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nDas Paket fehlt.\n"
    assert read_message(without_end).text == "Das Paket fehlt."
    no_such_boundary = HEAD + b"Content-Type: multipart/mixed; boundary=y\n\n--x\n\nDas Paket fehlt.\n"
    assert read_message(no_such_boundary).text is None
    bad_base64 = HEAD + b"Content-Transfer-Encoding: base64\n\n!!!! kein base64 !!!!\n"
    assert read_message(bad_base64).subject == "Frage"


def test_a_torn_first_line_of_a_head_costs_no_mail() -> None:
    assert read_message(b" x!y!z\n" + HEAD + b"\nDas Paket fehlt.").subject == "Frage"
    assert read_message(b"From a@b.de Mon Mar  3 10:00:00 2025\n" + HEAD + b"\nx").sender == "erika@firma.de"


def test_a_mail_without_date_text_or_id_is_a_row_and_told(tmp_path: Path) -> None:
    raw = read_raw(written(tmp_path, "1.eml", b"From: a@b.de\nSubject: x\nDate: gestern\n\n"), {}, None)
    [row] = rows(raw)
    assert (row["sent_at"], row["text"], row["body"], row["language"]) == (None, None, None, None)
    assert row["message_id"].endswith("@no-message-id>")
    assert sorted(finding.code for finding in raw.findings) == ["GST-I02", "GST-I03"]


@pytest.mark.parametrize("value", ["(" * 9_000, '"' * 9_001, "<" * 9_000, "a," * 9_000, "=?" * 9_000, "[" * 9_000])
def test_hostile_fields_end(value: str) -> None:
    head = f"From: {value}\nTo: {value}\nSubject: {value}\nDate: {value}\nContent-Type: {value}\n".encode()
    assert read_message(head + f"Content-Disposition: {value}\n\nx".encode()).kind == "message"


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_reader(head: bytes, body: bytes) -> None:
    for data in (head + b"\n\n" + body, HEAD + head + b"\n\n" + body):
        try:
            one = read_message(data)
        except Unfit:
            continue
        assert all("\0" not in value for value in (one.body, one.text) if value)


def box(*mails: EmailMessage) -> bytes:
    """An mbox."""
    line = b"From erika@firma.de Mon Mar  3 10:00:00 2025\n"
    return b"\n".join(line + one.as_bytes().replace(b"\nFrom ", b"\n>From ") for one in mails)


def test_a_box_is_one_row_a_mail_with_the_line_it_begins_on(tmp_path: Path) -> None:
    three = [mail(f"Nummer {n}\n\nFrom here on text\n", Message_ID=f"<{n}@x.de>") for n in range(3)]
    data = box(*three)
    for name, content in (("a.mbox", data), ("inbox", data), ("b.mbox.gz", gzip.compress(data))):
        raw = read_raw(written(tmp_path, name, content), {}, None)
        assert [row["message_id"] for row in rows(raw)] == ["<0@x.de>", "<1@x.de>", "<2@x.de>"]
        text = data.decode().splitlines()
        assert all(text[line - 1].startswith("From erika") for line in raw.line.to_pylist())
    assert [row["text"] for row in rows(raw)] == [f"Nummer {n}\n\nFrom here on text" for n in range(3)]


def test_a_csv_about_mails_stays_a_table(tmp_path: Path) -> None:
    raw = read_raw(written(tmp_path, "a.csv", b"From,Subject\na@b.de,Date: x\nc@d.de,y\n"), {}, None)
    assert raw.columns == ("From", "Subject")
    raw = read_raw(written(tmp_path, "a.txt", b"From;Subject\na@b.de;x\nc@d.de;y\n"), {}, None)
    assert raw.columns == ("From", "Subject")


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project."""
    return create_project(tmp_path / "p")


def test_folders_of_mails_are_one_table_and_what_is_broken_is_beside_it(project: Folder, tmp_path: Path) -> None:
    for n in range(6):
        folder = "Abo" if n % 2 else "Technik"
        written(tmp_path, f"in/{folder}/{n}.eml", mail(f"Nummer {n}", Message_ID=f"<{n}@x.de>").as_bytes())
    written(tmp_path, "in/Abo/broken.eml", bytes(range(256)))
    written(tmp_path, "in/Abo/empty.eml", b"")
    batch = ingest(project, str(tmp_path / "in"), "mails")
    assert isinstance(batch, Batch)
    assert (batch.rows, batch.rejected) == (6, 2)
    table = project.tables.read("mails")
    assert sorted(set(table["folder"].to_pylist())) == ["Abo", "Technik"]
    contract = project.contract("mails")
    assert contract is not None
    assert (contract.key, contract.time) == (("message_id",), "sent_at")
    reasons = project.tables.read("mails__rejected")
    assert reasons["reason"].to_pylist() == ["it is binary data", "it is empty"]


def test_a_maildir_is_read_though_its_files_have_no_ending(project: Folder, tmp_path: Path) -> None:
    for box_name, n in (("cur", 1), ("new", 2), ("tmp", 3)):
        content = mail(Message_ID=f"<{n}@x.de>").as_bytes()
        written(tmp_path, f"Post/{box_name}/17{n}.M1P1.host:2,S", content)
    assert ingest(project, str(tmp_path / "Post"), "mails").rows == 2
    assert set(project.tables.read("mails")["folder"].to_pylist()) == {"Post"}


def test_a_large_box_comes_in_like_a_small_one(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = box(*(mail(f"Nummer {n}\n", Message_ID=f"<{n}@x.de>") for n in range(50)))
    path = written(tmp_path, "alle.mbox", data)
    monkeypatch.setattr("grundstein.lake.streaming.pouring.LARGE", 1_000)
    monkeypatch.setattr("grundstein.lake.reading.mail.SPAN", 3_000)
    cuts = spans(path)
    assert len(cuts) > 3
    assert [data.decode().splitlines()[line - 1][:10] for _, _, line in cuts] == ["From erika"] * len(cuts)
    assert ingest(project, str(path), "streamed").rows == 50
    monkeypatch.undo()
    assert ingest(project, str(path), "whole").rows == 50
    names = [name for name in project.tables.schema("whole").names if name not in ("_batch",)]
    assert project.tables.read("streamed").select(names).equals(project.tables.read("whole").select(names))
