"""Bench. In: public texts -> Out: `categorize` beside a linear SVM and fastText, in one run.

The SVM is scikit-learn's LinearSVC on words, pairs of words and pieces of words (TfidfVectorizer), as its users build
it; it has no probabilities, ours have. fastText has subwords, its rate and epochs chosen on a tenth of the training
rows; its environment is made under the folder for temporary files. Settings of ours were made on training rows alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from categorize_sets import Texts, banking, germeval, mails, massive
from grundstein.core.case import Case
from grundstein.tasks.categorize import TASK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")
HERE = Path(__file__).parent
PEERS = Path(tempfile.gettempdir()) / "grundstein-categorize-peers"
NEEDED = ("fasttext==0.9.3", "numpy==1.26.4", "pybind11", "setuptools")
CASE = Case("texts", "?", "categorize", {"rows": "texts"}, {"target": "label", "text": "text"})
DRAWS, LEARNT = 1_000, 4_000
HEAD = """## Categorize, beside a linear SVM and fastText
The official splits. The SVM: LinearSVC on TF-IDF of words (1, 2) and pieces (char_wb 2 to 5). fastText: words (1, 2),
subwords 3 to 5, 50 dimensions. Ranges are 95 %, of 1,000 draws of test rows in pairs. CPU is of learning, calibration
included (ours alone); fastText's without the search for its settings. `calibrated` is mean probability less accuracy.
"""
FIRST = """
| | accuracy: ours | SVM | fastText | ours less SVM | ours less fastText |
|---|---|---|---|---|---|"""
SECOND = """
| | f1_macro: ours | SVM | fastText | ours less SVM | ours less fastText |
|---|---|---|---|---|---|"""
THIRD = """
| | texts | categories | CPU s: ours to SVM | fastText | calibrated | answers/s |
|---|---|---|---|---|---|---|"""
SPEED = """
### Answers a second, one core
A model of {labels} categories learnt from {learnt:,} German mails and utterances; each text differs. One by one is from
typed values to label, probability and act, as over HTTP; each way begins with no word looked up. All {count:,} answers
are held against the batch's.

| letters | in a batch | one by one | with three reasons | differ from the batch |
|---|---|---|---|---|
{rows}"""


def run(quick: bool) -> str:
    """Return the section."""
    return "\n".join([HEAD, *compared([massive, banking, germeval], quick), _speed()])


def compared(sets: Sequence[Callable[[], Texts]], quick: bool) -> list[str]:
    """Three tables of these sets: accuracy, f1_macro, and what they cost."""
    missing = _installed(quick)
    first, second, third = zip(*(_lines(make(), missing) for make in sets), strict=True)
    said = [f"\nfastText is not here: {missing}."] if missing else []
    return [FIRST, *first, SECOND, *second, THIRD, *third, *said]


def _lines(texts: Texts, missing: str) -> tuple[str, str, str]:
    rows = pa.table({"text": texts.train[0], "label": texts.train[1]})
    [candidate] = TASK.candidates(CASE, 1)
    fitted, ours = _spent(lambda: candidate.fit({"rows": rows}, 1))
    told, answering = _spent(lambda: fitted.answer(pa.table({"text": texts.test[0]}), {}))
    peer, theirs = _spent(lambda: _svm(texts))
    fast = {} if missing else _fasttext(texts)
    labels, places = np.unique(np.array([*texts.train[1], *texts.test[1]]), return_inverse=True)
    truth = places[len(texts.train[1]) :]
    known = {label: place for place, label in enumerate(labels)}
    said = [
        np.array([known.get(one, -1) for one in names])
        for names in (told["answer"].to_pylist(), peer, fast.get("answers", []))
    ]
    accuracy = _compared(truth, said, lambda right, one: float((right == one).mean()))
    f1 = _compared(truth, said, lambda right, one: _f1(right, one, len(labels)))
    sure = float(np.asarray(told["probability"]).mean()) - float((said[0] == truth).mean())
    cost = (
        f"| {texts.name} | {len(rows):,} | {len(set(texts.train[1]))} | {ours:.1f} / {theirs:.1f} = {ours / theirs:.2f}"
        f" | {_short(fast)} | {sure:+.3f} | {len(truth) / answering:,.0f} |"
    )
    return f"| {texts.name} | {accuracy} |", f"| {texts.name} | {f1} |", cost


def _short(fast: dict[str, Any]) -> str:
    return f"{fast['cpu']:.1f} (rate {fast['chosen'][0]}, {fast['chosen'][1]} epochs)" if fast else ""


def _compared(
    truth: NDArray[Any], said: Sequence[NDArray[Any]], score: Callable[[NDArray[Any], NDArray[Any]], float]
) -> str:
    """The scores of all, and ours less each other's with its range over draws of rows."""
    own, *others = said
    rng = np.random.default_rng(1)
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(DRAWS)]
    each = [score(truth[draw], own[draw]) for draw in draws]
    scores = [f"{score(truth, one):.4f}" if len(one) else "" for one in said]
    less = [_less(truth, own, one, score, draws, each) if len(one) else "" for one in others]
    return " | ".join([*scores, *less])


