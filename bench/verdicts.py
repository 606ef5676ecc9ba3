"""Whole projects on real tables: what is decided, and whether the power that was foretold is the power there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from scipy.stats import norm

DATA = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
PROGRAM = [str(Path(sys.executable).with_name("grundstein"))]
RULE = "Contract = 'Month-to-month' and tenure < 12"
WORTH = ["--saved", "600", "--success", "0.3", "--cost", "60", "--acted", "nobody", "--assumed", "success"]


def run(quick: bool) -> str:
    """Return the section's text."""
    if not DATA.is_dir():
        return "## Verdicts on real tables\nNot measured: the real data sets are not beside this checkout."
    return "\n".join(["## Verdicts on real tables", _telco(2 if quick else 20), _bank(), _adult()])


def grundstein(folder: Path, *words: str) -> dict[str, object]:
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


def _power(told: dict[str, object]) -> float:
    gain, detectable = _gain(told), float(str(told["detectable"]))
    error = detectable / (norm.ppf(1 - 0.0125) + norm.ppf(0.9))
    return float(norm.cdf((gain - float(str(told["margin"]))) / error - norm.ppf(1 - 0.0125)))


def _gain(told: dict[str, object]) -> float:
    candidates = {one["name"]: one for one in told["candidates"]}  # type: ignore[attr-defined]
    return float(candidates[told["winner"]]["gain"]["mean"])


def _bank() -> str:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, "bench")
        with zipfile.ZipFile(DATA / "tabular" / "bank-additional.zip") as archive:
            member = next(
                one for one in archive.namelist() if one.endswith("bank-additional-full.csv") and "MACOSX" not in one
            )
            (folder / "bank.csv").write_bytes(archive.read(member))
        grundstein(folder, "ingest", "bank.csv", "--table", "bank")
        for case, ignore in (("with_duration", "[]"), ("without", "[duration]")):
            (folder / "cases").mkdir(exist_ok=True)
            text = f'question: Who subscribes?\ntask: predict\ndata: bank\ntarget: y\npositive: "yes"\ntime: _row\nignore: {ignore}\n'
            (folder / "cases" / f"{case}.yaml").write_text(text, encoding="utf-8")
            told = grundstein(folder, "evaluate", case)
            flagged = [f["text"] for f in told["findings"] if f["code"].startswith("GST-K") and f["section"] == "issue"]  # type: ignore[attr-defined]
            random = [f["text"] for f in told["findings"] if "random" in f["text"]]  # type: ignore[attr-defined]
            linear = next(one for one in told["candidates"] if one["name"] == "linear")  # type: ignore[attr-defined]
            rows.append(
                f"| {case} | {linear['metrics']['roc_auc']:.3f} | {'; '.join(flagged) or 'none'} | {'; '.join(random) or '-'} |"
            )
    return "\n".join(
        [
            "**Bank marketing in file order**",
            "",
            "| case | linear ROC AUC, folds forward in time | flagged | random split |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _adult() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, "bench")
        for part in ("train", "test"):
            grundstein(
                folder,
                "ingest",
                str(DATA / "tabular" / "adult" / f"adult-{part}.csv"),
                "--table",
                f"adult_{part}",
                "--header",
                "none",
            )
        (folder / "cases").mkdir(exist_ok=True)
        text = 'question: Who earns more?\ntask: predict\ndata: adult_train\ntarget: column_15\npositive: ">50K"\nmetric: log_loss\n'
        (folder / "cases" / "income.yaml").write_text(text, encoding="utf-8")
        before = _children()
        told = grundstein(folder, "decide", "income", "--test", "adult_test")
        spent = _children() - before
    best = max(told["candidates"], key=lambda one: one["metrics"].get("roc_auc", 0))  # type: ignore[attr-defined]
    return f"""**Adult, official test part by `--test`**: {told["verdict"]} ({told["figures"]} figures), best candidate {best["name"]}
ROC AUC {best["metrics"]["roc_auc"]:.4f}, {spent:.0f} CPU s for evaluate and decide.
"""


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
