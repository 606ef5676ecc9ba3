"""What is exported for MLflow: experiments and releases once, a version only where somebody signed, answers alike."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from arriving_people import people
from ruamel.yaml import YAML

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Release
from grundstein.flow import answering, exporting
from grundstein.flow.answering import answers_of
from grundstein.flow.exported import plain
from grundstein.flow.exporting import export
from grundstein.project.folder import Folder, open_project
from grundstein.project.mlflow_model import load
from grundstein.stores.mlflow_export import MlflowFolder

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")


@pytest.fixture(scope="module")
def released_root(evaluated_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exported") / "project"
    shutil.copytree(evaluated_root, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody, another]}\n")
    with (root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\n")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    experiment = next(iter(project.ledger.entries(Experiment))).record
    assert isinstance(experiment, Experiment)
    for name in ("somebody", "another"):
        token, why = flow.add_person(project, name), "we try it beside the rule"
        flow.sign(project, "leaving", token, "approve", why, solution=experiment.winner)
    flow.release(project, "leaving", experiment.winner)
    return root


@pytest.fixture(scope="module")
def tracked(released_root: Path, blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store after one export."""
    to = tmp_path_factory.mktemp("tracking") / "store"
    shutil.copytree(blank, to)
    project = open_project(released_root)
    export(project, project.exporter(to))
    return to


@pytest.fixture(scope="module")
def client(tracked: Path) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(f"sqlite:///{tracked / 'mlflow.db'}", f"sqlite:///{tracked / 'mlflow.db'}")


@pytest.fixture
def released(released_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(released_root, tmp_path / "released")
    return open_project(tmp_path / "released")


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in them, made once."""
    to = tmp_path_factory.mktemp("blank") / "store"
    assert MlflowFolder(to)._client.search_registered_models() == []
    return to


@pytest.fixture
def store(blank: Path, tmp_path: Path) -> Path:
    shutil.copytree(blank, tmp_path / "store")
    return tmp_path / "store"


def runs(client: Any) -> list[Any]:
    return list(client.search_runs([one.experiment_id for one in client.search_experiments()]))


def data(tracked: Path) -> Path:
    [found] = tracked.glob("artifacts/leaving/*/artifacts/model/data")
    return found


def asked(n: int = 200) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "leaves"} for row in csv.DictReader(people(n, 9, 2.5).splitlines())]


def written(folder: Path, rows: list[dict[str, str]]) -> str:
    """Write rows as CSV; returns the file's path."""
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def typed(rows: list[dict[str, str]], kinds: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: kinds.get(name, str)(value) if value else None for name, value in row.items()} for row in rows]


def kinds_of(tracked: Path) -> dict[str, Any]:
    """The types of a question's columns, as the signature says."""
    text = (data(tracked).parent / "MLmodel").read_text(encoding="utf-8")
    columns = json.loads(YAML().load(text)["signature"]["inputs"])
    return {one["name"]: {"double": float, "long": int}.get(one["type"], str) for one in columns}


def test_every_experiment_solution_and_release_is_a_run_that_names_its_record(released_root, client):
    project = open_project(released_root)
    experiments = {entry.id: entry.record for entry in project.ledger.entries(Experiment)}
    [release] = project.ledger.entries(Release)
    found = {run.data.tags["grundstein.key"]: run for run in runs(client)}
    solutions = {f"{key}/{one.name}" for key, record in experiments.items() for one in record.outcomes}
    assert set(found) == {release.id, *experiments, *solutions}
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    for key, record in experiments.items():
        assert found[key].data.tags["grundstein.snapshot"] == record.snapshot
        assert found[key].data.params["seed"] == str(record.seed)
        for one in record.outcomes:
            run = found[f"{key}/{one.name}"]
            assert run.data.metrics["value"] == one.value
            assert {k: run.data.metrics[k] for k in one.metrics} == dict(one.metrics)
            assert run.data.tags["mlflow.parentRunId"] == found[key].info.run_id
        for name, gain in record.gains.items():
            metrics = found[f"{key}/{name}"].data.metrics
            assert [metrics[k] for k in ("gain", "gain_low", "gain_high")] == [gain.mean, gain.low, gain.high]


def test_the_signed_release_is_the_version_that_the_alias_live_names(released_root, client):
    [release] = open_project(released_root).ledger.entries(Release)
    version = client.get_model_version_by_alias("leaving", "live")
    assert version.tags["grundstein.key"] == release.id
    assert version.tags["grundstein.verdict"] == release.record.bond.verdict
    assert version.tags["grundstein.signatures"] == " ".join(release.record.signatures)


def test_exported_twice_nothing_is_added(released_root, tracked, client):
    project, before = open_project(released_root), len(runs(client))
    told = export(project, project.exporter(tracked))
    assert (told.runs, told.versions, told.known) == (0, 0, before)
    assert len(runs(client)) == before
    assert len(client.search_model_versions("name = 'leaving'")) == 1


def test_two_exports_at_once_write_each_record_once(released_root, store):
    def once(_: int) -> int:
        project = open_project(released_root)
        return export(project, project.exporter(store)).runs

    with ThreadPoolExecutor(2) as pool:
        first, second = sorted(pool.map(once, range(2)))
    assert first == 0
    assert len(runs(MlflowFolder(store)._client)) == second


