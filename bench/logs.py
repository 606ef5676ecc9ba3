"""Bench. In: public logs -> Out: templates beside Drain3's, sessions at their ceiling, installers' failures explained.

Drain3 has an environment of its own and gets the same masks. How many values make a word vary was chosen by leaving
each system out in turn.
"""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grundstein import flow
from grundstein.core.case import Case
from grundstein.flow.pinning import asked, pin, pinned_of
from grundstein.project.folder import create_project
from grundstein.tasks.logs import TASK
from grundstein.tasks.logs.ceiling import ceiling, ordered
from grundstein.tasks.logs.installers import explained
from grundstein.tasks.logs.models import LINEAR, TREES
from grundstein.tasks.logs.options import plan_of
from grundstein.tasks.logs.sessions import read
from grundstein.tasks.logs.solutions import Learned
from grundstein.tasks.logs.worth import truths
from grundstein.tools.logfiles import texts_in
from grundstein.tools.logmasks import GENERIC, JOINED
from grundstein.tools.logtemplates import NAMES, VALUES, Miner
from public import SHARED
from tabled import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.task import Split

HERE = Path(__file__).parent
LOGS = SHARED / "logs"
PEER = Path(tempfile.gettempdir()) / "grundstein-drain3"
NEEDED = ("drain3==0.9.11",)
SYSTEMS = ("HDFS", "BGL", "OpenStack", "Windows", "Linux", "Hadoop", "Apache", "OpenSSH")
GRID = tuple(itertools.product((2, 3, 4, 5), (4, 6, 8, 12)))
ALIKE = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
RUNS = 3
TRUE_SHARE = 0.029
LADDER = (1, 2, 3, 5, 8, 13, 21, 0)
HEAD = """## Logs: templates, sessions, installers
Eight loghub systems of 2,000 lines. Group accuracy (GA): share of lines whose template holds just the lines of one true
template; FGA: F1 of templates. One set of general masks for all, the same for Drain3 {drain}. Proposed: with the masks
that the lines themselves proposed, all of them taken over. Again: the state written as JSON after half of the lines and
read anew gives the same templates."""
MEANS = """
Mean GA {ours_ga:.3f} (Drain3 {peer_ga:.3f}), mean FGA {ours_fga:.3f} (Drain3 {peer_fga:.3f}), {speed:,.0f} lines a CPU
second ({ratio:.1f} times Drain3's {peer_speed:,.0f}). With proposed masks: GA {own_ga:.3f}, FGA {own_fga:.3f}. A word
varies after {names} names or {values} values; chosen on the other seven systems only, each left out in turn, the
eighth has GA {held_ga:.3f} and FGA {held_fga:.3f} on average; Drain3 with its similarity chosen in the same way
{chosen_ga:.3f} and {chosen_fga:.3f}. The masks themselves were mended after a look at lines of
these systems (an address inside a host's name, empty brackets), so they are not blind."""
HDFS = """
### Sessions of HDFS
{sessions:,} published sessions (half of them anomalies), given as template ids: each event became one line, so error
words cannot speak. {test:,} sealed by session. At most: what the best decision for each sequence of templates would
reach, counted on the sealed sessions themselves; `alike` of them look like one of another outcome. The models decide to
be right, not for F1.

{rows}

As the product decides it (metric: accuracy), verdict **{word}**: {winner}, {mean:+.4f} [{low:+.4f}, {high:+.4f}] right
answers a session above {hardest}; {cpu:.0f} CPU s for ingest, evaluate, all checks and decide of {lines:,} lines.

With anomalies thinned to {share:.1%} of {thin:,} sessions, as in the whole data: F1 of trees {thin_f1}, at most
{thin_best} ({thin_bad} sealed anomalies)."""
MSI = """
### Installers
{files} verbose logs of Windows Installer and of bundles, {wide} in UTF-16: return code right in {right}; of {failed}
failures the action and the cause named in {named}; no success taken for a failure: {clean}.

{rows}"""


