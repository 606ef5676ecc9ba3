"""Room tasks. In: a logs case and words of a person -> Out: what its verbs do: diff, explain, masks, sessions."""

from __future__ import annotations

import fnmatch
import itertools
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Misused, Refused, nearest, offered
from grundstein.core.task import Done
from grundstein.tasks.logs.comparing import difference
from grundstein.tasks.logs.installers import Installation, explained, is_installer
from grundstein.tasks.logs.options import plan_of
from grundstein.tasks.logs.sessions import asked, grouped, session_column, sessions_of
from grundstein.tools.logfiles import texts_in
from grundstein.tools.logtemplates import Miner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.ports import Project
    from grundstein.tasks.logs.comparing import Change
    from grundstein.tasks.logs.options import Plan
    from grundstein.tasks.logs.sessions import Session

SHOWN, MANY, LONGEST = 20, 60, 200
Named = tuple[str, list[str]]


def diff(project: Project, case: Case, args: Sequence[str]) -> Done:
    """What is new between two runs: `diff A B`, each a session, a pattern of sessions ("build-1*") or a log file."""
    if len(args) != 2:
        raise Misused(
            "diff compares two runs.", "Two sessions, patterns or files.", f"grundstein do {case.name} diff A B"
        )
    plan = _plan(case)
    sessions = _sessions(project, case)
    runs = [[text for _, texts in _chosen(sessions, word) for text in texts] for word in args]
    found = difference(runs[0], runs[1], plan.masks)
    lines = [
        f"{args[0]}: {found.lines[0]:,} entries; {args[1]}: {found.lines[1]:,} entries; {found.templates:,} templates",
        *_told(f"Only in {args[1]}", found.new),
        *_told(f"Only in {args[0]}", found.gone),
        *_told("Clearly more or less often", found.changed),
    ]
    return Done("\n".join(lines), asdict(found))


def explain(project: Project, case: Case, args: Sequence[str]) -> Done:
    """How installations ended, what failed and why: `explain [SESSION or FILE]`; without a word all sessions."""
    sessions = _sessions(project, case)
    runs = [run for word in args for run in _chosen(sessions, word)] if args else [_texts(one) for one in sessions]
    found = {name: explained(texts) for name, texts in runs if is_installer(texts)}
    if not found:
        raise Refused(
            "None of these is an installer's log.",
            "Lines of Windows Installer or of a bundle: a return code, an exit code or actions that ended.",
            "Name another session or file",
        )
    ordered = sorted(found.items(), key=lambda row: (row[1].succeeded, row[0]))
    text = "\n".join(line for name, one in ordered for line in _explained(name, one))
    said = [
        {"session": name, "succeeded": one.succeeded, "meaning": one.meaning, **asdict(one)} for name, one in ordered
    ]
    return Done(text, {"installations": said})


def masks(project: Project, case: Case, args: Sequence[str]) -> Done:
    """Masks that the lines themselves propose, as lines of the case file, each with values that it would cover."""
    del args
    plan = _plan(case)
    miner = Miner(plan.masks)
    miner.add(text for one in _sessions(project, case) for text in one.texts)
    found = [one for one in miner.proposed() if one.mask not in plan.masks]
    if not found:
        return Done("Nothing to propose: no word varies in one template and stands in another.", {"masks": []})
    lines = [f'  - "{one.mask}"  # {", ".join(one.values)}: {one.templates} templates' for one in found]
    return Done("\n".join(["masks:", *lines]), {"masks": [asdict(one) for one in found]})


