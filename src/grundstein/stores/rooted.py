"""Room stores. In: a path as the catalogue holds it -> Out: the file, also after the project's folder was moved.

Iceberg writes absolute paths into its metadata. They keep the folder in which the lake was made (its origin) for ever;
here the origin is replaced by the folder in which the lake stands now, and paths leave the house in that form only.
"""

from __future__ import annotations

from pathlib import Path

from pyarrow.fs import LocalFileSystem
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFile

ORIGIN, ROOT = "grundstein.origin", "grundstein.root"


class RootedFiles(FileIO):
    """Iceberg's door to local files; the properties `ORIGIN` and `ROOT` say what is replaced by what."""

    def path(self, location: str) -> str:
        """Return where a file of the catalogue lies now."""
        origin = self.properties.get(ORIGIN, "")
        inside = bool(origin) and location.startswith(f"{origin}/")
        return f"{self.properties[ROOT]}{location[len(origin) :]}" if inside else location

    def new_input(self, location: str) -> InputFile:
        """Return a file to read."""
        return PyArrowFile(location=location, path=self.path(location), fs=LocalFileSystem())

    def new_output(self, location: str) -> OutputFile:
        """Return a file to write; its folder is made."""
        Path(self.path(location)).parent.mkdir(parents=True, exist_ok=True)
        return PyArrowFile(location=location, path=self.path(location), fs=LocalFileSystem())

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete a file."""
        Path(self.path(location if isinstance(location, str) else location.location)).unlink()
