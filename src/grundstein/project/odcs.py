"""Room project. In: Contract -> Out: an Open Data Contract Standard 3.1 document, and back.

Source: Bitol, Open Data Contract Standard v3.1.0. What the standard has no field for stands in `customProperties`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from grundstein.core.contract import TYPES, Column, Contract
from grundstein.core.errors import Refused, nearest, offered
from grundstein.project.yaml_files import checked, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KNOWN_AT = ("before", "after")
LOGICAL = {"text": "string", "instant": "timestamp", "decimal": "number"}


class Loose(BaseModel):
    """The standard has more fields than we read; they are kept as written."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class CustomProperty(Loose):
    """A name and value beside the standard's own."""

    name: str = Field(alias="property")
    value: Any


class PropertyFile(Loose):
    """One column."""

    name: Annotated[str, Field(strict=True)]
    logical: str = Field(alias="logicalType")
    physical: str = Field("", alias="physicalType")
    required: bool = False
    key: bool = Field(False, alias="primaryKey")
    description: str = ""
    options: dict[str, Any] = Field({}, alias="logicalTypeOptions")
    classification: str = ""
    custom: list[CustomProperty] = Field([], alias="customProperties")


class SchemaFile(Loose):
    """One table."""

    name: str
    properties: list[PropertyFile] = Field(min_length=1)


class Service(Loose):
    """A promise about the service, such as freshness."""

    name: str = Field(alias="property")
    value: Any


class ContractFile(Loose):
    """`contracts/TABLE.yaml`."""

    kind: str = "DataContract"
    schemas: list[SchemaFile] = Field(alias="schema", min_length=1, max_length=1)
    description: dict[str, Any] = {}
    service: list[Service] = Field([], alias="slaProperties")
    custom: list[CustomProperty] = Field([], alias="customProperties")


def read_contract(content: Mapping[str, Any], path: Path) -> Contract:
    """Return the Contract of an ODCS document."""
    file = checked(ContractFile, content, path)
    table = file.schemas[0]
    custom = {entry.name: entry.value for entry in file.custom}
    fresh = next((s.value for s in file.service if s.name == "freshness"), None)
    contract = Contract(
        table=table.name,
        columns=tuple(_column(entry, content, index, path) for index, entry in enumerate(table.properties)),
        key=tuple(entry.name for entry in table.properties if entry.key),
        entity=str(custom.get("entity") or ""),
        time=str(custom.get("time") or ""),
        owner=str(custom.get("owner") or ""),
        description=str(file.description.get("purpose") or ""),
        freshness_days=None if fresh is None else float(fresh),
    )
    for name in filter(None, (contract.entity, contract.time)):
        if name not in (*contract.names, "_row"):
            raise Refused(
                f"{path.name} names the column `{name}`, which the table lacks.",
                offered(name, contract.names),
                f"Mend {path}",
            )
    for index, entry in enumerate(table.properties):
        _check_known_at(entry, contract, content, index, path)
    return contract


def _check_known_at(
    entry: PropertyFile, contract: Contract, content: Mapping[str, Any], index: int, path: Path
) -> None:
    """`known_at` is before, after or a column of time, said once, beside the column's fields or as custom property."""
    place: list[str | int] = ["schema", 0, "properties", index]
    beside = [([*place, name], name, value) for name, value in (entry.model_extra or {}).items()]
    custom = [([*place, "customProperties", k, "value"], one.name, one.value) for k, one in enumerate(entry.custom)]
    said = [one for one in (*beside, *custom) if "".join(filter(str.isalnum, one[1])).casefold() == "knownat"]
    for at, name, value in said:
        where = f"{path.name}, line {line_of(content, at)}"
        if name != "known_at":
            raise Refused(f"{where}: `{name}` is unknown.", 'Did you mean "known_at"?', f"Correct it in {path}")
        _check_when(str(value or ""), entry.name, contract, where, path)
    if len(said) > 1:
        raise Refused(
            f"{path.name}, line {line_of(content, said[1][0])}: {entry.name} says `known_at` twice.",
            "One line that says it.",
            f"Remove one of them in {path}",
        )


