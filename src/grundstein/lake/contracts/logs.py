"""Room lake. In: Raw of a log -> Out: the Contract of its table, which is the same for every log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column, Contract
from grundstein.core.findings import Finding
from grundstein.lake.contracts.people import holds_people

if TYPE_CHECKING:
    from grundstein.lake.reading.raw import Raw

LOOKED_AT = 2_000
COLUMNS = (
    Column("file", "text", required=True, description="the file inside its source"),
    Column("line", "integer", required=True, description="the line in which the entry begins"),
    Column("time", "instant", description="when; of an entry without a time, that of the entry before it"),
    Column("level", "text", description="how serious, in one word for all logs"),
    Column("source", "text", description="the part of the program that speaks"),
    Column("process", "text", description="process, thread or machine"),
    Column("text", "text", description="what is said, with the lines that belong to it"),
    Column("session", "text", description="the session, by the rule that --session gave"),
)


def log_contract(name: str, raw: Raw) -> tuple[Contract, tuple[Finding, ...]]:
    """Return the contract of a log's table; time is named where every entry has one, the session as its entity."""
    there = raw.content
    columns = [one for one in COLUMNS if one.name in there.column_names]
    personal = [one.name for one in columns if holds_people(one.name, _some(raw, one.name), one.type)]
    columns = [replace(one, personal=one.name in personal) for one in columns]
    timed = there["time"].null_count == 0 and raw.rows > 0
    entity = "session" if "session" in there.column_names else ""
    contract = Contract(name, tuple(columns), entity=entity, time="time" if timed else "")
    told = [Finding("GST-D61", "tip", {"column": "time"})] if timed else []
    told += [Finding("GST-D68", "tip", {"column": entity})] if entity else []
    told += [Finding("GST-D63", "tip", {"columns": ", ".join(personal)})] if personal else []
    return contract, tuple(told)


def _some(raw: Raw, name: str) -> pa.Array:
    return pc.unique(raw.content[name].slice(0, LOOKED_AT).combine_chunks().drop_null())
