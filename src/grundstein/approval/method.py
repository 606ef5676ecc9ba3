"""Room approval. In: a Story -> Out: sections of data, method, model card and trail: what the reader can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.approval.evidence import Grid, Section, finding_text
from grundstein.approval.notes import DAYS_TO_DECIDE, HIGH_RISK, flips_of
from grundstein.approval.phrases import Phrases
from grundstein.approval.words import say_known
from grundstein.tools import wording

if TYPE_CHECKING:
    from grundstein.approval.story import Story


def data(story: Story, language: str) -> Section:
    """Tables with their versions, arrivals with what was put aside, and how the sealed part is drawn."""
    words = Phrases(story, language)
    snapshot = story.snapshot
    tables = tuple(
        (name, wording.count(snapshot.rows.get(name), language), version) for name, version in snapshot.versions.items()
    )
    facts = (
        (words.say("data.development"), wording.count(story.experiment.units, language)),
        (words.say("data.tested"), wording.count(story.tested, language)),
        (words.say("data.seal"), _seal(words)),
        (words.say("data.digest"), snapshot.digest),
    )
    heads = tuple(words.say(f"column.{key}") for key in ("table", "rows", "version"))
    notes = (words.say("data.rejected"),) if any(batch.rejected for batch in story.batches) else ()
    grids = tuple(grid for grid in (Grid(heads, tables, code=True), _arrivals(words), _noticed(words)) if grid.rows)
    return Section("data", words.say("data.title"), (words.say("data.lead"),), facts=facts, grids=grids, notes=notes)


def _arrivals(words: Phrases) -> Grid:
    heads = tuple(words.say(f"column.{key}") for key in ("source", "table", "taken", "rejected"))
    rows = tuple(
        (b.source, b.table, wording.count(b.rows, words.language), wording.count(b.rejected, words.language))
        for b in words.story.batches
    )
    return Grid(heads, rows, words.say("data.arrivals"))


def _noticed(words: Phrases) -> Grid:
    """What reading the sources brought to light, each once."""
    found = [one for batch in words.story.batches for one in batch.findings]
    rows = dict.fromkeys((one.code, finding_text(one, words.language)) for one in found)
    return Grid(tuple(words.say(f"column.{key}") for key in ("code", "text")), tuple(rows), words.say("data.noticed"))


def _seal(words: Phrases) -> str:
    seal, how = words.story.seal, words.story.experiment.split
    if seal is None:
        return words.say("seal.unknown", how=how)
    if seal.how == "time":
        return words.say("seal.time", column=seal.time, cut=wording.instant(seal.cut, words.language))
    if seal.how == "given":
        return words.say("seal.given")
    share = wording.percent(seal.share, words.language)
    return words.say("seal.entity" if seal.entity else "seal.random", column=seal.entity, share=share)


def method(story: Story, language: str) -> Section:
    """How it was judged, in plain words and by the exact rule; what was stated, changed and tried before."""
    words = Phrases(story, language)
    lead = tuple(words.say(f"method.{key}") for key in ("plain_1", "plain_2", "plain_3", "open"))
    changed = (f"{words.say('method.edits')}: {'; '.join(story.edits)}",) if story.edits else ()
    deadline = words.say("method.deadline", days=wording.count(DAYS_TO_DECIDE, language))
    notes = (*(changed or (words.say("method.no_edits"),)), deadline)
    grids = tuple(grid for grid in (_amounts(words), _attempts(words)) if grid.rows)
    return Section(
        "method",
        words.say("method.title"),
        lead,
        facts=tuple(_rule(words)),
        facts_title=words.say("method.rule"),
        grids=grids,
        notes=notes,
    )


def _rule(words: Phrases) -> list[tuple[str, str]]:
    story, language = words.story, words.language
    run, case, judged = story.experiment, story.question, story.verdict
    needed = {words.named(name): wording.exact(value, language) for name, value in story.margins.items()}
    alike = len(set(needed.values())) == 1
    margins = next(iter(needed.values())) if alike else "; ".join(f"{name} {value}" for name, value in needed.items())
    worthwhile = wording.exact(case.worthwhile, language)
    tolerance = wording.exact(case.tolerated, language)
    measure = words.say("method.money", currency=story.currency) if run.money else run.measure
    facts = [
        ("measure", measure),
        ("margin", words.say("method.margin_text", margins=margins or wording.NOTHING, worthwhile=worthwhile)),
    ]
    if judged and judged.opening:
        level = wording.percent(judged.level, language, decimals=4)
        openings = wording.count(judged.openings, language)
        facts += [("level", words.say("method.level_text", level=level, openings=openings)), ("openings", openings)]
    facts += [
        ("interval", words.say("method.interval_text")),
        ("decision", words.say("method.decision_text", tolerance=tolerance)),
        ("detectable", wording.exact((judged or run).detectable, language)),
        ("units_needed", wording.count((judged or run).units_needed, language)),
        ("perfect", wording.exact(run.perfect, language)),
        ("seed", f"{run.seed}, {run.budget}"),
        ("lock", run.lock),
    ]
    return [(words.say(f"method.{key}"), value) for key, value in [*facts, *_stated(words)]]


def _stated(words: Phrases) -> list[tuple[str, str]]:
    """What the case says about costs, volume and action, where it says anything."""
    case, language = words.story.question, words.language
    currency = words.story.currency

    def price(value: float) -> str:
        return wording.price(value, currency, language)

    facts = [("running", f"{price(case.running_cost)} {words.per}" if case.running_cost and case.volume else "")]
    if case.running_cost and not case.volume:
        facts = [("running", price(case.running_cost))]
    facts += [
        ("running_rule", price(case.baseline_cost) if case.baseline_cost else ""),
        ("volume", f"{wording.exact(case.volume, language)} {words.per}" if case.volume else ""),
        ("capacity", wording.exact(case.capacity, language) if case.capacity is not None else ""),
        ("worst", wording.exact(case.worst, language) if case.worst is not None else ""),
        ("horizon", wording.exact(case.horizon_days, language) if case.horizon_days else ""),
        ("holdback", wording.percent(case.holdback, language) if case.holdback else ""),
        ("acted", words.say("method.nobody") if case.acted == "nobody" else case.acted),
    ]
    return [(key, value) for key, value in facts if value]


def _amounts(words: Phrases) -> Grid:
    money = words.story.question.money
    flips = {flip.amount: flip for flip in flips_of(words.story)}
    rows = []
    for name, value in (money.amounts if money else {}).items():
        assumed = bool(money) and name in money.assumed  # type: ignore[union-attr]
        flip = flips.get(name)
        never = words.say("method.never") if flip else wording.NOTHING
        at = never if flip is None or flip.flips_at is None else words.stated(name, flip.flips_at)
        basis = words.say("method.assumed" if assumed else "method.measured")
        rows.append((f"{words.say(f'amount.{name}')} ({name})", words.stated(name, value), basis, at))
    heads = tuple(words.say(f"column.{key}") for key in ("amount", "stated", "basis", "flips"))
    return Grid(heads, tuple(rows), words.say("method.amounts"))


def _attempts(words: Phrases) -> Grid:
    heads = tuple(words.say(f"column.{key}") for key in ("case", "verdict", "date", "why"))
    rows = tuple(
        (a.case, say_known(f"word.{a.verdict}", words.language, a.verdict), wording.day(a.date, words.language), a.why)
        for a in words.story.tried
    )
    return Grid(heads, rows, words.say("method.earlier"))


def card(story: Story, language: str) -> Section:
    """The model card: purpose, limits, data, who answers, risk, sources."""
    words = Phrases(story, language)
    case, run = story.question, story.experiment
    sources = list(dict.fromkeys(batch.source for batch in story.batches)) or list(story.snapshot.versions)
    limits = words.say("card.limits_time" if run.split == "time" else "card.limits_other")
    high = case.risk == "high" or case.affects in HIGH_RISK
    facts = (
        ("purpose", case.question),
        ("decision", case.decision or words.say("card.not_said")),
        ("task", f"{run.task}, {run.unit}"),
        ("solution", _solution(words)),
        ("rule", case.baseline or words.say("card.no_rule")),
        ("limits", f"{limits} {words.say('card.limits_use')}"),
        ("data", "; ".join(f"{role}: {table}" for role, table in case.data.items())),
        ("ignored", ", ".join(case.ignore)),
        ("answers", ", ".join(case.signed_by) or words.say("card.nobody")),
        ("affects", words.touched if case.affects else words.say("card.not_said")),
        ("risk", words.say("card.high") if high else case.risk or words.say("card.not_said")),
        ("sources", ", ".join(sources)),
    )
    told = tuple((words.say(f"card.{key}"), value) for key, value in facts if value)
    return Section("card", words.say("card.title"), facts=told)


def _solution(words: Phrases) -> str:
    """What was judged: as the house calls it, with the name that commands take."""
    winner = words.story.winner
    if winner is None:
        return words.say("card.no_solution")
    called = words.named(winner.name)
    return winner.name if called == winner.name else f"{called} ({winner.name})"


def trail(story: Story, language: str) -> Section:
    """The ids of all records behind the page, and the ledger's head."""
    words = Phrases(story, language)
    head = story.head
    row = words.say("trail.row", sequence=wording.count(head.sequence, language))
    facts = (
        (words.say("trail.project"), story.project),
        (words.say("trail.born"), wording.day(head.born, language)),
        (words.say("trail.head"), f"{head.hash} ({row})"),
    )
    heads = tuple(words.say(f"column.{key}") for key in ("kind", "date", "id"))
    rows = tuple((step.kind, wording.day(step.date, language), step.id) for step in story.trail)
    lead = (words.say("trail.lead"),)
    return Section("trail", words.say("trail.title"), lead, facts=facts, grids=(Grid(heads, rows, code=True),))
