"""What the program costs: CPU seconds of its commands, megabytes and seconds of its install."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("GRUNDSTEIN_DATA", ROOT.parent / "shared" / "data"))
PROGRAM = str(Path(sys.executable).with_name("grundstein"))


def run(quick: bool) -> str:
    """Return the section's text."""
    rows = [("`grundstein --help`", f"{_help(3 if quick else 9):.2f} CPU s", "0.3")]
    if DATA.is_dir():
        rows.append(
            (
                "`evaluate Telco-Customer-Churn.csv --target Churn`, all checks",
                f"{_telco(1 if quick else 3):.1f} CPU s",
                "30",
            )
        )
    if not quick:
        seconds, megabytes = _install()
        rows += [
            ("install of the core, cold cache", f"{seconds:.0f} s", "90"),
            ("size of the core's environment", f"{megabytes:.0f} MB", "700"),
        ]
    lines = [f"| {what} | {figure} | {limit} |" for what, figure, limit in rows]
    return "\n".join(["## Costs", "", "| what | measured (median) | at most |", "|---|---|---|", *lines])


def _help(times: int) -> float:
    return median(_spent([PROGRAM, "--help"], ROOT) for _ in range(times))


def _telco(times: int) -> float:
    source = str(DATA / "churn" / "Telco-Customer-Churn.csv")
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(_spent([PROGRAM, "evaluate", source, "--target", "Churn"], Path(folder)))
    return median(found)


def _spent(command: list[str], folder: Path) -> float:
    before = os.times()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _install() -> tuple[float, float]:
    """Make the core's environment in an empty copy with empty caches, as a new user would."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(place / "clone")], check=True)
        outside = {
            key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "UV_CACHE_DIR", "PYTHONPATH")
        }
        home = {"HOME": str(place / "home"), "XDG_CACHE_HOME": str(place / "cache")}
        start = time.monotonic()
        subprocess.run(["make", ".venv/core"], cwd=place / "clone", env=outside | home, check=True, capture_output=True)
        seconds = time.monotonic() - start
        size = subprocess.run(["du", "-sm", ".venv"], cwd=place / "clone", check=True, capture_output=True, text=True)
        return seconds, float(size.stdout.split()[0])


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
