"""Bench. In: a command -> Out: the same command in a process of its own that is born with its libraries, to be killed.

A fresh interpreter spends most of a small command on imports, where a kill shows nothing; a fork of one that has
imported everything, and done nothing yet, is the same command from its first word on.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARIES = ("duckdb", "pyarrow.parquet", "pyarrow.compute", "pyiceberg.table", "lightgbm", "sklearn.pipeline")
CONTEXT = get_context("fork")


def load() -> None:
    """Import the product whole, and what it imports late."""
    import grundstein

    for name in (*LIBRARIES, *(one.name for one in pkgutil.walk_packages(grundstein.__path__, "grundstein."))):
        if not name.endswith("__main__"):
            importlib.import_module(name)


def born(work: Callable[..., None], folder: Path, *arguments: Any) -> Any:
    """Start `work(*arguments)` in its own process, in this folder; what it prints goes to `folder`.out and .err."""
    process = CONTEXT.Process(target=_live, args=(work, folder, arguments))
    process.start()
    return process


def done(work: Callable[..., None], folder: Path, *arguments: Any) -> tuple[int, str, float]:
    """Do the work to its end; returns exit code, what it said as errors, and its CPU seconds."""
    process = born(work, folder, *arguments)
    process.join()
    spent = folder.with_suffix(".cpu")
    seconds = float(spent.read_text(encoding="utf-8")) if spent.exists() else 0.0
    return process.exitcode or 0, folder.with_suffix(".err").read_text(encoding="utf-8"), seconds


def command(*words: str) -> None:
    """One command line, as the program does it."""
    from grundstein.cli.main import run

    if code := run(list(words)):
        raise SystemExit(code)


def kill_after(process: Any, seconds: float) -> bool:
    """Kill -9 once it has spent this much CPU; returns whether it still ran."""
    clock = (~process.pid << 3) | 2
    while process.exitcode is None:
        try:
            left = seconds - time.clock_gettime(clock)
        except OSError:
            break
        if left <= 0:
            break
        time.sleep(max(0.001, left / 3))
    process.kill()
    process.join()
    return bool(process.exitcode == -9)


def _live(work: Callable[..., None], folder: Path, arguments: tuple[Any, ...]) -> None:
    os.chdir(folder)
    for number, ending in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(folder.with_suffix(ending), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    try:
        work(*arguments)
    finally:
        folder.with_suffix(".cpu").write_text(str(time.process_time()), encoding="utf-8")
