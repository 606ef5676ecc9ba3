"""No name stands for two things."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def test_what_a_package_exports_is_not_the_name_of_another_of_its_modules() -> None:
    """Importing that module later would put it in the place of what was exported."""
    found = [
        f"{package.parent.name}.{name}"
        for package in SOURCE.rglob("__init__.py")
        for name, module in _exported(package)
        if (package.parent / f"{name}.py").exists() or (package.parent / name / "__init__.py").exists()
        if module.split(".")[-1] not in (name, package.parent.name)
    ]
    assert not found


def _exported(package: Path) -> list[tuple[str, str]]:
    body = ast.parse(package.read_text(encoding="utf-8")).body
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    return [(one.asname or one.name, node.module or "") for node in imports for one in node.names]
