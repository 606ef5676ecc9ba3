"""Room flow. In: answers and their table -> Out: the same answers in the table's columns, and the table with theirs.

A release may know a class, or say a set, that none before it did: the table of answers gets that column.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.contract import Column, Contract
from grundstein.tools.sealing import HOUSE_COLUMNS
from grundstein.tools.typed import logical_type

if TYPE_CHECKING:
    from grundstein.core.ports import Project


def widen(project: Project, table: str, columns: pa.Schema) -> pa.Schema | None:
    """Give a table and its contract the columns that it lacks; returns its columns, None where it is not there yet.

    Inside its lease only.
    """
    if not project.tables.commits(table):
        return None
    project.tables.widen(table, columns)
    contract = project.contract(table)
    new = [field for field in columns if contract and field.name not in (*contract.names, *HOUSE_COLUMNS)]
    if contract and new:
        more = tuple(Column(field.name, logical_type(field.type)) for field in new)
        project.write_contract(replace(contract, columns=(*contract.columns, *more)))
    return project.tables.schema(table)


def in_its_columns(schema: pa.Schema | None, rows: pa.Table) -> pa.Table:
    """Return the rows with the columns of their table, in its order; one that they lack is empty."""
    if schema is None:
        return rows
    names = [*schema.names, *(name for name in rows.column_names if name not in schema.names)]
    return pa.table(
        {
            name: rows[name] if name in rows.column_names else pa.nulls(rows.num_rows, schema.field(name).type)
            for name in names
        }
    )


def write_answers_contract(project: Project, target: str, schema: pa.Schema, asked: Contract | None) -> None:
    """Write the contract of a case's answers where there is none; their key is described as that of the questions."""
    if project.contract(target) is None:
        naming = schema.names[: schema.names.index("question")]
        known = {
            one.name: replace(one, required=False) for one in (asked.columns if asked else ()) if one.name in naming
        }
        columns = tuple(known.get(field.name, Column(field.name, logical_type(field.type))) for field in schema)
        project.write_contract(Contract(target, columns, description="Answers, each with the release that gave it."))
