"""Bench. In: public questions and texts -> Out: what `ask` cites, and how often it is silent where it should be.

Weights are learnt on training questions. No language model is there.
"""

from __future__ import annotations

import csv
import re
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

import search_sets
from grundstein.core.case import Case
from grundstein.tasks.ask import TASK
from grundstein.tasks.ask.judging import is_right
from grundstein.tasks.ask.library import shelf_of
from grundstein.tasks.ask.options import plan_of
from grundstein.tasks.ask.reading import OF_SENTENCES, seen, within
from grundstein.tasks.ask.tuning import Judgement, judgement, tried
from grundstein.tools.retrieval.shelf import Still
from public import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Solution
    from grundstein.tasks.ask.reading import Seen
    from grundstein.tools.retrieval.index import Index

CASE = Case(
    "asked",
    "What does the corpus say?",
    "ask",
    {"questions": "questions", "corpus": "corpus"},
    {
        "id": "id", "title": "title", "text": "text", "question_id": "name", "asked": "question",
        "relevant": "document", "said": "said", "judged": "sentence",
    },
)  # fmt: skip
PLAN = plan_of(CASE)
ASSISTANT = SHARED / "text-classification" / "massive_de"
ASKING = re.compile(r"(wer|was|wann|wo|wie|warum|wieso|welche[rsn]?|wohin|woher|wessen)\b", re.IGNORECASE)
HEAD = """## Ask, without a language model
Weights and the cut below which nothing is said are learnt on training questions.

| | questions | figure | ours | by rare words alone | wanted |
|---|---|---|---|---|---|
{rows}

SciFact: the {claims} test claims with evidence, in the abstract that holds it, a hit where one of the first three
sentences is evidence. XQuAD-de: all 240 paragraphs are searched, and the answer must stand in the one sentence cited
first. "By rare words alone": the same passages, the sentence with the highest sum of inverse document frequencies.
CPU milliseconds a question: {cost:.1f}."""
SILENCE = """
### When the corpus does not say
XQuAD-de with the paragraphs of {kept} of its {articles} articles, half of their questions to learn from. Far: German
questions to a voice assistant (MASSIVE). Near: XQuAD's questions about the articles that were left out, which ask in
the same way for things of the same kind. The case allows 5 % false answers.

| silence learnt on | held questions answered | rightly (the sentence) | far: false answers | near: false answers |
|---|---|---|---|---|
{rows}

Held questions: {held} (wanted: at least 65 % answered at 5 % false answers); far {far}, near {near}. Where at most 5 %
of the near ones may be answered, told from the test questions themselves, {strict:.1%} of the held ones are."""


@dataclass(frozen=True)
class Asked:
    """A question, the documents that answer it with the words that do, and the article that it is about."""

    name: str
    text: str
    document: str | None
    said: tuple[str, ...] = ()
    article: int = -1

    @property
    def learnt(self) -> bool:
        """Whether it is one to learn from."""
        return zlib.crc32(self.name.encode()) % 2 == 1

    def right(self, told: Mapping[str, str | None]) -> bool:
        """Whether a citation answers it."""
        wanted = [{"document": self.document, "said": words} for words in self.said or (None,)]
        return self.document is not None and is_right("sentence", wanted, told)


def run(quick: bool) -> str:
    """Return the section."""
    rows, claims = ([], 0) if quick else scifact()
    more, cost = xquad()
    text = HEAD.format(rows="\n".join([*rows, *more]), claims=claims, cost=cost)
    return text + "\n" + silence()


def scifact() -> tuple[list[str], int]:
    """Sentences of the right abstract."""
    found = search_sets.scifact()
    train = _claims(found, found.development)
    test = _claims(found, found.test)
    shelf = shelf_of(found.corpus, PLAN.columns, "en")
    index = shelf.read(Still(found.corpus))
    data = {"questions": questions(train), "corpus": found.corpus}
    learnt = judgement(PLAN, tried(PLAN, index, data, 1), choosing=True)
    hits = {"ours": [0, 0], "plain": [0, 0]}
    pairs = sorted({(one.name, one.document or "") for one in test})
    for name, document in pairs:
        several = [one for one in test if (one.name, one.document) == (name, document)]
        looked = within(index, several[0].text, document)
        for engine, scores in (("ours", looked.features @ np.array(learnt.sentence)), ("plain", plain(looked))):
            order = np.argsort(-scores, kind="stable")[:3].tolist()
            told = [_told(looked, row) for row in order]
            right = [any(one.right(each) for one in several) for each in told]
            hits[engine][0] += bool(right and right[0])
            hits[engine][1] += any(right)
    shares = {engine: [count / len(pairs) for count in counts] for engine, counts in hits.items()}
    lines = [
        f"| SciFact | {len(pairs)} | {figure} | {shares['ours'][place]:.3f} | {shares['plain'][place]:.3f} | {wanted} |"
        for place, (figure, wanted) in enumerate((("first sentence", ""), ("one of the first three", "0.65")))
    ]
    return lines, len(pairs)


