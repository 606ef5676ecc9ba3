"""Room stores. In: FILE.py:OBJECT of the project and rows -> Out: what the object answers, fitted on development rows.

Whatever scikit-learn would take for an estimator: `fit(X, y)`, then `predict_proba(X)` or `predict(X)`. By default X is
a matrix of numbers (float64, no NaN), made by the same encoder that the house's own linear models use, so that any
estimator of any library can be named as it is.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
import traceback
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import digest
from grundstein.core.errors import Refused, nearest, offered
from grundstein.tools.encoding import Encoder
from grundstein.tools.matching import OF_LABEL, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grundstein.core.case import Also
    from grundstein.core.ports import Asked

LARGEST_SEED = 2**31


@dataclass(frozen=True)
class FileObject:
    """An object of the project's Python file as an outside candidate; it is fitted anew for every question of it."""

    also: Also
    root: Path

    @property
    def path(self) -> Path:
        """The file; Refused where it is not in the project's folder."""
        path = (self.root / self.also.python.rpartition(":")[0]).resolve()
        if not path.is_relative_to(self.root.resolve()) or not path.is_file():
            there = [one.relative_to(self.root).as_posix() for one in self.root.glob("*.py")]
            raise Refused(
                f"{self.also.name}: there is no file {self.also.python.rpartition(':')[0]} in the project's folder.",
                f"A Python file of the project: {nearest(path.name, there)}",
                "Correct `python` under `also:`",
            )
        return path

    @cached_property
    def version(self) -> str:
        """Digest of the file and of the Python files beside it, which it may import."""
        beside = sorted(self.path.parent.glob("*.py"))
        return digest("\n".join(f"{one.name} {digest(one.read_bytes())}" for one in [self.path, *beside]))

    def written(self) -> None:
        """It must be asked."""

    def answers(self, asked: Asked) -> pa.Table:
        """Fit on the development rows and answer the questions; Refused where the object cannot."""
        if not asked.target:
            raise Refused(
                f"{self.also.name}: an object with fit and predict needs a column to be told.",
                "A case with `target`.",
                "Bring a table of answers or an endpoint instead",
            )
        columns = shown(asked, self.also.columns, private=False)
        subject = self._found()
        learn, ask = _forms(asked, columns, self.also.takes)
        with self._guarded("fit"):
            fitted = _seeded(_fresh(subject), asked.seed)
            fitted.fit(learn, _truth(asked.development[asked.target]))
        with self._guarded("predict"):
            return _told(fitted, ask, asked.questions.num_rows, self.also.name)

    def _found(self) -> Any:
        name = self.also.python.rpartition(":")[2]
        spec = importlib.util.spec_from_file_location(f"also_{self.version[:16]}", self.path)
        if spec is None or spec.loader is None:
            raise Refused(f"{self.path.name} is no Python file.", "FILE.py:OBJECT.", "Correct `python` under `also:`")
        module = importlib.util.module_from_spec(spec)
        with self._guarded("read"):
            spec.loader.exec_module(module)
        if not hasattr(module, name):
            there = [word for word in vars(module) if not word.startswith("_")]
            raise Refused(
                f'{self.path.name} has no object "{name}".',
                offered(name, there),
                "Correct `python` under `also:`",
            )
        found = getattr(module, name)
        lacking = [verb for verb in ("fit", "predict") if not callable(getattr(found, verb, None))]
        if lacking:
            raise Refused(
                f"{name} in {self.path.name} has no `{lacking[0]}`.",
                "An object or a class with fit(X, y) and predict(X).",
                "Name another object under `also:`",
            )
        return found

    @contextmanager
    def _guarded(self, verb: str) -> Iterator[None]:
        """Turn whatever the object raises into three lines; what it prints goes to standard error, never between ours.

        The error's own words are left out: they may quote a row, and findings are kept for good.
        """
        from threadpoolctl import threadpool_limits

        sys.path.insert(0, str(self.path.parent))
        try:
            with redirect_stdout(sys.stderr), threadpool_limits(1):
                yield
        except Refused:
            raise
        except Exception as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(self.path)]
            where = f"{self.path.name}, line {frames[-1].lineno}" if frames else self.path.name
            raise Refused(
                f"{self.also.name} could not {verb}: {type(error).__name__} ({where}).",
                f"An object that takes its rows as `takes: {self.also.takes}` says.",
                f"Try `takes:` matrix, dicts, arrow or pandas under `also:`, or mend {self.path.name}",
            ) from error
        finally:
            sys.path.remove(str(self.path.parent))


def _fresh(subject: Any) -> Any:
    """A copy that nothing was fitted into."""
    if isinstance(subject, type):
        return subject()
    from sklearn.base import clone

    return clone(subject, safe=False) if hasattr(subject, "get_params") else copy.deepcopy(subject)


def _seeded(subject: Any, seed: int) -> Any:
    """Give a seed to whatever has a `random_state` that nobody has set: the same work gives the same answers."""
    if not hasattr(subject, "get_params") or not hasattr(subject, "set_params"):
        return subject
    free = [name for name, value in subject.get_params().items() if name.endswith("random_state") and value is None]
    return subject.set_params(**dict.fromkeys(free, seed % LARGEST_SEED)) if free else subject


def _forms(asked: Asked, columns: Sequence[str], takes: str) -> tuple[Any, Any]:
    learn, ask = asked.development.select(columns), asked.questions.select(columns)
    if takes == "matrix":
        encoder = Encoder.fit(learn, columns)
        return encoder.matrix(learn), encoder.matrix(ask)
    if takes == "dicts":
        return learn.to_pylist(), ask.to_pylist()
    if takes == "pandas":
        if importlib.util.find_spec("pandas") is None:
            raise Refused(
                "pandas is not installed here.", "`takes:` matrix, dicts or arrow.", "Install pandas, or change it"
            )
        return learn.to_pandas(), ask.to_pandas()
    return learn, ask


def _truth(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    kind = column.type
    if pa.types.is_integer(kind):
        return np.asarray(column)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.asarray(column.cast(pa.float64()))
    return np.array(column.cast(pa.string()).to_pylist())


def _told(fitted: Any, ask: Any, rows: int, name: str) -> pa.Table:
    """`answer`, and of a classifier a column of probabilities a label."""
    said = np.asarray(fitted.predict(ask))
    if said.shape != (rows,):
        raise Refused(f"{name} gave {said.shape} answers to {rows} questions.", "One a question.", "Mend its `predict`")
    table = pa.table({"answer": pa.array(said.tolist())})
    if not callable(getattr(fitted, "predict_proba", None)) or not hasattr(fitted, "classes_"):
        return table
    shares = np.asarray(fitted.predict_proba(ask), dtype=np.float64)
    labels = pa.array(np.asarray(fitted.classes_).tolist()).cast(pa.string()).to_pylist()
    if shares.shape != (rows, len(labels)):
        raise Refused(f"{name} gave {shares.shape} probabilities.", "One a label.", "Mend its `predict_proba`")
    for place, label in enumerate(labels):
        table = table.append_column(f"{OF_LABEL}{label}", pa.array(shares[:, place]))
    return table
