"""The explorer as a browser shows it: searched, filtered, in two languages, whatever documents say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grundstein import flow
from grundstein.project.folder import create_project
from grundstein.tasks.explore import TASK

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --dump-dom --virtual-time-budget=8000"
)
CASE = """question: What was tried with coatings?
task: explore
data: {corpus: reports, references: edges}
id: report
title: title
text: text
time: written
"""
VISIT = """
const titles = page => [...page.querySelectorAll("article h3")].map(one => one.textContent);
const wait = time => new Promise(done => setTimeout(done, time));
window.onload = async () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, by = id => page.getElementById(id), told = found[frame.id] = {};
    const change = (id, value) => { by(id).value = value; by(id).dispatchEvent(new Event("change")); };
    told.all = by("found").textContent;
    by("search").value = "battery electrolyte";
    by("search").dispatchEvent(new Event("input"));
    await wait(400);
    told.searched = titles(page);
    change("f-from", "2012"); change("f-to", "2013");
    told.years = [...page.querySelectorAll("article .meta")].map(one => one.textContent.slice(0, 4));
    change("f-outcome", "failed");
    told.failed = [...page.querySelectorAll("article .outcome")].map(one => one.className);
    by("clear").click();
    told.cleared = by("found").textContent;
    change("f-group", "0");
    told.group = by("found").textContent;
    for (const view of ["groups", "trends", "repetitions", "named", "map", "quality"]) {
      by("v-" + view).click();
      told[view] = by("main").textContent.length;
    }
    told.drawn = page.querySelectorAll("svg").length;
    by("clear").click();
    by("search").value = "hostile"; by("search").dispatchEvent(new Event("input"));
    await wait(400);
    told.hostile = titles(page)[0];
    page.querySelector("details").open = true;
    await wait(100);
    told.opened = page.querySelector("details").textContent;
    told.taken = page.title === "taken" || page.querySelectorAll("main img, main script").length;
    told.fetched = frame.contentWindow.performance.getEntriesByType("resource").length;
    told.wide = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  }
  document.body.innerHTML = "<pre id=found></pre>";
  document.getElementById("found").textContent = JSON.stringify(found);
};
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """A project with an explorer of 241 documents, one of them hostile."""
    folder = tmp_path_factory.mktemp("archive")
    project = create_project(folder / "archive", salt="s", languages=["en", "de"])
    rows = TASK.example(3, True)[1]["corpus"]
    bad = {"report": ["R-9999"], "title": [f"Hostile {HOSTILE}"], "text": [f"{HOSTILE} failed."], "area": ["x"]}
    bad["written"] = rows["written"].slice(0, 1).combine_chunks()
    pq.write_table(pa.concat_tables([rows, pa.table(bad).select(rows.column_names)]), folder / "reports.parquet")
    pq.write_table(pa.table({"source": ["R-0003"], "target": ["R-0001"]}), folder / "edges.parquet")
    for name in ("reports", "edges"):
        flow.ingest(project, str(folder / f"{name}.parquet"), name)
    (project.root / "cases" / "coats.yaml").write_text(CASE, encoding="utf-8")
    return project, dict(flow.do(project, "coats", "build", []).said)


def test_building_writes_one_page_a_language_and_governed_tables(built: tuple[Any, dict[str, Any]]) -> None:
    project, said = built
    for name in said["pages"]:
        assert (project.root / name).is_file()
    assert set(said["tables"]) <= set(project.tables.names())
    documents = project.tables.read("coats_documents")
    assert documents.num_rows == 241
    assert documents["group_name"].null_count < 5
    assert project.tables.read("coats_references")["names"].to_pylist() == ["R-0001"]


def test_building_twice_adds_nothing(built: tuple[Any, dict[str, Any]]) -> None:
    project, said = built
    again = flow.do(project, "coats", "build", []).said
    assert again == said
    assert project.tables.read("coats_documents").num_rows == 241


