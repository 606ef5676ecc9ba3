"""Bench. In: a small project -> Out: what kill -9 at random moments and a full disk leave behind of each command."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import faults_nursery as nursery

COMMANDS = {
    "ingest": ("ingest", "second.csv", "--table", "t"),
    "ingest --key": ("ingest", "changes.csv", "--table", "t", "--key", "id"),
    "tidy": ("tidy", "t", "--hours", "0"),
    "evaluate": ("evaluate", "c"),
    "decide": ("decide", "c"),
}
ROOM = (0, 12_288, 65_536, 262_144)
MEGABYTES = 6
WORKERS = 4
SHARES = (6, 5, 5, 2, 2)
ROWS = 100


class Held(NamedTuple):
    """What a project holds: rows and content of `t`, its records by kind, and their ids."""

    rows: int
    content: str
    kinds: dict[str, int]
    ids: list[str]


class Scene(NamedTuple):
    """A project before a command, what it holds then and after it, and the CPU seconds of the command."""

    name: str
    before: Path
    held: Held
    after: Held
    seconds: float


def prepared(folder: Path) -> Path:
    """A project with a table of several small batches, a case with its measure, and sources that wait."""
    folder.mkdir()
    told(folder, "init", ".")
    for number in range(3):
        (folder / f"{number}.csv").write_text(
            _rows(number, range(number * ROWS, (number + 1) * ROWS)), encoding="utf-8"
        )
        told(folder, "ingest", f"{number}.csv", "--table", "t")
    (folder / "second.csv").write_text(_rows(9, range(900, 900 + ROWS)), encoding="utf-8")
    (folder / "changes.csv").write_text(_rows(8, range(250, 250 + ROWS)), encoding="utf-8")
    told(folder, "new", "c", "--task", "predict", "--data", "t", "--target", "left", "--question", "Who leaves?")
    case = folder / "cases" / "c.yaml"
    case.write_text(case.read_text(encoding="utf-8") + "\nmetric: log_loss\n", encoding="utf-8")
    return folder


def told(folder: Path, *words: str) -> float:
    """Run a command that must succeed; returns its CPU seconds."""
    code, said, seconds = nursery.done(nursery.command, folder, *words)
    if code:
        raise RuntimeError(f"{words}: {said}")
    return seconds


def scenes(folder: Path) -> list[Scene]:
    """One scene for each command, each measured once without a fault; `decide` begins where `evaluate` ended."""
    found: list[Scene] = []
    before = folder
    for name, words in COMMANDS.items():
        after = folder.parent / f"after-{words[0]}{len(found)}"
        shutil.copytree(before, after)
        seconds = told(after, *words)
        found.append(Scene(name, before, seen(before), seen(after), seconds))
        before = after if name == "evaluate" else folder
    return found


def seen(root: Path) -> Held:
    """What a project holds, read by a process of its own."""
    code, said, _ = nursery.done(_tell, root)
    if code:
        raise RuntimeError(said)
    return Held(*json.loads(root.with_suffix(".out").read_text(encoding="utf-8")))


def _tell() -> None:
    print(json.dumps(held(Path())))


def held(root: Path) -> Held:
    """Read every table whole, and walk the chain of the ledger; raises where either does not hold."""
    from grundstein.core.canonical import digest
    from grundstein.flow.auditing import audit
    from grundstein.project.folder import open_project

    made = open_project(root)
    if broken := audit(made):
        raise AssertionError(broken[0])
    for name in made.tables.names():
        info, table = made.tables.info(name), made.tables.read(name)
        if info.rows != table.num_rows or table["_row"].to_pylist() != list(range(info.rows)):
            raise AssertionError(f"{name} is not whole")
    content = sorted(map(str, made.tables.read("t").select(["id", "tenure", "price", "left"]).to_pylist()))
    entries = list(made.ledger.entries())
    kinds = Counter(type(entry.record).__name__ for entry in entries)
    return Held(len(content), digest("\n".join(content).encode()), dict(kinds), [entry.id for entry in entries])


def once(there: Held) -> dict[str, int]:
    """Records by kind; a report may be written again, under the newer head of the chain."""
    return {kind: min(1, count) if kind == "Report" else count for kind, count in there.kinds.items()}


def left_over(root: Path) -> list[str]:
    """Data files that no version names, and staging folders, once the next writer has come."""
    from grundstein.core.errors import Refused
    from grundstein.project.folder import open_project

    tables = open_project(root).tables
    tables.lease("t").__enter__().__exit__(None, None, None)
    named: set[str] = set()
    for name in tables.names():
        for version in (*(commit.version for commit in tables.commits(name)), None):
            try:
                named |= set(tables.files(name, version) if version else tables.files(name))
            except Refused:
                continue
    strays = [str(file) for file in (root / "lake" / "data").rglob("*/data/*.parquet") if str(file) not in named]
    return [*strays, *(str(one) for one in (root / "lake" / "staging").glob("*"))]


def check(scene: Scene, again: bool) -> None:
    """In the folder that was struck: nothing is lost or half, and the same command completes and cleans up."""
    root = Path().resolve()
    now = held(root)
    if now[:2] not in (scene.held[:2], scene.after[:2]) or not set(now.ids) >= set(scene.held.ids):
        raise AssertionError(f"{scene.name}: {now.rows} rows, {len(set(scene.held.ids) - set(now.ids))} records lost")
    if again:
        nursery.command(*COMMANDS[scene.name])
        now = held(root)
        if now[:2] != scene.after[:2] or once(now) != once(scene.after) or len(set(now.ids)) != len(now.ids):
            raise AssertionError(f"{scene.name} again: {now.rows} rows, {now.kinds}; wanted {scene.after.kinds}")
        if left := left_over(root):
            raise AssertionError(f"{scene.name} again: left over {left[:2]}")


def killed(scene: Scene, root: Path, moment: float) -> dict[str, Any]:
    """Kill a command after `moment` of its CPU time; tells whether it still ran, where it stood, and what broke."""
    shutil.copytree(scene.before, root)
    ran = nursery.kill_after(nursery.born(nursery.command, root, *COMMANDS[scene.name]), moment * scene.seconds)
    code, said, _ = nursery.done(check, root, scene, True)
    if not code:
        shutil.rmtree(root)
    return {"scene": scene.name, "ran": ran, "moment": moment, "broke": said[-1500:] if code else ""}


def kills(found: list[Scene], folder: Path, total: int) -> list[dict[str, Any]]:
    """All kills, by several processes side by side."""
    moments = random.Random(1)  # noqa: S311  (moments, no secret)
    places = [place for place, share in enumerate(SHARES) for _ in range(max(1, share * total // sum(SHARES)))]
    plan = [(place, moments.random()) for place in places]
    moments.shuffle(plan)
    workers = []
    for number in range(WORKERS):
        home = folder / f"w{number}"
        home.mkdir()
        workers.append(nursery.born(_work, home, found, plan[number::WORKERS]))
    for worker in workers:
        worker.join()
    files = [folder / f"w{number}" / "done.jsonl" for number in range(WORKERS)]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _work(found: list[Scene], plan: list[tuple[int, float]]) -> None:
    home = Path().resolve()
    with (home / "done.jsonl").open("w", encoding="utf-8") as file:
        for number, (place, moment) in enumerate(plan):
            file.write(json.dumps(killed(found[place], home / f"k{number}", moment)) + "\n")
            file.flush()


def full_disk(scene: Scene, folder: Path, room: int) -> str:
    """Run a command where so many bytes are free; returns what broke, `refused`, `done`, or why this was not tried."""
    size = sum(file.stat().st_size + 4096 for file in scene.before.rglob("*"))
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + MEGABYTES * 2**20}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        return "not tried: a small disk cannot be made here"
    try:
        root = folder / "disk" / "p"
        shutil.copytree(scene.before, root)
        link = folder / "onto"
        link.unlink(missing_ok=True)
        link.symlink_to(root)
        filler = disk / "filler"
        filler.write_bytes(b"\0" * max(0, shutil.disk_usage(disk).free - room))
        code, said, _ = nursery.done(nursery.command, link, *COMMANDS[scene.name])
        lines = [line.split(maxsplit=1)[0] for line in said.splitlines() if line.strip()]
        filler.unlink()
        if code and lines[-3:] != ["Error", "Expected", "Next"]:
            return f"said {said}"
        again, why, _ = nursery.done(check, link, scene, True)
        return why[-1500:] if again else ("refused: " + said.splitlines()[0] if code else "done")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def measured(quick: bool, total: int) -> str:
    """Return the section's text, measured in this process, which has run nothing yet."""
    nursery.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = scenes(prepared(folder / "p"))
        full = {one.name: [full_disk(one, folder, room) for room in (ROOM[1:2] if quick else ROOM)] for one in found}
        for place, said in full.items():
            print(place, *said, sep="\n  ", file=sys.stderr, flush=True)
        struck = kills(found, folder, total)
    for broken in (one["broke"] for one in struck if one["broke"]):
        print(broken, file=sys.stderr)
    return "\n".join([*_head(len(struck)), *(_line(one.name, struck, full[one.name]) for one in found)])


