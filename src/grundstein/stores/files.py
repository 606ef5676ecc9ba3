"""Room stores. In: a folder of plain files -> Out: its digest, under which it is kept, and the folder, verified."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

SHORT = 12


class FolderFiles:
    """Folders by the digest of their content, in `root/DIGEST`; kept once, never changed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, folder: Path) -> str:
        """Copy a folder in by one rename; returns its digest. A folder that is there already is not copied again."""
        if not folder.is_dir():
            raise Refused(f"{folder} is no folder.", "A folder of plain files.", "Name the folder that holds them.")
        digest = folder_digest(folder)
        place = self._root / digest
        if place.is_dir() and folder_digest(place) == digest:
            return digest
        coming = self._root / f".coming-{uuid.uuid4().hex}"
        try:
            shutil.copytree(folder, coming)
            _settle(coming, place, digest)
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        return digest

    def folder(self, digest: str) -> Path:
        """Return a kept folder, its content checked; Refused where it is missing or changed."""
        place = self._root / digest
        if not digest.isalnum() or not place.is_dir():
            raise Refused(
                f"The files {digest[:SHORT]} are not kept here.",
                f"A folder {digest} in {self._root}.",
                "Bring it back from a backup of the project, or run the step again that wrote it.",
            )
        if folder_digest(place) != digest:
            raise Refused(
                f"The files {digest[:SHORT]} are no longer those that were kept.",
                "Content with the digest under which it was kept; somebody has changed it since.",
                "Bring it back from a backup of the project, or run the step again that wrote it.",
            )
        return place


def folder_digest(folder: Path) -> str:
    """Digest of a folder: sha256 over its files' names, relative to it, and their sha256, in order of name."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).parts):
        if path.is_file():
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


def _settle(coming: Path, place: Path, digest: str) -> None:
    """Rename into place; where another process was first its copy stays, where it was changed it makes way."""
    try:
        coming.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        if folder_digest(place) != digest:
            spoilt = place.rename(coming.with_name(f".spoilt-{uuid.uuid4().hex}"))
            shutil.rmtree(spoilt)
            coming.rename(place)
