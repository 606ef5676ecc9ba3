"""Room production. In: what watching needs of a snapshot -> Out: Sketch, and the one small file that it is kept in.

Nothing of one row stands together in it: each column is described by itself, personal ones behind a veil. The file is a
cache: whatever is wrong with it, it is not there.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.production.drifting import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Arrays = dict[str, np.ndarray[Any, Any]]
    References = Mapping[str, Reference]

FORM = 1
PLAIN = ("name", "kind", "rows", "empty", "untied", "veil")


@dataclass(frozen=True)
class Sketch:
    """A snapshot as far as watching asks.

    `case`: the case as it was settled, canonical JSON; `how` it was split; `question`: the columns of a question with
    its key, `names` those of the sealed ones; `valued`: the one column that values rest on, in order of value (None:
    they rest on more). `asked` and `said` are questions and answers as they were, `seasons` questions by month and day.
    """

    case: str
    how: str
    question: pa.Schema
    names: tuple[str, ...]
    valued: pa.Table | None
    asked: References
    said: References
    seasons: Mapping[str, References] = field(default_factory=dict)


def keep(path: Path, sketch: Sketch) -> None:
    """Write a sketch, whole or not at all, and delete older ones beside it; where that is forbidden, it is not kept."""
    arrays: Arrays = {}
    parts = {"asked": sketch.asked, "said": sketch.said, **{f"season {k}": v for k, v in sketch.seasons.items()}}
    about = {"case": sketch.case, "how": sketch.how, "names": sketch.names}
    said = {name: [_put(one, arrays) for one in part.values()] for name, part in parts.items()}
    arrays["about"] = _bytes(json.dumps({**about, "parts": said}).encode())
    arrays["question"] = _bytes(sketch.question.serialize().to_pybytes())
    if sketch.valued is not None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, sketch.valued.schema) as writer:
            writer.write_table(sketch.valued)
        arrays["valued"] = _bytes(sink.getvalue().to_pybytes())
    memory = io.BytesIO()
    np.savez_compressed(memory, allow_pickle=False, **arrays)
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(memory.getvalue())
        half.replace(path)
        for other in path.parent.glob("*.npz"):
            if other != path:
                other.unlink(missing_ok=True)


def kept(path: Path) -> Sketch | None:
    """Read what `keep` wrote; None where it is not there, or not whole."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _sketch({name: arrays[name] for name in arrays.files})
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _sketch(arrays: Arrays) -> Sketch:
    about = json.loads(arrays["about"].tobytes())
    parts = {name: {one["name"]: _taken(one, arrays) for one in part} for name, part in about["parts"].items()}
    valued = None
    if "valued" in arrays:
        valued = pa.ipc.open_stream(pa.py_buffer(arrays["valued"].tobytes())).read_all()
    return Sketch(
        about["case"],
        about["how"],
        pa.ipc.read_schema(pa.py_buffer(arrays["question"].tobytes())),
        tuple(about["names"]),
        valued,
        parts["asked"],
        parts["said"],
        {name.removeprefix("season "): part for name, part in parts.items() if name.startswith("season ")},
    )


def _put(one: Reference, arrays: Arrays) -> dict[str, Any]:
    """What is plain of a reference; its arrays are added to `arrays`, under the number that is named `at`."""
    at = len(arrays)
    arrays[f"{at} numbers"], arrays[f"{at} counts"] = one.numbers, one.counts
    return {name: getattr(one, name) for name in PLAIN} | {"at": at, "labels": one.labels.to_pylist()}


def _taken(said: Mapping[str, Any], arrays: Arrays) -> Reference:
    plain = {name: said[name] for name in PLAIN}
    numbers, counts = (arrays[f"{said['at']} {what}"] for what in ("numbers", "counts"))
    return Reference(**plain, numbers=numbers, counts=counts, labels=pa.array(said["labels"], pa.string()))


def _bytes(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(data, dtype=np.uint8)