def _head(total: int) -> list[str]:
    return [
        "## Faults",
        f"kill -9 at {total} random moments of real commands, each on a fresh copy of a project of {3 * ROWS} rows.",
        "A break is a table that cannot be read whole, a row or record lost, an audit that does not pass, the same",
        "command failing or doubling anything when run again, or a file left over after it. Then the same commands on",
        f"a disk (tmpfs) with {', '.join(f'{room:,}' for room in ROOM)} bytes free: refused in three lines and as",
        "before, or done; and done again once there is room.",
        "",
        "| command | killed at random moments | while it ran | breaks | full disk: refused | done | breaks |",
        "|---|---|---|---|---|---|---|",
    ]


def _line(name: str, struck: list[dict[str, Any]], full: list[str]) -> str:
    mine = [one for one in struck if one["scene"] == name]
    ran, broke = sum(one["ran"] for one in mine), sum(bool(one["broke"]) for one in mine)
    refused, through = sum(one.startswith("refused") for one in full), full.count("done")
    tried = (
        "not tried" if full[0].startswith("not tried") else f"{refused} | {through} | {len(full) - refused - through}"
    )
    return f"| {name} | {len(mine)} | {ran} | {broke} | {tried} |"


def run(quick: bool = False, total: int = 0) -> str:
    """Return the section's text, measured by a fresh process."""
    words = [sys.executable, __file__, str(int(quick)), str(total or (10 if quick else 200))]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def _rows(seed: int, ids: range) -> str:
    rng = np.random.default_rng(seed)
    tenure, price = rng.integers(0, 72, len(ids)), rng.normal(60, 15, len(ids)).round(2)
    left = np.where(rng.random(len(ids)) < 1 / (1 + np.exp((tenure - 30) / 9)), "yes", "no")
    lines = (f"{n},{t},{p},{a}" for n, t, p, a in zip(ids, tenure, price, left, strict=True))
    return "id,tenure,price,left\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(measured(sys.argv[1] == "1", int(sys.argv[2])))
