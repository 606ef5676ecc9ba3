"""Room project. In: the folder's YAML and Markdown -> Out: what people stated there, and on which line."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused
from grundstein.project.yaml_files import line_of, read

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

BLOCK = re.compile(r"^```sql[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class FolderPapers:
    """The files of one project folder; read anew each time, so that an edit counts at once."""

    root: Path

    def contracts(self) -> Sequence[str]:
        """The tables that have a contract."""
        return tuple(sorted(path.stem for path in (self.root / "contracts").glob("*.yaml")))

    def queries(self) -> Sequence[tuple[str, int, str]]:
        """The blocks marked `sql` of `dashboards/*.md`: file, first line, text."""
        found = []
        for path in sorted((self.root / "dashboards").glob("*.md")):
            text = path.read_text(encoding="utf-8", errors="replace")
            name = path.relative_to(self.root).as_posix()
            found += [(name, text.count("\n", 0, one.start(1)) + 1, one[1]) for one in BLOCK.finditer(text)]
        return found

    def stated(self, case: str) -> Collection[str]:
        """The fields that a case's file fills in; one that is written and left empty is not."""
        content = self._content(f"cases/{case}.yaml")
        return {name for name, value in content.items() if _filled(value)}

    def marked(self, table: str) -> Collection[str]:
        """The columns of which the contract states a classification, whatever it says."""
        content = self._content(f"contracts/{table}.yaml")
        columns = [column for schema in content.get("schema", ()) for column in schema.get("properties", ())]
        return {str(column.get("name")) for column in columns if str(column.get("classification") or "").strip()}

    def line(self, file: str, place: Sequence[str | int]) -> int:
        """The 1-based line of a field, or of the nearest one around it; 1 where the file cannot be read."""
        return line_of(self._content(file), place)

    def changed(self, since: str) -> Collection[str]:
        """The files that differ from where a git commit or branch and the present one parted; deleted ones left out.

        Refused where there is no git, no repository or no such commit.
        """
        if since.startswith("-"):
            raise _no_git("that is an option of git, no commit", since)
        words = ["diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", "--relative", f"{since}...HEAD", "--"]
        try:
            done = subprocess.run(["git", *words, "."], cwd=self.root, capture_output=True, check=False)  # noqa: S603, S607 (one fixed program; the commit is one word that cannot be an option)
        except OSError:
            raise _no_git("git is not there", since) from None
        if done.returncode:
            raise _no_git(" ".join(done.stderr.decode(errors="replace").split()), since)
        return {name.decode(errors="replace") for name in done.stdout.split(b"\0") if name}

    def _content(self, file: str) -> Any:
        path = self.root / file
        try:
            return read(path) if path.is_file() else {}
        except Refused:
            return {}


def _no_git(why: str, since: str) -> Refused:
    return Refused(
        f"What changed since {since} cannot be told: {why[:300]}",
        "A commit or branch that this checkout holds, with the commits between.",
        f"git fetch origin {since.removeprefix('origin/')}, with the whole history",
    )


def _filled(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None and value not in ([], {})
