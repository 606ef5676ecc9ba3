"""Bench. In: a saved solution and rows -> Out: what BentoML serves. Runs in the peers' environment."""

import os
from pathlib import Path
from typing import Any

import bentoml


@bentoml.service(workers=1)
class Same:
    """Our solution behind BentoML's door."""

    def __init__(self) -> None:
        from serving_peers import solution

        self.solution = solution()

    @bentoml.api
    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        return self.solution.row(question)


@bentoml.service(workers=1)
class Plain:
    """A scikit-learn pipeline behind BentoML's door."""

    def __init__(self) -> None:
        import mlflow

        self.pipeline = mlflow.sklearn.load_model(str(Path(os.environ["GRUNDSTEIN_PEERS"]) / "plain"))

    @bentoml.api
    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        import pandas as pd

        rows = pd.DataFrame([question])
        return {"probability": float(self.pipeline.predict_proba(rows)[0, 1])}
