"""Measure every figure of docs/benchmarks.md anew. `--quick`: small forms of all, written nowhere; names pick some."""

from __future__ import annotations

import importlib
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = ("judge", "tables", "verdicts", "checks", "recommend", "costs")
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
    before = _sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for name in chosen:
        start = time.process_time()
        text = importlib.import_module(name).run(quick)
        took = time.process_time() - start
        day = datetime.now(UTC).date().isoformat()
        before[name] = f"<!-- {name} -->\n{text.strip()}\n\n*Measured {day}, {took:.0f} CPU s, {_machine()}.*\n"
        print(before[name], flush=True)
        if not quick:
            PAGE.write_text(HEAD + "\n" + "\n".join(before[part] for part in PARTS if part in before), encoding="utf-8")
    return 0


def _sections(page: str) -> dict[str, str]:
    pieces = page.split("<!-- ")[1:]
    return {piece.split(" -->")[0]: "<!-- " + piece for piece in pieces}


def _machine() -> str:
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
