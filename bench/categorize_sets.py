"""Bench. In: public texts with categories -> Out: Texts, each with its official test part."""

from __future__ import annotations

import csv
import gzip
import json
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from public import SHARED

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = SHARED / "text-classification"
QUOTED = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")


@dataclass(frozen=True)
class Texts:
    """One set of texts with its official test part."""

    name: str
    train: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]


def massive() -> Texts:
    """German utterances, 60 intents."""
    parts = [_pairs(TEXTS / "massive_de" / name) for name in ("train.txt", "dev.txt", "test.txt")]
    train = (parts[0][0] + parts[1][0], parts[0][1] + parts[1][1])
    return Texts("MASSIVE-de", train, parts[2])


def banking() -> Texts:
    """English questions to a bank, 77 intents."""
    train, test = (_rows(TEXTS / "banking77" / name) for name in ("train.csv", "test.csv"))
    return Texts("Banking77", train, test)


def germeval() -> Texts:
    """German tweets, offensive or not."""
    names = ("germeval2018.training.txt", "germeval2018.test.txt")
    train, test = (_pairs(TEXTS / "germeval2018" / name) for name in names)
    return Texts("GermEval 2018", train, test)


def mails() -> Texts:
    """German mails of two newsgroup hierarchies."""
    with gzip.open(TEXTS / "codealltag" / "codealltag_finance_travels_8k.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    later = [zlib.crc32(row["id"].encode()) % 4 == 0 for row in rows]
    train, test = (
        tuple(
            [row[name] for row, flag in zip(rows, later, strict=True) if flag == wanted] for name in ("text", "label")
        )
        for wanted in (False, True)
    )
    return Texts("CodEAlltag", train, test)  # type: ignore[arg-type]


def news() -> Texts:
    """English newsgroup mails, split by date."""
    return Texts("20 newsgroups", *(_news(part, lambda text: text) for part in ("train", "test")))


def bare_news() -> Texts:
    """The same without headers, quotes and footers."""
    return Texts("20 newsgroups, bare", *(_news(part, _bare) for part in ("train", "test")))


def _pairs(path: Path) -> tuple[list[str], list[str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return [row[0] for row in rows], [row[1] for row in rows]


def _rows(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], [row[1] for row in rows]


def _news(part: str, changed: Callable[[str], str]) -> tuple[list[str], list[str]]:
    texts, labels = [], []
    with tarfile.open(TEXTS / "20news" / "20news-bydate.tar.gz") as archive:
        for member in archive:
            pieces = Path(member.name).parts
            if member.isfile() and any(part in piece for piece in pieces[:-2]):
                file = archive.extractfile(member)
                texts.append(changed(file.read().decode("latin-1")) if file else "")
                labels.append(pieces[-2])
    return texts, labels


def _bare(text: str) -> str:
    """Without what stands before the first empty line, without quoted lines, without what follows the last rule."""
    body = text.partition("\n\n")[2]
    lines = [line for line in body.split("\n") if not QUOTED.search(line)]
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip().strip("-") == ""), 0)
    return "\n".join(lines[:last] if last > 0 else lines)
