"""Room project. In: a YAML file that a person wrote -> Out: a checked model, or an error with file and line.

Yes, No, On and Off without quotes are refused: most programs that read YAML take them for true and false.
"""

from __future__ import annotations

import os
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, Field, ValidationError, create_model

from grundstein.core.errors import GrundsteinError, Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

M = TypeVar("M", bound=BaseModel)
TRAP = re.compile(r"(?i)(y|n|yes|no|on|off|true|false|null|~|[-+.]?\d.*|[-+]?\.(inf|nan))$")
BOOLEAN = re.compile(r"(?i)yes|no|on|off")
SWITCHES = ("idea", "required", "primaryKey")
SECRET = re.compile(r"\$\{(env|file):([^}]+)\}")


def read(path: Path) -> dict[str, Any]:
    """Return the mapping of a YAML file with its line numbers; Refused where it is none."""
    from ruamel.yaml.error import YAMLError

    try:
        content = _yaml().load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        said = str(error).replace("\n", " ")
        raise Refused(
            f"{path.name} cannot be read as YAML: {said[:300]}", "Lines of `name: value`.", f"Mend {path}"
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Refused(f"{path.name} holds no fields.", "Lines of `name: value`.", f"Mend {path}")
    _refuse_traps(content, path)
    return content


def _refuse_traps(content: Any, path: Path) -> None:
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        if type(value) is str and BOOLEAN.fullmatch(value) and key not in SWITCHES:
            raise _trapped(f"{path.name}, line {line_of(content, [key])}", str(key), value, path)
        if isinstance(value, (dict, list)):
            _refuse_traps(value, path)


def _trapped(where: str, field: str, value: object, path: Path) -> Refused:
    return Refused(
        f"{where}: `{field}` is {value} without quotes, which YAML reads as true or false, not as a word.",
        'Words like "Yes", "No", "On", "Off", "true", "false" in quotes.',
        f"Put the value of `{field}` in quotes in {path}",
    )


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write YAML; comments of a mapping that `read` returned stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".tmp")
    with staged.open("w", encoding="utf-8") as stream:
        _yaml().dump(_quoted(content), stream)
    staged.replace(path)


def _quoted(content: Any) -> Any:
    """Put texts in quotes that YAML 1.1 would read as something else; mappings and lists are changed in place."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if type(content) is str:
        return DoubleQuotedScalarString(content) if TRAP.match(content) else content
    if isinstance(content, dict):
        for key, value in content.items():
            content[key] = _quoted(value)
    if isinstance(content, list):
        content[:] = [_quoted(value) for value in content]
    return content


def checked(kind: type[M], content: Mapping[str, Any], path: Path, allowed: Iterable[str] = ()) -> M:
    """Validate a mapping as a pydantic model; Refused with file, line and the nearest allowed field."""
    try:
        return kind.model_validate(dict(content))
    except ValidationError as error:
        raise joined(refusals(error, kind, content, path, allowed)) from None


def checked_options(kind: type, content: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Validate a task's own fields by its `options` dataclass; returns plain values."""
    hints = get_type_hints(kind)
    own: dict[str, Any] = {
        field.name: (hints[field.name], ... if field.default is MISSING else field.default)
        for field in fields(kind)
        if field.default_factory is MISSING
    }
    made = {field.name: field.default_factory for field in fields(kind) if field.default_factory is not MISSING}
    own |= {name: (hints[name], Field(default_factory=factory)) for name, factory in made.items()}
    model = create_model(kind.__name__, __base__=BaseModel, **own)
    return checked(model, content, path).model_dump()


def refusals(
    error: ValidationError, kind: type[BaseModel], content: Mapping[str, Any], path: Path, allowed: Iterable[str]
) -> list[Refused]:
    """Turn each of pydantic's complaints into three lines."""
    return [_refusal(one, content, path, _allowed(kind, one["loc"], allowed)) for one in error.errors()]


def _refusal(complaint: Any, content: Mapping[str, Any], path: Path, allowed: Iterable[str]) -> Refused:
    place = ".".join(str(part) for part in complaint["loc"])
    where = f"{path.name}, line {line_of(content, complaint['loc'])}"
    if complaint["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        word = str(complaint["loc"][-1])
        return Refused(
            f"{where}: `{word}` is no field here.", _sentence(nearest(word, allowed)), f"Correct `{word}` in {path}"
        )
    if complaint["type"] == "missing":
        return Refused(f"{path.name}: the field `{place}` is missing.", f"A line `{place}: ...`.", f"Add it to {path}")
    if isinstance(complaint["input"], bool):
        return _trapped(where, place, str(complaint["input"]).lower(), path)
    return Refused(
        f"{where}: `{place}` is {complaint['input']!r}.", _sentence(complaint["msg"]), f"Correct `{place}` in {path}"
    )


def joined(found: Sequence[GrundsteinError]) -> GrundsteinError:
    """Return the first error with all the others attached to it."""
    first, *others = found
    first.others = (*first.others, *others)
    return first


def together(*steps: Callable[[], Any]) -> list[Any]:
    """Take every step; raises the first error with those of the other steps attached."""
    done, wrong = [], []
    for step in steps:
        try:
            done.append(step())
        except Refused as error:
            wrong.append(error)
    if wrong:
        raise joined(wrong)
    return done


def line_of(content: Any, place: Sequence[str | int]) -> int:
    """Return the 1-based line of a field, or of the nearest mapping around it."""
    line = 1
    for part in place:
        if isinstance(content, list) and not isinstance(part, int):
            break
        if getattr(content, "lc", None) is None or (isinstance(content, dict) and part not in content):
            break
        marks = content.lc
        line = (marks.key(part) if isinstance(content, dict) else marks.item(part))[0] + 1
        content = content[part]
    return line


def _allowed(kind: type[BaseModel], place: Sequence[str | int], outer: Iterable[str]) -> Iterable[str]:
    for part in (part for part in place[:-1] if isinstance(part, str)):
        if part not in kind.model_fields:
            return ()
        inner = [one for one in get_args(kind.model_fields[part].annotation) if isinstance(one, type)]
        models = [one for one in inner if issubclass(one, BaseModel)]
        if not models:
            return ()
        kind, outer = models[0], ()
    return outer or tuple(kind.model_fields)


def secrets(content: Any) -> Any:
    """Replace `${env:NAME}` and `${file:PATH}` in texts; Refused where one is missing."""
    if isinstance(content, str):
        return SECRET.sub(lambda match: _secret(match[1], match[2]), content)
    if isinstance(content, dict):
        for key, value in content.items():
            content[key] = secrets(value)
    return content


def _secret(kind: str, name: str) -> str:
    if kind == "env" and name in os.environ:
        return os.environ[name]
    if kind == "file" and Path(name).is_file():
        return Path(name).read_text(encoding="utf-8").strip()
    raise Refused(
        f"The secret ${{{kind}:{name}}} is not there.",
        f"A set {'variable' if kind == 'env' else 'file'} {name}.",
        "Set it and run again",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
