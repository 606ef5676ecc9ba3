"""Room project. In: `also:` of a case file -> Out: checked entries, or an error with line; and back."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from grundstein.core.case import Also
from grundstein.core.errors import Refused
from grundstein.project.yaml_files import joined, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grundstein.project.models import AlsoFile, CaseFile

SOURCES = ("table", "endpoint", "python")
ONLY = {
    "timeout": ("endpoint",),
    "retries": ("endpoint",),
    "headers": ("endpoint",),
    "columns": ("endpoint", "python"),
    "takes": ("python",),
}
NAME = re.compile(r"[^\W\d]\w{0,40}")
ADDRESS = re.compile(r"(https?)://([^/?#]+)", re.IGNORECASE)
AT_HOME = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?", re.IGNORECASE)
OBJECT = re.compile(r"[\w./ -]+\.py:[^\W\d]\w*")
SECRET_HEADER = re.compile(r"auth|key|token|secret|password|cookie", re.IGNORECASE)
NAMED_SECRET = re.compile(r"\$\{(env|file):[^}]+\}")


def check_also(file: CaseFile, content: Mapping[str, Any], path: Path) -> None:
    """Refuse an entry that is no table, endpoint or object, has a field of another kind, or shows a secret."""
    seen: set[str] = set()
    found = []
    for place, one in enumerate(file.also):
        for field, what, expected in _faults(one, file, seen):
            line = line_of(content, ["also", place, field])
            found.append(Refused(f"{path.name}, line {line}: {what}", expected, f"Correct `also` in {path}"))
        seen.add(one.name.casefold())
    if found:
        raise joined(found)


def _faults(one: AlsoFile, file: CaseFile, seen: set[str]) -> list[tuple[str, str, str]]:
    """Field, what is wrong and what was expected; a secret is never said."""
    given = [word for word in SOURCES if getattr(one, word)]
    found = []
    if not NAME.fullmatch(one.name):
        found.append(("name", f"`{one.name[:40]}` is no name.", "A letter first, then letters, digits, underscores."))
    if one.name.casefold() in seen:
        found.append(("name", f"`{one.name}` comes twice.", "A name of its own for each."))
    if len(given) != 1:
        told = " and ".join(given) or "none of them"
        found.append(("name", f"{one.name} has {told}.", f"Exactly one of {', '.join(SOURCES)}."))
        return found
    strange = [word for word, of in ONLY.items() if word in one.model_fields_set and given[0] not in of]
    found += [
        (word, f"`{word}` means nothing for a {given[0]}.", f"`{word}` with: {', '.join(ONLY[word])}.")
        for word in strange
    ]
    if (one.price or one.running_cost) and file.money is None:
        word = "price" if one.price else "running_cost"
        found.append((word, f"`{word}` is money.", "`money:` in the same case, what an answer is worth."))
    return [*found, *_faults_of_address(one), *_faults_of_object(one)]


def _faults_of_address(one: AlsoFile) -> list[tuple[str, str, str]]:
    if not one.endpoint:
        return []
    found = ADDRESS.match(one.endpoint)
    if found is None:
        return [("endpoint", "The endpoint is no address.", "For example https://scores.example/churn")]
    if "@" in found[2]:
        return [("endpoint", "The address holds a name or a password.", "A header with ${env:NAME} or ${file:PATH}.")]
    open_secret = _open_secret(one)
    if open_secret:
        field, name = open_secret
        return [(field, f"`{name}` shows a secret.", "${env:NAME} or ${file:PATH} in its place.")]
    secret = NAMED_SECRET.search(" ".join([one.endpoint, *one.headers.values()]))
    if secret and found[1].lower() == "http" and not AT_HOME.fullmatch(found[2]):
        return [("endpoint", "A secret would be sent unencrypted.", "An address with https://, or on this machine.")]
    return []


def _open_secret(one: AlsoFile) -> tuple[str, str] | None:
    asked = [part.partition("=") for part in one.endpoint.partition("?")[2].split("&")]
    given = [("headers", name, text) for name, text in one.headers.items()]
    given += [("endpoint", name, text) for name, _, text in asked]
    found = (pair for *pair, text in given if SECRET_HEADER.search(pair[1]) and not NAMED_SECRET.search(text))
    field, name = next(found, ("", ""))
    return (field, name) if field else None


def _faults_of_object(one: AlsoFile) -> list[tuple[str, str, str]]:
    if one.python and (not OBJECT.fullmatch(one.python) or ".." in one.python or one.python.startswith("/")):
        return [("python", f"`{one.python[:60]}` names no object.", "FILE.py:OBJECT, a file in the project's folder.")]
    return []


def also_content(one: Also) -> dict[str, Any]:
    """Return an entry as a person would write it: what differs from the defaults, the name first."""
    blank = Also(one.name)
    given = {field.name: getattr(one, field.name) for field in fields(Also)}
    told = {name: value for name, value in given.items() if name != "name" and value != getattr(blank, name)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
    return {"name": one.name, **plain}
