"""Bench. In: the ladder, two sources of graded sentences, thirty whole letters -> Out: what `letters` reads rightly.

The grammar was written from what is known of such letters and mended on the first source (brockhaus). The second one
(jesperbeisner) was not looked at while it was written; `--quick` leaves it closed.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from grundstein import flow
from grundstein.core.records import Verdict
from grundstein.project.folder import create_project
from grundstein.tasks.letters.grading import read
from grundstein.tasks.letters.letter import letter_of
from grundstein.tasks.letters.phrases import folded, pattern
from grundstein.tasks.letters.worth import quadratic_kappa
from public import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

T = TypeVar("T")
FOLDER = SHARED / "arbeitszeugnis"
WRITTEN = Path(__file__).parents[1] / "tests" / "tasks"
LOCALES = {"21_rezeption_at": "at", "25_laborantin_ch": "ch"}
NAMES = {"sehr gut": 1, "gut": 2, "befriedigend": 3, "ausreichend": 4, "mangelhaft": 5, "ungenügend": 6}
ALWAYS = ("stets", "jederzeit", "immer", "zu jeder Zeit", "ausnahmslos", "durchgängig", "durchweg")
WHOSE = ("zu unserer", "zu meiner", "zu ihrer", "zur")
SAID = ("Frau Kern hat ihre Aufgaben {} erledigt.", "Er hat die ihm übertragenen Arbeiten {} ausgeführt.", "{}")
RUNGS = {("stets", "vollsten"): 1, ("stets", "vollen"): 2, ("", "vollen"): 3}
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda text: text.replace("ü", "ue").replace("ß", "ss"),
    lambda text: text.replace("Zufriedenheit", "Zufrieden-\nheit"),
    lambda text: text.replace("Zufriedenheit", "Zufridenheit").replace("stets", "stehts"),
)
CASE = """question: Which grade does this sentence stand for?
task: letters
data: sentences
target: grade
text: text
metric: absolute_error
entity: criterion
affects: applicants
"""
HEAD = """## Reference letters
The ladder of BAG, 18.11.2014, 9 AZR 584/13 in {count:,} wordings and spellings: {right:,} read rightly and as no range.

Sentences. `brockhaus` is development: the grammar was mended on it, its figures flatter. `jesperbeisner` was not looked
at while the grammar was written. The peer counts words of three lists (always, superlatives, weakeners). A pair is two
sentences of one criterion with different grades, in the right order where the better one has the better grade (equal
ones are wrong); it is minimal where the two share at least half of their words.

| | sentences | | accuracy | within one | mae | qwk | in range | pairs in order | minimal pairs |
|---|---|---|---|---|---|---|---|---|---|"""
LETTERS = """
Whole letters with planted faults, written for this. On `written` the reader was mended, so its figures flatter; `fresh`
were written when it was done, by one who knew it, and it was not mended on them.

| | letters | planted | found | share | false alarms | a letter | most in one |
|---|---|---|---|---|---|---|---|
{rows}

