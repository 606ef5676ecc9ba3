"""Room web. In: settings, tokens, addresses -> Out: what a server allows, and who asks too often or wrongly."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field

ADDRESSES = 4_096
MINUTE = 60.0
LONGEST = 64 * MINUTE


@dataclass(frozen=True)
class Limits:
    """What one server allows; the fields are those of `serve:` in grundstein.yaml."""

    questions: int = 100
    body_bytes: int = 1_000_000
    header_bytes: int = 16_384
    read_seconds: float = 10.0
    answer_seconds: float = 10.0
    per_second: int = 2_000
    wrong_tokens: int = 30
    connections: int = 512
    at_once: int = 64
    reasons: int = 3
    refresh_seconds: float = 2.0


@dataclass
class Bucket:
    """So many at once, and so many more a second (Turner 1986); None: one may go, else the seconds until one may."""

    most: float
    per_second: float
    left: float
    at: float

    def taken(self, now: float, many: int = 1) -> float | None:
        """Take `many`; what is asked for at once beyond the bucket's size waits for a full one."""
        self.left = min(self.most, self.left + (now - self.at) * self.per_second)
        self.at = now
        wanted = min(float(many), self.most)
        if self.left >= wanted:
            self.left -= many
            return None
        return (wanted - self.left) / self.per_second


@dataclass
class Buckets:
    """A bucket for each name, the longest unused forgotten."""

    most: float
    per_second: float
    of: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def taken(self, name: str, many: int = 1) -> float | None:
        """Take from a name's bucket; the seconds to wait where it holds too little."""
        now = time.monotonic()
        bucket = self.of.get(name)
        if bucket is None:
            bucket = self.of[name] = Bucket(self.most, self.per_second, self.most, now)
            if len(self.of) > ADDRESSES:
                self.of.popitem(last=False)
        else:
            self.of.move_to_end(name)
        return bucket.taken(now, many)


@dataclass
class Refusals:
    """Counts what was refused, and says when it is time to write the counts down.

    A minute after the first; where it goes on, twice as long each time, so that no attack fills a ledger.
    """

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wait: float = MINUTE
    since: float = 0.0

    def add(self, case: str, act: str, why: str) -> None:
        """Count one; `why` is a sentence of the house, never a client's words."""
        if not self.counts:
            self.since = time.monotonic()
        self.counts[case, act, why] += 1

    def due(self, *, end: bool = False) -> Counter[tuple[str, str, str]]:
        """The counts, taken out, where it is time to write them down; else none."""
        quiet = not self.counts
        if quiet or (not end and time.monotonic() - self.since < self.wait):
            if quiet and time.monotonic() - self.since > 2 * self.wait:
                self.wait = MINUTE
            return Counter()
        taken, self.counts = self.counts, Counter()
        self.wait, self.since = min(2 * self.wait, LONGEST), time.monotonic()
        return taken
