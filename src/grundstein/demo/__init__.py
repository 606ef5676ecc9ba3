"""A simulated publisher: writes its messy exports and runs nothing."""

from grundstein.demo.cases import CaseText
from grundstein.demo.exports import Export, Exports, write

__all__ = ["CaseText", "Export", "Exports", "write"]
