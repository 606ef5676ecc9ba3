"""Room tasks. In: words for each category, or nothing -> Out: Rules (today's rule) and Majority, which learn little."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.task import Reason
from grundstein.tasks.categorize.looking import held, pattern_of
from grundstein.tasks.categorize.options import Plan
from grundstein.tasks.categorize.reading import text_alone, texts_of
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.keeping import fitted, keep, kept, restored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable


@dataclass(frozen=True)
class Rules:
    """The case's words: the first category of which one matches. Where none does, a person decides.

    `right` is how often each category's words were right in development; the last one stands for no match, which is
    answered by the most frequent category, `rest`.
    """

    plan: Plan
    right: tuple[float, ...] = ()
    rest: str = ""
    name: str = "rules"

    def fit(self, data: Data, seed: int) -> Self:
        """Look at how often the words were right in development; `seed` is not used."""
        del seed
        rows = data["rows"]
        truth = np.array(labels_of(rows, self.plan).to_pylist(), dtype=str)
        names, often = np.unique(truth, return_counts=True)
        rest = str(names[np.argmax(often)])
        said = _said(self.plan, rows)
        told = np.array([*(label for label, _ in self.plan.rules), rest], dtype=str)[said]
        count = len(self.plan.rules) + 1
        hits = np.bincount(said, told == truth, count) + 0.5
        return replace(self, right=tuple(hits / (np.bincount(said, minlength=count) + 1.0)), rest=rest)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question by the words that it holds; `live` is not used."""
        del live
        right, said = fitted(self.right or None), _said(self.plan, questions)
        labels = pa.array([*(label for label, _ in self.plan.rules), self.rest], pa.string())
        matched = said < len(self.plan.rules)
        act = np.where(matched, 1.0, 0.0 if self.plan.money else 1.0)
        return pa.table({"answer": labels.take(pa.array(said)), "probability": np.array(right)[said], "act": act})

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question of typed values: what `answer` says of a table of this row."""
        text = text_alone(question, self.plan.text, self.plan.clean)
        found = ((place, label) for place, (label, words) in enumerate(self.plan.rules) if held(words, text))
        place, label = next(found, (len(self.plan.rules), self.rest))
        act = 1.0 if place < len(self.plan.rules) or not self.plan.money else 0.0
        return {"answer": label, "probability": fitted(self.right or None)[place], "act": act}

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """The word of the first rule that matched; by how much it moves the answer nobody can say."""
        text = text_alone(question, self.plan.text, self.plan.clean)
        found = (word for _, words in self.plan.rules if (word := held(words, text)))
        column = " + ".join(self.plan.text)
        return tuple(Reason(column, word, math.nan) for word in islice(found, 1))[:most]

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        keep(folder, {"plan": self.plan, "right": self.right, "rest": self.rest})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), tuple(told["right"]), told["rest"])


@dataclass(frozen=True)
class Majority:
    """The most frequent category for all."""

    plan: Plan
    label: str = ""
    share: float = 0.0
    name: str = "majority"

    def fit(self, data: Data, seed: int) -> Self:
        """Count the categories; `seed` is not used."""
        del seed
        names, often = np.unique(
            np.array(labels_of(data["rows"], self.plan).to_pylist(), dtype=str), return_counts=True
        )
        return replace(self, label=str(names[np.argmax(often)]), share=float(often.max() / often.sum()))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Give everybody the same answer; `live` is not used."""
        del live
        ones = np.ones(questions.num_rows)
        return pa.table({"answer": [self.label] * len(ones), "probability": self.share * ones, "act": ones}).cast(
            pa.schema([("answer", pa.string()), ("probability", pa.float64()), ("act", pa.float64())])
        )

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Give the same answer to one question; it is not looked at."""
        del question
        return {"answer": self.label, "probability": self.share, "act": 1.0}

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """Nothing moves this answer."""
        del question, most
        return ()

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        keep(folder, {"plan": self.plan, "label": self.label, "share": self.share})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), told["label"], told["share"])


def check_rules(plan: Plan) -> None:
    """Refused where a word cannot be looked for."""
    for label, words in plan.rules:
        if not words:
            raise Refused(f'the category "{label}" has no words', "at least one under `rules`", "add one")
        for word in words:
            try:
                pc.match_substring_regex(pa.array([""]), pattern_of(word), ignore_case=True)
            except pa.ArrowInvalid as problem:
                reason = str(problem).splitlines()[0]
                raise Refused(
                    f'"{word}" of the category "{label}" cannot be read: {reason}', "a word, or /RE2/", "correct it"
                ) from None


def _said(plan: Plan, rows: pa.Table) -> NDArray[np.int64]:
    """The place of the first rule that matches; their number where none does."""
    texts = pa.array(texts_of(rows, plan.text, plan.clean), pa.string())
    said = np.full(rows.num_rows, len(plan.rules), dtype=np.int64)
    for place, (_, words) in reversed(list(enumerate(plan.rules))):
        pattern = "|".join(f"(?:{pattern_of(word)})" for word in words)
        said[np.asarray(pc.match_substring_regex(texts, pattern, ignore_case=True))] = place
    return said
