"""Room tasks. In: sessions with their outcomes -> Out: Learned, a linear model or trees on what was said in them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.core.errors import Refused
from grundstein.core.task import Reason
from grundstein.tasks.logs.answers import Labels, keep, kept, labels_of, policy_of, table_of
from grundstein.tasks.logs.features import Features
from grundstein.tasks.logs.models import Model, calibrated, fitted, sigmoid
from grundstein.tasks.logs.options import Plan
from grundstein.tasks.logs.sessions import grouped, outcomes_of, read, sessions_of
from grundstein.tools.keeping import restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.logs.sessions import Session
    from grundstein.tools.folding import Rows

    Flags = NDArray[np.bool_]

INNER, FEWEST = 3, 6


@dataclass(frozen=True)
class Learned:
    """Templates, pairs, first events, time and novelty, and a model on them."""

    plan: Plan
    name: str
    features: Features | None = None
    model: Model = field(default_factory=Model)
    labels: Labels = field(default_factory=lambda: Labels("no", "yes"))
    policy: Policy = field(default_factory=lambda: Policy(0.5))

    def fit(self, data: Data, seed: int) -> Self:
        """Learn templates from the sessions, tune on folds of them, fit on all."""
        groups = grouped(data["lines"], self.plan)
        said = outcomes_of(data, self.plan, groups)
        sessions = sessions_of(data["lines"], self.plan, groups)
        yes = np.array([one == self.plan.positive for one in said], dtype=np.bool_)
        if min(int(yes.sum()), int((~yes).sum())) < FEWEST:
            raise ValueError(f"fewer than {FEWEST} sessions of one outcome")
        features, events = Features.learnt(self.plan, sessions)
        matrix = features.matrix(sessions, events, learned=True)
        folds = _folds(data["lines"], groups.rows(), yes, seed)
        scores, model = fitted(self.name, matrix, yes, folds, seed)
        scale, shift = calibrated(scores, yes)
        policy = policy_of(self.plan, sigmoid(scale * scores + shift), yes)
        model = replace(model, scale=scale, shift=shift)
        labels = labels_of(self.plan, said)
        return replace(self, features=features, model=model, labels=labels, policy=policy)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each session by itself; `live` is not used."""
        del live
        sessions = read(questions, self.plan)
        probability = self.model.probability(self._matrix(sessions))
        names = [one.name for one in sessions]
        return table_of(self.labels, names, probability, self.policy.act(probability))

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What `answer` says of one session."""
        [told] = self.answer(self._table(question), {}).to_pylist()
        return dict(told)

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """The lines, pairs of lines and numbers that moved this answer most, each with how often it is there.

        Of equal ones those that are there come first.
        """
        matrix = self._matrix(read(self._table(question), self.plan))
        moved, there = self.model.moved(matrix), np.expm1(np.asarray(matrix.todense())[0])
        order = np.lexsort((there == 0, -np.abs(moved).round(9)))[:most]
        known = self._known()
        return tuple(Reason(known.name(at), f"{there[at]:.4g}", float(moved[at])) for at in order.tolist())

    def _known(self) -> Features:
        if self.features is None:
            raise Refused("this solution has not been fitted", "`fit` before `answer` and `save`", "fit it")
        return self.features

    def _matrix(self, sessions: Sequence[Session]) -> csr_matrix:
        known = self._known()
        return known.matrix(sessions, known.events(sessions), learned=False)

    def _table(self, question: Mapping[str, Any]) -> pa.Table:
        """One question as a table of its texts."""
        import pyarrow as pa

        told = {name: value for name, value in question.items() if isinstance(value, str)}
        return pa.table({name: pa.array([value], pa.string()) for name, value in {self.plan.text: "", **told}.items()})

    def save(self, folder: Path) -> None:
        """Write JSON, npz and LightGBM's text."""
        features = self.features.plain() if self.features else {}
        model = {"start": self.model.start, "scale": self.model.scale, "shift": self.model.shift}
        told = {"name": self.name, "labels": asdict(self.labels), "policy": asdict(self.policy), "model": model}
        keep(folder, {"plan": asdict(self.plan), "features": features, **told})
        np.savez(folder / "weights.npz", weights=self.model.weights, means=self.model.means)
        if self.model.text:
            (folder / "trees.txt").write_text(self.model.text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        with np.load(folder / "weights.npz", allow_pickle=False) as found:
            weights, means = found["weights"], found["means"]
        trees = folder / "trees.txt"
        text = trees.read_text(encoding="utf-8") if trees.is_file() else ""
        model = Model(weights=weights, means=means, text=text, **told["model"])
        features = Features.restored(told["features"])
        plan, labels = restored(Plan, told["plan"]), Labels(**told["labels"])
        return cls(plan, told["name"], features, model, labels, Policy(**told["policy"]))


def _folds(lines: pa.Table, rows: list[Rows], yes: Flags, seed: int) -> list[tuple[Rows, Rows]]:
    """Folds of sessions by their cluster, both outcomes spread evenly."""
    import pyarrow as pa

    from grundstein.tools.folding import fold_positions
    from grundstein.tools.sealing import unit_hash

    if "_cluster" in lines.column_names:
        cluster = np.asarray(lines["_cluster"])[[int(each[0]) for each in rows]]
    else:
        cluster = unit_hash(pa.table({"at": [str(at) for at in range(len(rows))]}), ["at"], str(seed))
    return fold_positions(pa.table({"_cluster": cluster}), yes.astype(np.float64), seed, INNER, 0)
