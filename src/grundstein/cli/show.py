"""Room cli. In: records -> Out: lines that a person at a terminal understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from grundstein.cli.terminal import finding_rows, grid, say, say_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.ports import Entry
    from grundstein.core.records import Experiment, Gain, Outcome, Verdict
    from grundstein.project.folder import Folder

Row = tuple[str, str, str]
HEADLINE = ("roc_auc", "r2", "ndcg@10", "accuracy", "mae", "log_loss")
WORDS = {
    "qualifies": "QUALIFIES",
    "does_not_qualify": "DOES NOT QUALIFY",
    "not_enough_data": "NOT ENOUGH DATA",
    "not_applicable": "NOT APPLICABLE",
}
SENTENCES = {
    "qualifies": "{winner} is worth more than {hardest}, by more than it must be.",
    "does_not_qualify": "nothing tried here is worth more than {hardest} by as much as it must be.",
    "not_enough_data": "these rows cannot tell; see below how many are missing.",
    "not_applicable": "a model has nothing to win here: a dashboard answers this.",
}


NAMES = {
    "rule": "today's rule",
    "default": "the simplest rule",
    "nobody": "acting on nobody",
    "everybody": "acting on everybody",
    "mean": "the models' mean",
}


def experiment_rows(project: Folder, entry: Entry) -> list[Row]:
    """What an evaluation found, on development rows."""
    experiment = cast("Experiment", entry.record)
    baseline = next(one for one in experiment.outcomes if one.standing == "baseline")
    rows = finding_rows([f for f in experiment.findings if f.code[4] in "SE"], "Careful", "issue", "tip")
    rows += finding_rows([f for f in experiment.findings if f.code[4] not in "SEL"], "Noticed", "issue")
    rows.append(("Baseline", _named(baseline, project, experiment), ""))
    tried = [one for one in experiment.outcomes if one.standing == "candidate"]
    seconds = sum(entry.seconds.values())
    told = ", ".join(_short(one, project, experiment) for one in tried) or "no candidate for this task"
    rows.append(("Tried", f"{told}   ({seconds:.1f} CPU s)", ""))
    rows += [("Outside", _beside(one, project, experiment), "") for one in _outside(experiment)]
    rows += finding_rows([f for f in experiment.findings if f.code[4] == "L"], "Rows", "issue", "tip", "passed")
    return [*rows, ("PREVIEW", _preview(experiment, project), "")]


def _outside(experiment: Experiment) -> list[Outcome]:
    return [one for one in experiment.outcomes if one.standing == "outside"]


def _beside(one: Outcome, project: Folder, experiment: Experiment) -> str:
    """An outside candidate, and what building brought over it; both of rows that it may have seen."""
    told, gain = _short(one, project, experiment), experiment.bought.get(one.name)
    if gain is None:
        return f"{told}; nothing was built to compare it with"
    return f"{told}; {experiment.winner} brings {_range(gain)} {_unit(project, experiment)} more"


def next_after_evaluate(entry: Entry) -> list[Row]:
    """The next command."""
    experiment = cast("Experiment", entry.record)
    if experiment.declared:
        return [("Next", f"grundstein decide {experiment.case}        (opens the sealed part; it is counted)", "")]
    return [("Next", f"grundstein worth {experiment.case}        (6 questions, 2 minutes)", "")]


def called(name: str) -> str:
    """Name a solution as a person would."""
    return NAMES.get(name, name)


def worth_rows(project: Folder, entry: Entry) -> list[Row]:
    """Which difference the data can show at all."""
    experiment = cast("Experiment", entry.record)
    if not experiment.winner:
        return [("Worth", "no candidate challenges the baseline in this task yet", "")]
    unit = _unit(project, experiment)
    baseline = next(one.name for one in experiment.outcomes if one.standing == "baseline")
    rows = [("Needed", f"{_number(experiment.margins[baseline])} {unit} more than {called(baseline)}", "")]
    rows.append(
        (
            "On dev.",
            f"{experiment.winner}: {_range(experiment.gains[experiment.winner])} {unit} against {called(baseline)}",
            "",
        )
    )
    if experiment.detectable is not None:
        rows.append(
            (
                "Can show",
                f"a gain of {_number(experiment.detectable)} {unit} above what is needed, in 9 of 10 cases",
                "",
            )
        )
    if experiment.units_needed:
        rows.append(
            ("More", f"about {experiment.units_needed:,} sealed units would show the gain seen in development", "")
        )
    return rows


def verdict_rows(project: Folder, entry: Entry) -> list[Row]:
    """The verdict, its range, what would flip it, and where the report lies."""
    verdict = cast("Verdict", entry.record)
    experiment = cast("Experiment", project.ledger.get(verdict.experiment).record)
    said = SENTENCES[verdict.verdict].format(winner=called(verdict.winner), hardest=called(verdict.hardest or "rule"))
    rows: list[Row] = [("VERDICT", f"{WORDS[verdict.verdict]}: {said}", "")]
    unit, where = _unit(project, experiment), "sealed rows" if verdict.figures == "sealed" else "development rows"
    for name, gain in verdict.gains.items() if verdict.opening else ():
        rows.append(
            (
                "Gain",
                f"{_range(gain)} {unit} against {called(name)} ({where}); needed {_number(verdict.margins[name])}",
                "",
            )
        )
    rows += [("Flips", _flip(one.amount, one.stated, one.flips_at), "") for one in verdict.flips]
    if verdict.units_needed and verdict.verdict == "not_enough_data":
        rows.append(("Missing", f"about {verdict.units_needed:,} sealed units in all would tell", ""))
    if verdict.opening:
        rows.append(
            ("Opened", f"{verdict.openings}. opening of these units; level {100 * verdict.level:.3g} % a side", "")
        )
    rows += finding_rows(verdict.findings, "Noticed", "issue", "tip")
    pages = [f"reports/{verdict.case}.{language}.html" for language in project.languages]
    return [*rows, ("Report", "  ".join(pages), "")]


def tests(given: Sequence[str] | None) -> Mapping[str, str] | None:
    """Read `--test [ROLE=]TABLE`."""
    pairs = [text.partition("=") if "=" in text else ("rows", "=", text) for text in given or ()]
    return {role: table for role, _, table in pairs} or None


def print_table(shown: Any, as_json: bool) -> None:
    """Print what is in a table."""
    from dataclasses import asdict

    if as_json:
        say_json(asdict(shown))
        return
    plain = {
        n: v for n, v in vars(shown).items() if n not in ("columns", "batches", "findings") and v not in ("", None, ())
    }
    say([(name.replace("_", " ").capitalize(), _listed(value), "") for name, value in plain.items()])
    say([("Batch", f"{b.source}: {b.rows:,} rows, {b.rejected:,} aside, {str(b.at)[:10]}", "") for b in shown.batches])
    say(finding_rows(shown.findings, "Noticed", "issue", "tip"))
    names = ("name", "type", "required", "missing", "distinct", "minimum", "maximum", "mean")
    grid([{name: _cell(getattr(column, name)) for name in names} for column in shown.columns])


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def print_attempts(rows: Sequence[Mapping[str, str]], nothing: str) -> None:
    """Print cases with what came of them."""
    if not rows:
        say([("Nothing", nothing, "")])
    grid([dict(row) for row in rows])


def print_rundown(groups: Mapping[str, Sequence[Mapping[str, str]]], since: str) -> None:
    """Print a page of what happened."""
    say([("Since", since, "")])
    for name, rows in groups.items():
        say([(name.capitalize(), f"{len(rows)}", "")])
        for row in rows:
            say(
                [
                    ("", f"{row['at'] or '-':<11}{row['case']}: {row['question']}", ""),
                    ("", f"{'':<11}{row['state']}  {row['why']}".rstrip(), ""),
                ]
            )


def _named(one: Outcome, project: Folder, experiment: Experiment) -> str:
    rule = (
        "no rule given; best simple answer: "
        if one.name not in ("rule",) and not project.case(experiment.case).baseline
        else ""
    )
    return f"{rule}{_short(one, project, experiment)}"


def _short(one: Outcome, project: Folder, experiment: Experiment) -> str:
    metric = next((name for name in HEADLINE if name in one.metrics), "")
    value = (
        f"{_number(one.value)} {_unit(project, experiment)}"
        if experiment.money
        else f"{experiment.measure} {_number(one.value)}"
    )
    return f"{one.name} {value}" + (f" ({metric} {one.metrics[metric]:.3f})" if metric else "")


def _preview(experiment: Experiment, project: Folder) -> str:
    if not experiment.winner:
        return "No candidate challenges the baseline."
    gain = experiment.gains[experiment.winner]
    if not experiment.declared:
        better = "ranks better" if gain.low > 0 else "does not rank clearly better"
        return f"The model {better}. Is it worth money? Unknown as yet."
    return (
        f"{experiment.winner} against the baseline: {_range(gain)} {_unit(project, experiment)}, on development rows."
    )


def _unit(project: Folder, experiment: Experiment) -> str:
    return (
        f"{project.currency} per {experiment.unit}"
        if experiment.money
        else f"{experiment.measure} per {experiment.unit}"
    )


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.4g}"


def _range(gain: Gain) -> str:
    return f"{_number(gain.mean, '+')} [{_number(gain.low)}, {_number(gain.high)}]"


def _flip(amount: str, stated: float, flips_at: float | None) -> str:
    if flips_at is None:
        return f"{amount} is assumed ({stated:g}); no value from nothing to three times as much changes the verdict"
    return f"{amount} is assumed ({stated:g}); the verdict changes at {flips_at:.3g}"


def _cell(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
