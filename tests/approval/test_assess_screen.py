"""The page of `assess` as a browser shows it: whole on a screen, nothing over the edge of a phone, nothing fetched."""

from __future__ import annotations

import re
import shutil
from html import escape

import pytest
from test_report_screen import HIGH, MEASURE, PHONE, WIDE, measured

from grundstein.approval.assess_page import page
from grundstein.approval.assessing import assess
from grundstein.core.assessing import Declared, standard

LONG = "A statement that somebody wrote at length, with a word that nobody can break: " + "x" * 90
SAID = [Declared(row.name, LONG, "Head of Service", "2026-05-04") for row in standard().rows]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """What the browser measures of an empty folder and of one where all is declared."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium on this machine: how the page looks is not measured")
    folder = tmp_path_factory.mktemp("assessed")
    frames = "".join(
        f'<iframe id="{name}-{language}-{width}" width="{width}" height="{HIGH}" style="border:0" '
        f'srcdoc="{escape(page(assess(name, [], said), language))}"></iframe>'
        for name, said in (("empty", []), ("declared", SAID))
        for language in ("en", "de")
        for width in (WIDE, PHONE)
    )
    album = folder / "album.html"
    album.write_text(f"<!doctype html><meta charset=utf-8><script>{MEASURE}</script>{frames}", encoding="utf-8")
    return measured(browser, album, folder / "profile")


def test_the_first_screen_fits_and_nothing_hangs_over_the_edge(seen: dict[str, dict[str, float]]) -> None:
    assert len(seen) == 8
    assert {name: at["bottom"] for name, at in seen.items() if name.endswith(f"-{WIDE}") and at["bottom"] > HIGH} == {}
    assert {name: at["wide"] for name, at in seen.items() if at["wide"] > int(name.rpartition("-")[2])} == {}


def test_nothing_is_fetched_and_the_headline_is_large(seen: dict[str, dict[str, float]]) -> None:
    assert {at["fetched"] for at in seen.values()} == {0}
    assert all(at["advice"] >= 24 for at in seen.values())


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_first_screen_is_read_in_a_minute(language: str) -> None:
    header = page(assess("empty", [], []), language).partition("<header")[2].partition("</header>")[0]
    words = re.sub(r"<[^>]+>", " ", header.partition(">")[2]).split()
    assert len([word for word in words if any(letter.isalnum() for letter in word)]) <= 170
