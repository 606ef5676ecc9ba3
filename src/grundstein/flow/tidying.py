"""Room flow. In: a project's tables -> Out: the same tables in few files, without what nothing needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.ports import REJECTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.ports import Project, Tidied


def tidy(project: Project, table: str = "", age: float | None = None) -> Mapping[str, Tidied]:
    """Tidy a table, all where none is named: join small files, forget versions that nothing pins, free the space.

    Files that no version names stay for `age` seconds, a day where it is left out. Returns what was done, by table.
    """
    from grundstein.lake import tidying

    names = [table] if table else [name for name in project.tables.names() if not name.endswith(REJECTED)]
    return {name: tidying.tidy(project, name, tidying.AGE if age is None else age) for name in names}
