"""The command line in this process, and a small table to ask it about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Door:
    """The command line, in a folder of its own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def __call__(self, *words: str) -> Said:
        self._capture.readouterr()
        code = run(list(words))
        out, err = self._capture.readouterr()
        return Said(code, out, err)

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def customers(n: int = 900, seed: int = 1, signal: float = 2.0) -> str:
    """A small table of customers as CSV: who leaves depends on tenure and plan."""
    rng = np.random.default_rng(seed)
    tenure, price = rng.integers(0, 72, n), rng.normal(60, 15, n).round(2)
    plan = rng.choice(["month", "year"], n)
    odds = signal * ((plan == "month") - 0.5) - signal * (tenure - 36) / 36 + 0.02 * (price - 60) - 0.8
    leaves = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    lines = [
        f"c{i:05d},{t},{p},{k},{v}" for i, (t, p, k, v) in enumerate(zip(tenure, price, plan, leaves, strict=True))
    ]
    return "\n".join(["customer,tenure,price,plan,leaves", *lines]) + "\n"
