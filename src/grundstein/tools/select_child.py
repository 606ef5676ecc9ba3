"""Room tools. In: a SELECT on standard input -> Out: its syntax tree; once the parent agrees, its rows as Parquet.

Runs as a process of its own (`python -m grundstein.tools.select_child`) and imports little but DuckDB: it is back in a
seventh of a second. Its limits are the kernel's where there are some (Windows has none, macOS none for memory); the
parent's clock holds everywhere.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import duckdb

from grundstein.tools.syntax import SAFE_SETTINGS, lock, quoted, read_parquet, serialized

if TYPE_CHECKING:
    from collections.abc import Mapping

MB = 1024 * 1024
AS_TEXT = re.compile(r"(UUID|INTERVAL|JSON|BIT|TIME WITH TIME ZONE|VARIANT|GEOMETRY|UNION|ENUM)\b")
HUGE = re.compile(r"\bHUGEINT\b")


def limit(request: Mapping[str, Any]) -> None:
    """Set the hard limits: address space, processor seconds, size of any file; no core dump."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: (request["memory_mb"] + 1024 + 256 * request["threads"]) * MB,
        resource.RLIMIT_CPU: math.ceil(request["seconds"] * request["threads"]) + 1,
        resource.RLIMIT_FSIZE: request["disk_mb"] * MB,
        resource.RLIMIT_CORE: 0,
    }
    for what, value in wanted.items():
        _, hard = resource.getrlimit(what)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # at the hard limit the kernel kills; a second before it the signal says what ran out
        last = bound if what != resource.RLIMIT_CPU or bound == hard else bound + 1
        resource.setrlimit(what, (bound, last))


def connect(limits: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Open an empty DuckDB in memory with its own limits."""
    return duckdb.connect(
        config={
            **SAFE_SETTINGS,
            "threads": limits["threads"],
            "memory_limit": f"{limits['memory_mb']}MB",
            "max_temp_directory_size": f"{limits['disk_mb']}MB",
            "temp_directory": limits["folder"],
        }
    )


def answer(engine: duckdb.DuckDBPyConnection, sql: str, request: Mapping[str, Any], limit_rows: int) -> None:
    """Close everything but the named tables' files, run the SELECT, write its rows."""
    lock(engine, [request["out"], *(file for files in request["views"].values() for file in files)])
    for name, files in request["views"].items():
        engine.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {read_parquet(files)}")
    if [statement.type for statement in engine.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
        raise ValueError("the parent let something pass that is not one SELECT")
    rows = engine.sql(sql)
    columns = map(column, range(1, len(rows.columns) + 1), different(rows.columns), map(str, rows.types))
    rows.project(", ".join(columns)).limit(limit_rows + 1).write_parquet(request["out"], compression="snappy")


def different(names: list[str]) -> list[str]:
    """Number the names that come again (a join brings `id` twice): id, id_2. Upper and lower case count as one."""
    taken: set[str] = set()
    wanted = {name.casefold() for name in names}
    given = []
    for name in names:
        free, number = name, 1
        while free.casefold() in taken or (number > 1 and free.casefold() in wanted):
            number += 1
            free = f"{name}_{number}"
        taken.add(free.casefold())
        given.append(free)
    return given


def column(number: int, name: str, kind: str) -> str:
    """Return the expression that hands a column over in a type that Parquet and Arrow share."""
    here = f"#{number}"
    if kind in ("DOUBLE", "FLOAT"):
        here = f"CASE WHEN isfinite({here}) THEN {here} END"
    elif AS_TEXT.match(kind) and not kind.endswith("]"):
        here = f"CAST({here} AS VARCHAR)"
    elif HUGE.search(kind):
        here = f"CAST({here} AS {HUGE.sub('BIGINT', kind)})"
    return f"{here} AS {quoted(name)}"


def say(kind: str, message: str) -> None:
    """Write one line of JSON to the parent."""
    sys.stdout.write(json.dumps({"kind": kind, "message": message}) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the SELECT and its limits, say its tree; read what it may see, say how it went."""
    request = json.loads(sys.stdin.readline())
    limit(request)
    try:
        engine = connect(request)
        say("Tree", serialized(engine, request["sql"]))
        agreed = sys.stdin.readline()
        if agreed:
            answer(engine, request["sql"], json.loads(agreed), request["rows"])
            say("Done", "")
    except Exception as error:  # whatever it was, the parent tells the person
        say(type(error).__name__, str(error)[:4000])
    os._exit(0)


if __name__ == "__main__":
    main()
