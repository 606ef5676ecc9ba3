"""Measure every figure of docs/benchmarks.md anew. `--quick`: small forms of all, written nowhere; names pick some."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = (
    *("judge", "bot", "replay", "checks", "trust", "tables", "peers", "verdicts", "bank"),
    *("time_settings", "recommend", "recommend_size", "ingest", "store", "faults", "sandbox", "messy", "costs"),
    *("serving", "soak", "watching", "answering"),
    *("again", "circle", "categorize", "newsgroups", "payments", "search", "ask", "letters", "logs", "explore"),
)
TITLES = {"judge": "The judge alone, on simulated values", "tables": "Tables, beside scikit-learn and LightGBM"}
LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm", "duckdb", "pyarrow", "pyiceberg")
HEAD = """# Benchmarks
Written by `make bench`; every figure was measured by the code in `bench/`, side by side with its peer in one run.
CPU seconds are of one thread on a shared machine: ratios travel, absolute times do not.
"""


def main(words: list[str]) -> int:
    """Run the parts that are named, all where none is; returns the exit code."""
    quick = "--quick" in words
    chosen = [word for word in words if not word.startswith("-")] or list(PARTS)
    sys.path.insert(0, str(Path(__file__).parent))
    for name in chosen:
        start = _spent()
        text = importlib.import_module(name).run(quick)
        took = _spent() - start
        day = datetime.now(UTC).date().isoformat()
        titled = text.strip() if text.startswith("## ") else f"## {TITLES.get(name, name.capitalize())}\n{text.strip()}"
        section = f"<!-- {name} -->\n{titled}\n\n*Measured {day}, {took:.0f} CPU s, {_machine()}.*\n"
        print(section, flush=True)
        if not quick:
            before = _sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
            before[name] = section
            PAGE.write_text(
                HEAD + "\n" + "\n".join(before[part] for part in dict.fromkeys((*PARTS, *before)) if part in before),
                encoding="utf-8",
            )
    return 0


def _sections(page: str) -> dict[str, str]:
    pieces = page.split("<!-- ")[1:]
    return {piece.split(" -->")[0]: f"<!-- {piece.rstrip()}\n" for piece in pieces}


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _machine() -> str:
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
