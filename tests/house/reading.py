"""The tree as the house tests read it: files, functions, findings codes."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "grundstein"
FOLDERS = ("src", "tests", "bench", "docs")


@dataclass(frozen=True)
class Function:
    """A function, where it stands, and how many lines it has from `def` to its end, docstring included."""

    name: str
    file: Path
    lines: int


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file below some folders of the repository."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(path for path in found if "__pycache__" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[Function]:
    """Every function of a file, methods and inner ones too."""
    found = (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [Function(n.name, path, (n.end_lineno or n.lineno) - n.lineno + 1) for n in found]


def imported(path: Path) -> set[str]:
    """The names of every module that a file imports, deferred imports too."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def texts() -> dict[str, str]:
    """Every text file that git knows or would take, by its path from the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    found = {}
    for name in listed or [str(p.relative_to(ROOT)) for folder in FOLDERS for p in (ROOT / folder).rglob("*.*")]:
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            found[name] = content.decode("utf-8", errors="replace")
    return found


def module(path: Path) -> ModuleType:
    """Import a file that is no part of the package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
