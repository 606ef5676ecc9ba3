"""Bench. In: a folder of texts -> Out: fastText's answers with subwords. Runs in an environment of its own.

`python categorize_fasttext.py FOLDER` reads FOLDER/texts.json (train, labels, test), chooses rate and epochs on a tenth
of the training rows (learnt from up to 4,000 others, of long texts fewer), learns anew on all, in an order drawn at
random, since it forgets what comes early where rows are sorted by category, and writes
FOLDER/answers.json: the answers, what was chosen, and the CPU seconds of the last fit.
"""

import json
import random
import sys
import time
from pathlib import Path

import fasttext

SUBWORDS = {"dim": 50, "minn": 3, "maxn": 5, "wordNgrams": 2, "bucket": 500_000, "thread": 1, "verbose": 0, "seed": 1}
TRIED = (
    (0, ((0.5, 25), (1.0, 25)), 4_000),
    (1_000_000, ((0.5, 5), (0.5, 10)), 3_000),
    (1_500_000, ((0.5, 10), (1.0, 10)), 1_500),
)


def main(folder: Path) -> None:
    """Choose, fit, answer."""
    told = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    rows = list(zip(map(line, told["train"]), told["labels"], strict=True))
    words = sum(len(text.split()) for text, _ in rows)
    tried, most = [(pairs, most) for least, pairs, most in TRIED if words >= least][-1]
    mixed = random.Random(1).sample(rows, len(rows))  # noqa: S311  (a split, not a secret)
    asked, known = mixed[: len(rows) // 10], mixed[len(rows) // 10 :][:most]
    scores = {one: share(learn(folder, known, *one), asked) for one in tried}
    best = max(scores, key=scores.get)
    start = time.process_time()
    model = learn(folder, mixed, *best)
    cpu = time.process_time() - start
    said = {"answers": answers(model, map(line, told["test"])), "chosen": best, "cpu": cpu}
    (folder / "answers.json").write_text(json.dumps(said), encoding="utf-8")


def line(text: str) -> str:
    """As fastText reads a text: one line, lower case, punctuation apart as its own tutorial does it."""
    spaced = "".join(f" {letter} " if letter in ".!?,'/()\";:" else letter for letter in text.lower())
    return " ".join(spaced.split())


def learn(folder: Path, rows: list, rate: float, epochs: int) -> object:
    """Fit on texts and labels."""
    names = {label: number for number, label in enumerate(sorted({label for _, label in rows}))}
    path = folder / "learn.txt"
    path.write_text("\n".join(f"__label__{names[label]} {text}" for text, label in rows) + "\n", encoding="utf-8")
    model = fasttext.train_supervised(str(path), lr=rate, epoch=epochs, **SUBWORDS)
    return model, list(names)


def answers(model: object, texts: object) -> list:
    """The best label of each text."""
    made, names = model
    said, _ = made.predict(list(texts))
    return [names[int(one[0].removeprefix("__label__"))] if one else "" for one in said]


def share(model: object, rows: list) -> float:
    """The share that is right."""
    said = answers(model, [text for text, _ in rows])
    return sum(one == label for one, (_, label) in zip(said, rows, strict=True)) / len(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
