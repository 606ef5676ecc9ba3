"""Room web. In: contracts of the cases that a program may ask -> Out: their OpenAPI 3.1 document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grundstein import __version__
from grundstein.flow.serving import example

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from grundstein.core.contract import Column
    from grundstein.core.records import Access
    from grundstein.flow.serving import Desk, Loaded
    from grundstein.web.limits import Limits

Json = dict[str, Any]
WHOLE = 2**63
TYPES: dict[str, Json] = {
    "integer": {"type": "integer", "minimum": -WHOLE, "maximum": WHOLE - 1},
    "number": {"type": "number"},
    "decimal": {"type": ["number", "string"]},
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
}
TURNED = {
    "401": "no token that counts",
    "403": "the token lacks the scope or the case",
    "404": "no such case",
    "408": "the request came too slowly",
    "413": "the request is too large",
    "422": "what was sent breaks the contract; all errors at once",
    "429": "too many requests",
    "503": "the case cannot be answered now",
}
ERROR: Json = {
    "type": "object",
    "required": ["code", "text"],
    "properties": {
        "code": {"type": "string", "description": "A code that stays, such as GST-Q02."},
        "text": {"type": "string"},
        "field": {"type": "string"},
        "question": {"type": "integer", "description": "Which question of several, counted from 0."},
    },
}
REASON: Json = {
    "type": "object",
    "properties": {
        "column": {"type": "string"},
        "value": {"type": "string"},
        "effect": {"type": ["number", "null"], "description": "How far it moved the answer; null: nobody can say."},
    },
}
ANSWER: Json = {
    "type": "object",
    "required": ["answer_id", "release", "mode"],
    "properties": {
        "answer_id": {"type": "string", "description": "Names this answer when its truth is told."},
        "release": {"type": "string", "description": "The record of the release that answered."},
        "mode": {"const": "live"},
        "answer": {},
        "probability": {"type": ["number", "null"]},
        "act": {"type": "number", "description": "Above 0: act. Kept at 0 where a unit is held back."},
        "held_back": {"type": "boolean", "description": "Never acted on, so that value stays measurable."},
        "answer: set": {"type": "string", "description": "What may be true, nine times of ten: labels between `|`."},
        "answer: low": {"type": "number", "description": "The truth is not below, nineteen times of twenty."},
        "answer: high": {"type": "number", "description": "The truth is not above, nineteen times of twenty."},
        "ask_a_person": {"type": "boolean", "description": "Too unsure to stand alone."},
        "reasons": {"type": "array", "items": REASON},
        "took_ms": {"type": "number", "description": "Milliseconds from the checked question to its answer."},
    },
}
SCHEMAS: Json = {
    "Answer": ANSWER,
    "Errors": {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "items": ERROR}},
    },
}


def described(desk: Desk, program: Access, limits: Limits) -> Json:
    """Return the document of the cases that a program may ask, by its scopes."""
    paths: Json = {
        "/healthz": {"get": _plain("Whether the server runs.", "healthz")},
        "/readyz": {"get": _plain("Whether every case can be answered.", "readyz", "503")},
    }
    for name, one in sorted(desk.live.items()):
        if program.cases and name not in program.cases:
            continue
        if "answer" in program.scopes:
            paths[f"/cases/{name}/answer"] = {"post": _answer(name, one, limits)}
        if "feedback" in program.scopes and one.feedback is not None:
            paths[f"/cases/{name}/feedback"] = {"post": _feedback(name, one, limits)}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{desk.project.name}: answers", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def of_columns(columns: Sequence[Column], optional: Collection[str] = ()) -> Json:
    """The JSON schema of an object with these columns; those that may lack are named."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [one.name for one in columns if one.name not in optional],
        "properties": {one.name: of_column(one) for one in columns},
    }


def of_column(column: Column) -> Json:
    """The JSON schema of one column's value."""
    schema = dict(TYPES[column.type])
    if column.type in ("integer", "number", "decimal"):
        limits = {"minimum": column.minimum, "maximum": column.maximum}
        schema |= {word: value for word, value in limits.items() if value is not None}
    if column.allowed and column.type == "text":
        schema["enum"] = [*column.allowed] + ([] if column.required else [None])
    if not column.required:
        types = schema["type"]
        schema["type"] = [*(types if isinstance(types, list) else [types]), "null"]
    if column.description:
        schema["description"] = column.description
    return schema


def _answer(name: str, one: Loaded, limits: Limits) -> Json:
    question = of_columns(one.contract.columns, one.optional)
    plain = {
        column: value if isinstance(value, (str, int, float, bool)) else str(value).replace(" ", "T")
        for column, value in example(one.contract).items()
    }
    told = {"type": "object", "properties": {"answers": {"type": "array", "items": _ref("Answer")}}}
    reasons = {
        "name": "reasons",
        "in": "query",
        "description": "How many reasons are given; 0 is fastest.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 99, "default": limits.reasons},
    }
    return {
        "operationId": f"answer_{name}",
        "summary": one.case.question,
        "parameters": [reasons],
        "requestBody": _body({"oneOf": [question, _many("questions", question, limits)]}, plain),
        "responses": {"200": _content("The answer, or `answers`.", {"anyOf": [_ref("Answer"), told]}), **_turned()},
    }


def _feedback(name: str, one: Loaded, limits: Limits) -> Json:
    target = str(one.case.options.get("target", ""))
    truth = {**of_column(one.table.column(target))}
    keys = [one.table.column(key) for key in one.table.key if key != target]
    by_id = _object({"answer_id": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"}, "truth": truth})
    forms = [by_id, *([_object({"key": of_columns(keys), "truth": truth})] if keys else [])]
    told = {"type": "object", "properties": {"taken": {"type": "integer"}}}
    return {
        "operationId": f"feedback_{name}",
        "summary": f"What {target} turned out to be.",
        "requestBody": _body({"oneOf": [*forms, _many("feedback", {"oneOf": forms}, limits)]}),
        "responses": {"202": _content("How many were taken.", told), **_turned()},
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "required": [*properties], "properties": properties}


def _many(name: str, one: Json, limits: Limits) -> Json:
    return _object({name: {"type": "array", "minItems": 1, "maxItems": limits.questions, "items": one}})


def _body(schema: Json, plain: Json | None = None) -> Json:
    media: Json = {"schema": schema} | ({"example": plain} if plain else {})
    return {"required": True, "content": {"application/json": media}}


def _content(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _turned() -> Json:
    return {status: _content(why, _ref("Errors")) for status, why in TURNED.items()}


def _plain(description: str, name: str, *more: str) -> Json:
    said = {status: {"description": description} for status in ("200", *more)}
    return {"operationId": name, "summary": description, "security": [], "responses": said}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
