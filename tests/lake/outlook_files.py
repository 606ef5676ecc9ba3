"""Writes small Outlook messages: a compound file (MS-CFB, version 3) of properties (MS-OXMSG)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime

SECTOR, SMALL, CUTOFF = 512, 64, 4096
END, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Tree = dict[str, "bytes | Tree"]


@dataclass
class Item:
    """One object of a message: its texts and bytes by property, whole numbers, and objects inside."""

    texts: dict[int, str] = field(default_factory=dict)
    narrow: dict[int, bytes] = field(default_factory=dict)
    data: dict[int, bytes] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    sent: datetime | None = None
    inside: dict[str, Item] = field(default_factory=dict)

    def tree(self, head: int = 32) -> Tree:
        """The streams and storages of the object; `head`: bytes before its properties."""
        found: Tree = {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in self.texts.items()}
        found |= {f"__substg1.0_{number:04X}001E": text for number, text in self.narrow.items()}
        found |= {f"__substg1.0_{number:04X}0102": data for number, data in self.data.items()}
        rows = [struct.pack("<HHIQ", 0x0003, number, 6, value) for number, value in self.numbers.items()]
        if self.sent:
            ticks = int((self.sent - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000)
            rows.append(struct.pack("<HHIQ", 0x0040, 0x0039, 6, ticks))
        found["__properties_version1.0"] = bytes(head) + b"".join(rows)
        return found | {name: one.tree(8) for name, one in self.inside.items()}


def to(address: str, role: int = 1) -> Item:
    """Somebody whom a message goes to: 1 to, 2 copy, 3 blind copy."""
    return Item({0x39FE: address}, numbers={0x0C15: role})


def attached(name: str, method: int = 1) -> Item:
    """Something attached; 5: another message."""
    return Item({0x3707: name}, numbers={0x3705: method}, data={0x3701: b"content"})


def message(item: Item) -> bytes:
    """The bytes of a .msg file."""
    return compound(item.tree())


@dataclass
class Entry:
    """One line of the file's directory."""

    name: str
    kind: int
    data: bytes
    child: int = NONE
    right: int = NONE
    start: int = END
    size: int = 0


def compound(tree: Tree) -> bytes:
    """A compound file; streams under 4,096 bytes lie in the small sectors of the root."""
    entries: list[Entry] = []
    _add(entries, "Root Entry", 5, tree)
    minifat, small = _small([one for one in entries if one.data and len(one.data) < CUTOFF])
    large = [one for one in entries if len(one.data) >= CUTOFF]
    bodies = [minifat, small, *(one.data for one in large)]
    counts = [-(-len(entries) * 128 // SECTOR), *(-(-len(body) // SECTOR) for body in bodies)]
    fats = next(n for n in range(1, 100) if (n + sum(counts)) * 4 <= n * SECTOR)
    table, starts = [FAT] * fats, []
    for count in counts:
        starts.append(len(table) if count else END)
        table += [*range(len(table) + 1, len(table) + count), END] if count else []
    for one, start in zip(large, starts[3:], strict=True):
        one.start, one.size = start, len(one.data)
    entries[0].start, entries[0].size = starts[2], len(small)
    told = (0x3E, 3, 0xFFFE, 9, 6, 0, fats, starts[0], 0, CUTOFF, starts[1], counts[1], END, 0)
    head = MAGIC + bytes(16) + struct.pack("<HHHHH6x9I", *told) + _numbers(list(range(fats))).ljust(109 * 4, b"\xff")
    listed = b"".join(_line(one) for one in entries)
    parts = [listed, *bodies]
    padded = [part.ljust(count * SECTOR, b"\0") for part, count in zip(parts, counts, strict=True)]
    return head + _numbers(table).ljust(fats * SECTOR, b"\xff") + b"".join(padded)


def _small(entries: list[Entry]) -> tuple[bytes, bytes]:
    """Put small streams behind one another; returns their chains and their content."""
    chains: list[int] = []
    content = b""
    for one in entries:
        count, one.start, one.size = -(-len(one.data) // SMALL), len(chains), len(one.data)
        chains += [*range(len(chains) + 1, len(chains) + count), END]
        content += one.data.ljust(count * SMALL, b"\0")
    found = _numbers(chains)
    return found.ljust(-(-len(found) // SECTOR) * SECTOR, b"\xff"), content


def _add(entries: list[Entry], name: str, kind: int, content: bytes | Tree) -> int:
    """Add an entry and what is inside; the names of a storage hang to the right of one another, in order."""
    place = len(entries)
    entries.append(Entry(name, kind, content if isinstance(content, bytes) else b""))
    before = NONE
    for child in sorted(content if isinstance(content, dict) else (), key=lambda one: (len(one), one.upper())):
        number = _add(entries, child, 2 if isinstance(content[child], bytes) else 1, content[child])
        if before == NONE:
            entries[place].child = number
        else:
            entries[before].right = number
        before = number
    return place


def _line(one: Entry) -> bytes:
    name = one.name.encode("utf-16-le")
    head = name.ljust(64, b"\0") + struct.pack("<HBB", len(name) + 2, one.kind, 1)
    return head + struct.pack("<III", NONE, one.right, one.child) + bytes(36) + struct.pack("<IQ", one.start, one.size)


def _numbers(some: list[int]) -> bytes:
    return struct.pack(f"<{len(some)}I", *some)
