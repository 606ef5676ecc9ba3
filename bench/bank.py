"""Bank marketing in file order: what a random split would have claimed, and the column that is known too late."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from verdicts import DATA, begin, case, grundstein


def run(quick: bool) -> str:
    """Return the section's text."""
    if quick or not DATA.is_dir():
        return "## Bank marketing\nNot measured in the quick form, or the data are not beside this checkout."
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, "bench")
        with zipfile.ZipFile(DATA / "tabular" / "bank-additional.zip") as archive:
            full = [one for one in archive.namelist() if one.endswith("additional-full.csv") and "MACOSX" not in one]
            (folder / "bank.csv").write_bytes(archive.read(full[0]))
        grundstein(folder, "ingest", "bank.csv", "--table", "bank")
        asked = {"question": "Who subscribes?", "data": "bank", "target": "y", "positive": '"yes"', "time": "_row"}
        for named, ignore in (("with", "[]"), ("without", "[duration]")):
            case(folder, named, **asked, ignore=ignore, metric="log_loss")
            rows.append(_bank_row(f"{named} `duration`", grundstein(folder, "evaluate", named)))
    head = [
        "| columns | linear ROC AUC, development folds forward in time | asked about | random split |",
        "|---|---|---|---|",
    ]
    return "\n".join(["## Bank marketing in file order (`time: _row`)", "", *head, *rows, ""])


def _bank_row(named: str, told: dict[str, Any]) -> str:
    asked = [one["text"] for one in told["findings"] if one["code"].startswith("GST-K") and one["section"] == "issue"]
    random = [one["text"] for one in told["findings"] if one["code"] == "GST-S05"]
    linear = next(one for one in told["candidates"] if one["name"] == "linear")
    return f"| {named} | {linear['metrics']['roc_auc']:.3f} | {'; '.join(asked) or '-'} | {'; '.join(random) or '-'} |"


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
