"""Room project. In: a folder with `grundstein.yaml` -> Out: the Project that the flow sees."""

from __future__ import annotations

import os
import platform
import secrets as random
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from grundstein.core.canonical import canonical, digest
from grundstein.core.errors import Refused, offered
from grundstein.core.records import Foundation
from grundstein.project.cases import case_content, read_case, unknown_case
from grundstein.project.models import ProjectFile
from grundstein.project.odcs import contract_content, read_contract
from grundstein.project.papers import FolderPapers
from grundstein.project.standards import read_standard
from grundstein.project.yaml_files import checked, read, secrets, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from grundstein.core.case import Also, Case
    from grundstein.core.contract import Contract
    from grundstein.core.exporting import Exporter
    from grundstein.core.ports import FileStore, Lease, Ledger, Outside, Progress, TableStore, Webhook, Writer
    from grundstein.core.standard import Standard
    from grundstein.core.task import Task

FILE = "grundstein.yaml"
TICK_SECONDS = 60
DECIDING = ("duckdb", "grundstein", "lightgbm", "numpy", "pyarrow", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Silence:
    """Progress that nobody sees: a pipe, a test."""

    def step(self, text: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Folder:
    """A project on disk."""

    root: Path
    settings: ProjectFile
    progress: Progress

    @property
    def name(self) -> str:
        """The project's name."""
        return self.settings.name

    @property
    def currency(self) -> str:
        """The one currency of all amounts."""
        return self.settings.currency

    @property
    def timezone(self) -> str:
        """IANA name; naive instants are read in it."""
        return self.settings.timezone

    @property
    def languages(self) -> Sequence[str]:
        """Languages of the reports."""
        return tuple(self.settings.languages)

    @property
    def roles(self) -> Mapping[str, Sequence[str]]:
        """Who may sign: a role and its people."""
        return self.settings.roles

    @property
    def high_risk(self) -> Sequence[str]:
        """The roles that sign besides where a case is of high risk."""
        return tuple(self.settings.high_risk)

    @property
    def valid_days(self) -> int:
        """How many days a signature counts; never more than the company's standard allows."""
        return min(self.settings.valid_days, self.standard.longest_valid_days or self.settings.valid_days)

    @property
    def standard(self) -> Standard:
        """What the company asks, and what the project adds, read anew; Refused where the project weakens it."""
        return read_standard(self.root, self.settings)

    @property
    def papers(self) -> FolderPapers:
        """The files that people write, as they stand on disk."""
        return FolderPapers(self.root)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger; its first row is written when it is first opened."""
        from grundstein.stores.ledger import SqliteLedger

        birth = Foundation(self.name, self.settings.salt or random.token_hex(16))
        return SqliteLedger(self.root / self.settings.ledger, birth)

    @property
    def begun(self) -> bool:
        """Whether the ledger is there."""
        return (self.root / self.settings.ledger).is_file()

    @cached_property
    def salt(self) -> str:
        """The salt of the ledger's first row; Refused where the settings say another."""
        first = cast("Foundation", next(iter(self.ledger.entries(Foundation))).record)
        if self.settings.salt and self.settings.salt != first.salt:
            raise Refused(
                f"`salt` in {FILE} is not the salt that this project's ledger began with.",
                "The salt of the ledger's first row: a new salt would unseal rows that were sealed.",
                f"Remove the line `salt` from {self.root / FILE}",
            )
        return first.salt

    def aside(self, name: str) -> Ledger:
        """A ledger of its own, `NAME.sqlite` beside the project's."""
        from grundstein.stores.ledger import SqliteLedger

        return SqliteLedger(self._beside(name), Foundation(self.name, self.salt))

    def has_aside(self, name: str) -> bool:
        """Whether that ledger was begun."""
        return self._beside(name).is_file()

    def _beside(self, name: str) -> Path:
        return (self.root / self.settings.ledger).with_name(f"{name}.sqlite")

    @cached_property
    def lock(self) -> str:
        """Digest of Python's and the deciding libraries' versions."""
        versions = {name: version(name) for name in DECIDING}
        return digest(canonical(versions | {"python": platform.python_version()}))

    @cached_property
    def tables(self) -> TableStore:
        """The table store."""
        from grundstein.stores.tables import IcebergTables

        return IcebergTables(self.root / self.settings.lake)

    @cached_property
    def files(self) -> FileStore:
        """The file store."""
        from grundstein.stores.files import FolderFiles

        return FolderFiles(self.root / "files")

    def ticking(self) -> Lease:
        """Inside it nobody else ticks this project."""
        from grundstein.stores.lease import FileLease

        said = Refused(
            f"Another tick of {self.name} has been at work for the last {TICK_SECONDS} seconds.",
            "One tick at a time for each project.",
            "Nothing was changed; run it again when the other has ended",
        )
        return FileLease(self.root / ".grundstein" / "tick.lock", TICK_SECONDS, said=said)

    @property
    def webhook(self) -> Webhook | None:
        """Where findings are sent; its secrets are put in when it is used."""
        from grundstein.stores.webhook import HttpWebhook

        watch = self.settings.watch
        return HttpWebhook(watch.webhook, watch.timeout, lambda text: str(secrets(text))) if watch.webhook else None

    def case(self, name: str) -> Case:
        """Read `cases/NAME.yaml`."""
        path = self.root / "cases" / f"{name}.yaml"
        if not path.is_file():
            raise unknown_case(name, tuple(self.case_names()))
        return read_case(path, self.task)

    def case_names(self) -> Sequence[str]:
        """The cases of the folder."""
        return tuple(sorted(path.stem for path in (self.root / "cases").glob("*.yaml")))

    def write_case(self, case: Case) -> Path:
        """Write `cases/NAME.yaml`; comments of a file that is there stay."""
        path = self.root / "cases" / f"{case.name}.yaml"
        before = read(path) if path.is_file() else {}
        content = case_content(case)
        for gone in set(before) - set(content):
            del before[gone]
        before.update(content)
        write(path, before)
        return path

    def outside(self, case: Case) -> Sequence[Outside]:
        """The candidates under `also:`; Refused where one of them is not there."""
        return tuple(self._outside(one) for one in case.also)

    def writer(self, case: Case) -> Writer | None:
        """The language model that a case names under `writer:`; its key is put in when it is used."""
        from grundstein.stores.writer import chat_of

        given = case.options.get("writer")
        return chat_of(given, lambda text: str(secrets(text))) if given else None

    def _outside(self, one: Also) -> Outside:
        if one.kind == "endpoint":
            from grundstein.stores.outside import Endpoint

            return Endpoint(one, self.root / "outside", lambda text: str(secrets(text)))
        if one.kind == "python":
            from grundstein.stores.objects import FileObject

            return FileObject(one, self.root)
        from grundstein.tools.matching import Written

        version = self.tables.info(one.table).version
        return Written(one, self.tables.read(one.table, version), version)

    def contract(self, table: str) -> Contract | None:
        """Read `contracts/TABLE.yaml`; None where there is none."""
        path = self.root / "contracts" / f"{table}.yaml"
        return read_contract(read(path), path) if path.is_file() else None

    def write_contract(self, contract: Contract) -> Path:
        """Write `contracts/TABLE.yaml`, keeping what a person added."""
        path = self.root / "contracts" / f"{contract.table}.yaml"
        write(path, contract_content(contract, read(path) if path.is_file() else None))
        return path

    @property
    def slow_ms(self) -> float:
        """Milliseconds that 99 of 100 answers may take; 0: nobody set a limit."""
        return self.settings.watch.slow_ms

    def task(self, name: str) -> Task:
        """Return a task by its entry point."""
        return installed_task(name)

    def exporter(self, to: Path) -> Exporter:
        """MLflow's store in a folder."""
        from grundstein.stores.mlflow_export import MlflowFolder

        return MlflowFolder(to)

    def page(self, name: str, language: str) -> str:
        """The text of a written report; empty where there is none."""
        path = self.root / "reports" / f"{name}.{language}.html"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def write_report(self, name: str, language: str, page: str) -> Path:
        """Write `reports/NAME.LANGUAGE.html`."""
        path = self.root / "reports" / f"{name}.{language}.html"
        path.parent.mkdir(exist_ok=True)
        staged = path.with_suffix(".tmp")
        staged.write_text(page, encoding="utf-8")
        staged.replace(path)
        return path


def installed_task(name: str) -> Task:
    """Return a task by its entry point; Refused with the names there are."""
    found = {point.name: point for point in entry_points(group="grundstein.tasks")}
    if name not in found:
        raise Refused(f'There is no task "{name}".', offered(name, found), "grundstein schema")
    return cast("Task", found[name].load())


def find(start: Path | None = None) -> Path | None:
    """Return the nearest folder upwards that holds `grundstein.yaml`; GRUNDSTEIN_PROJECT comes first."""
    named = os.environ.get("GRUNDSTEIN_PROJECT")
    if start is None and named:
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), None)


