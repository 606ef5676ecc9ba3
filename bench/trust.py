"""Bench. In: public tables, simulated answers -> Out: false alarms, found faults, coverage."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

import public
import tabled
import trust_worlds as worlds
from grundstein.evaluation.checks import answered, calibration, conformal, detectable, drift, sensitive, treated
from grundstein.evaluation.experiment import live
from grundstein.tasks.predict import TASK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from grundstein.evaluation import checks
    from grundstein.evaluation.checks.answered import Answered

    Floats = NDArray[np.float64]
    Row = dict[str, object]

CHANGED = {"GST-T01", "GST-T08"}
UNFAIR = {"GST-T30", "GST-T31", "GST-T32", "GST-T40"}
OFF = {"GST-T50"}


def drift_alarms(quick: bool) -> list[Row]:
    """How often a split by chance is called a drift."""
    rows: list[Row] = []
    for name in worlds.TABLES:
        known, repeats = public.CLEAN[name]().some(10_000, 0), 2 if quick else 20
        start = time.process_time()
        told = [_codes(drift.sealed(worlds.sealed_look(known, f"salt{k}"))) & CHANGED for k in range(repeats)]
        seconds = (time.process_time() - start) / repeats
        rows.append({"table": name, "alarms": f"{sum(map(bool, told))}/{repeats}", "CPU s": round(seconds, 2)})
    return rows


def moved(questions: pa.Table, _: np.random.Generator, far: float) -> pa.Table:
    """Tenure shifted by `far` of its spread."""
    values = np.asarray(questions["tenure"]).astype(float)
    return _with(questions, "tenure", values + far * values.std())


def mixed(questions: pa.Table, rng: np.random.Generator, far: float) -> pa.Table:
    """One contract in place of another for a share `far` of all rows."""
    values = np.asarray(questions["Contract"])
    return _with(questions, "Contract", np.where(rng.random(len(values)) < far, "Two year", values))


def emptied(questions: pa.Table, rng: np.random.Generator, far: float) -> pa.Table:
    """Monthly charges missing in a share `far` of the rows."""
    gone = rng.random(questions.num_rows) < far
    return _with(questions, "MonthlyCharges", pa.array(np.asarray(questions["MonthlyCharges"]), mask=gone))


def crossed(questions: pa.Table, rng: np.random.Generator, far: float) -> pa.Table:
    """Each column as before, but the contracts dealt anew to a share `far` of the rows: only the mix is new."""
    chosen = np.flatnonzero(rng.random(questions.num_rows) < far)
    values = np.asarray(questions["Contract"]).copy()
    values[chosen] = rng.permutation(values[chosen])
    return _with(questions, "Contract", values)


PLANTED = ((moved, 0.1), (moved, 0.3), (moved, 0.5), (mixed, 0.1), (mixed, 0.2), (emptied, 0.05), (emptied, 0.15))


def drift_found(quick: bool) -> list[Row]:
    """How often a planted change of Telco's sealed questions is told, and how often the right column is named."""
    known, repeats, rows = public.telco(), 2 if quick else 10, []
    for plant, far in (*PLANTED, (crossed, 1.0)):
        told = named = 0
        for k in range(repeats):
            look = worlds.sealed_look(known, f"salt{k}")
            rng = np.random.default_rng(k)
            found = drift.sealed(replace(look, questions=plant(look.questions, rng, far)))
            told += bool(_codes(found) & CHANGED)
            named += any(f.code in CHANGED and _column(plant) in str(f.facts.get("names", "")) for f in found.findings)
        said = f"{plant.__name__} by {far:g}"
        rows.append({"planted": said, "told": f"{told}/{repeats}", "named": f"{named}/{repeats}"})
    return rows


def _column(plant: Callable[..., pa.Table]) -> str:
    return {"moved": "tenure", "mixed": "Contract", "emptied": "MonthlyCharges"}.get(plant.__name__, "?")


def _people(n: int, rng: np.random.Generator) -> dict[str, object]:
    return {
        "gender": rng.choice(["f", "m"], n),
        "nationality": rng.choice(["a", "b", "c", "d", "e"], n, p=[0.6, 0.2, 0.1, 0.07, 0.03]),
        "age": rng.integers(18, 80, n),
    }


def fair(n: int, rng: np.random.Generator) -> checks.Look:
    """Nobody is treated differently; the old answers are a little noisier."""
    told = worlds.probabilities(n, rng)
    old = 1 / (1 + np.exp(-(np.log(told / (1 - told)) + rng.normal(0, 0.7, n))))
    return worlds.simulated(told, rng.random(n) < told, _people(n, rng), old)


