"""Room lake. In: Raw of a first file -> Out: the Contract proposed for its table, and findings that say why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column, Contract, Type
from grundstein.core.findings import Finding
from grundstein.lake.contracts.casting import is_missing
from grundstein.lake.contracts.deciding import Decided, customs_of, decide
from grundstein.lake.contracts.identity import Filled, find_entity, find_key, find_time
from grundstein.lake.contracts.logs import log_contract
from grundstein.lake.contracts.look import Look, look_at
from grundstein.lake.contracts.missing import explained
from grundstein.lake.contracts.people import holds_people
from grundstein.lake.reading.dates import repeated_hours
from grundstein.lake.reading.naming import listed, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from grundstein.lake.reading.raw import Raw

MANY, TIPS = 100, 10
SPOKEN = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY", "ymd": "YYYYMMDD"}


def propose(
    name: str, raw: Raw, settings: Mapping[str, str], timezone: str = "UTC"
) -> tuple[Contract, tuple[Finding, ...]]:
    """Return the contract that a first file suggests: types, what is required, key, entity, time, personal columns.

    `settings`: `dates` (dmy, mdy) and `decimal` settle what the file leaves open; `currency` is the project's.
    Refused: dates or numbers that can be read in two ways, several currencies, another currency.
    """
    if raw.how.get("format") == "log":
        return log_contract(name, raw)
    if raw.table is None:
        filled, findings = _of_types(raw.typed)
    else:
        filled, findings = _of_texts(raw, raw.table, settings, timezone)
    columns = tuple(replace(one.column, required=one.missing == 0 and one.rows >= MANY) for one in filled)
    key, time = find_key(filled), find_time(filled)
    entity = find_entity(filled, key)
    contract = Contract(name, columns, (key,) if key else (), entity, time)
    return contract, (*_few(findings), *_identity(contract))


def _of_texts(
    raw: Raw, table: pa.Table, settings: Mapping[str, str], timezone: str
) -> tuple[list[Filled], list[Finding]]:
    looks = [look_at(name, table[name]) for name in table.column_names]
    customs = customs_of(looks, settings, raw.how)
    decided = [decide(look, customs) for look in looks]
    filled, findings = [], [*_shared(decided), *(told for one in decided for told in one.told)]
    for look, one in zip(looks, decided, strict=True):
        column = replace(one.column, personal=holds_people(look.name, look.texts, one.column.type))
        findings += _missing(look, column, table) if column.type != "text" else []
        if column.type == "instant":
            count = repeated_hours(look.texts, column.source.get("dates", ""), timezone)
            facts: dict[str, str | int] = {"column": look.name, "count": count, "timezone": timezone}
            findings += [Finding("GST-D66", "tip", facts)] if count else []
        filled.append(_filled(look, column))
    return filled, [*findings, *_marked(looks, decided), *_empty(looks)]


def _few(findings: Sequence[Finding]) -> list[Finding]:
    """At most ten tips of a kind; a table of a thousand columns would drown what matters."""
    seen = Counter[str]()
    kept = []
    for finding in findings:
        seen[finding.code] += 1
        if finding.section != "tip" or seen[finding.code] <= TIPS:
            kept.append(finding)
    return kept


def _filled(look: Look, column: Column) -> Filled:
    if column.type == "text":
        return Filled(column, look.distinct + len(look.markers), look.blank, look.rows)
    return Filled(column, look.distinct, look.rows - look.values, look.rows)


def _of_types(table: pa.Table) -> tuple[list[Filled], list[Finding]]:
    """A Parquet file says its types itself."""
    filled = []
    for name in table.column_names:
        values = table[name].combine_chunks()
        found, scale = _type_of(values.type)
        texts = pc.unique(values.drop_null()) if found == "text" else pa.array([], pa.string())
        column = Column(name, found, scale=scale, personal=holds_people(name, texts, found))
        distinct = pc.count_distinct(values, mode="only_valid").as_py()
        filled.append(Filled(column, distinct, values.null_count, len(values)))
    return filled, []


def _type_of(found: pa.DataType) -> tuple[Type, int]:
    tests: tuple[tuple[Callable[[pa.DataType], bool], Type], ...] = (
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "instant"),
    )
    if pa.types.is_decimal(found):
        return "decimal", found.scale
    return next((name for test, name in tests if test(found)), "text"), 2


def _missing(look: Look, column: Column, table: pa.Table) -> list[Finding]:
    """Say how a typed column writes that it has no value, and which other column says the same."""
    blank = np.asarray(pc.fill_null(pc.equal(table[look.name], ""), True))
    gone = is_missing(table[look.name].combine_chunks(), column)
    spaces = look.blank - int(blank.sum())
    written = [shown(list(look.markers), 4)] * bool(look.markers) + ['" "'] * bool(spaces)
    if not written:
        return []
    others = [name for name in table.column_names if name != look.name]
    why = explained(table, look.name, gone, others)
    facts: dict[str, str | int] = {
        "column": look.name,
        "count": spaces + sum(look.markers.values()),
        "markers": ", ".join(written),
    }
    if why:
        return [Finding("GST-D54", "tip", {**facts, "when": why})]
    return [Finding("GST-D55", "tip", facts)]


def _shared(decided: Sequence[Decided]) -> list[Finding]:
    """What several columns have in common, told once."""
    columns = [one.column for one in decided]
    found = []
    for code, entry, fact in (
        ("GST-D50", "decimal", "mark"),
        ("GST-D51", "thousands", "mark"),
        ("GST-D52", "dates", "order"),
        ("GST-D53", "currency", "currency"),
        ("GST-D65", "unit", "unit"),
    ):
        values = dict.fromkeys(c.source[entry] for c in columns if entry in c.source)
        for value in values:
            names = [c.name for c in columns if c.source.get(entry) == value]
            found.append(Finding(code, "tip", {"columns": listed(names), fact: SPOKEN.get(value, value)}))
    return found


def _marked(looks: Sequence[Look], decided: Sequence[Decided]) -> list[Finding]:
    """Texts that usually mean "no value" are kept where the column is text; a person may say otherwise."""
    return [
        Finding("GST-D67", "tip", {"column": look.name, "count": sum(look.markers.values()), "markers": _marks(look)})
        for look, one in zip(looks, decided, strict=True)
        if look.markers and one.column.type == "text"
    ]


def _marks(look: Look) -> str:
    return shown(list(look.markers))


def _empty(looks: Sequence[Look]) -> list[Finding]:
    names = [look.name for look in looks if look.blank == look.rows]
    return [Finding("GST-D60", "tip", {"columns": listed(names), "count": len(names)})] if names else []


def _identity(contract: Contract) -> list[Finding]:
    """What names a record, who comes back, when it was, and what is about people: for the owner to confirm."""
    key, entity, time = ", ".join(contract.key), contract.entity, contract.time
    personal = [column.name for column in contract.columns if column.personal]
    found = [Finding("GST-D62", "tip", {"column": key})] if key else [Finding("GST-D69", "tip")]
    found += [Finding("GST-D68", "tip", {"column": entity})] if entity and entity != key else []
    found += [Finding("GST-D61", "tip", {"column": time})] if time else []
    found += [Finding("GST-D63", "tip", {"columns": listed(personal)})] if personal else []
    return found
