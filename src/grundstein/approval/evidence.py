"""Room approval. In: a Story -> Out: sections of evidence, failures and findings: pictures, tables and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.approval.phrases import Phrases
from grundstein.core.figures import Figure
from grundstein.core.findings import codes
from grundstein.tools import wording
from grundstein.tools.charts import label, svg, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.approval.story import Story
    from grundstein.core.findings import Finding
    from grundstein.core.records import Gain, Outcome

SECTIONS = ("issue", "tip", "passed", "not_applicable", "skipped")
OF_FAILURE = ("slice", "weak", "error", "confusion", "miss", "fail")
WEAK_CODES = (
    *("GST-M", "GST-T30", "GST-T31", "GST-T32"),
    *("GST-T37", "GST-T38", "GST-T39", "GST-T40", "GST-T41"),
)


@dataclass(frozen=True)
class Grid:
    """A table of texts; the first column names the row, `code` sets the last one in fixed width."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    code: bool = False

    @property
    def worded(self) -> tuple[bool, ...]:
        """Which columns hold words: they are set flush left, numbers flush right."""
        return tuple(
            any(letter.isalpha() for row in self.rows for letter in row[place]) for place in range(len(self.heads))
        )


@dataclass(frozen=True)
class Picture:
    """A figure drawn (`svg`) or set as a table (`grid`), with its caption."""

    title: str
    caption: str
    svg: str = ""
    grid: Grid | None = None


@dataclass(frozen=True)
class Told:
    """A finding as the page shows it; `anchor` is unique on the page."""

    code: str
    anchor: str
    section: str
    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """One part of the page. `facts` are pairs of a term and what it is."""

    key: str
    title: str
    lead: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    findings: tuple[tuple[str, tuple[Told, ...]], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    facts_title: str = ""
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()


def evidence(story: Story, language: str) -> Section:
    """Pictures and tables that the recommendation rests on."""
    words = Phrases(story, language)
    drawn = [*_own_pictures(words), *_pictures(words, failing=False)]
    return Section("evidence", words.say("evidence.title"), (_standing(words),), tuple(drawn), grids=_grids(words))


def failures(story: Story, language: str) -> Section:
    """Where the answers are weakest."""
    words = Phrases(story, language)
    drawn = tuple(_pictures(words, failing=True))
    weak = [f for f in story.findings if f.code.startswith(WEAK_CODES)]
    lead = "failures.lead" if drawn or weak else "failures.none"
    told = tuple(f"{f.code}: {finding_text(f, language)}" for f in weak)
    return Section("failures", words.say("failures.title"), (words.say(lead),), drawn, notes=told)


def findings(story: Story, language: str) -> Section:
    """Every finding by its section, warnings first."""
    words = Phrases(story, language)
    told = _told(story.findings, language)
    groups = [(words.say(f"section.{key}"), tuple(t for t in told if t.section == key)) for key in SECTIONS]
    lead = () if told else (words.say("findings.none"),)
    kept = tuple((name, group) for name, group in groups if group)
    return Section("findings", words.say("findings.title"), lead, findings=kept)


def finding_text(finding: Finding, language: str) -> str:
    """Return a finding's sentence; its facts alone where a record is older than the sentence and lacks one of them."""
    try:
        return finding.text(language)
    except (KeyError, ValueError):
        return ", ".join(f"{name}: {value}" for name, value in finding.facts.items())


def _told(found: Sequence[Finding], language: str) -> list[Told]:
    seen: dict[str, int] = {}
    told = []
    for finding in found:
        seen[finding.code] = seen.get(finding.code, 0) + 1
        anchor = finding.code if seen[finding.code] == 1 else f"{finding.code}-{seen[finding.code]}"
        heading = finding.title(language) if finding.code in codes() else finding.code
        told.append(Told(finding.code, anchor, finding.section, heading, finding_text(finding, language)))
    return told


def _standing(words: Phrases) -> str:
    verdict = words.story.verdict
    if verdict is None:
        return words.say("evidence.preview")
    if not verdict.opening:
        return words.say("evidence.no_opening")
    return words.say("evidence.sealed" if words.story.sealed else "evidence.development")


def _own_pictures(words: Phrases) -> list[Picture]:
    return [
        picture for figure in (_gains(words), _values(words)) if (picture := _drawn(words, figure, words.story.sealed))
    ]


def _gains(words: Phrases) -> Figure:
    story = words.story
    names = [name for name in story.gains if story.gain_over(name)]
    known: list[Gain] = [gain for name in names if (gain := story.gain_over(name))]
    flip = 1.0 if story.experiment.money else abs(words.plain_factor)
    unit = f"{story.currency} {words.per}" if story.experiment.money else words.measured_gain
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "opponent": tuple(words.named(name) for name in names),
        "gain": tuple(gain.mean * flip for gain in known),
        "low": tuple(gain.low * flip for gain in known),
        "high": tuple(gain.high * flip for gain in known),
        "needed": tuple(story.needed_over(name) * flip for name in names),
    }
    heading = {words.language: words.say("evidence.gains")}
    labels = {"gain": {words.language: f"{words.say('evidence.gain')}, {unit}"}}
    labels |= {key: {words.language: words.say(f"column.{key}")} for key in ("opponent", "low", "high", "needed")}
    return Figure("gains", "interval", heading, columns, x="opponent", y="gain", labels=labels)


