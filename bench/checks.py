"""Bench. In: honest tables and planted leaks -> Out: what the checks find and miss, false alarms, CPU seconds."""

from __future__ import annotations

import time
from dataclasses import replace

from threadpoolctl import threadpool_limits

import leaks
from grundstein.evaluation import checks
from public import CLEAN, SHARED, bank, look
from tabled import table


def in_file_order() -> list[dict[str, object]]:
    """Bank marketing in file order: a random split against later rows, with and without `duration`."""
    rows = []
    for known in (bank(), replace(bank(), ignore=("duration",))):
        found = checks.splitting.check(look(known, 0)).findings
        told = [f.text() for f in found if f.code == "GST-S05"]
        rows.append({"bank marketing": ", ".join(known.ignore) or "all columns", "said": " ".join(told)})
    rows[1]["bank marketing"] = "without `duration`"
    return rows


def seconds(quick: bool) -> list[dict[str, object]]:
    """CPU seconds of all checks of development rows that need no model."""
    rows = []
    for name, load in list(CLEAN.items())[: 2 if quick else None]:
        known = load()
        start = time.process_time()
        checks.run(look(known, 0))
        rows.append({"table": name, "s": time.process_time() - start})
    return rows


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not SHARED.is_dir():
        return "## Checks\nNot measured: the real data sets are not beside this checkout."
    with threadpool_limits(limits=1):
        parts = (
            *leaks.run(quick),
            ("A random split against later rows", table(in_file_order())),
            ("CPU seconds of all checks of development rows", table(seconds(quick))),
        )
    return "\n\n".join(["## Checks", *(f"{title}:\n\n{text}" for title, text in parts)])


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
