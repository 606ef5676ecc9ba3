"""Bench. In: public search collections -> Out: documents, queries and judgements, development and test kept apart.

SciFact comes with training queries. Of the others half of the queries are for development, by the hash of their name.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from public import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEARCH = SHARED / "search"
WORDS = re.compile(r"\w+")
LITERAL = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
HEADING = re.compile(r"^(#{1,6}) +(.+)$")
NUMBERED = re.compile(r"^(§§?|Art\.?|Artikel|Anlage|Anhang)\s*[\w.,/ ]*?\d+[a-z]*\b\s*")
SHORTEST = 10

Judged = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Collection:
    """A corpus (`id`, `title`, `text`), queries by name, and which documents answer them how well."""

    name: str
    corpus: pa.Table
    development: Mapping[str, str]
    test: Mapping[str, str]
    judged: Judged
    sentences: Mapping[str, list[str]] = field(default_factory=dict)
    evidence: Mapping[str, dict[str, list[int]]] = field(default_factory=dict)

    def data(self, part: str) -> dict[str, pa.Table]:
        """Return the roles of the task for one part: queries, judgements, corpus."""
        asked = self.development if part == "development" else self.test
        pairs = [(q, d, g) for q in asked for d, g in self.judged.get(q, {}).items()]
        names = ("query_id", "id", "relevance")
        judgements = pa.table({name: [row[place] for row in pairs] for place, name in enumerate(names)})
        queries = pa.table({"query_id": list(asked), "query": list(asked.values()), "_row": list(range(len(asked)))})
        return {"queries": queries, "judgements": judgements, "corpus": self.corpus}


def scifact() -> Collection:
    """Claims and the abstracts that speak of them (BEIR's split)."""
    csv.field_size_limit(sys.maxsize)
    with zipfile.ZipFile(SEARCH / "scifact" / "scifact.zip") as held:
        rows = {name: list(csv.DictReader(io.TextIOWrapper(held.open(name), "utf-8"))) for name in held.namelist()}
    documents = rows["corpus_train.csv"]
    sentences = {
        row["doc_id"]: [ast.literal_eval(one) for one in LITERAL.findall(row["abstract"])] for row in documents
    }
    corpus = table([(row["doc_id"], row["title"], " ".join(sentences[row["doc_id"]])) for row in documents])
    claims = {
        row["id"]: row["claim"] for name, rows_of in rows.items() if name != "corpus_train.csv" for row in rows_of
    }
    parts, judged = [], Judged()
    for name in ("qrels_train.tsv", "qrels_test.tsv"):
        with (SEARCH / "scifact" / name).open(encoding="utf-8") as file:
            lines = list(csv.DictReader(file, delimiter="\t"))
        for line in lines:
            judged.setdefault(line["query-id"], {})[line["corpus-id"]] = int(line["score"])
        parts.append({line["query-id"]: claims[line["query-id"]] for line in lines})
    evidence: dict[str, dict[str, list[int]]] = {}
    for name in ("claims_train.csv", "claims_validation.csv"):
        for row in rows[name]:
            if row["evidence_doc_id"]:
                places = [int(one) for one in re.findall(r"\d+", row["evidence_sentences"])]
                evidence.setdefault(row["id"], {}).setdefault(row["evidence_doc_id"], []).extend(places)
    return Collection("SciFact", corpus, parts[0], parts[1], judged, sentences, evidence)


def cranfield() -> Collection:
    """Aerodynamics; queries are numbered by their order, grades 1 (best) to 4 become 4 to 1, 5 is not relevant."""
    folder = SEARCH / "cranfield"
    documents = []
    for record in re.split(r"^\.I ", (folder / "cran.all.1400").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        number, rest = record.split("\n", 1)
        parts = dict(re.findall(r"^\.([TABW])\n(.*?)(?=^\.[TABW]\n|\Z)", rest, flags=re.MULTILINE | re.DOTALL))
        title, text = (re.sub(r"\s+", " ", parts.get(name, "")).strip() for name in "TW")
        documents.append((str(int(number)), title, text.removeprefix(title).strip()))
    asked = re.split(r"^\.I \d+\s*\n\.W\n", (folder / "cran.qry").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    queries = {str(place): re.sub(r"\s+", " ", text).strip() for place, text in enumerate(asked, 1)}
    judged = Judged()
    for line in (folder / "cranqrel").read_text(encoding="utf-8").splitlines():
        query, document, grade = (int(word) for word in line.split())
        if 1 <= grade <= 4:
            judged.setdefault(str(query), {})[str(document)] = 5 - grade
    return parted("Cranfield", table(documents), queries, judged)


def xquad() -> Collection:
    """German questions to paragraphs of an encyclopedia."""
    paragraphs, queries, judged = [], {}, Judged()
    for article in xquad_articles():
        for paragraph in article["paragraphs"]:
            name = f"p{len(paragraphs)}"
            paragraphs.append((name, "", paragraph["context"]))
            for question in paragraph["qas"]:
                queries[question["id"]] = question["question"]
                judged[question["id"]] = {name: 1}
    return parted("XQuAD-de", table(paragraphs), queries, judged)


def xquad_articles() -> list[dict]:
    """The articles as they come: title, paragraphs with `context` and `qas` with `answers`."""
    return json.loads((SEARCH / "xquad_de" / "xquad.de.json").read_text(encoding="utf-8"))["data"]


def laws() -> Collection:
    """Headings of German laws and the sections below them, from which the heading is taken."""
    found = [(f"s{place}", title, text) for place, (title, text) in enumerate(sections())]
    seen: dict[str, int] = {}
    for _, title, _ in found:
        seen[title.casefold()] = seen.get(title.casefold(), 0) + 1
    telling = {
        name: title for name, title, _ in found if seen[title.casefold()] == 1 and len(WORDS.findall(title)) >= 2
    }
    corpus = table([(name, "", text) for name, _, text in found])
    return parted("German laws", corpus, telling, {name: {name: 1} for name in telling})


def sections() -> Iterable[tuple[str, str]]:
    """Yield heading (without its number) and text of each section of the laws that has text."""
    with tarfile.open(SEARCH / "german_laws" / "gesetze_md.tar.gz") as held:
        for member in sorted(held.getmembers(), key=lambda one: one.name):
            file = held.extractfile(member)
            if file is None:
                continue
            title, lines = "", list[str]()
            for line in [*file.read().decode("utf-8").splitlines(), "# end"]:
                found = HEADING.match(line)
                if not found:
                    lines.append(line.strip())
                    continue
                text = re.sub(r"\s+", " ", " ".join(lines)).strip()
                if title and "weggefallen" not in title and len(WORDS.findall(text)) >= SHORTEST:
                    yield title, text
                title, lines = NUMBERED.sub("", found[2]).strip() if len(found[1]) > 1 else "", []


def table(documents: Iterable[tuple[str, str, str]]) -> pa.Table:
    """Return documents as the role `corpus`."""
    rows = list(documents)
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(("id", "title", "text"))})


def parted(name: str, corpus: pa.Table, queries: Mapping[str, str], judged: Judged) -> Collection:
    """Halve the queries by the hash of their names."""
    first = {one: text for one, text in queries.items() if zlib.crc32(one.encode()) % 2}
    other = {one: text for one, text in queries.items() if one not in first}
    return Collection(name, corpus, first, other, judged)
