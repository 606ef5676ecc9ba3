"""Room tasks. In: an explore case -> Out: what its verbs make: the explorer's page and tables, what was tried."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from grundstein.core.errors import Misused, Refused, offered
from grundstein.core.task import Done
from grundstein.tasks.explore.options import plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.ports import Project

SEED = 1
SHOWN, LEAST = 10, 0.05


def build(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Write the explorer, one page that needs no network, and tables of groups, trends, repetitions and entities."""
    from grundstein.tasks.explore.building import archive_of
    from grundstein.tasks.explore.page import page_of
    from grundstein.tasks.explore.quality import findings_of
    from grundstein.tasks.explore.tables import tables_of

    if args:
        raise Misused("build takes no words.", "What it reads stands in the case.", f"grundstein do {case.name} build")
    rows = _table(project, case, "corpus")
    references = _table(project, case, "references") if "references" in case.data else None
    archive = archive_of(rows, references, plan_of(case), SEED, project.progress)
    found = findings_of(archive)
    versions = "".join(project.tables.info(case.data[role]).version for role in sorted(case.data))
    made = sha256(f"{case.options}{case.time}{versions}".encode()).hexdigest()[:12]
    tables = tables_of(archive, case.name, made)
    names = {language: f"{case.name}-explorer.{language}" for language in project.languages}
    pages = {name: page_of(archive, found, case, language) for language, name in names.items()}
    text = "\n".join([*(f"- {one.text('en')}" for one in found), *(f"reports/{name}.html" for name in pages)])
    said = {
        "documents": rows.num_rows,
        "groups": [{"name": name} for name in archive.groups.names],
        "findings": [{"code": one.code, "section": one.section, "text": one.text("en")} for one in found],
        "tables": sorted(tables),
        "pages": [f"reports/{name}.html" for name in pages],
        "build": made,
    }
    return Done(text, said, tables, pages=pages)


def tried(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Has this been tried before, and what came of it? `tried WORDS` names the documents most like the words."""
    import numpy as np

    from grundstein.tasks.explore.corpus import corpus_of
    from grundstein.tools.archive.telling import outcome_of, sentences_of
    from grundstein.tools.terms import Terms

    if not args:
        raise Misused(
            "Nothing is asked.", "Words of what somebody wants to try.", f"grundstein do {case.name} tried WORDS"
        )
    corpus = corpus_of(_table(project, case, "corpus"), plan_of(case))
    terms, known = Terms.fit(corpus.whole)
    near = np.asarray((known @ terms.matrix([" ".join(args)]).T).todense()).ravel() / 2
    best = [int(row) for row in np.argsort(-near, kind="stable")[:SHOWN] if near[row] > LEAST]
    found = []
    for row in best:
        came = outcome_of(sentences_of(corpus.texts[row]))
        year = int(corpus.years[row]) if corpus.years[row] > 0 else None
        about = {"document": corpus.ids[row], "title": corpus.titles[row], "year": year}
        found.append({**about, "similarity": float(near[row]), "outcome": came.kind, "sentence": came.sentence})
    lines = [
        f"{one['similarity']:.2f}  {one['year'] or '    '}  {one['title'] or one['document']} ({one['document']})"
        + (f"\n            {one['outcome']}: {one['sentence']}" if one["outcome"] else "")
        for one in found
    ]
    return Done("\n".join(lines) or "Nothing like it was found.", {"found": found})


def _table(project: Project, case: Case, role: str) -> pa.Table:
    named = case.data.get(role, "")
    if named not in project.tables.names():
        raise Refused(
            f"The case {case.name} reads no plain table as `{role}`.",
            offered(named, project.tables.names()),
            f"Name a table under `data:` in cases/{case.name}.yaml",
        )
    rows: pa.Table = project.tables.read(named)
    if not rows.num_rows:
        raise Refused(f"{named} is empty.", "At least one document.", f"grundstein ingest FILE --table {named}")
    return rows
