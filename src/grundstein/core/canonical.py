"""Room core. In: a frozen dataclass -> Out: canonical JSON, its sha256 id, and the dataclass back from JSON."""

from __future__ import annotations

import hashlib
import json
import math
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def canonical(content: object) -> str:
    """Return JSON with sorted keys and no spaces; a float that is not finite becomes null."""
    plain = asdict(content) if is_dataclass(content) and not isinstance(content, type) else content
    return json.dumps(_finite(plain), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(text: str | bytes) -> str:
    """Return the sha256 of text (UTF-8) or bytes in hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def record_id(record: object) -> str:
    """Return the id of a record: the sha256 of its kind and content."""
    return digest(f"{type(record).__name__}:{canonical(record)}")


def restore(kind: Any, content: Any) -> Any:
    """Build `kind` (a dataclass, tuple, mapping or plain type) from parsed JSON."""
    if content is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        known = {f.name for f in fields(kind)}
        return kind(**{name: restore(hints[name], value) for name, value in content.items() if name in known})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(restore(inner[0], value) for value in content)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: restore(inner[1], value) for key, value in content.items()}
    if origin in (Union, types.UnionType):
        return _restore_union(inner, content)
    return float(content) if kind is float else content


def _restore_union(kinds: tuple[Any, ...], content: Any) -> Any:
    whole = next((k for k in kinds if is_dataclass(k)), None)
    if whole is not None and isinstance(content, Mapping):
        return restore(whole, content)
    return float(content) if set(kinds) <= {float, type(None)} else content


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return content
