"""Docs. In: the code -> Out: the pages generated from it: commands, settings, tasks, findings, errors.

`python docs/build.py` writes them; a test checks that they are up to date.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import tomllib
import types
import typing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import grundstein
from grundstein.core.contract import Column, Contract
from grundstein.core.errors import GrundsteinError

HERE = Path(__file__).parent
SOURCE = Path(grundstein.__file__).parent
MADE = "<!-- Written by `make docs` from the code; change the code, not this page. -->\n"
ENVIRONMENT = {
    "GRUNDSTEIN_PROJECT": "The project's folder where `--project` is not given; else the nearest folder upwards.",
    "GRUNDSTEIN_STANDARD": "A company's standard that holds for every project, whatever its `grundstein.yaml` names.",
    "GRUNDSTEIN_DEBUG": "Set: a fault of the program shows where it happened, instead of three lines.",
    "GRUNDSTEIN_TOKEN": "The token of the person who signs, where no file holds it.",
}
CONTRACT = {
    "table": ("schema: name", "The table's name."),
    "columns": ("schema: properties", "The columns, in order."),
    "key": ("properties: primaryKey", "Columns that name a row: the same key twice is a break of the contract."),
    "entity": ("customProperties: entity", "The column that says who a row is about; its rows stay on one side."),
    "time": ("customProperties: time", "The column that says when a row was known; `_row` for the order of arrival."),
    "owner": ("customProperties: owner", "Who answers for the table."),
    "description": ("description: purpose", "What the table is for."),
    "freshness_days": ("slaProperties: freshness", "After how many days without an arrival the table is stale."),
}
COLUMN = {
    "name": ("name", "The column's name, as the source writes it."),
    "type": ("physicalType", "integer, number, decimal(18,s), text, boolean, date or instant."),
    "required": ("required", "Whether a row without a value breaks the contract."),
    "scale": ("physicalType", "The s of decimal(18,s): digits after the point."),
    "minimum": ("logicalTypeOptions: minimum", "The least value allowed."),
    "maximum": ("logicalTypeOptions: maximum", "The greatest value allowed."),
    "allowed": ("customProperties: allowed", "The texts allowed; empty: any."),
    "description": ("description", "What the column means."),
    "known_at": (
        "customProperties: known_at",
        "`before` or `after` the answer is needed, or the column that says when.",
    ),
    "personal": ("classification: personal", "Whether the column holds personal data."),
    "source": (
        "customProperties: source.*",
        "How the source writes values: decimal, thousands, dates, currency, missing.",
    ),
}


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    made = {"cli": cli, "settings": settings, "tasks": tasks, "findings": findings, "errors": errors}
    return {f"{name}.md": MADE + make().strip() + "\n" for name, make in made.items()}


def cli() -> str:
    """The command line, from the program itself."""
    import typer

    from grundstein.cli.main import app

    group: Any = typer.main.get_command(app)
    parts = ["# The command line", group.help, "For every command:", _parameters(group.params), group.epilog]
    for name, command in group.commands.items():
        usage = " ".join(["grundstein", name, *(_argument(p) for p in command.params if _is_argument(p))])
        parts += [f"## {name}", f"`{usage}`", _code_of_example(command.help), _parameters(command.params)]
    return "\n\n".join(filter(None, parts))


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _argument(parameter: Any) -> str:
    name = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _code_of_example(text: str) -> str:
    return re.sub(r"Example: (.+)", r"Example: `\1`", inspect.cleandoc(text or ""))


def _parameters(parameters: list[Any]) -> str:
    rows = []
    for one in parameters:
        if one.name == "help" or one.hidden:
            continue
        names = one.name.upper() if _is_argument(one) else ", ".join(one.opts + one.secondary_opts)
        default = "" if one.default in (None, "", False) or one.required else f" Default: `{one.default}`."
        again = " May be given several times." if one.multiple else ""
        rows.append((f"`{names}`", f"{one.help or ''}{default}{again}"))
    return _table(("", "meaning"), rows) if rows else ""


def settings() -> str:
    """The files that a person writes, from the models that read them."""
    models = importlib.import_module("grundstein.project.models")
    parts = ["# Settings", "Every field of the files that a person writes. A field that is not listed is refused."]
    for name, model in vars(models).items():
        if isinstance(model, type) and getattr(model, "model_fields", None):
            parts += [f"## {name}", inspect.cleandoc(model.__doc__ or ""), _fields(model)]
    parts += ["## Contract", "`contracts/TABLE.yaml`, an Open Data Contract Standard 3.1 document.", _plain(CONTRACT)]
    parts += ["Each of its columns:", _plain(COLUMN)]
    parts += ["## Environment", _table(("variable", "meaning"), [(f"`{n}`", text) for n, text in ENVIRONMENT.items()])]
    secrets = (
        "A value of any file may be `${env:NAME}` or `${file:PATH}`: secrets never stand in a file of the project."
    )
    return "\n\n".join([*parts, secrets])


def _fields(model: Any) -> str:
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        rows.append((f"`{field.alias or name}`", readable(field.annotation), default, field.description or ""))
    return _table(("field", "holds", "default", "meaning"), rows)


def _plain(entries: dict[str, tuple[str, str]]) -> str:
    rows = [(f"`{where}`", f"{name}", meaning) for name, (where, meaning) in entries.items()]
    return _table(("in the file", "is", "meaning"), rows)


def readable(annotation: Any) -> str:
    """Write a type as a person would."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return readable(inner[0])
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" if value else "nothing" for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(readable(one) for one in inner if one is not type(None))
    if origin in (list, tuple):
        return f"list of {readable(inner[0])}"
    if origin is dict:
        return f"{{{readable(inner[0])}: {readable(inner[1])}}}"
    words = {str: "text", float: "number", int: "whole number", bool: "true or false"}
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _shown(default: Any) -> str:
    if default in (None, "", [], {}, ()):
        return ""
    return ", ".join(map(str, default)) if isinstance(default, list | tuple) else str(default)


