"""Bench. In: a folder of `peers_tables` -> Out: AutoGluon's score and cost as JSON. Runs in AutoGluon's environment.

`python peers_autogluon.py FOLDER RESULT.json [SECONDS]`; nothing of this repository is imported. One core: folds are
fitted one after the other, in this process, so that its CPU seconds are all there are.
"""

import json
import resource
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

METRICS = {"roc_auc": "roc_auc", "rmse": "root_mean_squared_error"}


def main(folder: Path, result: Path, seconds: int) -> None:
    """Fit on the training file, ask once about the test file, write what came out."""
    from autogluon.tabular import TabularPredictor

    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    truth = test.pop(asked["target"])
    start, before = time.time(), spent()
    home = tempfile.mkdtemp()
    kind = "regression" if asked["positive"] is None else "binary"
    predictor = TabularPredictor(
        label=asked["target"], problem_type=kind, eval_metric=METRICS[asked["metric"]], path=home, verbosity=2
    )
    predictor.fit(
        train,
        presets="best_quality",
        time_limit=seconds,
        num_cpus=1,
        num_gpus=0,
        fit_strategy="sequential",
        ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        ds_args={"memory_safe_fits": False, "enable_ray_logging": False},
    )
    fitted = time.time()
    score = scored(predictor, test, truth, asked)
    done = {
        "table": asked["name"],
        "metric": asked["metric"],
        "score": score,
        "cpu_seconds": round(spent() - before, 1),
        "wall_seconds": round(time.time() - start, 1),
        "fit_wall_seconds": round(fitted - start, 1),
        "best": predictor.model_best,
        "models": len(predictor.model_names()),
        "version": version("autogluon.tabular"),
        "date": datetime.now(UTC).date().isoformat(),
        "train_rows": len(train),
        "test_rows": len(test),
        "seconds": seconds,
        "cores": 1,
    }
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(done, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(home, ignore_errors=True)


def scored(predictor, test: pd.DataFrame, truth: pd.Series, asked: dict) -> float:
    """Return the metric on the test part."""
    from sklearn.metrics import roc_auc_score, root_mean_squared_error

    if asked["positive"] is None:
        return float(root_mean_squared_error(truth, predictor.predict(test)))
    told = predictor.predict_proba(test)
    yes = next(label for label in told.columns if str(label) == asked["positive"])
    return float(roc_auc_score(truth.astype(str) == asked["positive"], told[yes]))


def spent() -> float:
    """CPU seconds of this process and of those that it has started."""
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in each)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 600)
