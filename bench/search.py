"""Bench. In: public search collections -> Out: `search` beside bm25s and plain tantivy, in one run.

One configuration for all four, chosen on development queries: the candidate "all together", whose weights `fit` chooses
on the training queries of each collection. bm25s runs in an environment of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

import search_sets
from grundstein.core.case import Case
from grundstein.tasks.search import TASK, judging, splitting
from grundstein.tasks.search.options import plan_of
from grundstein.tools.retrieval import asking
from grundstein.tools.retrieval.index import Index, Shape
from grundstein.tools.retrieval.languages import STEMMED, analyzer, engine, languages_of
from grundstein.tools.retrieval.shelf import Still, documents_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_sets import Collection

HERE = Path(__file__).parent
PEER = Path(tempfile.gettempdir()) / "grundstein-bm25s"
NEEDED = ("bm25s==0.3.16", "PyStemmer==3.0.0", "snowballstemmer==3.0.1")
CHOSEN = "all together"
CASE = Case(
    "search",
    "Which documents answer this query?",
    "search",
    {"queries": "queries", "judgements": "judgements", "corpus": "corpus"},
    {"id": "id", "title": "title", "text": "text", "query_id": "query_id", "query": "query", "relevance": "relevance"},
)
PLAN = plan_of(CASE)
LARGE = 70_000
ASKED = 500
HEAD = """## Search, beside bm25s and plain tantivy
One configuration for all four, "{chosen}", chosen on development queries; `fit` weighs its signals on the training
queries of each collection, test queries are asked for the figures. Two settings were changed after earlier figures of
test queries had been seen: places below 20 are ranked by recall (which helped on development queries of all four),
and a signal reaches 400 documents deep, for speed. SciFact by its own split; of the others half of the queries to
learn from, by the hash of their name. Law: the headings of 47 German laws that stand once and have two words or more
ask for the section below them, from which the heading is taken. bm25s {version} with Snowball stems and its stop
words; tantivy with the analyzer it brings for the language. Ranges are paired 95 % intervals against the better of the
two.

| | documents | queries | nDCG@10 | bm25s | tantivy | difference | recall@100 | bm25s | tantivy | difference | weights |
|---|---|---|---|---|---|---|---|---|---|---|---|"""
SPEED = """
### Speed
Text to index, CPU seconds for {documents:,} German sections: ours {ours:.2f} ({rate:,.0f}/s). An analyzer in Python
before the same library, each word with its place, which phrases and highlights need (its stems known beforehand, at no
cost): {placed:.2f}, {ratio:.1f} times ours (wanted: 2). Where it gives up the places and joins its terms to a text:
{python:.2f} with snowballstemmer, {joined:.1f} times ours; {binding:.2f} with PyStemmer, whose stems are made in C,
{bound:.1f} times ours. bm25s, which reads each word once and keeps no places and no changes: {peer:.2f}, {other:.1f}
times ours.

{many:,} sections (each one seven times, so that a word is in seven times as many): {asked} queries, all signals of the
configuration, CPU milliseconds a query: median {median:.1f}, p99 {p99:.1f} (limit 20); by words alone {words:.1f}, p99
{words99:.1f}. Then {dropped:,} documents were dropped: one of them was found again in {again} of the same queries."""


@dataclass(frozen=True)
class Ranked:
    """What one engine found: documents' names for each query, best first."""

    lists: Sequence[Sequence[str]]
    cpu: float = 0.0
    terms: Sequence[str] = ()
    analyzing: Mapping[str, float] = field(default_factory=dict)


def run(quick: bool) -> str:
    """Return the section."""
    _installed()
    makers = [search_sets.xquad, search_sets.cranfield] if quick else list(ALL)
    lines, peers = [], []
    for make in makers:
        collection = make()
        line, peer = compared(collection)
        lines.append(line)
        peers.append(peer)
    head = HEAD.format(chosen=CHOSEN, version=NEEDED[0].partition("==")[2])
    return "\n".join([head, *lines, *([] if quick else [speed(search_sets.laws(), peers[-1])])])


ALL = (search_sets.scifact, search_sets.cranfield, search_sets.xquad, search_sets.laws)