def tasks() -> str:
    """The shapes of questions that are installed, from their entry points."""
    parts = ["# Tasks", "A task is the shape of a question; others are added by the entry point `grundstein.tasks`."]
    for entry in sorted(entry_points(group="grundstein.tasks"), key=lambda e: e.name):
        task: Any = entry.load()
        roles = ", ".join(f"`{r.name}`{'' if r.required else ' (may be left out)'}" for r in task.roles)
        own = [(f"`{f.name}`", readable(_hint(task.options, f)), _default(f)) for f in dataclasses.fields(task.options)]
        parts += [f"## {entry.name}", inspect.cleandoc(type(task).__doc__ or "")]
        parts.append(f"Tables: {roles}. One unit is one {task.unit}.")
        parts += [inspect.cleandoc(task.options.__doc__ or ""), _table(("field", "holds", "default"), own)]
        verbs = [(f"`{name}`", _first_line(verb)) for name, verb in task.verbs.items()]
        parts += [_table(("`grundstein do CASE`", "what it does"), verbs)] if verbs else []
    return "\n\n".join(parts)


def _first_line(verb: Any) -> str:
    return inspect.cleandoc(verb.__doc__ or "").split("\n")[0]


def _hint(options: Any, field: Any) -> Any:
    return typing.get_type_hints(options)[field.name]


def _default(field: Any) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return _shown(field.default_factory())
    return "required" if field.default is dataclasses.MISSING else _shown(field.default)


def findings() -> str:
    """Every finding: what it says, what it means, what to do."""
    parts = ["# Findings", "Every sentence that a check can say, by its code. `{...}` stands for what was found."]
    for file in sorted((SOURCE / "core" / "codes").glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        about = " ".join(line.lstrip("# ") for line in text.split("\n[")[0].splitlines() if line.startswith("#"))
        parts += [f"## {file.stem.capitalize()}", about]
        for code, entry in sorted(tomllib.loads(text).items()):
            parts += [f"### {code}: {entry['title']['en']}", f"> {entry['text']['en']}"]
            parts += [entry["meaning"], f"**What to do.** {entry['remedy']}"]
    return "\n\n".join(filter(None, parts))


def errors() -> str:
    """Every error class, from the classes themselves."""
    said = "An error is three lines on standard error: what happened, what was expected, what to do next."
    rows = [(f"`{c.__name__}`", str(c.exit_code), _first(c)) for c in error_classes()]
    return "\n\n".join(["# Errors", said, _table(("error", "exit code", "meaning"), rows)])


def error_classes() -> list[type[GrundsteinError]]:
    """Return the house's errors, wherever they are defined."""
    for path in sorted(SOURCE.rglob("*.py")):
        if re.search(r"^class \w+\(\w*(?:Error|Refused|Misused)\)", path.read_text(encoding="utf-8"), re.MULTILINE):
            importlib.import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
    found = [GrundsteinError]
    for one in found:
        found += [child for child in one.__subclasses__() if child not in found]
    return found


def _first(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def undocumented() -> list[str]:
    """Return fields of contracts and columns that `CONTRACT` and `COLUMN` do not tell of."""
    pairs = ((Contract, CONTRACT), (Column, COLUMN))
    return [f"{kind.__name__}.{f.name}" for kind, told in pairs for f in dataclasses.fields(kind) if f.name not in told]


def main() -> None:
    """Write the pages."""
    for name, page in pages().items():
        (HERE / name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
