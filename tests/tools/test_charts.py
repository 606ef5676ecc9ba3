"""Rules of the pictures: same figure, same bytes; ids that never clash; texts that stay texts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.figures import Figure
from grundstein.tools.charts import spoken, svg, title

SHARES = Figure(
    "calibration",
    "diagonal",
    {"en": "Do the probabilities hold?", "de": "Stimmen die Wahrscheinlichkeiten?"},
    {"said": (0.05, 0.2, 0.4), "seen": (0.06, 0.17, 0.42)},
    x="said",
    y="seen",
    labels={"said": {"en": "said", "de": "gesagt"}, "seen": {"en": "seen", "de": "gesehen"}},
)
GAINS = Figure(
    "gains",
    "interval",
    {"en": "Gain", "de": "Gewinn"},
    {"who": ("rule", "nobody"), "gain": (3.5, 6.0), "low": (1.0, 4.0), "high": (6.0, 8.0), "needed": (0.5, 0.5)},
    x="who",
    y="gain",
)
CURVE = Figure(
    "learning",
    "line",
    {"en": "More rows?"},
    {
        "rows": (1000, 2000) * 2,
        "score": (0.801, 0.82, 0.79, 0.83),
        "low": (0.7,) * 4,
        "high": (0.9,) * 4,
        "who": ("a", "a", "b", "b"),
    },
    x="rows",
    y="score",
    series="who",
)
BARS = Figure("value", "bar", {"en": "Value"}, {"who": ("rule", "linear"), "v": (1.0, -2.5)}, x="who", y="v")
STEPS = replace(BARS, columns={"who": (0.1, 0.25), "v": (1.0, 2.0)})
DOTS = Figure("dots", "dots", {"en": "Dots"}, {"a.b": (1, 2), "c[d]": (3.5, None)}, x="a.b", y="c[d]")
ALL = (SHARES, GAINS, CURVE, BARS, STEPS, DOTS)


class Reader(HTMLParser):
    """Reads what a browser would: elements with their attributes, and all text."""

    def __init__(self, picture: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(picture)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(str(dict(attrs).get("id")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() is not None, tag

    def handle_data(self, data: str) -> None:
        self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def texts(picture: str) -> str:
    return " ".join(Reader(picture).texts.values())


@pytest.mark.parametrize("figure", ALL, ids=lambda f: f"{f.shape}-{f.name}")
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_shape_is_drawn_as_well_formed_svg_with_title_and_description(figure: Figure, language: str) -> None:
    read = Reader(svg(figure, language))
    assert read.open == []
    _, root = read.elements[0]
    assert root["role"] == "img"
    assert [read.texts[part] for part in str(root["aria-labelledby"]).split()] == [
        title(figure, language),
        f"{title(figure, language)}: {spoken(figure, language)}",
    ]


def test_the_same_figure_gives_the_same_bytes_in_another_process() -> None:
    here = [svg(figure, "de") for figure in (GAINS, CURVE)]
    program = "import sys, json; sys.path.insert(0, sys.argv[1]); import test_charts as t; "
    program += "print(json.dumps([t.svg(f, 'de') for f in (t.GAINS, t.CURVE)]))"
    folder = __file__.rpartition("/")[0]
    there = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, check=True, text=True)
    assert json.loads(there.stdout) == here


def test_ids_of_two_pictures_on_one_page_never_clash() -> None:
    pictures = [svg(figure, language) for figure in ALL for language in ("en", "de")]
    ids = [found for picture in pictures for found in re.findall(r'\bid="([^"]+)"', picture)]
    assert len(ids) == len(set(ids))
    for picture in pictures:
        own = set(re.findall(r'\bid="([^"]+)"', picture))
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= own


def test_a_changed_number_changes_the_picture() -> None:
    changed = replace(BARS, columns={**BARS.columns, "v": (1.0, -2.6)})
    assert svg(changed, "en") != svg(BARS, "en")


def test_numbers_are_written_in_the_language_of_the_page() -> None:
    assert "2,000" in texts(svg(CURVE, "en"))
    assert "2.000" in texts(svg(CURVE, "de"))
    assert "0,25" in texts(svg(STEPS, "de"))
    assert "gesagt" in texts(svg(SHARES, "de"))


def test_a_picture_is_drawn_in_the_generic_sans_and_asks_nobody_for_anything() -> None:
    for figure in ALL:
        picture = svg(figure, "en")
        assert set(re.findall(r'font-family="([^"]+)"', picture)) == {"sans-serif"}
        assert not re.findall(r'(?:href|src)="(?!#)', picture)
        assert "<script" not in picture


def test_series_differ_by_more_than_colour() -> None:
    assert "stroke-dasharray" in svg(CURVE, "en")


def test_tables_and_empty_figures_are_no_picture() -> None:
    assert svg(replace(BARS, shape="table"), "en") == ""
    assert svg(replace(BARS, columns={"who": (), "v": ()}), "en") == ""


def test_many_points_are_not_all_spoken() -> None:
    many = replace(DOTS, columns={"a.b": tuple(range(100)), "c[d]": tuple(range(100))})
    assert spoken(many, "en").endswith("…")


ODD = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(-(10**9), 10**9), st.text(max_size=20))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["bar", "line", "dots", "interval", "diagonal"]),
    st.lists(st.tuples(ODD, st.one_of(st.none(), st.floats())), min_size=1, max_size=4),
    st.text(max_size=20),
    st.text(max_size=10),
)
def test_odd_texts_and_numbers_never_break_a_picture(shape: str, rows: list, name: str, series: str) -> None:
    columns = {"x": tuple(r[0] for r in rows), "y": tuple(r[1] for r in rows), "s": (series,) * len(rows)}
    figure = Figure("odd", shape, {"en": name}, columns, x="x", y="y", series="s")
    picture = svg(figure, "en")
    assert picture.count("<svg") == 1
    assert picture.endswith("</svg>")


def test_a_control_character_in_a_category_does_not_end_the_process() -> None:
    figure = replace(BARS, columns={"who": ("a\x00b", "c\uffff"), "v": (1.0, 5e-324)})
    assert "a\ufffdb" in texts(svg(figure, "en"))


def test_a_long_name_is_cut_before_the_engine_can_cut_it_inside_a_letter() -> None:
    figure = replace(BARS, columns={"who": ("\U000170d3" * 40, "😀" * 29), "v": (1.0, 2.0)})
    assert "😀" * 27 + "…" in texts(svg(figure, "en"))


def test_two_long_names_that_begin_alike_keep_their_own_places() -> None:
    names = tuple(f"PaymentMethod: Credit card, automatic {n}" for n in (1, 2, 3))
    drawn = texts(svg(replace(BARS, columns={"who": names, "v": (1.0, 2.0, 3.0)}), "en"))
    assert [f"PaymentMethod: Credit card,…{mark}" in drawn for mark in (" (2)", " (3)")] == [True, True]


def test_markup_in_a_name_stays_text() -> None:
    planted = "<script>alert(1)</script>\"'&</svg>"
    figure = replace(BARS, title={"en": planted}, columns={"who": (planted, "b"), "v": (1.0, 2.0)})
    picture = svg(figure, "en")
    assert "<script" not in picture
    assert picture.count("</svg>") == 1
    assert planted in texts(picture)
