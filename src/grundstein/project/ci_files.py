"""Room project. In: a project's folder -> Out: the files by which GitHub or GitLab check, evaluate and release it.

The templates stand in `ci/`. They belong at the top of the repository; a file that is there is never written over.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

PLACES = {"github": Path(".github", "workflows", "grundstein.yml"), "gitlab": Path(".gitlab-ci.yml")}
FOLDER = "@FOLDER@"
IGNORED = "ledger.sqlite*\nlake/\nfiles/\nreports/\noutside/\njournal/\nchanged-cases.txt\n"


@dataclass(frozen=True)
class Written:
    """A file of a pipeline, and whether it was written now; else it was there and stayed as it was."""

    path: Path
    new: bool


def write_ci(root: Path, kinds: tuple[str, ...]) -> list[Written]:
    """Write the pipelines of some kinds ("github", "gitlab") at the top of the repository that the project stands in.

    The project's `.gitignore` keeps tables, models, reports and ledger out of the repository.
    """
    top = repository(root)
    place = root.resolve().relative_to(top).as_posix()
    made = [_write(top / PLACES[kind], template(kind, place)) for kind in kinds]
    return [*made, *([_write(root.resolve() / ".gitignore", IGNORED)] if kinds else [])]


def repository(root: Path) -> Path:
    """Return the nearest folder upwards that is a git repository; the project itself where there is none."""
    here = root.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def template(kind: str, folder: str) -> str:
    """Return the pipeline of a kind for a project in a folder of its repository ("." for the top)."""
    text = files("grundstein.project").joinpath("ci", f"{kind}.yml").read_text(encoding="utf-8")
    return text.replace(FOLDER, folder.replace("\\", "/").replace('"', '\\"'))


def _write(path: Path, text: str) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return Written(path, new=False)
    return Written(path, new=True)
