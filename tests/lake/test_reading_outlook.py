"""An Outlook message is a row like any other mail; what is attached is named only, what is broken says why."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from outlook_files import Item, attached, message, to

from grundstein.core.errors import Refused
from grundstein.flow import ingest
from grundstein.lake.reading import read_raw
from grundstein.project.folder import create_project

if TYPE_CHECKING:
    from pathlib import Path

SENT = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
pytest.importorskip("olefile")


def mail(**changes: Any) -> Item:
    """A message as Outlook saves one that it sent."""
    texts = {0x001A: "IPM.Note", 0x0037: "Frage zu Größe", 0x1000: "Guten Tag,\r\nwo ist mein Paket?\r\n"}
    texts |= {0x0C1A: "Erika Ä", 0x5D01: "Erika@Firma.de", 0x1035: "<1@firma.de>"} | changes.pop("texts", {})
    people = {"__recip_version1.0_#00000000": to("s@verlag.de"), "__recip_version1.0_#00000001": to("c@verlag.de", 2)}
    inside = people | {"__recip_version1.0_#00000002": to("blind@verlag.de", 3)} | changes.pop("inside", {})
    return Item(texts, sent=changes.pop("sent", SENT), inside=inside, **changes)


def row(folder: Path, item: Item | bytes) -> dict[str, Any]:
    """The row of a message."""
    path = folder / "post" / "1.msg"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(item if isinstance(item, bytes) else message(item))
    raw = read_raw(path, {}, None, "post/1.msg")
    [found] = raw.content.to_pylist()
    return found


def test_a_message_is_a_row_of_the_columns_of_mails(tmp_path: Path) -> None:
    found = row(tmp_path, mail())
    assert found == {
        "message_id": "<1@firma.de>",
        "in_reply_to": None,
        "thread": "<1@firma.de>",
        "sent_at": SENT,
        "sender": "erika@firma.de",
        "sender_domain": "firma.de",
        "recipients": "s@verlag.de; c@verlag.de",
        "subject": "Frage zu Größe",
        "body": "Guten Tag,\nwo ist mein Paket?\n",
        "text": "Guten Tag,\nwo ist mein Paket?",
        "language": "de",
        "kind": "message",
        "attachments": None,
        "attachment_count": 0,
        "folder": "post",
        "file": "post/1.msg",
    }


def test_the_head_that_came_over_the_network_counts_before_properties(tmp_path: Path) -> None:
    head = (
        "From: Other <other@x.de>\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nReferences: <a@x.de> <b@x.de>\r\n"
        "Content-Type: multipart/alternative; boundary=gone\r\nList-Id: <l.x.de>\r\n\r\n"
    )
    found = row(tmp_path, mail(texts={0x007D: head}))
    assert (found["sender"], found["subject"], found["thread"]) == ("other@x.de", "Größe", "<a@x.de>")
    assert (found["kind"], found["message_id"]) == ("newsletter", "<1@firma.de>")
    assert found["body"] == "Guten Tag,\nwo ist mein Paket?\n"


def test_a_page_stands_for_a_text_that_lacks_in_the_code_page_it_says(tmp_path: Path) -> None:
    page = "<html><body><p>Größe?</p><style>p {}</style></body></html>"
    as_bytes = mail(texts={0x1000: ""}, data={0x1013: page.encode("cp1252")}, numbers={0x3FDE: 1252})
    assert row(tmp_path, as_bytes)["body"].strip() == "Größe?"
    assert row(tmp_path, mail(texts={0x1000: "", 0x1013: page}))["body"].strip() == "Größe?"


def test_texts_of_one_byte_a_letter_are_read_by_their_code_page(tmp_path: Path) -> None:
    item = mail(texts={0x0037: "", 0x1000: ""}, numbers={0x3FFD: 1250}, narrow={0x0037: "Łódź".encode("cp1250")})
    assert row(tmp_path, item)["subject"] == "Łódź"


def test_what_is_attached_is_named_and_a_message_inside_one_too(tmp_path: Path) -> None:
    inside = {
        "__attach_version1.0_#00000000": attached("Lieferschein; ä.pdf"),
        "__attach_version1.0_#00000001": attached("Frühere Frage", 5),
    }
    found = row(tmp_path, mail(inside=inside))
    assert (found["attachments"], found["attachment_count"]) == ("Lieferschein, ä.pdf; Frühere Frage", 2)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("IPM.Schedule.Meeting.Request", "invitation"),
        ("REPORT.IPM.Note.NDR", "bounce"),
        ("IPM.Note.Rules.OofTemplate.Microsoft", "auto_reply"),
    ],
)
def test_what_outlook_calls_it_says_what_kind_of_mail_it_is(tmp_path: Path, kind: str, told: str) -> None:
    assert row(tmp_path, mail(texts={0x001A: kind}))["kind"] == told


def test_a_long_text_and_one_without_a_date_or_a_sender_are_read(tmp_path: Path) -> None:
    body = "".join(f"Zeile {n} der Mail.\n" for n in range(2_000))
    found = row(tmp_path, mail(texts={0x1000: body, 0x5D01: "/O=FIRMA/CN=ERIKA"}, sent=None))
    assert (found["body"], found["sent_at"], found["sender"]) == (body, None, None)


@pytest.mark.parametrize("size", [100, 600, 1_200, 2_000])
def test_a_message_that_is_cut_off_says_so(tmp_path: Path, size: int) -> None:
    path = tmp_path / "1.msg"
    path.write_bytes(message(mail())[:size])
    raw = read_raw(path, {}, None)
    assert raw.content.num_rows == 0
    assert "damaged" in str(raw.broken["reason"][0])


def test_a_contact_is_no_mail(tmp_path: Path) -> None:
    path = tmp_path / "1.msg"
    path.write_bytes(message(mail(texts={0x001A: "IPM.Contact"})))
    assert "no mail" in str(read_raw(path, {}, None).broken["reason"][0])


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "olefile", None)
    with pytest.raises(Refused, match="extra `text`") as told:
        row(tmp_path, mail())
    assert "grundstein[text]" in told.value.next_step


def test_a_folder_of_messages_becomes_a_table(tmp_path: Path) -> None:
    project = create_project(tmp_path / "project", name="p", salt="tests")
    for place in range(3):
        (tmp_path / "post").mkdir(exist_ok=True)
        item = mail(texts={0x1035: f"<{place}@firma.de>"})
        (tmp_path / "post" / f"{place}.msg").write_bytes(message(item))
    ingest(project, str(tmp_path / "post"), "mails")
    assert project.tables.read("mails")["message_id"].to_pylist() == [f"<{place}@firma.de>" for place in range(3)]