def open_project(start: Path | None = None, progress: Progress | None = None) -> Folder:
    """Open the nearest project; Refused where there is none."""
    root = find(start)
    if root is None or not (root / FILE).is_file():
        where = root or start or Path.cwd()
        raise Refused(f"No project in {where} or above it.", f"A folder with {FILE}.", "grundstein init")
    settings = checked(ProjectFile, _revealed(read(root / FILE)), root / FILE)
    return Folder(root, settings, progress or Silence())


def _revealed(content: dict[str, Any]) -> dict[str, Any]:
    """Put secrets in, but for those of the webhook: who only evaluates need not have them."""
    for key, value in content.items():
        content[key] = value if key == "watch" else secrets(value)
    return content


def create_project(root: Path, progress: Progress | None = None, **settings: object) -> Folder:
    """Write `grundstein.yaml` with the settings that are given; Refused where one is there already."""
    if (root / FILE).exists():
        raise Refused(f"{root} is a project already.", "A folder without one.", "grundstein tables")
    content = {"name": root.resolve().name or "project", "currency": "EUR", "timezone": "Europe/Berlin", **settings}
    file = checked(ProjectFile, content, root / FILE)
    root.mkdir(parents=True, exist_ok=True)
    for folder in ("contracts", "cases"):
        (root / folder).mkdir(exist_ok=True)
    write(root / FILE, content)
    return Folder(root.resolve(), file, progress or Silence())


def schemas() -> dict[str, object]:
    """Return the JSON schemas of the files that people write; a task's own fields stand under `tasks`."""
    from pydantic import TypeAdapter

    from grundstein.project.models import CaseFile, StandardFile
    from grundstein.project.odcs import ContractFile

    case = CaseFile.model_json_schema()
    points = entry_points(group="grundstein.tasks")
    case["tasks"] = {point.name: TypeAdapter(point.load().options).json_schema() for point in points}
    others: dict[str, type[BaseModel]] = {"project": ProjectFile, "contract": ContractFile, "standard": StandardFile}
    return {"case": case, **{name: model.model_json_schema() for name, model in others.items()}}
