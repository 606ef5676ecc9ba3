"""Room tools. In: SQL text -> Out: its syntax tree by DuckDB's own parser, and an in-process engine with no way out."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Node = dict[str, Any]

LONGEST = 20_000
DEEPEST = 100
SAFE_SETTINGS: dict[str, Any] = {
    "threads": 1,
    "async_threads": 0,  # a write that fails in DuckDB 2.0's background may never come back: duckdb/duckdb#23885
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(config={**SAFE_SETTINGS, "memory_limit": "1GB", "temp_directory": ""})
    lock(engine, [])
    return engine


def engine() -> duckdb.DuckDBPyConnection:
    """Return a fresh cursor on the process's one locked DuckDB: one thread, UTC, no file, no network, no setting."""
    return _engine().cursor()


def spilling(folder: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """Return an engine for our own statements over more rows than `memory` holds; it spills to `folder`. Close it."""
    spilled: dict[str, Any] = {"temp_directory": str(folder / "spilled"), "memory_limit": memory, "threads": 2}
    con = duckdb.connect(config={**SAFE_SETTINGS, **spilled})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def read_parquet(files: Iterable[str]) -> str:
    """Return the FROM item that reads Parquet files in this order."""
    return f"read_parquet([{', '.join(map(literal, files))}])"


def lock(engine: duckdb.DuckDBPyConnection, paths: Iterable[str]) -> None:
    """Close everything but these files (no file, network, extension, attachment), then the settings themselves.

    Globally, because a cursor does not see the settings of the session it comes from.
    """
    for setting in (
        "TimeZone = 'UTC'",
        "python_enable_replacements = false",
        "error_on_division_by_zero = false",
        f"allowed_paths = [{', '.join(map(literal, paths))}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        engine.execute(f"SET GLOBAL {setting}")


def parse(text: str, longest: int = LONGEST, before: str = "", after: str = "") -> list[Node]:
    """Return the query nodes of each statement of `before + text + after`, parsed in this process.

    Refused where DuckDB cannot read them or one is no SELECT. Nothing is bound or run: no table is looked up, no file
    opened. Only for texts whose grammar is narrow: nested WITH takes the parser 5 ** depth steps (see `select`).
    """
    bounded(text, longest)
    with engine() as cursor:
        return statements(serialized(cursor, before + text + after), text, len(before))


def bounded(text: str, longest: int = LONGEST) -> None:
    """Refuse what is too long or too deep; the parser's time grows with the cube of unclosed brackets."""
    if len(text) > longest:
        raise Refused(
            f"The SQL is {len(text):,} characters long.",
            f"At most {longest:,} characters.",
            "Put long lists into a table and join it.",
        )
    if "\x00" in text:
        raise Refused("The SQL holds a NUL character.", "Plain text.", "Type it anew rather than paste it.")
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth > DEEPEST:
            raise _too_deep()


def serialized(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the syntax tree, or the parser's error, as DuckDB's JSON."""
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    return str(row[0]) if row else "{}"


def statements(tree: str, text: str, shift: int = 0) -> list[Node]:
    """Return the query node of each statement in DuckDB's JSON; Refused where it holds an error of `text`."""
    try:
        content = json.loads(tree)
    except RecursionError:
        raise _too_deep() from None
    if content.get("error"):
        raise _unreadable(content, text, shift)
    return [statement["node"] for statement in content.get("statements", [])]


def nodes(tree: Any) -> Iterator[Node]:
    """Walk every object of a tree in the order of the text, without recursion."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
        waiting.extend(reversed(children(item)))


def children(item: Any) -> list[Any]:
    """Return what hangs below an object or a list of a tree."""
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def reason(message: str) -> str:
    """Return DuckDB's message in one line: without its kind, its picture of the query and its candidates."""
    text = re.split(r"\n\s*LINE \d+:|\n\s*Candidate|\n\s*Did you mean|You might need to add", message)[0]
    text = re.sub(r"^(\w+ )+Error: ", "", text.strip())
    text = re.sub(r"\.? Use TRY\(.*", "", text)
    return " ".join(text.split()).rstrip("!. ")


def _too_deep() -> Refused:
    return Refused(
        "The SQL is nested too deeply.",
        f"A shorter expression; at most {DEEPEST} brackets inside one another.",
        "Split it into steps: WITH a AS (...), b AS (...) SELECT ...",
    )


def _unreadable(tree: Node, text: str, shift: int) -> Refused:
    message = " ".join(str(tree.get("error_message", "")).split()).rstrip("!. ")
    if tree.get("error_type") == "not implemented":
        return Refused(
            f"This is not a SELECT: {shortened(text)}",
            "One SELECT statement; it reads and changes nothing.",
            "Begin with SELECT, WITH or FROM; write PIVOT as SELECT * FROM (PIVOT t ON column IN (...) USING sum(x))",
        )
    if "expression depth" in message:
        return _too_deep()
    position = str(tree.get("position", ""))
    at = int(position) - shift if position.isdigit() else 0
    known = position.isdigit() and 0 <= at < len(text.rstrip())
    return Refused(
        f"The SQL cannot be read at character {at + 1}: {message}." if known else "The SQL cannot be read to its end.",
        "DuckDB's SQL; text in single quotes, names with spaces or of SQL's own words in double quotes.",
        f"Look at: {shortened(text[max(at - 20, 0) :] if known else text)}",
    )


def shortened(text: str, longest: int = 60) -> str:
    """Return text in one line, cut where it is long."""
    words = " ".join(text.split())
    return words if len(words) <= longest else words[: longest - 3] + "..."


def offer(word: str, allowed: Iterable[str], otherwise: str) -> str:
    """Return the sentence that offers a word much like this one, else `otherwise` (for lists too long to print)."""
    close = difflib.get_close_matches(word.casefold(), sorted(allowed), n=1, cutoff=0.8)
    return f'Did you mean "{close[0]}"?' if close else otherwise
