"""Bench. In: a folder with a corpus and queries -> Out: what bm25s finds. Runs in the peer's environment.

`python search_peers.py FOLDER` reads FOLDER/asked.json (`language`, `texts`, `queries`) and writes FOLDER/found.json:
places of the best 100 documents of each query, and the CPU seconds of text to index. bm25s as its users set it up:
lucene's BM25, Snowball stems (PyStemmer), its own stop words. Beside it a plain analyzer in Python, as it stands before
an index that takes terms: `terms`, joined by blanks, and its CPU seconds by the stems of PyStemmer (which is C) and of
snowballstemmer (Python, each word once).
"""

import json
import re
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import bm25s
import snowballstemmer
import Stemmer
from bm25s.stopwords import STOPWORDS_EN, STOPWORDS_GERMAN

NAMES = {"de": "german", "en": "english"}
DEEP = 100
WORDS = re.compile(r"\w+")
STOPPED = {"de": set(STOPWORDS_GERMAN), "en": set(STOPWORDS_EN)}


def main(folder: Path) -> None:
    """Index, ask and write down."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    language = asked["language"]
    stemmer = Stemmer.Stemmer(NAMES[language])
    read = {"stopwords": language, "stemmer": stemmer, "show_progress": False}
    start = time.process_time()
    index = bm25s.BM25()
    index.index(bm25s.tokenize(asked["texts"], **read), show_progress=False)
    cpu = time.process_time() - start
    depth = min(DEEP, len(asked["texts"]))
    places, scores = index.retrieve(bm25s.tokenize(asked["queries"], **read), k=depth, show_progress=False, n_threads=1)
    lists = [
        [int(place) for place, score in zip(row, told, strict=True) if score > 0]
        for row, told in zip(places, scores, strict=True)
    ]
    told = {"found": lists, "cpu": cpu, "terms": [], "analyzing": {}}
    kinds = {"PyStemmer": stemmer.stemWord, "snowballstemmer": cache(snowballstemmer.stemmer(NAMES[language]).stemWord)}
    for name, stem in kinds.items() if asked["analyze"] else ():
        start = time.process_time()
        told["terms"] = [" ".join(analyzed(text, stem, language)) for text in asked["texts"]]
        told["analyzing"][name] = time.process_time() - start
    (folder / "found.json").write_text(json.dumps(told), encoding="utf-8")


def analyzed(text: str, stem: Callable[[str], str], language: str) -> list[str]:
    """The stems of a text's words in lower case, without stop words."""
    stopped = STOPPED[language]
    return [stem(word) for word in WORDS.findall(text.lower()) if word not in stopped]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
