"""Any object with fit and predict from a file of the project; what it does wrong is three lines that name the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from grundstein.core.case import Also
from grundstein.core.errors import Refused
from grundstein.core.ports import Asked
from grundstein.stores.objects import FileObject

if TYPE_CHECKING:
    from pathlib import Path

CODE = """\
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

forest = RandomForestClassifier(20)
number = Ridge()
dicts = make_pipeline(DictVectorizer(), LogisticRegression())


class Majority:
    def fit(self, X, y):
        assert set(X.column_names) == {"tenure", "plan"}, X.column_names
        self.most = max(sorted(set(y)), key=list(y).count)
        return self

    def predict(self, X):
        print("thinking")
        return [self.most] * X.num_rows


class Short(Majority):
    def predict(self, X):
        return [self.most]


class Broken(Majority):
    def predict(self, X):
        raise RuntimeError("p00007 left")


class Silent:
    def predict(self, X):
        return X
"""


def asked(target: str = "leaves") -> Asked:
    rng = np.random.default_rng(4)
    tenure, plan = rng.integers(0, 72, 400), rng.choice(["month", "year"], 400)
    yes = rng.random(400) < np.where((tenure < 24) & (plan == "month"), 0.9, 0.1)
    rows = pa.table(
        {
            "person": [f"p{i}" for i in range(400)],
            "tenure": tenure,
            "plan": plan,
            "leaves": np.where(yes, "Yes", "No"),
            "fee": tenure * 2.0,
        }
    )
    questions = rows.slice(300).select(["person", "tenure", "plan"])
    return Asked(questions, questions.select(["person"]), rows.slice(0, 300), target, ("person",), ("plan",), 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def named(folder: Path, name: str, **fields: Any) -> FileObject:
    return FileObject(Also("own", python=f"models.py:{name}", **fields), folder)


def test_any_estimator_answers_with_the_probability_of_each_label(folder: Path) -> None:
    told = named(folder, "forest").answers(asked())
    assert told.column_names == ["answer", "probability: No", "probability: Yes"]
    shares = np.asarray(told["probability: Yes"]) + np.asarray(told["probability: No"])
    assert np.allclose(shares, 1)
    rows = asked().questions
    risky = (np.asarray(rows["tenure"]) < 24) & (np.asarray(rows["plan"]) == "month")
    assert np.mean((np.asarray(told["answer"]) == "Yes") == risky) > 0.9


def test_the_same_work_gives_the_same_answers_though_nobody_set_a_seed(folder: Path) -> None:
    assert named(folder, "forest").answers(asked()).equals(named(folder, "forest").answers(asked()))


def test_a_regressor_answers_a_number(folder: Path) -> None:
    told = named(folder, "number").answers(asked("fee"))
    truth = np.asarray(asked().questions["tenure"]) * 2.0
    assert np.corrcoef(np.asarray(told["answer"]), truth)[0, 1] > 0.99


def test_an_object_may_take_mappings_or_a_table(folder: Path) -> None:
    assert named(folder, "dicts", takes="dicts").answers(asked()).num_rows == 100
    assert set(named(folder, "Majority", takes="arrow").answers(asked())["answer"].to_pylist()) == {"No"}


def test_what_an_object_prints_never_stands_between_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named(folder, "Majority", takes="arrow").answers(asked())
    assert capsys.readouterr().out == ""


def test_nothing_is_left_in_the_object_of_the_file(folder: Path) -> None:
    one = named(folder, "forest")
    assert not hasattr(one._found(), "classes_")
    one.answers(asked())
    assert not hasattr(one._found(), "classes_")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("forrest", 'Did you mean "forest"'),
        ("Silent", "has no `fit`"),
        ("Short", "1,"),
        ("Broken", r"RuntimeError \(models.py, line 29\)"),
    ],
)
def test_an_object_that_cannot_is_refused_with_file_and_line(folder: Path, name: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        named(folder, name, takes="arrow").answers(asked())
    assert "p00007" not in str(refused.value)


def test_a_file_that_cannot_be_read_names_its_line(folder: Path) -> None:
    (folder / "models.py").write_text("x = 1\ny = x.z\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"AttributeError \(models.py, line 2\)"):
        named(folder, "forest").answers(asked())


@pytest.mark.parametrize("where", ["missing.py:forest", "link.py:forest"])
def test_a_file_outside_the_project_is_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, where: str
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "models.py"
    outside.write_text(CODE, encoding="utf-8")
    (folder / "link.py").symlink_to(outside)
    with pytest.raises(Refused, match="no file"):
        _ = FileObject(Also("own", python=where), folder).version


def test_its_version_is_that_of_its_code_and_of_what_lies_beside_it(folder: Path) -> None:
    before = named(folder, "forest").version
    assert named(folder, "dicts").version == before
    (folder / "helpers.py").write_text("x = 1\n", encoding="utf-8")
    assert named(folder, "forest").version != before


def test_pandas_is_asked_for_where_it_is_not_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Refused):
        named(folder, "forest", takes="pandas").answers(asked())
