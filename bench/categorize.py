"""Bench. In: public texts and payments -> Out: `categorize` beside a linear SVM and today's rule, in one run.

The peer is scikit-learn's LinearSVC on words, pairs of words and pieces of words (TfidfVectorizer), as its users build
it; it has no probabilities, ours have. Settings of ours were made on training rows alone.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import tarfile
import tempfile
import time
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from grundstein import flow
from grundstein.core.case import Case
from grundstein.core.records import Verdict
from grundstein.project.folder import create_project
from grundstein.tasks.categorize import TASK
from public import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
TEXTS = SHARED / "text-classification"
SPEND = SHARED / "bookkeeping" / "manchester_spend" / "manchester_2010-12_to_2019-12.csv.gz"
HEAD = """## Categorize, beside a linear SVM
The official splits; CodEAlltag, which has none, by its name's hash, a quarter to test. 20 newsgroups by date, as they
are and without headers, quotes and footers. The SVM: LinearSVC on TF-IDF of words (1, 2) and pieces (char_wb 2 to 5).
CPU is of learning, calibration included (ours alone); `calibrated` is mean probability less accuracy.

| | texts | categories | accuracy: ours | SVM | f1_macro: ours | SVM | CPU s: ours to SVM | calibrated | answers/s |
|---|---|---|---|---|---|---|---|---|---|"""
QUOTED = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")
CASE = """question: Which expense type is this payment?
decision: Bookkeeping takes the proposal or corrects it
task: categorize
data: payments
target: expenses_type
text: supplier
also_use: [service_area, net_amount_gbp]
keys: [supplier + service_area, supplier, service_area]
metric: accuracy
time: _row
"""
PAID = """
### Payments of a city council
Manchester 2016 to 2018, then all of 2019 as the given test: {learnt:,} and {asked:,} payments, {labels} expense types.
Today's way, "booked there last time" (supplier and area, then supplier, then area), is the opponent.

| | accuracy | one of the first three |
|---|---|---|
{rows}

Verdict: **{word}**; {winner} above the opponent by {mean:+.4f} [{low:+.4f}, {high:+.4f}] right answers a payment.
Evaluate, all checks and decide: {cpu:.0f} CPU s (limit 180)."""


@dataclass(frozen=True)
class Texts:
    """One set of texts with its official test part."""

    name: str
    train: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]


def run(quick: bool) -> str:
    """Return the section."""
    sets = [massive, banking, germeval] if quick else [massive, banking, germeval, mails, news, bare_news]
    lines = [HEAD, *(_line(make()) for make in sets)]
    return "\n".join([*lines, *([] if quick else [payments()])])


def massive() -> Texts:
    """German utterances, 60 intents."""
    parts = [_pairs(TEXTS / "massive_de" / name) for name in ("train.txt", "dev.txt", "test.txt")]
    train = (parts[0][0] + parts[1][0], parts[0][1] + parts[1][1])
    return Texts("MASSIVE-de", train, parts[2])


def banking() -> Texts:
    """English questions to a bank, 77 intents."""
    train, test = (_rows(TEXTS / "banking77" / name) for name in ("train.csv", "test.csv"))
    return Texts("Banking77", train, test)


def germeval() -> Texts:
    """German tweets, offensive or not."""
    names = ("germeval2018.training.txt", "germeval2018.test.txt")
    train, test = (_pairs(TEXTS / "germeval2018" / name) for name in names)
    return Texts("GermEval 2018", train, test)


def mails() -> Texts:
    """German mails of two newsgroup hierarchies."""
    with gzip.open(TEXTS / "codealltag" / "codealltag_finance_travels_8k.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    later = [zlib.crc32(row["id"].encode()) % 4 == 0 for row in rows]
    train, test = (
        tuple(
            [row[name] for row, flag in zip(rows, later, strict=True) if flag == wanted] for name in ("text", "label")
        )
        for wanted in (False, True)
    )
    return Texts("CodEAlltag", train, test)  # type: ignore[arg-type]


def news() -> Texts:
    """English newsgroup mails, split by date."""
    return Texts("20 newsgroups", *(_news(part, lambda text: text) for part in ("train", "test")))


def bare_news() -> Texts:
    """The same without headers, quotes and footers."""
    return Texts("20 newsgroups, bare", *(_news(part, _bare) for part in ("train", "test")))


def payments() -> str:
    """Judge payments of 2019 by those of three years before, by the product's own commands."""
    whole = arrow_csv.read_csv(
        SPEND, convert_options=arrow_csv.ConvertOptions(column_types={"file_month": pa.string()})
    )
    whole = whole.filter(pc.is_valid(whole["expenses_type"]))
    month = whole["file_month"]
    start = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        project = create_project(root / "books", salt="bench", languages=["en"])
        for table, first, last in (("payments", "2016-01", "2018-12"), ("later", "2019-01", "2019-12")):
            rows = whole.filter(pc.and_(pc.greater_equal(month, first), pc.less_equal(month, last)))
            arrow_csv.write_csv(rows.drop_columns(["file_month", "payment_date_raw"]), root / f"{table}.csv")
            flow.ingest(project, str(root / f"{table}.csv"), table)
        (project.root / "cases" / "books.yaml").write_text(CASE, encoding="utf-8")
        start = time.process_time()
        entry = flow.decide(project, "books", {"rows": "later"})
        cpu = time.process_time() - start
        said = entry.record
        assert isinstance(said, Verdict)  # noqa: S101  (what `decide` returns)
        sizes = [project.tables.info(table).rows for table in ("payments", "later")]
        labels = len(pc.unique(project.tables.read("payments")["expenses_type"]))
    rows = [f"| {o.name} | {o.metrics['accuracy']:.4f} | {_first_three(o.metrics)} |" for o in said.outcomes]
    gain = said.gains[said.hardest]
    told = {"learnt": sizes[0], "asked": sizes[1], "labels": labels, "rows": "\n".join(rows), "cpu": cpu}
    told |= {"word": said.verdict, "winner": said.winner, "mean": gain.mean, "low": gain.low, "high": gain.high}
    return PAID.format(**told)


