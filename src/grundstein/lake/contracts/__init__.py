"""Contracts of tables. Raw in, a proposal out; Raw and a contract in, typed records out."""

from grundstein.lake.contracts.casting import Cast, cast
from grundstein.lake.contracts.columns import changed_columns, named_otherwise, other_words
from grundstein.lake.contracts.proposing import propose

__all__ = ["Cast", "cast", "changed_columns", "named_otherwise", "other_words", "propose"]