def _claims(found: search_sets.Collection, part: Mapping[str, str]) -> list[Asked]:
    """A claim for each abstract that holds evidence; the words are each of its sentences."""
    several = []
    for name, text in part.items():
        for document, places in found.evidence.get(name, {}).items():
            sentences = found.sentences.get(document, [])
            said = tuple(sentences[place] for place in places if place < len(sentences))
            several.append(Asked(name, text, document, said))
    return several


def xquad() -> tuple[list[str], float]:
    """German questions over all paragraphs."""
    corpus, asked = paragraphs(lambda _: True)
    judged, index = learnt_on([one for one in asked if one.learnt], corpus)
    test = [one for one in asked if not one.learnt]
    start = time.process_time()
    looked = [seen(index, one.text) for one in test]
    chosen = [judged.choose(each)[0] for each in looked]
    cost = 1_000 * (time.process_time() - start) / len(test)
    best = [int(np.argmax(plain(each))) if len(each.pieces) else -1 for each in looked]
    ours, theirs = (
        np.mean([row >= 0 and one.right(_told(each, row)) for one, each, row in zip(test, looked, rows, strict=True)])
        for rows in (chosen, best)
    )
    return [f"| XQuAD-de | {len(test)} | answer in the sentence cited first | {ours:.3f} | {theirs:.3f} | 0.70 |"], cost


def silence() -> str:
    """Answers to questions that the corpus does not hold."""
    articles = len(search_sets.xquad_articles())
    kept = {number for number in range(articles) if zlib.crc32(f"article {number}".encode()) % 2}
    corpus, asked = paragraphs(lambda number: number in kept)
    held = [one for one in asked if one.article in kept]
    near = [Asked(one.name, one.text, None) for one in asked if one.article not in kept]
    far = assistants()
    test = {"held": [o for o in held if not o.learnt], "far": [o for o in far if not o.learnt], "near": near}
    train = [one for one in held if one.learnt]
    rows, strict = [], 0.0
    outside = {"far questions": [one for one in far if one.learnt], "its own questions, documents left out": []}
    for name, others in outside.items():
        fitted = solution().fit({"questions": questions([*train, *others]), "corpus": corpus}, 1)
        told = {part: fitted.answer(questions(several), {"corpus": Still(corpus)}) for part, several in test.items()}
        act = {part: np.asarray(table["act"]) for part, table in told.items()}
        answers = told["held"].select(["document", "passage", "answer"]).to_pylist()
        right = np.array([one.right(each) for one, each in zip(test["held"], answers, strict=True)])
        shares = [act["held"].mean(), right[act["held"] > 0].mean(), act["far"].mean(), act["near"].mean()]
        rows.append(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |")
        least = np.quantile(np.asarray(told["near"]["probability"]), 0.95)
        strict = max(strict, float((np.asarray(told["held"]["probability"]) > least).mean()))
    sizes = {part: len(several) for part, several in test.items()}
    return SILENCE.format(kept=len(kept), articles=articles, rows="\n".join(rows), strict=strict, **sizes)


def solution() -> Solution:
    """The candidate that chooses a sentence."""
    return list(TASK.candidates(CASE, 9))[1]


def paragraphs(kept: Callable[[int], bool]) -> tuple[pa.Table, list[Asked]]:
    """The paragraphs of the articles that are kept, and the questions about all."""
    rows, asked = [], []
    for number, article in enumerate(search_sets.xquad_articles()):
        for paragraph in article["paragraphs"]:
            name = f"p{number}-{len(rows)}-{len(asked)}"
            if kept(number):
                rows.append((name, "", paragraph["context"]))
            for one in paragraph["qas"]:
                said = tuple(answer["text"] for answer in one["answers"])
                asked.append(Asked(one["id"], one["question"], name, said, number))
    return search_sets.table(rows), asked


def assistants() -> list[Asked]:
    """Questions to a voice assistant, each once."""
    with (ASSISTANT / "test.txt").open(encoding="utf-8") as file:
        texts = [row[0] for row in csv.reader(file, delimiter="\t") if row]
    return [Asked(f"a{text}", text, None) for text in dict.fromkeys(texts) if ASKING.match(text)]


def questions(several: Sequence[Asked]) -> pa.Table:
    """Questions as a table, a row for each of the words that answer."""
    rows = [(one.name, one.text, one.document, words) for one in several for words in (one.said or (None,))]
    kinds = zip(("name", "question", "document", "said"), zip(*rows, strict=True), strict=True)
    return pa.table({name: pa.array(values, pa.string()) for name, values in kinds})


def learnt_on(several: Sequence[Asked], corpus: pa.Table) -> tuple[Judgement, Index]:
    """Weights learnt on questions, and the index of the corpus."""
    index = shelf_of(corpus, PLAN.columns, PLAN.language).read(Still(corpus))
    return judgement(
        PLAN, tried(PLAN, index, {"questions": questions(several), "corpus": corpus}, 1), choosing=True
    ), index


def plain(looked: Seen) -> NDArray[np.float64]:
    """The sum of the inverse document frequencies of the question's words in each sentence, as a share."""
    return looked.features[:, OF_SENTENCES.index("held")]


def _told(looked: Seen, row: int) -> dict[str, str | None]:
    place = looked.places[looked.pieces[row][0]]
    return {"document": place.document, "passage": place.text, "answer": looked.text(row)}