def _values(words: Phrases) -> Figure:
    story = words.story
    plain = 1.0 if story.experiment.money else words.plain_factor
    shown = [o for o in story.outcomes if story.sealed is False or o.standing != "candidate" or o == story.winner]
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "solution": tuple(words.label(o) if o == story.winner else words.named(o.name) for o in shown),
        "value": tuple((story.result(o) if story.experiment.money else o.value * plain) for o in shown),
    }
    unit = f"{story.currency} {words.per}" if story.experiment.money else words.measure
    heading = {words.language: words.say("evidence.values")}
    labels = {"value": {words.language: unit}, "solution": {words.language: words.say("column.solution")}}
    return Figure("values", "bar", heading, columns, x="solution", y="value", labels=labels)


def _pictures(words: Phrases, *, failing: bool) -> list[Picture]:
    story = words.story
    judged = story.verdict.pictures if story.verdict else ()
    shown: list[tuple[Figure, bool]] = [(figure, story.sealed) for figure in judged]
    names = {figure.name for figure in judged}
    shown += [(figure, False) for figure in story.experiment.figures if figure.name not in names]
    chosen = [(f, of) for f, of in shown if any(word in f.name.lower() for word in OF_FAILURE) == failing]
    return [picture for figure, of in chosen if (picture := _drawn(words, figure, of))]


def _drawn(words: Phrases, figure: Figure, sealed: bool) -> Picture | None:
    language = words.language
    caption = words.say("evidence.of_sealed" if sealed else "evidence.of_development")
    caption = caption[:1].upper() + caption[1:]
    if figure.name == "gains" and figure.columns["gain"]:
        needed = wording.listing(list(dict.fromkeys(_needed(words))), language)
        caption += f". {words.say('evidence.needed', needed=needed)}"
    if figure.shape == "table":
        heads = tuple(label(figure, name, language) for name in figure.columns)
        rows = tuple(
            tuple(_cell(cell, language) for cell in row) for row in zip(*figure.columns.values(), strict=False)
        )
        return Picture(title(figure, language), caption, grid=Grid(heads, rows)) if rows else None
    drawn = "" if _says_nothing(figure) else svg(figure, language)
    return Picture(title(figure, language), caption, drawn) if drawn else None


def _says_nothing(figure: Figure) -> bool:
    """Whether a figure shows one thing alone, beside which nothing stands."""
    return figure.shape != "interval" and max(map(len, figure.columns.values()), default=0) < 2


def _needed(words: Phrases) -> list[str]:
    story, step = words.story, words.step()
    needed = [round(story.needed_over(name), 9) for name in story.gains]
    if story.experiment.money:
        return [words.amount(one, step) for one in needed]
    return [wording.number(one * abs(words.plain_factor), words.language, step=step) for one in needed]


def _cell(value: object, language: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return wording.exact(float(value), language, 3)
    return wording.NOTHING if value is None else str(value)


def _grids(words: Phrases) -> tuple[Grid, ...]:
    story = words.story
    tables = [_solutions(words, story.outcomes, sealed=story.sealed), _against(words), _challengers(words)]
    if story.sealed:
        tables.append(_solutions(words, story.experiment.outcomes, sealed=False))
    return tuple(grid for grid in tables if grid.rows)


def _solutions(words: Phrases, outcomes: Sequence[Outcome], *, sealed: bool) -> Grid:
    language, judged = words.language, words.story.winner
    metrics = list(dict.fromkeys(name for outcome in outcomes for name in outcome.metrics))
    rows = tuple(
        (
            words.named(outcome.name),
            words.say(f"standing.{'winner' if judged and outcome.name == judged.name else outcome.standing}"),
            wording.exact(outcome.value, language),
            *(wording.exact(outcome.metrics.get(name), language) for name in metrics),
        )
        for outcome in outcomes
    )
    heads = map(words.say, ("column.solution", "column.standing", "column.value"))
    of = words.say("evidence.of_sealed" if sealed else "evidence.of_development")
    return Grid((*heads, *metrics), rows, words.say("evidence.solutions", rows=of))


def _against(words: Phrases) -> Grid:
    story, language = words.story, words.language
    heads = ("column.opponent", "column.gain", "column.low", "column.high", "column.needed")
    rows = tuple(
        (words.named(name), *(wording.exact(v, language) for v in (g.mean, g.low, g.high, story.margins.get(name))))
        for name, g in story.gains.items()
    )
    of = words.say("evidence.of_sealed" if story.sealed else "evidence.of_development")
    return Grid(tuple(map(words.say, heads)), rows, f"{words.say('evidence.gains')}, {of}")


def _challengers(words: Phrases) -> Grid:
    heads = ("column.solution", "column.gain", "column.low", "column.high")
    rows = tuple(
        (words.named(name), *(wording.exact(value, words.language) for value in (gain.mean, gain.low, gain.high)))
        for name, gain in words.story.experiment.gains.items()
    )
    return Grid(tuple(map(words.say, heads)), rows, words.say("evidence.challengers"))