def overrated(n: int, rng: np.random.Generator) -> checks.Look:
    """For nationality b yes is half as likely as foretold."""
    told, people = worlds.probabilities(n, rng), _people(n, rng)
    true = np.where(people["nationality"] == "b", told / 2, told)
    return worlds.simulated(told, rng.random(n) < true, people)


def blurred(n: int, rng: np.random.Generator) -> checks.Look:
    """For nationality b the answers are dealt by chance: more of them are wrong."""
    told, people = worlds.probabilities(n, rng), _people(n, rng)
    came = rng.random(n) < told
    here = np.flatnonzero(people["nationality"] == "b")
    told[here] = rng.permutation(told[here])
    return worlds.simulated(told, came, people)


def left_behind(n: int, rng: np.random.Generator) -> checks.Look:
    """The new answers are better for all but nationality b, where the old ones knew more."""
    told, people = worlds.probabilities(n, rng), _people(n, rng)
    noise, here = rng.normal(0, 1.5, n), people["nationality"] == "b"
    noisy = 1 / (1 + np.exp(-(np.log(told / (1 - told)) + noise)))
    return worlds.simulated(np.where(here, noisy, told), rng.random(n) < told, people, np.where(here, told, noisy))


def unfair(quick: bool) -> list[Row]:
    """How often a group is named: where all are treated alike, and where one is not."""
    rows: list[Row] = []
    for world in (fair, overrated, blurred, left_behind):
        row: Row = {"world": world.__name__}
        for n in (500, 2_000, 8_000):
            repeats = 20 if quick else 300 if world is fair else 50
            found = [treated.check(world(n, np.random.default_rng((n, k)))) for k in range(repeats)]
            row[f"n={n}"] = f"{sum(bool(_codes(one) & UNFAIR) for one in found)}/{repeats}"
        rows.append(row)
    return rows


def honest(told: Floats) -> Floats:
    """It happens as often as it says."""
    return told


def boastful(told: Floats) -> Floats:
    """Log odds a third too far from even."""
    return 1 / (1 + np.exp(-0.75 * np.log(told / (1 - told))))


def shifted(told: Floats) -> Floats:
    """Five points more than it says."""
    return np.clip(told + 0.05, 0, 1)


def off(quick: bool) -> list[Row]:
    """How often probabilities are called off: where they hold, and where they do not."""
    rows: list[Row] = []
    for truth in (honest, boastful, shifted):
        row: Row = {"probabilities": truth.__name__}
        for n in (300, 1_000, 5_000, 20_000):
            repeats = 20 if quick else 400 if truth is honest else 100
            told = 0
            for k in range(repeats):
                rng = np.random.default_rng((n, k))
                said = worlds.probabilities(n, rng)
                look = worlds.simulated(said, rng.random(n) < truth(said), {"x": said})
                told += bool(_codes(calibration.check(look)) & OFF)
            row[f"n={n}"] = f"{told}/{repeats}"
        rows.append(row)
    return rows


def covered(quick: bool) -> list[Row]:
    """Sets and ranges at 90 %: foretold out of fold, and kept on sealed rows with limits from development alone."""
    rows = []
    for name, known in (("Telco", public.telco()), ("Adult (10,000)", worlds.adult()), ("Ames", public.ames())):
        found = [_covered(known, f"salt{k}") for k in range(1 if quick else 5)]
        for how in found[0]:
            mean = np.mean([one[how] for one in found], axis=0)
            names = ("out of fold", "sealed", "single, or share of width", "wrong among single")
            figures = {n: f"{figure:.3f}" for n, figure in zip(names, mean, strict=True)}
            rows.append({"table": name, "how": how, **figures})
    return rows


def _covered(known: public.Known, salt: str) -> dict[str, tuple[float, float, float, float]]:
    case, split, tested = worlds.tried(known, salt)
    look = worlds.look_of(case, split, tested)
    new = answered.answered(look, look.winner)
    fitted = tested.winner.contender.solution.fit(split.development, 1)
    said = fitted.answer(split.questions, live(TASK, split.development))
    asked = replace(look, answers={look.winner: said}, happened=split.truth["rows"], judged=split.questions)
    values = {look.winner: TASK.value(case, split, said)}
    sealed = answered.answered(replace(asked, values=values), look.winner)
    every = np.arange(len(new.truth))
    if new.kind == "number":
        width, held, _, blind = conformal.ranges(new, conformal.MISS, 1)
        rest, later = new.truth - new.told[:, 0], sealed.truth - sealed.told[:, 0]
        half = conformal.MISS / 2
        kept = (later >= -conformal.quantile(-rest, half)) & (later <= conformal.quantile(rest, half))
        return {"range": (held, float(kept.mean()), width / blind, 0.0)}
    found = {}
    for how, by_class in (("all cases", False), ("each outcome", True)):
        one = conformal.sets(new, conformal.MISS, 1, by_class=by_class)
        kept = sealed.of_truth >= 1 - conformal.thresholds(new, every, 0.1, by_class=by_class)[sealed.truth.astype(int)]
        found[how] = (one.held, float(kept.mean()), one.alone, one.wrong_alone)
    alone, wrong = conformal.sure(new, conformal.MISS, 1)
    return found | {"surest answers": (1 - wrong, _surest(new, sealed), alone, wrong)}