def templates(project: Project, case: Case, args: Sequence[str]) -> Done:
    """What the lines say, the most frequent first: `templates [SESSION, PATTERN or FILE]`; all sessions without one."""
    sessions = _sessions(project, case)
    runs = [run for word in args for run in _chosen(sessions, word)] if args else [_texts(one) for one in sessions]
    miner, lines, inside = Miner(plan_of(case).masks), Counter[int](), Counter[int]()
    ends = list(itertools.accumulate((len(texts) for _, texts in runs), initial=0))
    numbers = miner.mine(text for _, texts in runs for text in texts)
    for start, end in itertools.pairwise(ends):
        lines.update(numbers[start:end])
        inside.update(set(numbers[start:end]))
    found = [
        {"template": miner.template(number), "lines": count, "sessions": inside[number]}
        for number, count in lines.most_common()
    ]
    head = f"{len(numbers):,} entries, {len(found):,} templates in {len(runs):,} sessions"
    rows = [f"  {one['lines']:>9,}  {_short(str(one['template']))}" for one in found[:MANY]]
    more = [f"  and {len(found) - MANY:,} more (all with --json)"] if len(found) > MANY else []
    return Done("\n".join([head, *rows, *more]), {"templates": found})


def questions(project: Project, case: Case, args: Sequence[str]) -> Done:
    """Write the sessions of a table as questions for `answer CASE --rows CASE_sessions`: `sessions [TABLE]`."""
    plan, table = plan_of(case), args[0] if args else _table(project, case)
    lines = project.tables.read(table)
    groups = grouped(lines, plan)
    rows = asked(sessions_of(lines, plan, groups), plan, session_column(plan, lines.column_names))
    target = f"{case.name}_sessions"
    return Done(
        f"{rows.num_rows:,} sessions as questions in {target}\nNext: grundstein answer {case.name} --rows {target}",
        {"table": target, "sessions": rows.num_rows},
        {target: rows},
    )


def _plan(case: Case) -> Plan:
    return plan_of(case)


def _table(project: Project, case: Case) -> str:
    named = case.data.get("lines", "")
    if named not in project.tables.names():
        raise Refused(
            f"The case {case.name} reads no plain table of lines.",
            offered(named, project.tables.names()),
            f"Name a table under `data:` in cases/{case.name}.yaml",
        )
    return named


def _sessions(project: Project, case: Case) -> list[Session]:
    """All sessions of the case's lines, with all their lines."""
    from dataclasses import replace

    lines: pa.Table = project.tables.read(_table(project, case))
    return sessions_of(lines, replace(plan_of(case), early=0))


def _texts(one: Session) -> Named:
    return one.name, list(one.texts)


def _chosen(sessions: Iterable[Session], word: str) -> list[Named]:
    """The sessions that a word names: one by its name or the end of it, several by a pattern, else a file."""
    every = list(sessions)
    found = [one for one in every if one.name == word]
    found = found or [one for one in every if fnmatch.fnmatchcase(one.name, word)]
    found = found or [one for one in every if one.name.endswith(f"/{word}")]
    if found:
        return [_texts(one) for one in found]
    path = Path(word)
    if path.is_file():
        return [(path.name, texts_in(path))]
    raise Refused(
        f'"{word}" is no session and no file.',
        nearest(word, [one.name for one in every[:2_000]]),
        "Name a session, a pattern in quotes, or a file",
    )


def _told(title: str, changes: Sequence[Change]) -> list[str]:
    if not changes:
        return [f"{title}: nothing"]
    rows = [f"  {one.before:>7,} -> {one.after:<7,} {_short(one.template)}" for one in changes[:SHOWN]]
    more = [f"  and {len(changes) - SHOWN:,} more"] if len(changes) > SHOWN else []
    return [f"{title}: {len(changes):,}", *rows, *more]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _explained(name: str, one: Installation) -> list[str]:
    told: Any = f"{name}: {'succeeded' if one.succeeded else 'failed'}, code {one.code or 'unknown'}"
    lines = [f"{told} ({one.meaning})" if one.meaning else told]
    if one.failure:
        inside = f", inside {one.failure.inside}" if one.failure.inside else ""
        lines += [f"  action {one.failure.action}{inside}", f"  cause  {one.failure.cause}"]
    return lines
