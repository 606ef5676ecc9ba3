"""Room project. In: the data folder of an exported model -> Out: what MLflow loads; it answers as `answer` does.

MLflow imports this module by its name in the MLmodel file and calls `_load_pyfunc`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from grundstein.core.canonical import restore
from grundstein.core.case import Case
from grundstein.core.contract import Contract
from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.records import Release
    from grundstein.flow.exported import Predictor

FILE, FILES = "release.json", "model"


def load(path: str) -> Predictor:
    """Read an exported release. Refused: files that are not those that were signed, a signature that ended.

    One that keeps a share of units untouched, or reads tables fresh, opens its project: GRUNDSTEIN_PROJECT, else the
    folder from which it was exported.
    """
    from grundstein.flow import exported
    from grundstein.stores.files import folder_digest

    folder = Path(path)
    said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    case, contract = (restore(kind, json.loads(said[name])) for kind, name in ((Case, "case"), (Contract, "contract")))
    exported.refuse_over(said["until"], case.name)
    if folder_digest(folder / FILES) != said["model"]:
        raise Refused(
            f"The model files of {case.name} are not those that were signed.",
            f"Files with the digest {said['model'][:12]}.",
            "Export the release again: grundstein export mlflow --to FOLDER",
        )
    if said["project"]:
        return _beside(said, case, contract)
    from grundstein.project.folder import installed_task

    solution = installed_task(case.task).load(said["kind"], folder / FILES)
    return exported.load(solution, case, contract, said["keys"], said["release"], said["timezone"])


def _beside(said: Mapping[str, Any], case: Case, contract: Contract) -> Predictor:
    from grundstein.flow import exported
    from grundstein.flow.signing import refuse_ended
    from grundstein.project.folder import find, open_project

    project = open_project(find() or Path(said["project"]))
    entry = project.ledger.get(said["release"])
    refuse_ended(project, cast("Release", entry.record))
    return exported.load_beside(project, entry, case, contract, said["keys"])


_load_pyfunc = load
