"""Room lake. In: samples of large files -> Out: a contract to begin with, and what all rows then say about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.contracts import propose
from grundstein.lake.contracts.proposing import MANY
from grundstein.lake.streaming.pouring import joined_samples, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from grundstein.core.contract import Column, Contract
    from grundstein.lake.reading.raw import Raw
    from grundstein.lake.streaming.pouring import Jar

FILES = 24
FROM_SAMPLE = "GST-D16"
FEWEST = 3


@dataclass(frozen=True)
class Draft:
    """A contract proposed from a sample. It is held against all rows without what only all rows can say."""

    contract: Contract
    findings: tuple[Finding, ...]
    sample: Raw

    @property
    def loose(self) -> Contract:
        """The contract that rows are held against: nothing is required, no key."""
        columns = tuple(replace(column, required=False) for column in self.contract.columns)
        return replace(self.contract, columns=columns, key=())


def draft(name: str, jars: Sequence[Jar], settings: Mapping[str, str], timezone: str) -> Draft:
    """Propose a contract from records all over the files; Refused as `propose` refuses."""
    step = max(1, len(jars) // FILES)
    return _draft(name, joined_samples([sampled(one) for one in jars[::step]]), settings, timezone)


def again(before: Draft, odd: pa.Table, share: float, settings: Mapping[str, str], timezone: str) -> Draft | None:
    """Propose anew with records that did not fit, as many as their share; None where that changes no column."""
    sample = before.sample
    if sample.table is None or not odd.num_rows:
        return None
    wanted = min(odd.num_rows, max(FEWEST, round(share * sample.rows)))
    some = odd.take(pa.array(np.linspace(0, odd.num_rows - 1, wanted).astype(np.int64)))
    table = pa.concat_tables([sample.table, some.select(sample.table.column_names)])
    more = replace(sample, table=table, line=pa.array(np.arange(1, table.num_rows + 1)))
    found = _draft(before.contract.table, more, settings, timezone)
    same = all(_kind(a) == _kind(b) for a, b in zip(found.contract.columns, before.contract.columns, strict=True))
    return None if same else found


def settled(made: Draft, rows: int, empty: Mapping[str, int], unique: Callable[[Sequence[str]], bool]) -> Draft:
    """What all rows say: which columns are required, whether the key names each row, whether the time is always there.

    `empty` counts the values missing by column; `unique` says whether no two rows share a key.
    """
    contract = made.contract
    full = {name for name in contract.names if not empty.get(name)}
    columns = tuple(replace(c, required=rows >= MANY and c.name in full) for c in contract.columns)
    key = contract.key if set(contract.key) <= full and contract.key and unique(contract.key) else ()
    entity = contract.entity if contract.entity in full else ""
    time = contract.time if contract.time in full else ""
    gone = {code for code, lost in (("GST-D62", key != contract.key), ("GST-D68", entity != contract.entity)) if lost}
    gone |= {"GST-D61"} if time != contract.time else set()
    told = [one for one in made.findings if one.code not in gone]
    told += [Finding("GST-D69", "tip")] if contract.key and not key else []
    if made.sample.rows < rows:
        told.append(Finding(FROM_SAMPLE, "tip", {"rows": made.sample.rows, "total": rows}))
    return replace(
        made, contract=replace(contract, columns=columns, key=key, entity=entity, time=time), findings=tuple(told)
    )


def _draft(name: str, sample: Raw, settings: Mapping[str, str], timezone: str) -> Draft:
    if not sample.rows:
        raise Refused(
            "The source holds no rows that can be read: nothing says what the columns mean.",
            "At least one row below the header in the first ingest of a table.",
            "Ingest a file with rows first; files without rows are taken after that.",
        )
    contract, findings = propose(name, sample, settings, timezone)
    told = (*findings, Finding("GST-D11", "tip", {"table": name, "columns": len(contract.columns)}))
    return Draft(contract, told, sample)


def _kind(column: Column) -> tuple[object, ...]:
    return column.name, column.type, column.scale, dict(column.source)
