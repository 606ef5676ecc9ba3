"""Reading messy files. A file in, Raw out: every record as text with its line, and what did not fit beside it."""

from grundstein.lake.reading.opening import read_raw
from grundstein.lake.reading.raw import Raw

__all__ = ["Raw", "read_raw"]
