"""The pages say what the code does: generated ones are fresh, and nothing that a user meets is left out."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import pytest
from reading import ROOT, module, python_files, texts

from grundstein.core.findings import codes

DOCS = ROOT / "docs"
build = module(DOCS / "build.py")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return build.pages()


def test_the_generated_pages_are_fresh(pages):
    stale = [n for n, p in pages.items() if not (DOCS / n).exists() or (DOCS / n).read_text(encoding="utf-8") != p]
    assert not stale, "run `make docs`"


def test_every_command_has_its_section_its_example_and_its_options_explained(pages):
    import typer

    from grundstein.cli.main import app

    for name, command in typer.main.get_command(app).commands.items():
        section = pages["cli.md"].split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert f"Example: `grundstein {name}" in section or f"grundstein {name}" in (command.help or ""), name
        unexplained = [p.name for p in command.params if p.name != "help" and not p.help]
        assert not unexplained, f"{name}: {unexplained}"


def test_every_setting_is_explained(pages):
    from grundstein.project import models

    for model in vars(models).values():
        for name, field in getattr(model, "model_fields", {}).items() if isinstance(model, type) else ():
            assert f"| `{field.alias or name}` |" in pages["settings.md"]
            assert field.description, f"{model.__name__}.{name}"
    assert not build.undocumented()


def test_every_environment_variable_is_explained():
    used = {v for p in python_files("src") for v in re.findall(r"GRUNDSTEIN_[A-Z_]+", p.read_text(encoding="utf-8"))}
    assert used == set(build.ENVIRONMENT)


def test_every_finding_error_and_task_has_its_entry(pages):
    assert all(f"### {code}: " in pages["findings.md"] for code in codes())
    assert all(f"| `{one.__name__}` |" in pages["errors.md"] for one in build.error_classes())
    assert all(f"\n## {entry.name}\n" in pages["tasks.md"] for entry in entry_points(group="grundstein.tasks"))


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for name, text in texts().items():
        if name.endswith(".md"):
            folder = (ROOT / name).parent
            broken += [f"{name}: {link}" for link in LINK.findall(text) if not (folder / link).exists()]
    assert not broken


def test_every_page_is_reached_from_the_readme_or_the_architecture():
    told = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "README.md", DOCS / "architecture.md") if path.exists()
    )
    unreached = [page.name for page in DOCS.glob("*.md") if page.name != "architecture.md" and page.name not in told]
    assert not unreached
