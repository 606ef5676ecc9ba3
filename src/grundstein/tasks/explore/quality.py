"""Room tasks. In: an Archive -> Out: findings, how far each view of it can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Finding
from grundstein.tasks.explore.corpus import NO_YEAR
from grundstein.tools.archive.entities import missing_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.tasks.explore.building import Archive

FEWEST_WORDS = 5
MANY_LANGUAGES = 0.1


def findings_of(archive: Archive) -> Sequence[Finding]:
    """Say what the archive holds, its groups or that there are none, repetitions, and what could not be told."""
    count = len(archive.corpus.ids)
    dated = archive.corpus.years[archive.corpus.years != NO_YEAR]
    first, last = (int(dated.min()), int(dated.max())) if len(dated) else (0, 0)
    facts = {"count": count, "first": first, "last": last, "undated": count - len(dated)}
    found = [Finding("GST-B01" if len(dated) else "GST-B02", "tip", facts), _groups(archive)]
    empty = sum(len(text.split()) < FEWEST_WORDS for text in archive.corpus.whole)
    if empty:
        found.append(Finding("GST-B05", "tip", {"short": empty, "count": count, "share": empty / max(count, 1)}))
    copies = int(archive.alike.copies.sum())
    if copies:
        sets = len(np.unique(archive.alike.first[archive.alike.copies]))
        found.append(Finding("GST-B06", "tip", {"copies": copies, "sets": sets, "share": copies / count}))
    spoken = {name: share for name, share in archive.languages.items() if share >= MANY_LANGUAGES}
    if len(spoken) > 1:
        found.append(Finding("GST-B07", "tip", {"languages": ", ".join(f"{n} {s:.0%}" for n, s in spoken.items())}))
    if archive.chart is not None:
        kept = {"kept": archive.chart.kept, "plain": archive.chart.plain, "drawn": len(archive.chart.rows)}
        found.append(Finding("GST-B08", "tip", kept))
    elif archive.groups.found:
        found.append(Finding("GST-B09", "skipped", {}))
    if missing_kinds():
        found.append(Finding("GST-B10", "skipped", {"kinds": ", ".join(missing_kinds())}))
    if archive.unknown_references:
        found.append(
            Finding("GST-B11", "tip", {"unknown": archive.unknown_references, "known": len(archive.references)})
        )
    return found


def _groups(archive: Archive) -> Finding:
    groups = archive.groups
    if groups.chosen is None:
        best = max((one for one in groups.tried), key=lambda one: one.gain, default=None)
        if best is None:
            return Finding("GST-B04", "not_applicable", {"count": len(archive.corpus.ids)})
        chance = float(np.mean(best.chance))
        return Finding("GST-B12", "not_applicable", {"agreement": best.mean, "chance": chance, "groups": best.count})
    outside = float((groups.of < 0).mean())
    facts = {
        "groups": groups.chosen.count,
        "agreement": groups.chosen.mean,
        "chance": float(np.mean(groups.chosen.chance)),
        "outside": outside,
        "coherence": float(np.mean(groups.coherence)),
    }
    return Finding("GST-B03", "passed", facts)
