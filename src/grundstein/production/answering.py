"""Room production. In: a released solution and questions, part by part -> Out: answers, each with its release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.tools.sealing import HOUSE_COLUMNS, unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.task import LiveTable, Solution

QUESTIONS, ANSWERS = "__questions", "__answers"
PART = 65_536


@dataclass(frozen=True)
class Answerer:
    """A solution at work: `keys` name a question in the answer, `holdback` of them are never acted on."""

    solution: Solution
    live: Mapping[str, LiveTable]
    release: str
    keys: tuple[str, ...]
    holdback: float
    salt: str

    def answer(self, questions: pa.Table) -> pa.Table:
        """Answer one part; one row a question in the same order.

        Columns: the keys, `question` (the `_row` of the question), those of the task's answers, `held_back` where the
        case keeps a share that is never acted on, `release`. A row that is held back has act 0: the same row always is.
        """
        plain = questions.drop_columns([name for name in questions.column_names if name in HOUSE_COLUMNS])
        answers = self.solution.answer(plain, self.live)
        if self.holdback and "act" in answers.column_names:
            answers = self._held_back(questions, answers)
        table = questions.select([*self.keys, "_row"]).rename_columns([*self.keys, "question"])
        for name in answers.column_names:
            table = table.append_column(name, answers[name])
        return table.append_column("release", pa.array([self.release] * table.num_rows, pa.string()))

    def _held_back(self, questions: pa.Table, answers: pa.Table) -> pa.Table:
        hashed = unit_hash(questions, self.keys, self.salt, "holdback")
        left = hashed < int(self.holdback * 2.0**63)
        act = np.where(left, 0.0, np.asarray(answers["act"], dtype=float))
        place = answers.column_names.index("act")
        return answers.set_column(place, "act", pa.array(act)).append_column("held_back", pa.array(left))


def parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Join small batches and cut large ones, so that a part holds some 65,000 rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        for start in range(0, batch.num_rows, PART):
            held.append(batch.slice(start, PART))
            if sum(one.num_rows for one in held) >= PART:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)


def questions_contract(name: str, case: Case, main: Contract, there: Sequence[str]) -> Contract:
    """Return the contract of a case's questions: the table's own, less its target, as far as the source has it.

    No key: the same customer may be asked again. Refused where a column lacks that the answer may rest on.
    """
    from dataclasses import replace

    unknown = {str(case.options.get("target", "")), case.acted, *case.ignore}
    unknown |= {column.name for column in main.columns if column.known_at == "after"}
    lacking = [n for n in main.names if n not in there and n not in (*unknown, *main.key, case.time, case.entity)]
    if lacking:
        raise Refused(
            f'The rows lack the column "{lacking[0]}", which the answers of {name} rest on.',
            nearest(lacking[0], there).capitalize(),
            "Export the rows as the table's were exported",
        )
    columns = tuple(column for column in main.columns if column.name in there)
    return replace(main, table=name + QUESTIONS, columns=columns, key=(), entity="", time="")
