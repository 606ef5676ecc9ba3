"""Bench. In: a small project -> Out: what kill -9 at random moments and a full disk leave behind of each command."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grundstein.core.errors import Refused
from grundstein.core.records import Batch
from grundstein.project.folder import Folder, open_project

PROGRAM = str(Path(sys.executable).with_name("grundstein"))
COMMANDS = {
    "ingest": ("ingest", "second.csv", "--table", "t"),
    "tidy": ("tidy", "t", "--hours", "0"),
    "evaluate": ("evaluate", "c"),
    "decide": ("decide", "c"),
}
MEGABYTES = 6


class Scene(NamedTuple):
    """A project before a command, what it holds, how long the command takes, and what is there after it."""

    words: tuple[str, ...]
    before: Path
    rows: int
    records: frozenset[str]
    seconds: float
    rows_after: int


def call(words: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as a person would."""
    return subprocess.run([PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False)


def prepared(folder: Path) -> Path:
    """A project with a table of several small batches, a case with its worth, and a source that waits."""
    call(("init", "."), folder)
    for number in range(3):
        (folder / f"{number}.csv").write_text(_rows(number, 400), encoding="utf-8")
        call(("ingest", f"{number}.csv", "--table", "t"), folder)
    (folder / "second.csv").write_text(_rows(9, 400), encoding="utf-8")
    call(("new", "c", "--task", "predict", "--data", "t", "--target", "left", "--question", "Who leaves?"), folder)
    case = folder / "cases" / "c.yaml"
    case.write_text(case.read_text(encoding="utf-8") + "\nmetric: log_loss\n", encoding="utf-8")
    return folder


def scenes(folder: Path) -> dict[str, Scene]:
    """One scene for each command, each measured once without a fault."""
    found, before = {}, folder
    for name, words in COMMANDS.items():
        after = folder.parent / f"after-{name}"
        shutil.copytree(before, after)
        start = time.monotonic()
        done = call(words, after)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")
        rows, records = held(before)
        found[name] = Scene(words, before, rows, records, time.monotonic() - start, held(after)[0])
    return found


def held(root: Path) -> tuple[int, frozenset[str]]:
    """Read every table whole; returns the rows of `t`, and the ids in the ledger, whose chain must hold."""
    made = open_project(root)
    for name in made.tables.names():
        info, table = made.tables.info(name), made.tables.read(name)
        if info.rows != table.num_rows or table["_row"].to_pylist() != list(range(info.rows)):
            raise AssertionError(f"{name} is not whole")
        if made.tables.changed(name):
            raise AssertionError(f"{name} has other bytes")
    if broken := made.ledger.verify():
        raise AssertionError(broken[0])
    return made.tables.info("t").rows, frozenset(entry.id for entry in made.ledger.entries())


def left_over(made: Folder) -> list[str]:
    """Data files that no version names, staging folders, and batches that the ledger has twice."""
    made.tables.lease("t").__enter__().__exit__(None, None, None)
    tables = made.tables
    named = {
        file
        for name in tables.names()
        for commit in tables.commits(name)
        for file in _files(made, name, commit.version)
    }
    named |= {file for name in tables.names() for file in tables.files(name)}
    strays = [str(file) for file in (made.root / "lake" / "data").rglob("*/data/*.parquet") if str(file) not in named]
    batches = [entry.id for entry in made.ledger.entries(Batch)]
    staged = [str(one) for one in (made.root / "lake" / "staging").glob("*")]
    return [*strays, *staged, *(["a batch twice"] if len(batches) != len(set(batches)) else [])]


def _files(made: Folder, name: str, version: str) -> list[str]:
    try:
        return list(made.tables.files(name, version))
    except Refused:
        return []


def killed(scene: Scene, folder: Path, moment: float) -> bool:
    """Kill a command after `moment` of its time; raises where anything is lost. Returns whether it still ran."""
    root = folder / "copy"
    shutil.copytree(scene.before, root)
    try:
        process = subprocess.Popen(
            [PROGRAM, *scene.words], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moment * scene.seconds)
        running = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        _check(scene, root, again=True)
    finally:
        shutil.rmtree(root)
    return running


def _check(scene: Scene, root: Path, again: bool) -> None:
    rows, records = held(root)
    if rows not in (scene.rows, scene.rows_after) or not records >= scene.records:
        raise AssertionError(f"{scene.words[0]}: {rows} rows, {len(scene.records - records)} records lost")
    if again:
        done = call(scene.words, root)
        audit = call(("audit",), root)
        if done.returncode or audit.returncode or held(root)[0] != scene.rows_after:
            raise AssertionError(f"{scene.words[0]} again: {done.stderr}{audit.stderr}")
        if left := left_over(open_project(root)):
            raise AssertionError(f"{scene.words[0]}: left over {left[:2]}")


def full_disk(scene: Scene, folder: Path) -> str:
    """Run a command on a disk that gets full; returns what it said, or why this was not tried."""
    size = sum(file.stat().st_size for file in scene.before.rglob("*") if file.is_file())
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + MEGABYTES * 2**20}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        return "not tried: a small disk cannot be made here"
    try:
        root = disk / "p"
        shutil.copytree(scene.before, root)
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"\0" * max(0, free - 12_288))
        done = call(scene.words, root)
        lines = [line.split(maxsplit=1)[0] for line in done.stderr.splitlines() if line.strip()]
        if done.returncode and lines != ["Error", "Expected", "Next"]:
            raise AssertionError(f"{scene.words[0]} on a full disk said: {done.stderr}")
        filler.unlink()
        _check(scene, root, again=True)
        return "refused in three lines, whole, and done with room again" if done.returncode else "had room enough"
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def run(quick: bool = False) -> str:
    """Return the section's text."""
    random.seed(1)
    total = 20 if quick else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "p").mkdir()
        found = scenes(prepared(folder / "p"))
        lines = []
        for place, (what, scene) in enumerate(found.items()):
            count = total // len(found) + (place < total % len(found))
            caught = sum(killed(scene, folder, random.random()) for _ in range(count))  # noqa: S311  (moments, no secret)
            lines.append(f"| {what} | {count} | {caught} | 0 | {full_disk(scene, folder)} |")
    return "\n".join(
        [
            "## Faults",
            f"kill -9 at {total} random moments of real commands, each on a fresh copy of the project: every table is",
            "read whole, nothing acknowledged is lost, the same command again succeeds and leaves nothing over, and",
            "`audit` passes; the run stops at the first break. Then the same on a disk without room.",
            "",
            "| command | killed at random moments | while it ran | breaks | full disk |",
            "|---|---|---|---|---|",
            *lines,
        ]
    )


def _rows(seed: int, count: int) -> str:
    rng = np.random.default_rng(seed)
    tenure, price = rng.integers(0, 72, count), rng.normal(60, 15, count).round(2)
    left = np.where(rng.random(count) < 1 / (1 + np.exp((tenure - 30) / 9)), "yes", "no")
    lines = (f"{seed * 10_000 + n},{t},{p},{a}" for n, (t, p, a) in enumerate(zip(tenure, price, left, strict=True)))
    return "id,tenure,price,left\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