def _check_when(said: str, column: str, contract: Contract, where: str, path: Path) -> None:
    times = [one.name for one in contract.columns if one.type in ("date", "instant") and one.name != column]
    if not said or said in KNOWN_AT or said in times:
        return
    if said in contract.names:
        raise Refused(
            f"{where}: `known_at: {said}` of {column} is no column of time.",
            f"before, after, or the column that says when it was written{_listed(times)}.",
            f"Correct it in {path}",
        )
    near = nearest(said, (*KNOWN_AT, *times))
    raise Refused(
        f"{where}: `known_at: {said}` of {column} is unknown.", near[:1].upper() + near[1:], f"Correct it in {path}"
    )


def _listed(names: Sequence[str]) -> str:
    return f": {', '.join(names)}" if names else ""


def contract_content(contract: Contract, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the ODCS document; what a person added to `before` stays."""
    content: dict[str, Any] = before if before is not None else {}
    content.setdefault("apiVersion", "v3.1.0")
    content.setdefault("kind", "DataContract")
    content.setdefault("id", contract.table)
    content.setdefault("version", "1.0.0")
    content.setdefault("status", "draft")
    if contract.description:
        content["description"] = {**content.get("description", {}), "purpose": contract.description}
    old = content.get("schema") or [{}]
    extra = {entry.get("name"): _without_flags(entry) for entry in old[0].get("properties", [])}
    columns = [{**extra.get(c.name, {}), **_property(c, c.name in contract.key)} for c in contract.columns]
    content["schema"] = [{**old[0], "name": contract.table, "logicalType": "object", "properties": columns}]
    if contract.freshness_days is not None:
        content["slaProperties"] = [{"property": "freshness", "value": contract.freshness_days, "unit": "d"}]
    ours = {"entity": contract.entity, "time": contract.time, "owner": contract.owner}
    kept = [entry for entry in content.get("customProperties", []) if entry.get("property") not in ours]
    content["customProperties"] = [*kept, *({"property": name, "value": value} for name, value in ours.items())]
    return content


def _without_flags(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a column's entry when it is written anew: flags and `known_at` are written where they hold."""
    return {name: value for name, value in entry.items() if name not in ("required", "primaryKey", "known_at")}


def _column(entry: PropertyFile, content: Mapping[str, Any], index: int, path: Path) -> Column:
    physical, _, scale = entry.physical.partition("(")
    if physical not in TYPES:
        line = line_of(content, ["schema", 0, "properties", index])
        said = offered(physical, TYPES)
        raise Refused(f"{path.name}, line {line}: `physicalType: {entry.physical}` is unknown.", said, f"Mend {path}")
    custom: dict[str, Any] = {"known_at": (entry.model_extra or {}).get("known_at")}
    custom |= {one.name: one.value for one in entry.custom}
    return Column(
        name=entry.name,
        type=physical,
        required=entry.required,
        scale=int(scale.rstrip(")").rpartition(",")[2] or 2),
        minimum=entry.options.get("minimum"),
        maximum=entry.options.get("maximum"),
        allowed=tuple(map(str, custom.get("allowed", ()))),
        description=entry.description,
        known_at=str(custom.get("known_at") or ""),
        personal=entry.classification == "personal",
        source={name[7:]: str(value) for name, value in custom.items() if name.startswith("source.")},
    )


def _property(column: Column, key: bool) -> dict[str, Any]:
    physical = f"decimal(18,{column.scale})" if column.type == "decimal" else column.type
    entry: dict[str, Any] = {"name": column.name, "logicalType": LOGICAL.get(column.type, column.type)}
    entry["physicalType"] = physical
    options = {"minimum": column.minimum, "maximum": column.maximum}
    custom: dict[str, Any] = {"allowed": list(column.allowed), "known_at": column.known_at}
    custom |= {f"source.{name}": value for name, value in column.source.items()}
    more = {
        "required": column.required,
        "primaryKey": key,
        "description": column.description,
        "classification": "personal" if column.personal else "",
        "logicalTypeOptions": {name: value for name, value in options.items() if value is not None},
        "customProperties": [{"property": name, "value": value} for name, value in custom.items() if value],
    }
    return entry | {name: value for name, value in more.items() if value}
