"""Room tasks. In: an Archive and findings -> Out: the explorer, one HTML page that needs nothing from a network.

All that documents say travels as JSON in which no "<" stands, and becomes text nodes in the browser; the page's own
policy allows its one script by hash and nothing else.
"""

from __future__ import annotations

import base64
import html
import json
import tomllib
from collections import Counter
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.tasks.explore.corpus import NO_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.findings import Finding
    from grundstein.tasks.explore.building import Archive
    from grundstein.tools.archive.trends import Trend

TEXTS, LONGEST = 16_000_000, 4_000
NAMED = 300
NOTES = {
    "groups": ("GST-B03", "GST-B04", "GST-B07", "GST-B12"),
    "repetitions": ("GST-B06",),
    "named": ("GST-B10",),
    "map": ("GST-B08", "GST-B09"),
}


def page_of(archive: Archive, findings: Sequence[Finding], case: Case, language: str) -> str:
    """Return the whole page in a language; every text of a document is escaped."""
    words = _words(language)
    script = _file("explorer.js")
    about = _sentence(findings[0].text(language)) + (
        f" {words['grouped'].format(n=len(archive.groups.names))}" if archive.groups.found else ""
    )
    return Template(_file("explorer.html")).substitute(
        language=language,
        hash="sha256-" + base64.b64encode(sha256(script.encode()).digest()).decode(),
        title=html.escape(case.question or case.name),
        question=html.escape(case.question or case.name),
        about=html.escape(about),
        ask=html.escape(words["ask"]),
        noscript=html.escape(words["noscript"]),
        footer=html.escape(words["footer"]),
        style=_file("explorer.css"),
        data=_json(_data(archive, findings, words, language)),
        script=script,
    )


def _data(archive: Archive, findings: Sequence[Finding], words: Mapping[str, str], language: str) -> dict[str, Any]:
    return {
        "words": words,
        "docs": _documents(archive),
        "groups": _groups(archive),
        "terms": [{"name": name, "trend": _trend(one)} for name, one in archive.word_trends.items()],
        "named": _named(archive),
        "references": archive.references,
        "map": _map(archive),
        "notes": {
            view: " ".join(_sentence(one.text(language)) for one in findings if one.code in codes)
            for view, codes in NOTES.items()
        },
        "findings": [
            {"section": one.section, "title": one.title(language), "text": _sentence(one.text(language))}
            for one in findings
        ],
    }


def _documents(archive: Archive) -> dict[str, list[Any]]:
    corpus = archive.corpus
    most = min(LONGEST, TEXTS // max(len(corpus.ids), 1))
    return {
        "id": corpus.ids,
        "title": corpus.titles,
        "year": [None if year == NO_YEAR else int(year) for year in corpus.years],
        "group": archive.groups.of.tolist(),
        "keywords": archive.keywords,
        "summary": [_besides(one, title) for one, title in zip(archive.summaries, corpus.titles, strict=True)],
        "outcome": [one.kind for one in archive.outcomes],
        "sentence": [one.sentence for one in archive.outcomes],
        "text": [text[:most] for text in corpus.texts],
        "first": archive.alike.first.tolist(),
        "likeness": [round(float(one), 3) for one in archive.alike.likeness],
    }


def _groups(archive: Archive) -> list[dict[str, Any]]:
    groups = archive.groups
    return [
        {
            "name": name,
            "terms": groups.terms[place],
            "count": int((groups.of == place).sum()),
            "again": groups.each[place],
            "company": groups.coherence[place],
            "trend": _trend(archive.trends[place]) if place in archive.trends else None,
        }
        for place, name in enumerate(groups.names)
    ]


def _trend(trend: Trend) -> dict[str, Any]:
    rounded = {name: [round(one, 4) for one in getattr(trend, name)] for name in ("share", "low", "high")}
    return {"periods": trend.periods, "all": trend.all, "direction": trend.direction, **rounded}


def _named(archive: Archive) -> list[dict[str, Any]]:
    counts = Counter((one.kind, one.value) for named in archive.entities for one in named)
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:NAMED]
    return [{"kind": kind, "value": value, "count": count} for (kind, value), count in best]


def _map(archive: Archive) -> dict[str, Any] | None:
    if archive.chart is None:
        return None
    low, high = (np.quantile(archive.chart.points, share, axis=0) for share in (0.001, 0.999))
    within = np.clip((archive.chart.points - low) / np.maximum(high - low, 1e-9), 0.0, 1.0).round(4)
    return {"rows": archive.chart.rows.tolist(), "x": within[:, 0].tolist(), "y": within[:, 1].tolist()}


def _besides(summary: str, title: str) -> str:
    return "" if summary == title else summary


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _json(content: Any) -> str:
    """JSON in which nothing can end the element around it."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    escaped: dict[str, str | int | None] = {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
    return text.translate(str.maketrans(escaped))


@cache
def _words(language: str) -> Mapping[str, str]:
    known: dict[str, dict[str, str]] = tomllib.loads(_file("words.toml"))
    return known.get(language, known["en"])


@cache
def _file(name: str) -> str:
    return files("grundstein.tasks.explore.page").joinpath(name).read_text(encoding="utf-8")