@dataclass(frozen=True)
class System:
    """One system's lines and the true template of each."""

    name: str
    lines: list[str]
    truth: list[str]


@dataclass(frozen=True)
class Mined:
    """What was found in a system: group accuracy, F1 of templates, how many templates, CPU seconds."""

    ga: float
    fga: float
    templates: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Peer:
    """What Drain3 found: by its own defaults, and for each similarity that it can be told."""

    plain: Mapping[str, Mined]
    alike: Mapping[float, Mapping[str, Mined]]


def run(quick: bool) -> str:
    """Return the section."""
    systems = [system(name) for name in SYSTEMS]
    return "\n".join([templates(systems, quick), sessions(1_500 if quick else 12_000), installers()])


def templates(systems: Sequence[System], quick: bool) -> str:
    """Ours beside Drain3, with and without proposed masks, and chosen without the system itself."""
    ours = {one.name: mined(one) for one in systems}
    own = {one.name: mined(one, proposed(one)) for one in systems}
    peer = drain(systems, quick)
    others = peer.plain if peer else {}
    rows: list[dict[str, object]] = []
    for one in systems:
        mine, theirs, helped = ours[one.name], others.get(one.name), own[one.name]
        rows.append(
            {
                "system": one.name,
                "templates": len(set(one.truth)),
                "found": mine.templates,
                "GA": mine.ga,
                "Drain3 GA": theirs.ga if theirs else "",
                "FGA": mine.fga,
                "Drain3 FGA": theirs.fga if theirs else "",
                "proposed GA": helped.ga,
                "again": "same" if again(one) else "DIFFERENT",
            }
        )
    lines = [HEAD.format(drain=NEEDED[0].partition("==")[2]), "", table(rows)]
    if peer is None:
        return "\n".join([*lines, "Drain3 is not there."])
    return "\n".join([*lines, _means(systems, ours, own, peer)])


def _means(systems: Sequence[System], ours: dict[str, Mined], own: dict[str, Mined], peer: Peer) -> str:
    count = sum(len(one.lines) for one in systems)
    speeds = [count / sum(one.seconds for one in each.values()) for each in (ours, peer.plain)]
    every = {pair: {one.name: mined(one, (), *pair, runs=1) for one in systems} for pair in GRID}
    told = {"ours": list(ours.values()), "peer": list(peer.plain.values()), "own": list(own.values())}
    told |= {"held": left_out(every), "chosen": left_out(peer.alike)}
    means = {f"{name}_ga": float(np.mean([one.ga for one in each])) for name, each in told.items()}
    means |= {f"{name}_fga": float(np.mean([one.fga for one in each])) for name, each in told.items()}
    return MEANS.format(
        **means, speed=speeds[0], peer_speed=speeds[1], ratio=speeds[0] / speeds[1], names=NAMES, values=VALUES
    )


def mined(one: System, masks: Sequence[str] = (), names: int = NAMES, values: int = VALUES, runs: int = RUNS) -> Mined:
    """Mine a system some times; the fastest counts."""
    spent = []
    for _ in range(runs):
        start = time.process_time()
        found = Miner(masks, names, values).mine(one.lines)
        spent.append(time.process_time() - start)
    return scored(one, found, min(spent))


def scored(one: System, found: Sequence[int], seconds: float) -> Mined:
    """Hold found templates against the true ones."""
    true, mine = _groups(one.truth), _groups(found)
    right = true & mine
    precision, recall = len(right) / len(mine), len(right) / len(true)
    fga = 2 * precision * recall / (precision + recall) if right else 0.0
    return Mined(sum(map(len, right)) / len(found), fga, len(mine), seconds)


def left_out(every: Mapping[Any, Mapping[str, Mined]]) -> list[Mined]:
    """Each system with the setting that served the others best, by GA and FGA together."""
    found = []
    for name in SYSTEMS:
        others = [other for other in SYSTEMS if other != name]
        best = max(every, key=lambda one: sum(every[one][other].ga + every[one][other].fga for other in others))
        found.append(every[best][name])
    return found


