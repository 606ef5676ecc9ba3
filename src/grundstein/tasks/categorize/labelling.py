"""Room tasks. In: a categorize case and a person, or a file of theirs -> Out: rows of `CASE__labels`, who said what.

On a terminal one example after the other; in a pipe the next examples as CSV, which comes back by `--rows`.
"""

from __future__ import annotations

import csv
import getpass
import io
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Misused, Refused, nearest, offered
from grundstein.core.task import Done
from grundstein.tasks.categorize.agreement import (
    AT,
    BY,
    LABELS,
    ROW,
    SUGGESTED,
    agreement,
    completed,
    items_of,
    said_of,
)
from grundstein.tasks.categorize.options import plan_of
from grundstein.tasks.categorize.people import asked
from grundstein.tasks.categorize.queue import examples
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.columns import as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Project
    from grundstein.tasks.categorize.agreement import Item, Said
    from grundstein.tasks.categorize.options import Plan
    from grundstein.tasks.categorize.queue import Example

WORDS = ("rows", "by", "count", "to")
COUNT = 20
SHOWN = 2_000
QUESTIONS = "__questions"


@dataclass(frozen=True)
class Book:
    """A case's items and what was said of them: `pool` are those without a category, `known` those with one.

    `allowed` are the categories of the contract or of the case's table of categories; none: any.
    """

    case: Case
    plan: Plan
    contract: Contract
    keys: tuple[str, ...]
    pool: pa.Table
    known: pa.Table
    said: Said
    allowed: tuple[str, ...]

    @property
    def table(self) -> str:
        """The table of labels."""
        return self.case.name + LABELS

    @property
    def categories(self) -> list[str]:
        """Every category that is known."""
        told = {label for one in self.said.values() for label in one.values()}
        return sorted({*labels_of(self.known, self.plan).to_pylist(), *self.allowed, *told})


