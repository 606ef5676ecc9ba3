"""Room tools. In: a Figure -> Out: an inline SVG in one language: same figure, same bytes, on every machine.

How a shape reads its columns: `bar`, `interval` one row a thing (x its name, y its length or middle, `low` and `high`
the range, `needed` a mark that must be cleared); `line`, `dots` x and y, coloured by `series`, `low` and `high` a band;
`diagonal` as dots beside the line where x equals y. Text is measured with the Liberation Sans that vl-convert carries,
and drawn in the page's own sans-serif. Letters that cannot be printed are replaced and long names cut before the
drawing engine sees them: a control character would end the process, and it fails where it cuts inside a rare letter.
"""

from __future__ import annotations

import json
import math
import re
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from grundstein.core.canonical import canonical, digest
from grundstein.tools.wording import GAP, number

if TYPE_CHECKING:
    from grundstein.core.figures import Figure

MEASURED_WITH = "Liberation Sans"
ACCENT, INK, SOFT, LINE = "#0b5d6e", "#1d2529", "#55636a", "#d9dfe2"
SERIES = (ACCENT, "#c8590a", "#6b7479", "#a3457f", "#3f8fc4", "#8a6d1a")
LYING_WIDTH, WIDTH, HEIGHT, ROW = 330, 420, 230, 34
SPOKEN, LONGEST, LONGEST_TITLE = 24, 28, 56
TINY = 1e-200
LOCALES: dict[str, Literal["en-US", "de-DE"]] = {"en": "en-US", "de": "de-DE"}
EDGE = 10
DOT = {"filled": True, "size": 110, "opacity": 1}


def svg(figure: Figure, language: str) -> str:
    """Draw a figure; empty for `table` and for a figure without rows. Ids inside carry the figure's digest."""
    if figure.shape == "table" or not _rows(figure):
        return ""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(
        json.dumps(_spec(figure, language)), format_locale=LOCALES[language], allowed_base_urls=[]
    )
    return _dressed(drawn, figure, language)


def spoken(figure: Figure, language: str) -> str:
    """Say in words what the picture shows, for readers who do not see it."""
    parts = []
    rows = _rows(figure)
    for row in rows[:SPOKEN]:
        told = [f"{label(figure, name, language)} {_told(row[name], language)}" for name in figure.columns]
        parts.append(", ".join(told))
    more = ["…"] if len(rows) > SPOKEN else []
    return "; ".join(parts + more)


def label(figure: Figure, name: object, language: str) -> str:
    """Return the words for a column or a category, else the name itself.

    A figure's labels stand by name and language, or by language and name.
    """
    labels = figure.labels.get(str(name), {})
    by_language = figure.labels.get(language, {})
    return printable(labels.get(language) or by_language.get(str(name)) or labels.get("en") or _told(name, language))


def title(figure: Figure, language: str) -> str:
    """Return the figure's title in a language; its name where it has none."""
    return printable(figure.title.get(language) or figure.title.get("en") or figure.name)


def printable(text: str) -> str:
    """Replace what has no shape (control characters, halves of characters) by the replacement character."""
    return "".join(one if one.isprintable() or one == GAP else " " if one.isspace() else "\ufffd" for one in text)


def _rows(figure: Figure) -> list[dict[str, Any]]:
    names = list(figure.columns)
    return [dict(zip(names, row, strict=False)) for row in zip(*figure.columns.values(), strict=False)]