def test_a_run_that_an_export_did_not_finish_is_written_anew(released_root, store):
    project = open_project(released_root)
    exporter = project.exporter(store)
    exporter._finish = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        export(project, exporter)
    told = export(project, project.exporter(store))
    assert told.known == 0
    found = runs(project.exporter(store)._client)
    assert len(found) == told.runs
    assert {run.info.status for run in found} == {"FINISHED"}


def test_what_nobody_released_is_a_run_and_no_version(evaluated, store):
    exporter = evaluated.exporter(store)
    told = export(evaluated, exporter)
    assert told.versions == 0
    assert told.runs > 1
    assert exporter._client.search_registered_models() == []


def test_the_exported_model_answers_as_the_project_does(released, tracked):
    rows = asked()
    told = answers_of(released, flow.answer(released, "leaving", written(released.root, rows))).to_pylist()
    mine = load(str(data(tracked))).predict(typed(rows, kinds_of(tracked)))
    assert len(mine) == len(told) == len(rows)
    assert [{name: row[name] for name in mine[0]} for row in told] == mine


def test_a_row_that_breaks_the_contract_is_refused_by_its_number(tracked):
    rows = typed(asked(3), kinds_of(tracked))
    with pytest.raises(Refused, match="Row 2"):
        load(str(data(tracked))).predict([rows[0], {**rows[1], "tenure": "long"}])


def test_a_changed_model_file_is_not_loaded(tracked, tmp_path):
    shutil.copytree(data(tracked), tmp_path / "data")
    changed = next(path for path in sorted((tmp_path / "data" / "model").rglob("*")) if path.is_file())
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b" ")
    with pytest.raises(Refused, match="not those that were signed"):
        load(str(tmp_path / "data"))


def test_after_its_signature_ended_it_is_not_loaded(tracked, tmp_path):
    shutil.copytree(data(tracked), tmp_path / "data")
    said = json.loads((tmp_path / "data" / "release.json").read_text(encoding="utf-8"))
    (tmp_path / "data" / "release.json").write_text(json.dumps(said | {"until": "2020-01-01"}), encoding="utf-8")
    with pytest.raises(Refused, match="ended on 2020-01-01"):
        load(str(tmp_path / "data"))


def test_nothing_that_is_exported_is_a_pickle_or_holds_the_salt(released_root, tracked):
    files = [path for path in (tracked / "artifacts").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".npz", ".txt", ".arrow", ".parquet", ""}
    assert open_project(released_root).salt not in json.loads((data(tracked) / "release.json").read_text()).values()


class Frame(dict):
    """As much of a data frame as a model sees: columns, and rows by `to_dict`."""

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        assert orient == "records"
        return [dict(zip(self, values, strict=True)) for values in zip(*self.values(), strict=True)]


def test_a_data_frame_is_answered_with_a_data_frame(tracked):
    rows = typed(asked(20), kinds_of(tracked))
    model = load(str(data(tracked)))
    told = model.predict(Frame({name: [row[name] for row in rows] for name in rows[0]}))
    assert type(told) is Frame
    assert told.to_dict("records") == model.predict(rows)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), None),
        (np.float64("nan"), None),
        (np.datetime64("NaT"), None),
        (np.int64(3), 3),
        (np.float64(2.5), 2.5),
        (np.bool_(True), True),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (Decimal("1.50"), "1.50"),
        ("text", "text"),
        (None, None),
    ],
)
def test_a_value_of_a_data_frame_is_read_as_json_would_bring_it(value, told):
    assert plain(value) == told
    assert type(plain(value)) is type(told)


def test_a_case_with_a_capacity_is_a_run_and_no_version(released_root, store, monkeypatch):
    signed = exporting.signed_case
    monkeypatch.setattr(exporting, "signed_case", lambda *asked: replace(signed(*asked), capacity=10.0))
    project = open_project(released_root)
    told = export(project, project.exporter(store))
    assert told.versions == 0
    assert "its capacity is counted" in told.apart[0]
    assert project.exporter(store)._client.search_registered_models() == []


def test_who_is_never_acted_on_is_known_beside_the_project_alone(released, store, tmp_path, monkeypatch):
    signed = answering.signed_case
    for module in (exporting, answering):
        monkeypatch.setattr(module, "signed_case", lambda *asked: replace(signed(*asked), holdback=0.2))
    export(released, released.exporter(store))
    mine = load(str(data(store))).predict(typed(asked(), kinds_of(store)))
    assert 0 < sum(row["held_back"] for row in mine) < len(mine)
    told = answers_of(released, flow.answer(released, "leaving", written(released.root, asked()))).to_pylist()
    assert [{name: row[name] for name in mine[0]} for row in told] == mine
    monkeypatch.setenv("GRUNDSTEIN_PROJECT", str(tmp_path))
    with pytest.raises(Refused, match="No project"):
        load(str(data(store)))


def test_without_mlflow_three_lines_say_what_to_install(released_root, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic", None)
    project = open_project(released_root)
    with pytest.raises(Refused, match="grundstein\\[mlflow\\]"):
        export(project, project.exporter(tmp_path / "store"))
