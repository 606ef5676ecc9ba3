"""Room flow. In: a case and the contracts -> Out: where they do not fit together; no data are touched, no lake needed.

A SELECT and a rule are run over empty tables of the contracts' columns and types, by the engine that runs them later.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.core.task import RuledElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from grundstein.core.case import Also, Case
    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project
    from grundstein.core.task import Task

Place = tuple[str | int, ...]
Misfit = tuple[Place, Finding]
WORD = re.compile(r"`(\w+)")


@dataclass(frozen=True)
class Shelf:
    """The contracts of a folder by table; `broken` are those that cannot be read, told elsewhere."""

    contracts: Mapping[str, Contract]
    broken: frozenset[str] = frozenset()

    def find(self, table: str) -> Contract | None:
        """The contract of a table; SQL does not mind upper and lower case."""
        known = {name.casefold(): one for name, one in self.contracts.items()}
        return known.get(table.casefold())

    def empty(self, table: str) -> pa.Table:
        """An empty table as the lake would hold it."""
        import pyarrow as pa

        from grundstein.tools.typed import schema_of

        house = [pa.field("_row", pa.int64()), pa.field("_batch", pa.string())]
        found = self.find(table)
        return pa.schema([*(schema_of(found) if found else ()), *house]).empty_table()

    def lacks(self, field: str, table: str) -> Finding | None:
        """The finding for a table without a contract; None where it has one, or a broken one."""
        if self.find(table) or table in self.broken:
            return None
        return Finding("GST-N02", "issue", {"field": field, "table": table, "near": nearest(table, self.contracts)})


def misfits(project: Project, case: Case, shelf: Shelf) -> list[Misfit]:
    """Everything in a case that does not fit its task, its tables or its folder, with its place in the file."""
    if case.idea or not case.task:
        return []
    task = project.task(case.task)
    found, data = [*_roles(task, case)], {}
    for role, source in case.data.items():
        place: Place = ("data",) if tuple(case.data) == ("rows",) else ("data", role)
        told, table = looked_up(source, shelf, "data")
        found += [(place, one) for one in told]
        if table is not None:
            data[role] = table
    first = task.roles[0].name
    if first in case.data and first in data:
        found += _columns(task, case, data, shelf)
    return [*found, *_outside(project, case, shelf)]


def looked_up(source: str, shelf: Shelf, field: str, steady: bool = True) -> tuple[list[Finding], pa.Table | None]:
    """Return what is wrong with a table's name or a SELECT, and the empty table that it gives (None: not known)."""
    from grundstein.lake import snapshots
    from grundstein.tools.select import pinned_tables, tables_of

    if not snapshots.is_select(source):
        lacking = shelf.lacks(field, source)
        return ([lacking], None) if lacking else ([], shelf.empty(source) if shelf.find(source) else None)
    try:
        names = pinned_tables(source) if steady else tables_of(source)
        missing = [one for name in names if (one := shelf.lacks(field, name))]
        if missing or not all(shelf.find(name) for name in names):
            return missing, None
        return [], _selected(source, names, shelf)
    except Refused as error:
        return [Finding("GST-N05", "issue", {"field": field, **_said(error)})], None


def _selected(sql: str, names: Sequence[str], shelf: Shelf) -> pa.Table:
    from grundstein.flow.selecting import result_of

    return result_of(sql, {name: shelf.empty(name) for name in names})


def _roles(task: Task, case: Case) -> Iterator[Misfit]:
    known = [role.name for role in task.roles]
    for role in case.data:
        if role not in known:
            said = {"what": f"The task {case.task} has no role `{role}`.", "expected": nearest(role, known)}
            yield ("data", role), Finding("GST-N16", "issue", said)
    for one in task.roles:
        if one.required and one.name not in case.data:
            said = {"what": f"The case names no table for `{one.name}`.", "expected": "`data: {role: table}`."}
            yield ("data",), Finding("GST-N16", "issue", said)


def _columns(task: Task, case: Case, data: Mapping[str, pa.Table], shelf: Shelf) -> Iterator[Misfit]:
    """The columns that case and rule name, against what the tables have."""
    from grundstein.lake import snapshots

    first = task.roles[0].name
    table = snapshots.named_tables(case.data[first])[0]
    ruled_by = task.rule_role if isinstance(task, RuledElsewhere) else first
    rule = case.baseline if ruled_by in data else ""
    told = list(_rule(rule, data[ruled_by], table if ruled_by == first else ruled_by)) if rule else []
    yield from told
    contract = shelf.find(table)
    agreed, disagree = _settled(case, contract) if contract else (case, [])
    yield from disagree
    try:
        needed = task.contract(replace(agreed, baseline="") if told else agreed)
    except Refused as error:
        yield _task_says(case, error)
        return
    ruled = () if told else _ruled(agreed)
    kept = _sealed_by(agreed, contract) if contract and snapshots.is_select(case.data[first]) else ()
    for role, asked in needed.items():
        if role in data:
            own = (*case.ignore, *case.key, *kept) if role == first else ()
            names = dict.fromkeys((*(name for name in asked.names if name not in ruled), *own))
            yield from _strangers(case, names, data[role], table if role == first else role)


