"""Bench. In: a saved solution and rows -> Out: what MLflow serves. Runs in the peers' environment.

`python serving_peers.py FOLDER` writes FOLDER/plain, a scikit-learn pipeline saved by MLflow, and FOLDER/same, a pyfunc
that calls our saved solution, one row at a time. FOLDER/asked.json says what there is; GRUNDSTEIN_PEERS names FOLDER.
"""

import json
import os
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd


def asked() -> dict:
    """What there is to serve."""
    return json.loads((Path(os.environ["GRUNDSTEIN_PEERS"]) / "asked.json").read_text(encoding="utf-8"))


def solution() -> object:
    """Our saved solution."""
    from grundstein.tasks.predict import TASK

    told = asked()
    return TASK.load(told["kind"], Path(told["model"]))


def pipeline() -> object:
    """A logistic regression as its users build it: columns one-hot or scaled, gaps filled."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    told = asked()
    rows = pd.read_parquet(told["rows"])
    truth = rows.pop(told["target"])
    numbers = [name for name in rows if rows[name].dtype.kind in "fi"]
    texts = [name for name in rows if name not in numbers]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1_000)).fit(rows, truth)


class Same(mlflow.pyfunc.PythonModel):
    """Our solution behind MLflow's door."""

    def load_context(self, context: object) -> None:
        """Load it once."""
        del context
        self.solution = solution()

    def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> list:
        """Answer each row."""
        del context, params
        return [self.solution.row(plain(row)) for row in model_input.to_dict("records")]


def plain(row: dict) -> dict:
    """Python's own values; a gap is None."""
    values = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in values.items()}


def main(folder: Path) -> None:
    """Save both models."""
    needs = ["mlflow"]
    mlflow.sklearn.save_model(
        pipeline(), str(folder / "plain"), pip_requirements=needs, serialization_format="cloudpickle"
    )
    mlflow.pyfunc.save_model(str(folder / "same"), python_model=__file__, pip_requirements=needs)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
else:
    mlflow.models.set_model(Same())