def _first_three(metrics: dict[str, float]) -> str:
    return f"{metrics['top_3_accuracy']:.4f}" if "top_3_accuracy" in metrics else ""


def _line(texts: Texts) -> str:
    from sklearn.metrics import f1_score

    case = Case("texts", "?", "categorize", {"rows": "texts"}, {"target": "label", "text": "text"})
    rows = pa.table({"text": texts.train[0], "label": texts.train[1]})
    [candidate] = TASK.candidates(case, 1)
    fitted, ours = _spent(lambda: candidate.fit({"rows": rows}, 1))
    told, answering = _spent(lambda: fitted.answer(pa.table({"text": texts.test[0]}), {}))
    peer, theirs = _spent(lambda: _svm(texts))
    truth = texts.test[1]
    mine = told["answer"].to_pylist()
    right = np.array([one == other for one, other in zip(mine, truth, strict=True)])
    f1 = [f1_score(truth, said, average="macro", zero_division=0.0) for said in (mine, peer)]
    peer_right = np.mean([one == other for one, other in zip(peer, truth, strict=True)])
    sure = float(np.asarray(told["probability"]).mean()) - right.mean()
    return (
        f"| {texts.name} | {len(rows):,} | {len(set(texts.train[1]))} | {right.mean():.4f} | {peer_right:.4f} "
        f"| {f1[0]:.4f} | {f1[1]:.4f} | {ours:.1f} / {theirs:.1f} = {ours / theirs:.2f} | {sure:+.3f} "
        f"| {len(truth) / answering:,.0f} |"
    )


def _svm(texts: Texts) -> list[str]:
    """Learn as the peer does and answer; answering counts little beside learning, and counts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_pipeline(make_union(words, pieces), LinearSVC(random_state=0)).fit(*texts.train)
        return list(fitted.predict(texts.test[0]))


def _spent(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    made = work()
    return made, time.process_time() - start


def _pairs(path: Path) -> tuple[list[str], list[str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return [row[0] for row in rows], [row[1] for row in rows]


def _rows(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], [row[1] for row in rows]


def _news(part: str, changed: Callable[[str], str]) -> tuple[list[str], list[str]]:
    texts, labels = [], []
    with tarfile.open(TEXTS / "20news" / "20news-bydate.tar.gz") as archive:
        for member in archive:
            pieces = Path(member.name).parts
            if member.isfile() and any(part in piece for piece in pieces[:-2]):
                file = archive.extractfile(member)
                texts.append(changed(file.read().decode("latin-1")) if file else "")
                labels.append(pieces[-2])
    return texts, labels


def _bare(text: str) -> str:
    """Without what stands before the first empty line, without quoted lines, without what follows the last rule."""
    body = text.partition("\n\n")[2]
    lines = [line for line in body.split("\n") if not QUOTED.search(line)]
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip().strip("-") == ""), 0)
    return "\n".join(lines[:last] if last > 0 else lines)