def label(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Say the category of the examples that help most: `label [--by NAME] [--count N] [--to FILE] [--rows FILE]`."""
    words = _words(args)
    book = _book(project, case)
    person = words.get("by") or getpass.getuser()
    if "rows" in words:
        if not words.get("by"):
            raise Misused(
                "Nobody says whose labels these are.",
                "--by NAME",
                f"grundstein do {case.name} label --rows FILE --by NAME",
            )
        return _told(book, _from_file(book, _text_of(words["rows"])), person)
    count = _count(words.get("count", str(COUNT)))
    found = examples(book.plan, book.pool, book.known, book.keys, book.said, person, count)
    if not found:
        return Done(
            f"Nothing is left to be told: bring rows whose {book.plan.target} is empty (contracts/"
            f"{book.case.data['rows']}.yaml must not require it), or let questions be answered",
            {"examples": []},
        )
    if "to" not in words and sys.stdin.isatty() and sys.stdout.isatty():
        return _told(book, asked(found, book.categories, _open(book)), person)
    text = _written(book, found)
    if "to" in words:
        Path(words["to"]).write_text("\ufeff" + text, encoding="utf-8", newline="")
        return Done(f"{len(found)} examples in {words['to']}; bring them back with --rows", {"examples": len(found)})
    return Done(text.rstrip("\n"), {"examples": [_plain(book, one) for one in found]})


def _words(args: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    left = [part for arg in args for part in (arg.split("=", 1) if arg.startswith("--") else [arg])]
    while left:
        name = left.pop(0)
        if name.removeprefix("--") not in WORDS or not name.startswith("--") or not left:
            raise Misused(
                f'"{name}" is not understood.',
                offered(name, [f"--{word}" for word in WORDS]),
                "grundstein do CASE label --by NAME",
            )
        found[name.removeprefix("--")] = left.pop(0)
    return found


def _count(word: str) -> int:
    if not word.isdigit() or not 0 < int(word) <= 1_000:
        raise Misused(f"--count {word} is not understood.", "A whole number from 1 to 1000.", "--count 20")
    return int(word)


def _book(project: Project, case: Case) -> Book:
    """Read a case's rows and labels; where every row has a category, the questions that were answered are the pool."""
    plan, table = plan_of(case), case.data["rows"]
    contract = project.contract(table)
    if contract is None or table not in project.tables.names():
        raise Refused(
            f"The rows of {case.name} are no governed table, so nothing names its items.",
            "A table under `data:`.",
            f"Make that SELECT a table, and name it in cases/{case.name}.yaml",
        )
    keys = tuple(name for name in contract.key if name != plan.target) or (ROW,)
    rows = project.tables.read(table)
    given = pc.is_valid(labels_of(rows, plan))
    pool, known = rows.filter(pc.invert(given)), rows.filter(given)
    questions = case.name + QUESTIONS
    if not pool.num_rows and keys != (ROW,) and questions in project.tables.names():
        pool = _asked(project.tables.read(questions), rows, keys)
    labels = project.tables.read(case.name + LABELS) if case.name + LABELS in project.tables.names() else None
    if labels is None:
        return Book(case, plan, contract, keys, pool, known, {}, _allowed(project, case, plan, contract))
    filled = completed(pool, labels, plan.target)
    known = pa.concat_tables([known, filled.filter(pc.is_valid(filled[plan.target]))], promote_options="permissive")
    allowed = _allowed(project, case, plan, contract)
    return Book(case, plan, contract, keys, pool, known, said_of(labels, plan.target), allowed)


def _allowed(project: Project, case: Case, plan: Plan, contract: Contract) -> tuple[str, ...]:
    listed = case.data.get("categories", "")
    if listed not in project.tables.names():
        return contract.column(plan.target).allowed
    return tuple(pc.unique(labels_of(project.tables.read(listed), plan)).drop_null().to_pylist())


def _asked(questions: pa.Table, rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The last question of each item, with the columns of the rows; those that a row answers are left out."""
    if not set(keys) <= set(questions.column_names):
        return rows.slice(0, 0)
    known = set(items_of(rows, keys))
    last = {
        item: place for place, item in enumerate(items_of(questions, keys)) if None not in item and item not in known
    }
    chosen = questions.take(pa.array(sorted(last.values()), pa.int64()))
    columns = {
        field.name: chosen[field.name] if field.name in chosen.column_names else pa.nulls(chosen.num_rows, field.type)
        for field in rows.schema
    }
    return pa.table(columns)


def _open(book: Book) -> int:
    """How many items nobody has told yet."""
    return sum(item not in book.said for item in items_of(book.pool, book.keys))


def _told(book: Book, labels: Sequence[tuple[Item, str, str]], person: str) -> Done:
    """The rows to be ingested, and what a person is told."""
    if not labels:
        return Done("Nothing was said.", {"labels": 0, "by": person})
    contract = _contract(book)
    types = {name: book.pool.schema.field("_row" if name == ROW else name).type for name in book.keys}
    columns = [[item[place] for item, _, _ in labels] for place in range(len(book.keys))]
    now = datetime.now(UTC)
    table = pa.table(
        {
            **{name: pa.array(values, types[name]) for name, values in zip(book.keys, columns, strict=True)},
            book.plan.target: pa.array([told for _, told, _ in labels], pa.string()).cast(
                book.known.schema.field(book.plan.target).type
            ),
            SUGGESTED: pa.array([best or None for _, _, best in labels], pa.string()),
            BY: pa.array([person] * len(labels), pa.string()),
            AT: pa.array([now] * len(labels), pa.timestamp("us", "UTC")),
        }
    )
    said = {item: dict(one) for item, one in book.said.items()}
    for item, told, _ in labels:
        said.setdefault(item, {})[person] = told
    both = agreement(said)
    facts: dict[str, Any] = {"labels": len(labels), "by": person, "table": book.table, "said": len(said)}
    lines = [f"{len(labels)} labels by {person} in {book.table}; {len(said):,} items have one"]
    if both:
        facts |= {"agreement": both.share, "kappa": both.kappa, "items": both.items}
        lines.append(f"two people agree on {both.share:.0%} of {both.items:,} items (kappa {both.kappa:.2f})")
    if book.case.data.get("choices") != book.table:
        lines.append(
            f"to learn from them: `data: {{rows: {book.case.data['rows']}, choices: {book.table}}}` in the case"
        )
    return Done("\n".join(lines), facts, {book.table: table}, {book.table: contract})


def _contract(book: Book) -> Contract:
    """The contract of the table of labels: no key, for two people may speak of one item."""
    named = [book.contract.column(name) if name != ROW else Column(ROW, "integer") for name in book.keys]
    told = book.contract.column(book.plan.target)
    columns = (
        *named,
        told,
        Column(SUGGESTED, "text"),
        Column(BY, "text", required=True, personal=True),
        Column(AT, "instant"),
    )
    return Contract(book.table, columns, description="Who said what of which item.")


def _text_of(source: str) -> str:
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes() if Path(source).is_file() else None
    if data is None:
        raise Refused(
            f"There is no file {source}.", "A CSV file, or - for what comes through a pipe.", "Check the path"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _from_file(book: Book, text: str) -> list[tuple[Item, str, str]]:
    """Read labels: the columns that name an item, and the category; rows where it is empty say nothing."""
    head = text.split("\n", 1)[0]
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)))
    names = list(rows[0]) if rows else []
    lacking = [name for name in (*book.keys, book.plan.target) if name not in names]
    if lacking:
        raise Refused(
            f'The file has no column "{lacking[0]}".', nearest(lacking[0], names), "Bring the CSV that `label` wrote"
        )
    items = {
        tuple(map(_spelled, item)): item for table in (book.pool, book.known) for item in items_of(table, book.keys)
    }
    found = []
    for row in rows:
        told = (row[book.plan.target] or "").strip()
        item = tuple((row[name] or "").strip() for name in book.keys)
        if told and item not in items:
            raise Refused(
                f"No item is named {', '.join(item)}.", f"A row of {book.case.data['rows']}.", "Correct the file"
            )
        if told:
            found.append((items[item], _category(book, told), (row.get(f"{SUGGESTED}: 1") or "").strip()))
    return found


def _category(book: Book, told: str) -> str:
    if book.allowed and told not in book.allowed:
        raise Refused(f'"{told}" is no category.', nearest(told, book.allowed), "Correct it, or add it to the list")
    return told


def _written(book: Book, found: Sequence[Example]) -> str:
    sink = io.StringIO()
    wide = max((len(one.offered) for one in found), default=0)
    names = [*book.keys, "text", "why", *(f"{SUGGESTED}: {n + 1}" for n in range(wide)), book.plan.target]
    writer = csv.DictWriter(sink, names, lineterminator="\n")
    writer.writeheader()
    for one in found:
        writer.writerow(_plain(book, one))
    return sink.getvalue()


def _plain(book: Book, one: Example) -> Mapping[str, str]:
    named = {name: _spelled(value) for name, value in zip(book.keys, one.item, strict=True)}
    best = {f"{SUGGESTED}: {n + 1}": label for n, label in enumerate(one.offered)}
    return {**named, "text": one.text[:SHOWN], "why": one.why, **best, book.plan.target: ""}


def _spelled(value: Any) -> str:
    """A value of a key as the file has it."""
    return str(as_texts(pa.table({"value": pa.array([value])}), "value")[0].as_py() or "")