def test_what_was_tried_is_named_with_the_sentence_that_says_how_it_ended(built: tuple[Any, dict[str, Any]]) -> None:
    project, _ = built
    found = flow.do(project, "coats", "tried", ["battery", "electrolyte"]).said["found"]
    assert {"battery", "electrolyte"} & set(found[0]["title"].lower().split())
    assert all(one["sentence"] for one in found if one["outcome"])
    assert [one["similarity"] for one in found] == sorted((one["similarity"] for one in found), reverse=True)
    assert flow.do(project, "coats", "tried", ["qqqq"]).said["found"] == []


def test_a_page_names_no_other_place_and_holds_documents_as_data_only(built: tuple[Any, dict[str, Any]]) -> None:
    project, said = built
    for name in said["pages"]:
        page = (project.root / name).read_text(encoding="utf-8")
        assert page.count("<script") == 2
        assert "<img" not in page
        around = re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.DOTALL)
        assert not re.search(r"(src|href)\s*=|https?://(?!www\.w3\.org/)", around)
        assert "default-src 'none'" in page


def test_evaluating_says_what_the_archive_holds_and_no_model_is_proposed(built: tuple[Any, dict[str, Any]]) -> None:
    project, _ = built
    record = flow.evaluate(project, "coats").record
    assert {"GST-B01", "GST-B03"} <= {one.code for one in record.findings}


@pytest.fixture(scope="module")
def seen(built: tuple[Any, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser shows of both pages, wide and on a phone."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium on this machine: the explorer is not opened")
    project, said = built
    folder = tmp_path_factory.mktemp("screen")
    frames = "".join(
        f'<iframe id="{name.split(".")[1]}-{width}" width="{width}" height="800" '
        f'srcdoc="{escape((project.root / name).read_text(encoding="utf-8"))}"></iframe>'
        for name, width in zip(said["pages"], (1280, 390), strict=True)
    )
    album = folder / "album.html"
    album.write_text(f"<!doctype html><meta charset=utf-8><body>{frames}<script>{VISIT}</script>", encoding="utf-8")
    return measured(browser, album, folder / "profile")


def measured(browser: str, album: Path, profile: Path) -> dict[str, Any]:
    words = [browser, *QUIET.split(), f"--user-data-dir={profile}", album.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    if not found:
        pytest.skip("Chromium showed nothing on this machine")
    return dict(json.loads(found.group(1).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")))


@pytest.mark.parametrize("page", ["en-1280", "de-390"])
def test_a_search_finds_documents_with_all_its_words_first(seen: dict[str, Any], page: str) -> None:
    first = seen[page]["searched"][0].lower()
    assert "battery" in first
    assert "electrolyte" in first
    assert len(seen[page]["searched"]) > 5


@pytest.mark.parametrize("page", ["en-1280", "de-390"])
def test_filters_narrow_and_clearing_brings_all_back(seen: dict[str, Any], page: str) -> None:
    told = seen[page]
    assert set(told["years"]) <= {"2012", "2013"}
    assert told["years"]
    assert set(told["failed"]) <= {"outcome failed"}
    assert told["cleared"] == told["all"]
    assert "241" in told["all"]
    assert told["group"] != told["all"]


@pytest.mark.parametrize("page", ["en-1280", "de-390"])
def test_every_view_shows_something_and_nothing_is_fetched(seen: dict[str, Any], page: str) -> None:
    told = seen[page]
    for view in ("groups", "trends", "repetitions", "named", "map", "quality"):
        assert told[view] > 20, view
    assert told["fetched"] == 0
    assert told["wide"] <= 0


@pytest.mark.parametrize("page", ["en-1280", "de-390"])
def test_what_documents_say_is_shown_as_text_and_never_run(seen: dict[str, Any], page: str) -> None:
    told = seen[page]
    assert told["hostile"].startswith("Hostile </script><script>")
    assert not told["taken"]
