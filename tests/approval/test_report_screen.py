"""Rules of the page as a browser shows it: all first screens, in both languages, measured in one visit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from typing import TYPE_CHECKING

import pytest
import report_stories as stories

from grundstein.approval.report import page

if TYPE_CHECKING:
    from pathlib import Path

WIDE, HIGH, PHONE = 1280, 900, 390
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --dump-dom"
)
MEASURE = """
window.onload = () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, first = page.getElementById("first-screen");
    const inside = [...page.body.querySelectorAll("header *, section > p, dd, h1, h2")];
    found[frame.id] = {
      bottom: first.getBoundingClientRect().bottom,
      wide: Math.max(page.documentElement.scrollWidth, ...inside.map(part => part.getBoundingClientRect().right)),
      fetched: frame.contentWindow.performance.getEntriesByType("resource").length,
      advice: parseFloat(frame.contentWindow.getComputedStyle(first.querySelector("h2")).fontSize),
    };
  }
  document.body.innerHTML = "<pre id=found>" + JSON.stringify(found) + "</pre>";
};
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """What the browser measures of every page, wide and on a phone."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium on this machine: how the page looks is not measured")
    folder = tmp_path_factory.mktemp("screen")
    frames = "".join(
        f'<iframe id="{name}-{language}-{width}" width="{width}" height="{HIGH}" style="border:0" '
        f'srcdoc="{escape(page(story, language))}"></iframe>'
        for name, story in stories.ALL.items()
        for language in ("en", "de")
        for width in (WIDE, PHONE)
    )
    album = folder / "album.html"
    album.write_text(f"<!doctype html><meta charset=utf-8><script>{MEASURE}</script>{frames}", encoding="utf-8")
    return measured(browser, album, folder / "profile")


def measured(browser: str, album: Path, profile: Path) -> dict[str, dict[str, float]]:
    command = [browser, *QUIET.split(), f"--user-data-dir={profile}", f"--window-size={WIDE},{HIGH}", album.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', shown)
    assert found, "the browser did not measure the pages"
    return json.loads(found[1])


def test_every_first_screen_fits_into_1280_by_900_without_scrolling(seen: dict[str, dict[str, float]]) -> None:
    wide = {name: sizes["bottom"] for name, sizes in seen.items() if name.endswith(f"-{WIDE}")}
    assert len(wide) == 2 * len(stories.ALL)
    assert {name: bottom for name, bottom in wide.items() if bottom > HIGH} == {}


def test_nothing_hangs_over_the_edge_on_a_screen_or_a_phone(seen: dict[str, dict[str, float]]) -> None:
    for name, sizes in seen.items():
        assert sizes["wide"] <= int(name.rpartition("-")[2]), name


def test_the_recommendation_is_set_in_large_letters(seen: dict[str, dict[str, float]]) -> None:
    assert all(sizes["advice"] >= 24 for sizes in seen.values())


def test_no_page_fetches_anything(seen: dict[str, dict[str, float]]) -> None:
    assert {sizes["fetched"] for sizes in seen.values()} == {0}
