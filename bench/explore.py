"""Bench. In: 46,054 papers of the ACL anthology -> Out: what an explorer of them costs, and how far it can be believed.

The peer is the usual route to groups of texts: TF-IDF, singular values, k-means (scikit-learn). Both are asked the
same: how far do two halves of the archive agree, and how far would they if all words were dealt at random? The archive
is built by the product's own commands in a process of its own; the page is then opened, searched and filtered in
Chromium.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grundstein import flow
from grundstein.project.folder import create_project
from grundstein.tools.archive.alike import alike_of
from grundstein.tools.archive.groups import groups_of, shuffled
from grundstein.tools.archive.words import Words, words_of
from public import SHARED

if TYPE_CHECKING:
    import scipy.sparse as sp

PAPERS = SHARED / "research-archive" / "acl_anthology" / "acl_papers.jsonl.gz"
QUICK = 3_000
CASE = """question: What has computational linguistics tried?
task: explore
data: {corpus: papers}
id: id
title: title
text: abstract
time: year
"""
SEED, DIMENSIONS, LEARNT = 1, 60, 5_000
ASKED = "#q=neural+machine+translation&from=2010&to=2016&outcome=worked"
QUIET = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --dump-dom --virtual-time-budget=30000"
)
TOLD = """## Explore, an archive of {count:,} papers
ACL anthology 1965 to 2018, titles, {abstracts:,} of them with an abstract. `do CASE build` reads, finds groups, trends,
repetitions and named things, draws a map, writes tables and one page in English and German.

| | measured | limit |
|---|---|---|
| CPU seconds, ingest not counted | {cpu:.0f} | 600 |
| peak memory, GB | {memory:.2f} | 4 |
| page, MB | {size:.1f} | |
| documents after "neural machine translation", 2010 to 2016, that worked | {found} | |
| seconds until Chromium shows them, from nothing | {shown} | |
| of each document's ten nearest kept on the map (two principal components) | {map} | |

What the product says of it: {said}

### Are the groups there?
Agreement of two halves that share no document (adjusted Rand index, mean of pairs), with the archive's words and with
all words dealt anew over papers of the same lengths, where nothing is to be found. The usual route: TF-IDF, singular
values, k-means, learnt anew on each half too.

| groups | ours | ours, dealt words | usual route | usual route, dealt words |
|---|---|---|---|---|
{rows}

{verdict}"""


@dataclass(frozen=True)
class Built:
    """What one build made and cost."""

    said: dict[str, Any]
    cpu: float
    memory: float


def run(quick: bool) -> str:
    """Return the section."""
    with gzip.open(PAPERS, "rt", encoding="utf-8") as file:
        papers = [json.loads(line) for line in file]
    papers = papers[:: len(papers) // QUICK] if quick else papers
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        with get_context("spawn").Pool(1) as pool:
            built = pool.apply(_build, (papers, root))
        page = root / "archive" / "reports" / "acl-explorer.en.html"
        size = page.stat().st_size / 1e6
        found, shown = _opened(page, root / "browser")
    written = [f"{one['title']}\n\n{one['abstract']}" for one in papers]
    copies = alike_of(written, SEED).copies
    words = words_of([text for text, copy in zip(written, copies, strict=True) if not copy])
    texts = {one["code"]: one["text"] for one in built.said["findings"]}
    kept = re.search(r"keeps (\d+%).*: (\d+%)", texts.get("GST-B08", ""))
    return TOLD.format(
        count=len(papers),
        abstracts=sum(bool(one["abstract"]) for one in papers),
        cpu=built.cpu,
        memory=built.memory,
        size=size,
        found=found,
        shown=shown,
        map=f"{kept[1]} ({kept[2]})" if kept else "no map",
        said="; ".join(text for code, text in texts.items() if code != "GST-B08") + ".",
        **_believed(words),
    )


def _build(papers: list[dict[str, Any]], root: Path) -> Built:
    project = create_project(root / "archive", salt="bench", languages=["en", "de"])
    columns = {name: [one[name] for one in papers] for name in ("id", "title", "year", "abstract")}
    pq.write_table(pa.table(columns), root / "papers.parquet")
    flow.ingest(project, str(root / "papers.parquet"), "papers")
    (project.root / "cases" / "acl.yaml").write_text(CASE, encoding="utf-8")
    start = time.process_time()
    done = flow.do(project, "acl", "build", [])
    cpu = time.process_time() - start
    return Built(dict(done.said), cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def _opened(page: Path, profile: Path) -> tuple[str, str]:
    """What the page says it found, and the seconds until it was there."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        return "no Chromium here", "no Chromium here"
    words = [browser, *QUIET.split(), f"--user-data-dir={profile}", page.as_uri() + ASKED]
    start = time.monotonic()
    shown = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False).stdout
    took = time.monotonic() - start
    found = re.search(r'id="found"[^>]*>([^<]*)<', shown)
    return (html.unescape(found[1]), f"{took:.1f}") if found else ("nothing", "nothing")


def _believed(words: Words) -> dict[str, str]:
    groups = groups_of(words, SEED)
    dealt = shuffled(words.held, SEED)
    rows = []
    for one in groups.tried:
        usual = [_usual(held, one.count) for held in (words.held, dealt)]
        rows.append(f"| {one.count} | {one.mean:.2f} | {np.mean(one.chance):.2f} | {usual[0]:.2f} | {usual[1]:.2f} |")
    nothing = groups_of(Words(words.names, words.shown, dealt, dealt), SEED)
    chosen = f"{groups.chosen.count} groups are shown" if groups.chosen else "no groups are shown"
    empty = "no groups are shown" if not nothing.found else f"{len(nothing.names)} groups are shown, wrongly"
    return {"rows": "\n".join(rows), "verdict": f"Of the papers {chosen}; of dealt words {empty}."}


def _usual(held: sp.csr_matrix, count: int) -> float:
    """The agreement of two pairs of halves by the usual route."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.metrics import adjusted_rand_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    found = []
    for pair in range(2):
        mixed = np.random.default_rng([SEED, pair]).permutation(held.shape[0])
        labels = []
        for half in (mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]):
            steps = make_pipeline(
                TfidfTransformer(), TruncatedSVD(DIMENSIONS, random_state=SEED), Normalizer(copy=False)
            )
            places = steps.fit(held[half]).transform(held)
            known = KMeans(count, n_init=2, max_iter=50, random_state=SEED).fit(places[half[:LEARNT]])
            labels.append(known.predict(places))
        found.append(adjusted_rand_score(*labels))
    return float(np.mean(found))