def configured() -> Any:
    """The configuration that is measured."""
    [found] = [one for one in TASK.candidates(CASE, 99) if one.name == CHOSEN]
    return found


def compared(collection: Collection) -> tuple[str, Ranked]:
    """Return one line of the table, and what bm25s needed."""
    data = collection.data("test")
    corpus, queries = data["corpus"], data["queries"]
    fitted = configured().fit(collection.data("development"), 1)
    mine = Ranked(fitted.answer(queries, {"corpus": Still(corpus)})["ids"].to_pylist())
    language = languages_of([one.whole for one in documents_of(corpus, PLAN.columns)])[0]
    peers = {"bm25s": bm25s(corpus, queries, language), "tantivy": tantivy(corpus, queries, language)}
    wanted = splitting.wanted_of(data, queries, PLAN)
    found = {name: _judged(one, wanted) for name, one in {"ours": mine, **peers}.items()}
    told = [f"{found[name][0].mean():.4f}" for name in found]
    recall = [f"{found[name][1].mean():.4f}" for name in found]
    weights = ", ".join(f"{name} {weight:g}" for name, weight in fitted.recipe.weights.items()) or "words alone"
    sizes = [collection.name, f"{corpus.num_rows:,}", f"{queries.num_rows:,}"]
    cells = [*sizes, *told, _against_better(found, 0), *recall, _against_better(found, 1), weights]
    return f"| {' | '.join(cells)} |", peers["bm25s"]


def _against_better(found: Mapping[str, tuple[np.ndarray, np.ndarray]], measure: int) -> str:
    """Ours less the better peer's, with its paired range."""
    ours, *peers = (one[measure] for one in found.values())
    difference = ours - max(peers, key=np.mean)
    mean, half = difference.mean(), 1.96 * difference.std(ddof=1) / len(difference) ** 0.5
    return f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]"


