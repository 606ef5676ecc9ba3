"""Room evaluation. In: a gain on development and on sealed units -> Out: a warning where it changes over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grundstein.core.findings import Finding
    from grundstein.tools.inference import Sample


def steady(development: Sample, test: Sample) -> tuple[Finding, ...]:
    """Warn where the gain of the sealed part is not that of development."""
    return ()
