"""Grundstein: from a messy export to a decision that a department signs."""

__version__ = "0.1.0"
