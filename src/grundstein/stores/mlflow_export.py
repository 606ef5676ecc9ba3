"""Room stores. In: runs and released models -> Out: a folder that `mlflow ui` and `mlflow models serve` read.

`mlflow.db` (SQLite) holds runs and versions, `artifacts/` the models. A model folder has an `MLmodel` file whose loader
is ours, the judged files and their settings as JSON: nothing is pickled. MLflow's telemetry is off first.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import shutil
import tempfile
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused
from grundstein.stores.lease import FileLease

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grundstein.core.exporting import Exported, Field, Run

KEY, FILE, LOADER = "grundstein.key", "release.json", "grundstein.project.mlflow_model"
ALLOWED = re.compile(r"[^\w .:/-]")
LONGEST, WAIT = 5000, 600.0
KINDS = {"text": "string", "whole": "long", "number": "double", "flag": "boolean", "instant": "datetime"}


class MlflowFolder:
    """MLflow's store in one folder; made if new."""

    def __init__(self, to: Path) -> None:
        self._to = to.resolve()
        self._known: dict[str, dict[str, str]] = {}

    def writing(self) -> FileLease:
        """The lease of the folder; the kernel gives it back when a process dies."""
        taken = Refused(f"Another export writes to {self._to}.", "One export at a time.", "Wait, and run it again")
        return FileLease(self._to / "mlflow.lock", WAIT, said=taken)

    def run(self, run: Run) -> bool:
        """Write a run that is not there; one that an earlier export did not finish is written anew."""
        if run.key in self._runs(run.case):
            return False
        self._finish(run, self._begun(run))
        return True

    def model(self, model: Exported) -> bool:
        """Write a model's run, its folder and its version, the run's end last."""
        run = model.run
        if run.key in self._runs(run.case):
            return False
        begun = self._begun(run)
        with tempfile.TemporaryDirectory(prefix="grundstein-") as folder:
            _model_folder(Path(folder, "model"), model, begun.info.run_id)
            self._client.log_artifacts(begun.info.run_id, str(Path(folder, "model")), "model")
        if not self._versions(run.case, run.key):
            if not self._registered(run.case):
                self._client.create_registered_model(run.case)
            source, note = f"{begun.info.artifact_uri}/model", run.note
            tags = {KEY: run.key, **run.tags}
            self._client.create_model_version(run.case, source, begun.info.run_id, tags=tags, description=note)
        self._finish(run, begun)
        return True

    def point(self, case: str, alias: str, key: str) -> None:
        """Set or take away an alias."""
        versions = self._versions(case, key) if key else []
        if versions:
            self._client.set_registered_model_alias(case, alias, versions[0].version)
        elif self._registered(case):
            self._client.delete_registered_model_alias(case, alias)

    def _begun(self, run: Run) -> Any:
        """A run with its key and tags, and without an end."""
        ended = datetime.fromisoformat(run.at).timestamp()
        tags = {KEY: run.key, "mlflow.user": run.person, "mlflow.source.name": "grundstein", **run.tags}
        if run.note:
            tags["mlflow.note.content"] = run.note
        if run.under:
            tags["mlflow.parentRunId"] = self._runs(run.case)[run.under]
        place = self._experiment(run.case)
        return self._client.create_run(place, round(1000 * (ended - run.seconds)), _short(tags), run.name)

    def _finish(self, run: Run, begun: Any) -> None:
        from mlflow.entities import Metric, Param

        at = round(1000 * datetime.fromisoformat(run.at).timestamp())
        metrics = [Metric(_allowed(name), value, at, 0) for name, value in run.metrics.items()]
        params = [Param(_allowed(name), value) for name, value in _short(run.params).items()]
        self._client.log_batch(begun.info.run_id, metrics=metrics, params=params)
        self._client.set_terminated(begun.info.run_id, "FINISHED", at)
        self._known[run.case][run.key] = begun.info.run_id

    def _runs(self, case: str) -> dict[str, str]:
        """The runs of a case that are finished, by key; those that are not are deleted."""
        if case not in self._known:
            found: list[Any] = []
            token = None
            while token is None or token:
                page = self._client.search_runs([self._experiment(case)], max_results=1000, page_token=token)
                found, token = [*found, *page], page.token or ""
            done = {one.data.tags[KEY]: one.info for one in found if KEY in one.data.tags}
            for info in (one.info for one in found if KEY in one.data.tags and one.info.status != "FINISHED"):
                self._client.delete_run(info.run_id)
            self._known[case] = {key: info.run_id for key, info in done.items() if info.status == "FINISHED"}
        return self._known[case]

    def _versions(self, case: str, key: str) -> list[Any]:
        if not self._registered(case):
            return []
        return [one for one in self._client.search_model_versions(_named(case)) if one.tags.get(KEY) == key]

    def _registered(self, case: str) -> bool:
        return bool(self._client.search_registered_models(_named(case)))

    def _experiment(self, case: str) -> str:
        found = self._client.get_experiment_by_name(case)
        if found:
            return str(found.experiment_id)
        return str(self._client.create_experiment(case, (self._to / "artifacts" / case).as_uri()))

    @cached_property
    def _client(self) -> Any:
        tracking = _mlflow()
        self._to.mkdir(parents=True, exist_ok=True)
        store = f"sqlite:///{self._to / 'mlflow.db'}"
        return tracking.MlflowClient(store, store)


def _mlflow() -> Any:
    """MLflow with its telemetry off; Refused where it is not installed."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
    try:
        import alembic  # noqa: F401  (MLflow's store asks for it and does not install it)
        from mlflow import tracking
    except ModuleNotFoundError as error:
        raise Refused(
            f"MLflow is not installed: {error.name} is missing.",
            "The extra `mlflow`.",
            "pip install 'grundstein[mlflow]'",
        ) from None
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return tracking


def _model_folder(folder: Path, model: Exported, run_id: str) -> None:
    """Write MLmodel, its settings and the judged files."""
    from ruamel.yaml import YAML

    shutil.copytree(model.folder, folder / "data" / "model")
    settings = json.dumps(model.settings, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / "data" / FILE).write_text(settings + "\n", encoding="utf-8")
    wanted = f"grundstein=={version('grundstein')}"
    (folder / "requirements.txt").write_text(wanted + "\n", encoding="utf-8")
    flavor = {"loader_module": LOADER, "data": "data", "python_version": platform.python_version()}
    content = {
        "artifact_path": "model",
        "flavors": {"python_function": flavor},
        "metadata": {KEY: model.run.key},
        "mlflow_version": version("mlflow-skinny"),
        "model_uuid": model.run.key[:32],
        "run_id": run_id,
        "signature": {"inputs": _side(model.takes), "outputs": _side(model.gives), "params": None},
        "utc_time_created": model.run.at[:19].replace("T", " "),
    }
    yaml = YAML()
    yaml.width = 10_000
    with (folder / "MLmodel").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def _side(fields: Iterable[Field]) -> str:
    """One side of a signature."""
    return json.dumps([{**_type(one), "name": one.name, "required": one.required} for one in fields])


def _type(one: Field) -> dict[str, Any]:
    plain = {"type": KINDS[one.kind]}
    return {"type": "array", "items": plain} if one.many else plain


def _named(case: str) -> str:
    mark = '"' if "'" in case else "'"
    return f"name = {mark}{case}{mark}"


def _allowed(name: str) -> str:
    return ALLOWED.sub("_", name.replace("@", "_at_"))


def _short(texts: Mapping[str, str]) -> dict[str, str]:
    return {_allowed(name): text[:LONGEST] for name, text in texts.items()}