One core: {sentences:,.0f} sentences/s, {read:,.0f} letters/s."""
JUDGED = """
The ordinal model, learnt on the first source and judged on the second by `decide --test`: **{word}**; {winner}
against the grammar {mean:+.3f} [{low:+.3f}, {high:+.3f}] absolute_error a sentence. Criteria are the
clusters, and fewer than 30 of them never qualify."""


@dataclass(frozen=True)
class Source:
    """Graded sentences of one source."""

    name: str
    criteria: list[str]
    grades: Floats
    texts: list[str]


def run(quick: bool) -> str:
    """Return the section; `quick` leaves the unseen source closed."""
    count, right = ladder()
    first = source("brockhaus")
    lines = [HEAD.format(count=count, right=right), *_rows(first)]
    if not quick:
        second = source("jesperbeisner")
        lines += [*_rows(second), judged(first, second)]
    return "\n".join([*lines, _letters(first)])


def ladder() -> tuple[int, int]:
    """How many sentences of the ladder there are, and how many are read exactly."""
    count = right = 0
    for ((often, degree), grade), whose, said, spelt in product(RUNGS.items(), WHOSE, SAID, SPELLINGS):
        for how in ALWAYS if often else ("",):
            told = read(spelt(said.format(f"{how} {whose} {degree} Zufriedenheit")))
            count += 1
            right += (told.low, told.grade, told.high, told.fixed) == (grade, grade, grade, True)
    return count, right


def source(name: str) -> Source:
    """Read a source; grades in words or numbers. A reason for leaving is no judgement and is left out."""
    with (FOLDER / f"{name}_phrases.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["criterion"].strip() != "Austrittsgrund"]
    grades = [NAMES.get(row["grade"].strip().lower()) or int(row["grade"]) for row in rows]
    texts = [re.sub(r"<<([^>/]*)[^>]*>>", r"\1", row["text"]) for row in rows]
    return Source(name, [row["criterion"].strip() for row in rows], np.array(grades, dtype=np.float64), texts)


def in_order(one: Source, told: Floats, *, minimal: bool) -> tuple[int, int]:
    """Pairs of one criterion with different grades: how many there are, and how many stand in the right order."""
    words = [set(folded(text).split()) for text in one.texts]
    count = right = 0
    for left, other in combinations(range(len(told)), 2):
        shared = len(words[left] & words[other]) / max(len(words[left] | words[other]), 1)
        if one.criteria[left] != one.criteria[other] or one.grades[left] == one.grades[other]:
            continue
        if minimal and shared < 0.5:
            continue
        count += 1
        right += (told[left] < told[other]) == (one.grades[left] < one.grades[other]) and told[left] != told[other]
    return count, right


def by_lists(texts: Sequence[str]) -> Floats:
    """The peer: three lists of words."""
    always = pattern(["(stets|jederzeit|immer|in jeder Hinsicht)"])
    more = pattern(["(sehr|äußerst|außerordentlich|höchst*|vollste*|hervorragend*|ausgezeichnet*|vorbildlich*)"])
    less = pattern(["(bemüht*|weitgehend|zufriedenstellend*|ausreichend*)", "im Großen und Ganzen", "im Allgemeinen"])
    words = [folded(text) for text in texts]
    moved = [-bool(always.search(w)) - bool(more.search(w)) + 2 * bool(less.search(w)) for w in words]
    return np.clip(3.0 + np.array(moved, dtype=np.float64), 1.0, 6.0)


def judged(first: Source, second: Source) -> str:
    """The product's own verdict on the model, learnt on one source and judged on the other."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        project = create_project(root / "letters", salt="bench", languages=["en"])
        for table, one in (("sentences", first), ("unseen", second)):
            rows = pa.table({"criterion": one.criteria, "text": one.texts, "grade": one.grades})
            arrow_csv.write_csv(rows, root / f"{table}.csv")
            flow.ingest(project, str(root / f"{table}.csv"), table)
        (project.root / "cases" / "letters.yaml").write_text(CASE, encoding="utf-8")
        said = flow.decide(project, "letters", {"rows": "unseen"}).record
    assert isinstance(said, Verdict)  # noqa: S101  (what `decide` returns)
    gain = said.gains.get("grammar")
    told = {"word": said.verdict, "winner": said.winner or "no candidate"}
    nothing = float("nan")
    return JUDGED.format(
        **told,
        mean=gain.mean if gain else nothing,
        low=gain.low if gain else nothing,
        high=gain.high if gain else nothing,
    )


def _rows(one: Source) -> list[str]:
    found = [read(text) for text in one.texts]
    ours = np.array([each.grade for each in found])
    low, high = (np.array([getattr(each, side) for each in found]) for side in ("low", "high"))
    inside = float(((low <= one.grades) & (one.grades <= high)).mean())
    lists = by_lists(one.texts)
    return [_row(one, "grammar", ours, f"{inside:.3f}"), _row(one, "three lists", lists, "")]


def _row(one: Source, name: str, told: Floats, inside: str) -> str:
    whole = np.floor(told + 0.5)
    off = np.abs(whole - one.grades)
    pairs, minimal = (in_order(one, told, minimal=only) for only in (False, True))
    return (
        f"| {one.name} | {len(told)} | {name} | {(off == 0).mean():.3f} | {(off <= 1).mean():.3f} "
        f"| {np.abs(told - one.grades).mean():.3f} | {quadratic_kappa(one.grades, whole):.3f} | {inside} "
        f"| {pairs[1]} / {pairs[0]} = {pairs[1] / pairs[0]:.3f} "
        f"| {minimal[1]} / {minimal[0]} = {minimal[1] / max(minimal[0], 1):.3f} |"
    )


def _letters(one: Source) -> str:
    written, fresh = _read("written"), _read("fresh")
    _, speed = _spent(lambda: [read(text) for text in one.texts])
    rows = "\n".join(_letter_row(name, *found) for name, *found in (("written", *written), ("fresh", *fresh)))
    return LETTERS.format(rows=rows, sentences=len(one.texts) / speed, read=len(written[0]) / written[2])


def _read(kind: str) -> tuple[dict[str, set[str]], dict[str, set[str]], float]:
    """The signs that were planted in letters of a kind, those found, and the CPU seconds."""
    folder = WRITTEN / f"letters_{kind}"
    planted = tomllib.loads((folder / "planted.toml").read_text(encoding="utf-8"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}
    letters, spent = _spent(lambda: {name: letter_of(text, LOCALES.get(name, "de")) for name, text in texts.items()})
    signs = {name: {one.label for one in each.signals if not one.harmless} for name, each in letters.items()}
    return {name: set(planted.get(name, [])) for name in texts}, signs, spent


def _letter_row(kind: str, wanted: dict[str, set[str]], signs: dict[str, set[str]], _: float) -> str:
    count = sum(map(len, wanted.values()))
    found = sum(len(signs[name] & wanted[name]) for name in wanted)
    alarms = [len(signs[name] - wanted[name]) for name in wanted]
    return (
        f"| {kind} | {len(wanted)} | {count} | {found} | {found / count:.3f} | {sum(alarms)} "
        f"| {np.mean(alarms):.2f} | {max(alarms)} |"
    )


def _spent(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    made = work()
    return made, time.process_time() - start


if __name__ == "__main__":
    print(run(quick="--quick" in sys.argv))