def _settled(case: Case, contract: Contract) -> tuple[Case, list[Misfit]]:
    """The case with time and entity as its contract has them, and where it says something else."""
    from grundstein.evaluation.sealing import settled

    try:
        agreed = settled(case, contract)[0]
    except Refused as error:
        word = "time" if " time " in error.what else "entity"
        agreed = replace(case, time=contract.time, entity=contract.entity)
        return agreed, [((word,), Finding("GST-N16", "issue", _said(error)))]
    return (replace(agreed, entity="") if case.key and agreed.entity not in case.key else agreed), []


def _sealed_by(case: Case, contract: Contract) -> tuple[str, ...]:
    """What a SELECT must keep, so that its rows can be sealed with their table's: key and time, else `_row`."""
    key = case.key or contract.key
    return (*key, *([case.time] if case.time else []), *([] if key else ["_row"]))


def _ruled(case: Case) -> tuple[str, ...]:
    """The columns that only the rule names: these are told with the rule."""
    from grundstein.tools import expression

    read = expression.columns_of(case.baseline) if case.baseline else ()
    return tuple(name for name in read if _field_of(case, name) == ("data",))


def _strangers(case: Case, names: Mapping[str, None], table: pa.Table, called: str) -> Iterator[Misfit]:
    for name in names:
        if name not in table.column_names:
            place = _field_of(case, name)
            if name == "_row" and place != ("data",):
                continue
            near = nearest(name, [one for one in table.column_names if not one.startswith("_")])
            said = {"field": str(place[0]), "column": name, "table": called, "near": near}
            yield place, Finding("GST-N03", "issue", said)


def _field_of(case: Case, column: str) -> Place:
    """Where a case names a column, itself or in a list; two columns that count together stand as `a + b`."""
    own = {"ignore": case.ignore, "key": case.key, "entity": case.entity, "time": case.time, "acted": case.acted}
    for field, value in {**case.options, **own}.items():
        if value == column:
            return (field,)
        if isinstance(value, list | tuple):
            for number, one in enumerate(value):
                if column in str(one).split(" + "):
                    return (field, number)
    return ("data",)


def _rule(text: str, rows: pa.Table, table: str) -> Iterator[Misfit]:
    """A rule that is no expression, names a column that is not there, or compares what does not compare."""
    from grundstein.tools import expression

    try:
        known = [name for name in rows.column_names if not name.startswith("_")]
        folded = {name.casefold() for name in rows.column_names}
        strange = [name for name in expression.columns_of(text) if name.casefold() not in folded]
        for name in strange:
            said = {"field": "baseline", "column": name, "table": table, "near": nearest(name, known)}
            yield ("baseline",), Finding("GST-N03", "issue", said)
        if not strange:
            expression.kind(text, rows)
    except Refused as error:
        yield ("baseline",), Finding("GST-N04", "issue", {"table": table, **_said(error)})


def _task_says(case: Case, error: Refused) -> Misfit:
    """A task's complaint, at the first field that it names."""
    fields = {*case.options, *vars(case)}
    named = next((word for word in WORD.findall(error.what + error.expected) if word in fields), "task")
    return (named,), Finding("GST-N16", "issue", _said(error))


def _said(error: Refused) -> dict[str, str]:
    """The facts of an error: what happened, and the nearest word where the next step offers one."""
    expected = error.next_step if error.next_step.startswith("Did you mean") else error.expected
    return {
        "what": f"{error.what.rstrip('.')}.",
        "expected": expected if expected.endswith("?") else f"{expected.rstrip('.')}.",
    }


def _outside(project: Project, case: Case, shelf: Shelf) -> Iterator[Misfit]:
    for number, one in enumerate(case.also):
        what = _unreachable(project, one, shelf)
        if what:
            yield ("also", number, one.kind), Finding("GST-N09", "issue", {"name": one.name, "what": what})


def _unreachable(project: Project, one: Also, shelf: Shelf) -> str:
    """Say why somebody else's answers cannot be had, as far as files tell; nobody is called and nothing is run."""
    if one.kind == "table" and (lacking := shelf.lacks("also", one.table)):
        return lacking.text()
    if one.kind != "python":
        return ""
    file, _, wanted = one.python.rpartition(":")
    path = project.root / file
    if not path.is_file():
        return f"there is no file {file}"
    try:
        names = _defined(ast.parse(path.read_text(encoding="utf-8")))
    except (SyntaxError, ValueError) as error:
        return f"{file} is no Python: {error}"
    return "" if wanted in names else f"{file} defines no {wanted}; {nearest(wanted, names)}"


def _defined(tree: ast.Module) -> set[str]:
    """The names that a file defines at its top, imports among them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return found