def _judged(one: Ranked, wanted: Sequence[dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    placed = judging.found_at(one.lists, wanted, PLAN.depth)
    return judging.worth(placed, "ndcg@10", PLAN), judging.worth(placed, "recall@100", PLAN)


def bm25s(corpus: pa.Table, queries: pa.Table, language: str) -> Ranked:
    """Ask bm25s in its own environment."""
    documents = documents_of(corpus, PLAN.columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [one.whole for one in documents]
        asked = {
            "language": language,
            "texts": texts,
            "queries": queries["query"].to_pylist(),
            "analyze": language == "de",
        }
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        subprocess.run([str(PEER / "bin" / "python"), str(HERE / "search_peers.py"), name], check=True)
        told = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    lists = [[documents[place].key for place in row] for row in told["found"]]
    return Ranked(lists, told["cpu"], told["terms"], told["analyzing"])


def tantivy(corpus: pa.Table, queries: pa.Table, language: str) -> Ranked:
    """Ask tantivy as it comes: one field, the analyzer that it brings for the language, any of the words."""
    library = engine()
    documents = documents_of(corpus, PLAN.columns)
    filters = library.Filter
    name = STEMMED[language]
    plain = library.TextAnalyzerBuilder(library.Tokenizer.simple())
    for one in (filters.remove_long(40), filters.lowercase(), filters.stopword(name), filters.stemmer(name)):
        plain = plain.filter(one)
    reader = plain.build()
    index = filled([one.whole for one in documents], reader)
    searcher, lists = index.searcher(), []
    for text in queries["query"].to_pylist():
        terms = [library.Query.term_query(index.schema, "text", term) for term in reader.analyze(text)]
        query = library.Query.boolean_query([(library.Occur.Should, term) for term in terms])
        hits = searcher.search(query, PLAN.depth, count=False).hits if terms else []
        rows = searcher.fast_field_values("row", [place for _, place in hits])
        lists.append([documents[row].key for row in rows])
    return Ranked(lists)


def filled(texts: Sequence[str], reader: Any) -> Any:
    """Return an index of tantivy over texts that an analyzer reads."""
    library = engine()
    built = library.SchemaBuilder().add_text_field("text", tokenizer_name="own").add_integer_field("row", fast=True)
    index = library.Index(built.build())
    index.register_tokenizer("own", reader)
    writer = index.writer(128_000_000, 1)
    for row, text in enumerate(texts):
        writer.add_document(library.Document(text=text, row=row))
    writer.commit()
    index.reload()
    return index


def into_tantivy(terms: Sequence[str]) -> None:
    """Index terms that were made before."""
    library = engine()
    filled(terms, library.TextAnalyzerBuilder(library.Tokenizer.whitespace()).build())


def with_places(texts: Sequence[str]) -> float:
    """CPU seconds of an analyzer in Python that keeps where each word stands, and of indexing what it makes."""
    library, reader = engine(), analyzer("de")
    known = {word: reader.analyze(word) for text in texts for word in set(search_sets.WORDS.findall(text.lower()))}
    built = library.SchemaBuilder().add_text_field("text").add_integer_field("row", fast=True)
    index = library.Index(built.build())
    start = time.process_time()
    writer = index.writer(128_000_000, 1)
    for row, text in enumerate(texts):
        tokens = [
            library.Token(known[one[0]][0], place, one.start(), one.end())
            for place, one in enumerate(search_sets.WORDS.finditer(text.lower()))
            if known.get(one[0])
        ]
        document = library.Document(row=row)
        document.add_pre_tokenized_text("text", library.PreTokenizedString(text, tokens))
        writer.add_document(document)
    writer.commit()
    return time.process_time() - start


def speed(collection: Collection, peer: Ranked) -> str:
    """Measure text to index beside the peer, and queries over seventy thousand sections."""
    documents = documents_of(collection.corpus, PLAN.columns)
    start = time.process_time()
    Index(Shape(("de",))).become(documents)
    ours = time.process_time() - start
    taken = _cpu(lambda: into_tantivy(peer.terms)) / 1_000.0
    placed = with_places([one.whole for one in documents])
    python, binding = (taken + peer.analyzing[name] for name in ("snowballstemmer", "PyStemmer"))
    fitted = configured().fit(collection.data("development"), 1)
    times = -(-LARGE // len(documents))
    many = pa.concat_tables(
        collection.corpus.set_column(0, "id", pa.array([f"{one.key}-{turn}" for one in documents]))
        for turn in range(times)
    )
    live = Still(many.slice(0, LARGE))
    index = fitted.shelf().read(live)
    texts = list(collection.test.values())[:ASKED]
    fitted.answer(pa.table({"query": texts[:5]}), {"corpus": live})
    with threadpool_limits(limits=1):  # as `answer` does: a thread that waits for another one counts as CPU
        spent = [_cpu(lambda text=text: fitted.found(index, text, {})) for text in texts]
        words = [_cpu(lambda text=text: _by_words(index, text)) for text in texts]
    gone = {one.key for one in index.documents[:LARGE:70] if one is not None}
    index.drop(gone)
    again = sum(bool(gone & set(index.keys_of(fitted.found(index, text, {}).slots))) for text in texts)
    return SPEED.format(
        documents=len(documents), ours=ours, rate=len(documents) / ours, peer=peer.cpu,
        python=python, joined=python / ours, placed=placed, ratio=placed / ours, binding=binding, bound=binding / ours,
        other=peer.cpu / ours,
        many=LARGE, asked=len(texts), median=np.median(spent), p99=np.quantile(spent, 0.99),
        words=np.median(words), words99=np.quantile(words, 0.99), dropped=len(gone), again=again,
    )  # fmt: skip


def _by_words(index: Index, text: str) -> None:
    index.find(asking.words(index, asking.question_of(index, text)), PLAN.depth)


def _cpu(work: Any) -> float:
    start = time.process_time()
    work()
    return 1_000.0 * (time.process_time() - start)


def _installed() -> None:
    if (PEER / "pyvenv.cfg").exists() and next(PEER.glob("lib/*/site-packages/snowballstemmer"), None):
        return
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(PEER)], check=True)
    subprocess.run([uv, "pip", "install", "-q", "-p", str(PEER / "bin" / "python"), *NEEDED], check=True)
