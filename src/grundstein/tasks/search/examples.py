"""Room tasks. In: a seed -> Out: a small search case, with something beyond equal words to find, or with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case

if TYPE_CHECKING:
    from grundstein.core.task import Data

SUBJECTS = {
    "billing": "invoice debit amount reminder refund payment receipt transfer balance credit discount booking",
    "delivery": "parcel courier address shipment damaged doorstep depot tracking pallet carton postage freight",
    "login": "password account locked username verification browser token session expired portal device reset",
    "cancelling": "cancel contract notice period renewal subscription terminate annual deadline withdraw expiry letter",
    "printing": "toner cartridge margin duplex jam tray driver spool paper scanner stapler colour",
    "travel": "ticket hotel mileage itinerary reimbursement taxi luggage visa departure boarding allowance voucher",
}
FILLER = "please customer kindly question today regarding office team information details several usual open"
DOCUMENTS, QUERIES, HELD = 120, 200, 3


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Return help pages and queries: with `signal` all pages of a subject answer it, else some that chance picks."""
    rng = np.random.default_rng(seed)
    names = list(SUBJECTS)
    about = rng.integers(0, len(names), DOCUMENTS)
    pages = [_page(rng, SUBJECTS[names[subject]].split()) for subject in about]
    asked = rng.integers(0, len(names), QUERIES)
    words = [f"{rng.choice(SUBJECTS[names[one]].split())} {rng.choice(FILLER.split())}" for one in asked]
    wanted = []
    for subject in asked:
        answering = np.flatnonzero(about == subject) if signal else rng.choice(DOCUMENTS, DOCUMENTS // len(names))
        wanted.append("|".join(f"P{page:03d}" for page in np.unique(answering)))
    queries = pa.table({"query_id": [f"Q{row:03d}" for row in range(QUERIES)], "words": words, "page": wanted})
    case = Case(
        name="help",
        question="Which help pages answer this query?",
        task="search",
        data={"queries": "queries", "corpus": "pages"},
        options={
            "id": "page", "title": "heading", "text": "text",
            "query_id": "query_id", "query": "words", "relevant": "page",
        },
        metric="ndcg@10",
        entity="query_id",
    )  # fmt: skip
    corpus = pa.table(
        {
            "page": [f"P{row:03d}" for row in range(DOCUMENTS)],
            "heading": [f"Page {row}" for row in range(DOCUMENTS)],
            "text": pages,
        }
    )
    return case, {"queries": queries.append_column("_row", pa.array(np.arange(QUERIES))), "corpus": corpus}


def _page(rng: np.random.Generator, words: list[str]) -> str:
    told = rng.choice(words, HELD, replace=False)
    return "The " + " of the ".join(rng.permutation([*told, *rng.choice(FILLER.split(), 8)]).tolist()) + "."
