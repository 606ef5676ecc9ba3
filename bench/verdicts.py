"""Whole projects on real tables: what is decided, and whether the power that was foretold is the power there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

DATA = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
PROGRAM = [str(Path(sys.executable).with_name("grundstein"))]
RULE = "Contract = 'Month-to-month' and tenure < 12"
ADULT_TEST = "select * replace (rtrim(column_15, '.') as column_15) from adult_test"
WORTH = ["--saved", "600", "--success", "0.3", "--cost", "60", "--acted", "nobody", "--assumed", "success"]


def run(quick: bool) -> str:
    """Return the section's text."""
    if not DATA.is_dir():
        return "## Verdicts on real tables\nNot measured: the real data sets are not beside this checkout."
    return "\n".join(["## Verdicts on real tables", _telco(2 if quick else 20), _adult()])


def grundstein(folder: Path, *words: str) -> dict[str, Any]:
    """Run one command in a project's folder; returns its JSON document."""
    done = subprocess.run([*PROGRAM, *words, "--json"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return json.loads(done.stdout)


def begin(folder: Path, salt: str) -> None:
    """Write the settings of a new project with a salt of its own."""
    (folder / "grundstein.yaml").write_text(f"name: bench\ncurrency: EUR\nsalt: {salt}\n", encoding="utf-8")


def _telco(salts: int) -> str:
    verdicts, powers, gains = [], [], []
    for salt in range(salts):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            begin(folder, f"bench-{salt}")
            grundstein(folder, "evaluate", str(DATA / "churn" / "Telco-Customer-Churn.csv"), "--target", "Churn")
            told = grundstein(folder, "worth", "churn", "--rule", RULE, *WORTH)
            said = grundstein(folder, "decide", "churn")
        verdicts.append(said["verdict"])
        powers.append(_power(told))
        gains.append(_gain(told))
    share = np.mean([one == "qualifies" for one in verdicts])
    words = ", ".join(f"{verdicts.count(word)} {word}" for word in sorted(set(map(str, verdicts))))
    return f"""
**Telco churn**, today's rule `{RULE}`, saved 600, success 0.30, cost 60, {salts} projects with a salt each: {words}.

| share that qualifies | power the judge foretold, mean | gain over the rule on development rows, mean |
|---|---|---|
| {share:.2f} | {np.mean(powers):.2f} | {np.mean(gains):+.2f} EUR per row |
"""


def _power(told: dict[str, Any]) -> float:
    """The chance to clear the margin of the hardest opponent, were the gain of development the true one."""
    value = next(one["value"] for one in told["candidates"] if one["name"] == told["winner"])
    opponents = [*told["opponents"], {**told["baseline"], "margin": told["margin"]}]
    above = min(value - one["value"] - one["margin"] for one in opponents)
    level = norm.ppf(1 - 0.0125)
    return float(norm.cdf(above / told["detectable"] * (level + norm.ppf(0.9)) - level))


def _gain(told: dict[str, Any]) -> float:
    candidates = {one["name"]: one for one in told["candidates"]}
    return float(candidates[told["winner"]]["gain"]["mean"])


def case(folder: Path, name: str, **fields: str) -> None:
    """Write a case."""
    (folder / "cases").mkdir(exist_ok=True)
    lines = {"task": "predict"} | fields
    (folder / "cases" / f"{name}.yaml").write_text("".join(f"{k}: {v}\n" for k, v in lines.items()), encoding="utf-8")


def _adult() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, "bench")
        for part in ("train", "test"):
            source = str(DATA / "tabular" / "adult" / f"adult-{part}.csv")
            grundstein(folder, "ingest", source, "--table", f"adult_{part}", "--header", "none")
        asked = {"question": "Who earns more?", "data": "adult_train", "target": "column_15", "positive": '">50K"'}
        case(folder, "income", **asked, metric="log_loss")
        before = _children()
        told = grundstein(folder, "decide", "income", "--test", f"rows={ADULT_TEST}")
        spent = _children() - before
    best = max(told["candidates"], key=lambda one: one["metrics"].get("roc_auc", 0))
    return f"""
**Adult, official test part by `--test`**: {told["verdict"]} ({told["figures"]} figures), candidate {told["winner"]},
best ROC AUC {best["metrics"]["roc_auc"]:.4f} ({best["name"]}), {spent:.0f} CPU s for evaluate, checks and decide.
"""


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
