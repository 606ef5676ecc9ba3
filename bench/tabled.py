"""Bench. In: rows -> Out: a Markdown table."""

from __future__ import annotations


def table(rows: list[dict[str, object]]) -> str:
    """Rows as a Markdown table; numbers with two decimals."""
    names = list(rows[0])
    lines = [[f"{r[n]:.2f}" if isinstance(r[n], float) else str(r[n]) for n in names] for r in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), *lines))
