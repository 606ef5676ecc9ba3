"""Room evaluation. In: values by solution -> Out: plain files by digest, and the values back; erasure reaches them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.task import Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.ports import FileStore


def keep_values(values: Mapping[str, Values], files: FileStore) -> str:
    """Keep the out-of-fold values of every solution; returns the digest of their files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        about = [{"name": n, "worst": v.worst, "biased": v.biased} for n, v in values.items()]
        (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        for number, one in enumerate(values.values()):
            np.savez(folder / f"{number}.npz", **_arrays(one))  # type: ignore[arg-type]
        return files.keep(folder)


def kept_values(digest: str, files: FileStore) -> dict[str, Values]:
    """Return what `keep_values` kept."""
    folder = files.folder(digest)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return {one["name"]: _restored(folder / f"{number}.npz", one) for number, one in enumerate(about)}


def _arrays(one: Values) -> dict[str, object]:
    arrays: dict[str, object] = {"unit": one.unit, "cluster": one.cluster, "value": one.value}
    more = {"period": one.period, "fresh": one.fresh}
    return arrays | {name: array for name, array in more.items() if array is not None}


def _restored(path: Path, about: Mapping[str, object]) -> Values:
    with np.load(path, allow_pickle=False) as arrays:
        worst = about["worst"]
        return Values(
            unit=arrays["unit"],
            cluster=arrays["cluster"],
            value=arrays["value"],
            period=arrays.get("period"),
            worst=None if worst is None else float(str(worst)),
            biased=str(about["biased"]),
            fresh=arrays.get("fresh"),
        )