def _told(value: object, language: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(float(value), language)
    return "–" if value is None else printable(str(value))


def _spec(figure: Figure, language: str) -> dict[str, Any]:
    import altair as alt

    rows = _named_apart([_plain(figure, row, language) for row in _rows(figure)])
    lying = _lying(figure, rows)
    draw = {"bar": _bars, "interval": _intervals, "line": _lines, "dots": _dots, "diagonal": _dots}[figure.shape]
    layers = draw(alt, figure, language, rows)
    height = ROW * len({row["x"] for row in rows}) if lying else HEIGHT
    chart = alt.layer(*layers, data=_data(alt, rows)).properties(width=LYING_WIDTH if lying else WIDTH, height=height)
    return chart.configure(**_style()).to_dict()


def _data(alt: Any, rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)


def _plain(figure: Figure, row: dict[str, Any], language: str) -> dict[str, Any]:
    """Rename a row's columns to x, y, series, low, high, needed: names with dots or brackets mean paths to Vega."""
    x = row.get(figure.x)
    plain = {"x": _drawn(x) if _numeric(x) else label(figure, x, language), "y": _drawn(row.get(figure.y))}
    if figure.series:
        plain["series"] = label(figure, row.get(figure.series), language)
    return plain | {name: _drawn(row[name]) for name in ("low", "high", "needed") if name in row}


def _named_apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cut long names, and number those that would be the same then: two things must not share a place."""
    for column in ("x", "series"):
        known: dict[str, str] = {}
        for row in rows:
            name = row.get(column)
            if isinstance(name, str):
                short = known.get(name) or _cut(name)
                row[column] = known[name] = (
                    short if name in known or short not in known.values() else _numbered(known, short)
                )
    return rows


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"


def _numbered(known: dict[str, str], short: str) -> str:
    return next(told for n in range(2, len(known) + 3) if (told := f"{short} ({n})") not in known.values())


def _numeric(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _drawn(value: Any) -> float | None:
    """A number the engine can draw: None where it is none, 0 where it is too small to be divided by."""
    if not _numeric(value):
        return None
    return 0.0 if abs(value) < TINY else float(value)


def _lying(figure: Figure, rows: list[dict[str, Any]]) -> bool:
    """Whether things are listed below each other (their names need room)."""
    return figure.shape == "interval" or (figure.shape == "bar" and not all(_numeric(row["x"]) for row in rows))


def _name(figure: Figure, column: str, language: str) -> str:
    name = label(figure, column, language) if column else ""
    return name if len(name) <= LONGEST_TITLE else name[: LONGEST_TITLE - 1] + "…"


def _colour(alt: Any, figure: Figure) -> Any:
    if not figure.series:
        return alt.value(ACCENT)
    scale = alt.Scale(range=list(SERIES))
    return alt.Color("series:N", sort=None, title=None, scale=scale, legend=alt.Legend(orient="top", columns=2))


def _shade(alt: Any, figure: Figure) -> Any:
    if not figure.series:
        return alt.value(ACCENT)
    return alt.Fill("series:N", sort=None, scale=alt.Scale(range=list(SERIES)), legend=None)


def _bars(alt: Any, figure: Figure, language: str, rows: list[dict[str, Any]]) -> list[Any]:
    measure, colour = _name(figure, figure.y, language), _colour(alt, figure)
    if not _lying(figure, rows):
        for row in rows:
            row["x"] = number(row["x"], language)
        x = alt.X("x:O", sort=None, title=_name(figure, figure.x, language), axis=_upright(alt))
        return [alt.Chart().mark_bar().encode(x=x, y=alt.Y("y:Q", title=measure), color=colour)]
    y = alt.Y("x:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.35))
    encoding = {"y": y, "x": alt.X("y:Q", title=measure, stack=None, axis=_upright(alt)), "color": colour}
    if figure.series:
        encoding["yOffset"] = alt.YOffset("series:N", sort=None)
    return [alt.Chart().mark_bar().encode(**encoding), *_ranges(alt, rows, lying=True), *_needed(alt, rows)]


def _intervals(alt: Any, figure: Figure, language: str, rows: list[dict[str, Any]]) -> list[Any]:
    y = alt.Y("x:N", sort=None, title=None)
    zero = alt.Chart().mark_rule(color=SOFT, strokeDash=[3, 3]).encode(x=alt.datum(0, type="quantitative"))
    x = alt.X("y:Q", title=_name(figure, figure.y, language), axis=_upright(alt), scale=alt.Scale(padding=EDGE))
    dots = alt.Chart().mark_point(**DOT).encode(x=x, y=y, color=_colour(alt, figure))
    return [zero, *_ranges(alt, rows, lying=True, width=4), dots, *_needed(alt, rows)]


def _lines(alt: Any, figure: Figure, language: str, rows: list[dict[str, Any]]) -> list[Any]:
    across, up = _axes(alt, figure, language, rows)
    encoding = {"x": across, "y": up, "color": _colour(alt, figure)}
    dash = alt.StrokeDash("series:N", sort=None, legend=None) if figure.series else alt.value([1, 0])
    layers = [
        alt.Chart().mark_line(strokeWidth=2.5).encode(**encoding, strokeDash=dash),
        alt.Chart().mark_point(**DOT | {"size": 45}).encode(**encoding),
    ]
    if "low" in rows[0]:
        band = alt.Chart().mark_area(opacity=0.15).encode(x=across, y=alt.Y("low:Q"), y2="high:Q")
        band = band.encode(fill=_shade(alt, figure), **({"detail": "series:N"} if figure.series else {}))
        layers.insert(0, band)
    return layers


def _dots(alt: Any, figure: Figure, language: str, rows: list[dict[str, Any]]) -> list[Any]:
    across, up = _axes(alt, figure, language, rows)
    layers = [alt.Chart().mark_point(**DOT).encode(x=across, y=up, color=_colour(alt, figure))]
    ends = _ends(rows) if figure.shape == "diagonal" else []
    if ends:
        same = alt.Chart(_data(alt, [{"x": end, "y": end} for end in ends]))
        layers.insert(0, same.mark_line(color=SOFT, strokeDash=[4, 4]).encode(x=alt.X("x:Q"), y=alt.Y("y:Q")))
    return [*_ranges(alt, rows, lying=False), *layers]


def _ends(rows: list[dict[str, Any]]) -> list[float]:
    """Both ends of the line where x equals y: 0 and 1 for shares, else what the rows span."""
    numbers = [row[name] for row in rows for name in ("x", "y") if _numeric(row[name])]
    if numbers and min(numbers) >= 0 and max(numbers) <= 1:
        return [0.0, 1.0]
    return [min(numbers), max(numbers)] if numbers else []


def _axes(alt: Any, figure: Figure, language: str, rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    scale = alt.Scale(zero=False, padding=EDGE)
    up = alt.Y("y:Q", title=_name(figure, figure.y, language), scale=scale)
    named = _name(figure, figure.x, language)
    if all(_numeric(row["x"]) for row in rows):
        return alt.X("x:Q", title=named, axis=_upright(alt), scale=scale), up
    return alt.X("x:O", title=named, sort=None, axis=_upright(alt)), up


def _upright(alt: Any) -> Any:
    return alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=EDGE / 2)


def _ranges(alt: Any, rows: list[dict[str, Any]], *, lying: bool, width: int = 2) -> list[Any]:
    if "low" not in rows[0] or "high" not in rows[0]:
        return []
    rule = alt.Chart().mark_rule(strokeWidth=width, color=ACCENT if width > 2 else INK, opacity=0.55)
    if lying:
        return [rule.encode(y=alt.Y("x:N", sort=None, title=None), x=alt.X("low:Q"), x2="high:Q")]
    return [rule.encode(x=alt.X("x:Q"), y=alt.Y("low:Q"), y2="high:Q")]


def _needed(alt: Any, rows: list[dict[str, Any]]) -> list[Any]:
    if "needed" not in rows[0]:
        return []
    mark = alt.Chart().mark_tick(color=SERIES[1], thickness=3, size=22, opacity=1)
    return [mark.encode(x=alt.X("needed:Q"), y=alt.Y("x:N", sort=None, title=None))]


def _style() -> dict[str, Any]:
    text = {"labelFont": MEASURED_WITH, "titleFont": MEASURED_WITH, "labelFontSize": 13, "titleFontSize": 13}
    return {
        "aria": False,
        "background": "transparent",
        "font": MEASURED_WITH,
        "padding": 4,
        "view": {"stroke": None},
        "axis": text
        | {
            "labelColor": INK,
            "titleColor": SOFT,
            "titleFontWeight": "normal",
            "gridColor": LINE,
            "domainColor": LINE,
            "tickColor": LINE,
            "labelLimit": 0,
            "titlePadding": 8,
            "titleLimit": 0,
            "tickCount": 5,
        },
        "legend": text | {"labelColor": INK, "labelLimit": 0, "symbolType": "circle"},
    }


def _dressed(drawn: str, figure: Figure, language: str) -> str:
    """Give the drawing a title and a description, ids of its own, the page's fonts and a width that can shrink."""
    mark = f"f{digest(language + canonical(figure))[:10]}"
    body = drawn[drawn.index(">") + 1 :]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", body)
    body = re.sub(r'((?:xlink:)?href)="#([^"]+)"', rf'\1="#{mark}-\2"', body)
    body = re.sub(r' font-family="[^"]*"', ' font-family="sans-serif"', body)
    found = re.search(r'viewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"', drawn)
    width, height = found.groups() if found else (str(WIDTH), str(HEIGHT))
    told = f"{title(figure, language)}: {spoken(figure, language)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{mark}-t {mark}-d" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><title id="{mark}-t">{escape(title(figure, language))}'
        f'</title><desc id="{mark}-d">{escape(told)}</desc>{body}'
    )