def proposed(one: System) -> list[str]:
    """The masks that a system's lines propose."""
    miner = Miner()
    miner.add(one.lines)
    return [each.mask for each in miner.proposed()]


def again(one: System) -> bool:
    """Whether the templates are the same where the state went through JSON half way."""
    half = len(one.lines) // 2
    first = Miner()
    numbers = first.add(one.lines[:half])
    second = Miner.restored(json.loads(json.dumps(first.state())))
    numbers += second.add(one.lines[half:])
    return [second.now(number) for number in numbers] == Miner().mine(one.lines)


def drain(systems: Sequence[System], quick: bool) -> Peer | None:
    """What Drain3 makes of the same lines with the same masks; None where it is not there."""
    if not _installed(quick):
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {
            "systems": {one.name: one.lines for one in systems},
            "masks": [GENERIC, JOINED.pattern],
            "alike": ALIKE,
        }
        (folder / "asked.json").write_text(json.dumps(given), encoding="utf-8")
        subprocess.run([str(PEER / "bin" / "python"), "logs_drain.py", name], cwd=HERE, check=True, capture_output=True)
        told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    plain = {one.name: scored(one, told[one.name]["found"], told[one.name]["seconds"]) for one in systems}
    alike = {one: {s.name: scored(s, told[s.name]["alike"][str(one)], 0.0) for s in systems} for one in ALIKE}
    return Peer(plain, alike)


def sessions(count: int) -> str:
    """HDFS sessions as the product decides them, how early they are known, and at their true share."""
    lines = hdfs_lines(count, 0.5)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        project = create_project(root / "p", salt="bench", languages=["en"])
        pq.write_table(lines.drop_columns(["_row"]), root / "lines.parquet")
        flow.ingest(project, str(root / "lines.parquet"), "lines")
        (project.root / "cases" / "hdfs.yaml").write_text(CASE, encoding="utf-8")
        entry = flow.decide(project, "hdfs")
        cpu = time.process_time() - start
        said = entry.record
        pinned = pinned_of(pin(asked(project, "hdfs"), project), project)
        rows = [_after(pinned.case, pinned.split, number) for number in LADDER]
        test = pinned.split.questions.num_rows
    gain = said.gains[said.hardest]  # type: ignore[union-attr]
    thin = hdfs_lines(count, TRUE_SHARE)
    case = replace(HDFS_CASE, options={**HDFS_CASE.options})
    split = _sealed(case, thin)
    last = _after(case, split, 0)
    told = {"word": said.verdict, "winner": said.winner, "hardest": said.hardest}  # type: ignore[union-attr]
    told |= {"mean": gain.mean, "low": gain.low, "high": gain.high, "cpu": cpu, "lines": lines.num_rows}
    told |= {
        "thin": len(set(thin["session"].to_pylist())),
        "thin_f1": last["F1 trees"],
        "thin_best": last["F1 at most"],
    }
    bad = int(truths(plan_of(case), split.truth["lines"]).sum())
    return HDFS.format(sessions=count, test=test, rows=table(rows), share=TRUE_SHARE, thin_bad=bad, **told)


CASE = """question: Which block will be broken?
decision: Somebody looks at it
task: logs
data: {lines: lines}
session: session
outcome: outcome
positive: anomaly
entity: session
metric: accuracy
"""
HDFS_CASE = Case(
    "hdfs",
    "?",
    "logs",
    {"lines": "lines"},
    {"outcome": "outcome", "positive": "anomaly"},
    metric="accuracy",
    entity="session",
)


