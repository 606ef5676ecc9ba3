"""Room project. In: `assess.yaml` -> Out: what people declare; an unknown row is refused by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.assessing import Declared, standard
from grundstein.core.errors import Refused, nearest
from grundstein.project.models import DeclaredFile
from grundstein.project.yaml_files import checked, line_of, read

if TYPE_CHECKING:
    from pathlib import Path

FILE = "assess.yaml"


def read_declared(folder: Path) -> tuple[Declared, ...]:
    """Read the file of a folder; none where there is no file."""
    path = folder / FILE
    if not path.is_file():
        return ()
    content, known, found = read(path), [row.name for row in standard().rows], []
    for name, said in content.items():
        if name not in known:
            where = f"{FILE}, line {line_of(content, [name])}"
            near = nearest(name, known)
            raise Refused(f"{where}: `{name}` is no row of `assess`.", near[:1].upper() + near[1:], f"Mend {path}")
        if not isinstance(said, dict):
            where = f"{FILE}, line {line_of(content, [name])}"
            raise Refused(f"{where}: `{name}` holds no fields.", "`statement`, `person` and `date`.", f"Mend {path}")
        file = checked(DeclaredFile, said, path)
        found.append(Declared(name, file.statement, file.person, file.date.isoformat()))
    return tuple(found)
