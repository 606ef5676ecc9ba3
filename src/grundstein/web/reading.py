"""Room web. In: the bytes of a request -> Out: one JSON object in which no field stands twice, or why it is none."""

from __future__ import annotations

import json
from typing import Any

import orjson


class Unreadable(ValueError):
    """A body that is not read; its text holds nothing of the body."""


def parsed(body: bytes) -> dict[str, Any]:
    """Read one JSON object: UTF-8, finite numbers, whole surrogates, each field once.

    A flat object without a field twice has as many colons as fields, where no text holds one: only others are read
    again, slowly.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(str(error)) from None
    if type(content) is not dict:
        raise Unreadable("it is no object")
    if body.count(b":") != len(content):
        _each_once(body)
    return content


def _each_once(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_once)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise Unreadable("a field stands twice")
    return content


def dumped(content: Any) -> bytes:
    """Write JSON; what JSON has no type for becomes text."""
    return orjson.dumps(content, default=str)
