"""Room tasks. In: development documents of an explore case -> Out: its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.tasks.explore.building import archive_of
from grundstein.tasks.explore.quality import findings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.findings import Finding
    from grundstein.core.task import Data
    from grundstein.tasks.explore.options import Plan

SEED = 1


class _Silent:
    """Progress that nobody sees."""

    def step(self, text: str) -> None:
        """Say nothing."""


def findings_of_rows(plan: Plan, development: Data) -> Sequence[Finding]:
    """The findings of an archive of these documents."""
    rows = development["corpus"]
    if not rows.num_rows:
        return ()
    found = findings_of(archive_of(rows, development.get("references"), plan, SEED, _Silent(), draw=False))
    return [one for one in found if one.code != "GST-B09"]
