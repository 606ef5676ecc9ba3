"""Room lake. In: a file, folder or glob as a person typed it -> Out: its files in order, each with its sha256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.core.canonical import canonical, digest
from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TEXTS = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson")
MAILS = (".eml", ".emlx", ".mbox", ".msg")
KINDS = frozenset((*TEXTS, *MAILS, ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".log"))
CHOOSES = ("sheet", "range")


@dataclass(frozen=True)
class SourceFile:
    """One file: its name inside the source, and the digest of what is read from it.

    The digest is the file's sha256; a setting that picks a part of a file, such as a sheet, is part of it.
    """

    path: Path
    name: str
    content: str


def find_files(source: str, settings: Mapping[str, str]) -> tuple[SourceFile, ...]:
    """Return the files of a source in order of name; in a folder those of a kind that is read. Refused where none."""
    paths, base = _paths(source)
    if not paths:
        raise Refused(
            f"Nothing to read in {source}.",
            f"Files of one of these kinds: {' '.join(sorted(KINDS))}.",
            "Name the file itself, whatever its ending.",
        )
    return tuple(SourceFile(p, p.relative_to(base).as_posix(), _content(p, settings)) for p in paths)


def label(source: str) -> str:
    """The source as records name it: the last part of the path, so that no folder of a machine stands in a record."""
    return Path(source).name or Path(source).resolve().name


def content_of(files: Sequence[SourceFile]) -> str:
    """The digest of several files as one arrival, whatever their names and order."""
    contents = sorted(file.content for file in files)
    return contents[0] if len(contents) == 1 else digest("\n".join(contents))


def _paths(source: str) -> tuple[list[Path], Path]:
    path = Path(source)
    if path.is_file():
        return [path], path.parent
    if path.is_dir():
        inside = [p for p in path.rglob("*") if _is_read(p)]
        return _shown(inside, path), path
    if any(sign in source for sign in "*?["):
        fixed = _before_pattern(path)
        return _shown(fixed.glob(path.relative_to(fixed).as_posix()), fixed), fixed
    here = path.parent if path.parent.is_dir() else Path()
    raise Refused(
        f"There is no file {source}.",
        f"A file, a folder or a pattern: {nearest(path.name, (p.name for p in here.iterdir()))}",
        "Check the path; a pattern such as 'exports/*.csv' stands in quotes.",
    )


def _is_read(path: Path) -> bool:
    """Whether a file of a folder is of a kind that is read; in a Maildir all of `cur` and `new` are mails."""
    kind, box = path.suffix.lower(), path.parent.name
    return kind in KINDS or kind == ".gz" or (box in ("cur", "new") and (path.parent.parent / "tmp").is_dir())


def _before_pattern(path: Path) -> Path:
    """The folder above the first part that is a pattern."""
    return next(p for p in path.parents if not any(sign in p.as_posix() for sign in "*?["))


def _shown(paths: Iterable[Path], base: Path) -> list[Path]:
    """Files in order of name, without hidden ones and the lock files of office programs."""
    parts = {path: path.relative_to(base).parts for path in paths if path.is_file()}
    return sorted(path for path, inside in parts.items() if not any(part.startswith((".", "~$")) for part in inside))


def _content(path: Path, settings: Mapping[str, str]) -> str:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    chosen = {name: settings[name] for name in CHOOSES if settings.get(name)}
    return digest(sha256 + canonical(chosen)) if chosen else sha256