def hdfs_lines(count: int, share: float) -> pa.Table:
    """Published sessions as lines, one an event; `share` of them anomalies. Each id is a word of its own."""
    with (LOGS / "hdfs_sessions" / "robust_log_train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    order = np.random.default_rng(1).permutation(len(rows)).tolist()[:count]
    normal = [at for at in order if rows[at]["label"] == "0"]
    wanted = round(len(normal) * share / (1 - share))
    chosen = {*normal, *[at for at in order if rows[at]["label"] == "1"][:wanted]}
    names, texts, ends = [], [], []
    for at in sorted(chosen):
        for event in rows[at]["Sequence"].split():
            names.append(f"blk_{at}")
            texts.append(f"Event {_word(int(event))} of block blk_{at}")
            ends.append("anomaly" if rows[at]["label"] == "1" else "normal")
    return pa.table({"session": names, "text": texts, "outcome": ends, "_row": np.arange(len(names))})


def _word(number: int) -> str:
    """A word for a template id, whose every place differs from other ids': no two are taken for values of one word."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"{letters[number // 26]}{letters[number % 26]}x {letters[number % 26]}{letters[number // 26]}y"


def _sealed(case: Case, lines: pa.Table) -> Split:
    from grundstein.core.records import Seal

    return TASK.seal({"lines": lines}, case, Seal("lines", "random", ("session",), "session", "", 0.25, "", "bench"))


def _after(case: Case, split: Split, number: int) -> dict[str, object]:
    """What is reached after so many lines of the sealed sessions; 0: all."""
    own = replace(case, options={**case.options, "early": number})
    plan = plan_of(own)
    yes = truths(plan, split.truth["lines"])
    row: dict[str, object] = {"lines seen": number or "all"}
    for kind in (LINEAR, TREES):
        fitted = Learned(plan, kind).fit(split.development, 1)
        metrics = TASK.metrics(own, split, fitted.answer(split.questions, {}))
        row |= {f"right {kind}": f"{metrics['accuracy']:.4f}", f"F1 {kind}": f"{metrics['f1']:.4f}"}
    events = fitted.features.events(read(split.questions, plan)) if fitted.features else []
    best = ceiling(ordered(events), yes.tolist(), plan.stakes)
    told = {"right at most": f"{best.accuracy:.4f}", "F1 at most": f"{best.most_f1:.4f}"}
    return row | told | {"alike": best.alike, "lost at best": best.lost}


def installers() -> str:
    """Explain every installer's log and hold its code against the known one."""
    folder = LOGS / "msi_installer_logs"
    with (folder / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    right = named = false = 0
    rows: list[dict[str, object]] = []
    for one in known:
        code = one["engine_return_code"] or one["status_line"] or one["bundle_exit_code"]
        found = explained(texts_in(folder / one["path"]))
        right += found.code == code
        false += found.failure is not None and code != "1603"
        if code == "1603" and found.failure:
            named += bool(found.failure.action and found.failure.cause)
            inside = f", inside {found.failure.inside}" if found.failure.inside else ""
            short = one["path"].replace("/doc/logs", "")
            rows.append({"log": short, "action": found.failure.action + inside, "cause": found.failure.cause})
    wide, failed = (sum(row[name] == word for row in known) for name, word in FACTS)
    told = {"files": len(known), "wide": wide, "right": right, "failed": failed, "named": named}
    return MSI.format(**told, clean="yes" if not false else f"no, {false}", rows=table(rows))


FACTS = (("encoding", "utf-16"), ("status_line", "1603"))


def system(name: str) -> System:
    """Read one system's messages and true templates."""
    with (LOGS / "loghub_2k" / f"{name}_2k.log_structured.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return System(name, [row["Content"] for row in rows], [row["EventId"] for row in rows])


def _groups(labels: Sequence[object]) -> set[tuple[int, ...]]:
    found: dict[object, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        found[label].append(at)
    return {tuple(rows) for rows in found.values()}


def _installed(quick: bool) -> bool:
    python = PEER / "bin" / "python"
    if python.exists():
        return True
    if quick:
        return False
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(PEER)], check=True)
    return subprocess.run([uv, "pip", "install", "-q", "-p", str(python), *NEEDED], check=False).returncode == 0