def _less(truth: Any, own: Any, other: Any, score: Any, draws: Sequence[Any], each: Sequence[float]) -> str:
    apart = [mine - score(truth[draw], other[draw]) for mine, draw in zip(each, draws, strict=True)]
    low, high = np.quantile(apart, [0.025, 0.975])
    return f"{score(truth, own) - score(truth, other):+.4f} [{low:+.4f}, {high:+.4f}]"


def _f1(truth: NDArray[Any], said: NDArray[Any], count: int) -> float:
    """scikit-learn's f1_macro over the categories that are there or said; -1 is none."""
    hit = np.bincount(truth[truth == said], minlength=count)
    both = np.bincount(truth, minlength=count) + np.bincount(said[said >= 0], minlength=count)
    return float((2 * hit[both > 0] / both[both > 0]).mean())


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


def _fasttext(texts: Texts) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {"train": texts.train[0], "labels": texts.train[1], "test": texts.test[0]}
        (folder / "texts.json").write_text(json.dumps(given), encoding="utf-8")
        words = [str(PEERS / "bin" / "python"), "categorize_fasttext.py", name]
        subprocess.run(words, cwd=HERE, check=True, capture_output=True)
        return dict(json.loads((folder / "answers.json").read_text(encoding="utf-8")))


def _installed(quick: bool) -> str:
    """Make fastText's environment; returns why there is none, empty where there is."""
    if (PEERS / "made").exists():
        return ""
    if quick:
        return "the quick form does not install it"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "venv", "--python", sys.executable, "--clear", str(PEERS)], check=True)
    words = [str(uv), "pip", "install", "-q", "-p", str(PEERS / "bin" / "python"), *NEEDED]
    if subprocess.run(words, check=False).returncode:
        return "it could not be installed"
    (PEERS / "made").touch()
    return ""


def _speed() -> str:
    """Answer mails of 1,500 letters and texts of 50, whole batches and one by one."""
    parts = [massive(), mails()]
    texts, labels = ([one for part in parts for one in part.train[place][:LEARNT]] for place in (0, 1))
    [candidate] = TASK.candidates(CASE, 1)
    fitted: Any = candidate.fit({"rows": pa.table({"text": texts, "label": labels})}, 1)
    one = fitted.beside({})
    letters = " ".join(one.replace("\n", " ") for one in parts[1].test[0])
    rows, compared = [], 0
    for size, count in ((1_500, 1_000), (50, 20_000)):
        asked = [letters[start * size : (start + 1) * size] for start in range(min(count, len(letters) // size))]
        fitted.answer(pa.table({"text": asked[:10]}), {})
        table, questions = pa.table({"text": asked}), [{"text": text} for text in asked]
        told, batch = _spent(lambda table=table: fitted.answer(table, {}))  # type: ignore[misc]
        fitted.reader.terms.known.clear()
        alone, single = _spent(lambda questions=questions: [one.row(each) for each in questions])  # type: ignore[misc]
        some = questions[:500]
        _, reasons = _spent(lambda some=some: [(one.row(each), one.reasons(each, 3)) for each in some])  # type: ignore[misc]
        differ = sum(mine != its for mine, its in zip(alone, told.to_pylist(), strict=True))
        speeds = [len(asked) / batch, len(asked) / single, len(some) / reasons]
        rows.append(f"| {size:,} | {' | '.join(f'{speed:,.0f}' for speed in speeds)} | {differ} |")
        compared += len(asked)
    return SPEED.format(labels=len(set(labels)), learnt=len(texts), count=compared, rows="\n".join(rows))


def _spent(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    made = work()
    return made, time.process_time() - start