def _surest(new: Answered, sealed: Answered) -> float:
    """Share of right answers among the sealed ones above the cut that development names."""
    order = np.argsort(-new.named, kind="stable")
    wrong = np.cumsum(new.told.argmax(axis=1)[order] != new.truth[order]) + 1
    good = np.flatnonzero(wrong / (np.arange(len(order)) + 2) <= conformal.MISS)
    stands = sealed.named >= new.named[order[good[-1]]]
    return float((sealed.told.argmax(axis=1) == sealed.truth)[stands].mean())


def foretold(quick: bool) -> list[Row]:
    """The gain that can be shown, as said before any model and by the judge after one was tried."""
    from grundstein.core.case import Money
    from grundstein.evaluation.judge import foretell
    from grundstein.tools.inference import opening_level

    action = Money("action", {"saved": 600, "success": 0.3, "cost": 60})
    cells = Money("cells", {"act_on_yes": 300, "act_on_no": -100})
    tasks = [("Telco", {"money": action, "acted": "nobody"}), ("Telco", {"metric": "accuracy"})]
    tasks += [("bank churn", {"money": cells}), ("credit", {"money": cells}), ("credit", {"metric": "accuracy"})]
    tasks += [("Adult", {"metric": "log_loss"}), ("digits", {"metric": "accuracy"}), ("wholesale", {})]
    rows = []
    for name, more in tasks[: 2 if quick else None]:
        case, split, tested = worlds.tried(public.CLEAN[name]().some(10_000, 0), **more)
        look = worlds.look_of(case, split, tested)
        told = detectable.check(look).findings[0].facts.get("detectable")
        rule, units = {"rule": look.values[look.baseline]}, split.questions.num_rows
        after = foretell(look.values[look.winner], rule, {"rule": 0.0}, units, opening_level(1, shown=False)).detectable
        ratio = f"{told / after:.2f}" if told and after else "-"
        measure = TASK.measure(case)
        rows.append(
            {"table": name, "measure": measure, "before": f"{told:.4g}", "after": f"{after:.4g}", "ratio": ratio}
        )
    return rows


def proxies() -> list[Row]:
    """Adult: which column tells a sensitive one."""
    known = worlds.adult()
    look = worlds.sealed_look(known, "s")
    found = sensitive.proxies(look, sensitive.sensitive(look))
    return [{"sensitive": name, "told by": proxy, "skill": round(skill, 2)} for name, proxy, skill in found]


def costs() -> list[Row]:
    """CPU seconds of all checks of this page together."""
    rows = []
    for name, known in (("Telco", public.telco()), ("Adult (10,000)", worlds.adult()), ("Ames", public.ames())):
        case, split, tested = worlds.tried(known)
        look = replace(worlds.look_of(case, split, tested), questions=split.questions)
        start = time.process_time()
        for check in (
            drift.check,
            sensitive.check,
            treated.check,
            calibration.check,
            conformal.check,
            detectable.check,
        ):
            check(look)
        drift.sealed(look)
        rows.append({"table": name, "CPU s": round(time.process_time() - start, 2)})
    return rows


def _codes(found: checks.Checked) -> set[str]:
    return {f.code for f in found.findings}


def _with(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.chunked_array([pa.array(values)]))


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not public.SHARED.is_dir():
        return (
            "## Whether figures will hold, and for whom\nNot measured: the real data sets are not beside this checkout."
        )
    parts = (
        ("Drift: alarms on splits by chance", drift_alarms(quick)),
        ("Drift: planted in Telco's sealed questions", drift_found(quick)),
        ("Who is treated worse: how often a group is named, by number of cases (`fair`: nobody is)", unfair(quick)),
        ("Calibration: how often probabilities are called off (`honest`: they are not)", off(quick)),
        ("Conformal sets and ranges at 90 %, mean of five seals", covered(quick)),
        ("Smallest difference that can be shown, said before any model and after one was tried", foretold(quick)),
        ("Adult: columns that tell a sensitive one", proxies()),
        ("Cost of these checks", costs()),
    )
    told = (f"{title}:\n\n{tabled.table(rows)}" for title, rows in parts)
    return "\n\n".join(["## Whether figures will hold, and for whom", *told])
