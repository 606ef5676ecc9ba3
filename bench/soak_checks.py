"""Bench. In: what a server acknowledged, and the project it left -> Out: what is wrong, missing or doubled, as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.project.folder import Folder
    from soak import Form, Life, Run
    from soak_client import Heard

CASE = "leaving"
CONNECTIONS, SHARE, FEEDBACK_EACH = 16, 0.8, 10
SAID = ("release", "answer", "probability", "act", "held_back")
GRACE = 1.0


class Found(NamedTuple):
    """Counts: answers heard and truths told, and of them missing, doubled and unlike their row; rows that are wrong."""

    heard: int
    told: int
    rows: int
    missing: int
    doubled: int
    unlike: int
    lost: int
    wrong: int
    strays: int
    aside: int


def checked(root: Path, run: Run, form: Form) -> str:
    """Collect what is left, hold the tables against what was acknowledged, and say it."""
    from grundstein import flow
    from grundstein.flow.collecting import collect
    from grundstein.production.journal import segments
    from grundstein.project.folder import open_project

    project = open_project(root)
    aside = collect(project, CASE).aside
    if segments(root / "journal" / CASE):
        raise AssertionError("segments are left after the last collection")
    if broken := flow.audit(project):
        raise AssertionError(broken[0])
    return _text(_found(project, run.heard, aside), run, form)


def _found(project: Folder, heard: Heard, aside: int) -> Found:
    answers = project.tables.read(f"{CASE}__answers")
    asked = project.tables.read(f"{CASE}__questions")
    feedback = project.tables.read(f"{CASE}__feedback")
    ids = answers["answer_id"].combine_chunks()
    place = np.asarray(pc.fill_null(pc.index_in(pa.array(heard.ids, pa.string()), value_set=ids), -1))
    told = Counter(feedback["answer_id"].to_pylist())
    return Found(
        heard=len(heard.ids),
        told=len(heard.told),
        rows=answers.num_rows,
        missing=int((place < 0).sum()),
        doubled=answers.num_rows - len(pc.unique(ids)),
        unlike=_unlike(answers, asked, heard, place),
        lost=sum((Counter(heard.told) - told).values()),
        wrong=_wrong(project, answers, asked),
        strays=answers.num_rows - len(heard.ids) + int((place < 0).sum()),
        aside=aside,
    )


def _unlike(answers: pa.Table, asked: pa.Table, heard: Heard, place: np.ndarray[Any, Any]) -> int:
    """How many answers are not what their row in the table says, or stand beside another question."""
    there = np.flatnonzero(place >= 0)
    rows = answers.take(pa.array(place[there]))
    same = np.ones(len(there), dtype=bool)
    for number, name in enumerate(SAID):
        said = pa.array([heard.said[one][number] for one in there])
        same &= np.asarray(pc.equal(said, rows[name]))
    people = asked["person"].take(rows["question"])
    wanted = pa.array([f"n{heard.places[one]:05d}" for one in there], pa.string())
    same &= np.asarray(pc.equal(people, rows["person"])) & np.asarray(pc.equal(wanted, people))
    return int((~same).sum())


def _wrong(project: Folder, answers: pa.Table, asked: pa.Table) -> int:
    """How many rows are not what the release that they name answers in a batch, bit for bit."""
    from grundstein.flow.answering import answerer
    from grundstein.production.answering import Call

    wrong = 0
    for release in pc.unique(answers["release"]).to_pylist():
        mine = answers.filter(pc.equal(answers["release"], release))
        ready = answerer(project, project.ledger.get(release), asked.schema)
        batch = ready.answer(asked.take(mine["question"]), Call("check"))
        same = np.ones(mine.num_rows, dtype=bool)
        for name in SAID:
            same &= np.asarray(pc.equal(batch[name], mine[name]))
        wrong += int((~same).sum())
    return wrong


def _text(found: Found, run: Run, form: Form) -> str:
    swaps = [one for one in run.circle if one["what"] == "swap"]
    collections = [one for one in run.circle if one["what"] == "collect"]
    for one in run.circle:
        if one["wrong"]:
            raise AssertionError(one["wrong"])
    outside = [why for at, why in run.heard.errors if not any(a <= at <= b + GRACE for a, b in run.gaps)]
    ms = 1000 * np.quantile(np.frombuffer(run.heard.seconds, dtype=np.float32), [0.5, 0.99])
    down = [b - a for a, b in run.gaps]
    lines = [
        "## Soak",
        _told(run, form, len(swaps), [one["killed"] for one in collections]),
        "",
        "| | |",
        "|---|---|",
        f"| answers acknowledged, truths acknowledged | {found.heard:,}, {found.told:,} |",
        f"| answers wrong (not what their release answers in a batch) | {found.wrong:,} of {found.rows:,} |",
        f"| answers unlike their row, or beside another question | {found.unlike:,} |",
        f"| acknowledged and missing in the tables: answers, truths | {found.missing:,}, {found.lost:,} |",
        f"| answers doubled, lines put aside | {found.doubled:,}, {found.aside:,} |",
        f"| in the table, but the client never heard it (killed in between) | {found.strays:,} |",
        f"| errors while a server was there | {len(outside):,} |",
        f"| attempts while none was there | {len(run.heard.errors) - len(outside):,} |",
        f"| away after a kill, longest | {max(down, default=0.0):.1f} s |",
        f"| requests a second over the whole time, the gaps included | {len(run.heard.seconds) / form.seconds:.0f} |",
        f"| median, 99 % of requests within | {ms[0]:.1f} ms, {ms[1]:.1f} ms |",
        *_memory(max(run.lives, key=lambda life: len(life.memory))),
    ]
    return "\n".join([*lines, *(f"- {why}" for why in sorted(set(outside))[:5])])


def _told(run: Run, form: Form, swaps: int, killed: list[bool]) -> str:
    return (
        f"One server on loopback for {form.seconds:.0f} s at {100 * SHARE:.0f} % of what it took here beside its "
        f"client ({run.rate:.0f} of {run.rate / SHARE:.0f} requests a second, {CONNECTIONS} connections, reasons and "
        f"journal on; every {FEEDBACK_EACH}th request tells a truth). Meanwhile {swaps} swaps between two signed "
        f"releases (release, roll back), {len(run.gaps)} kill -9 of the server, which is started again at once, and "
        f"{len(killed)} collections of the journal, {sum(killed)} of them killed on their way. Afterwards every answer "
        "is held against its row in the table, and against what the release that it names answers in a batch, bit for "
        "bit."
    )


def _memory(life: Life) -> list[str]:
    """The memory of the server that lived longest, the first quarter of its life left out."""
    kept = life.memory[len(life.memory) // 4 :]
    at = np.array([moment for moment, _ in kept])
    size = np.array([used for _, used in kept]) / 2**20
    slope = 60 * float(np.polyfit(at - at[0], size, 1)[0]) if len(kept) > 2 else 0.0
    told = f"{size[0]:.1f} MB, then {size[-1]:.1f} MB; {slope:+.2f} MB a minute"
    return [f"| memory of the server that lived longest, {at[-1] - at[0]:.0f} s of it | {told} |"]
