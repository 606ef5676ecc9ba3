"""What the rows can show is said before any model, by the judge's own formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from checks_data import customers

from grundstein.core.case import Case, Money
from grundstein.core.records import Seal
from grundstein.core.task import Split, Values
from grundstein.evaluation.checks import detectable
from grundstein.evaluation.experiment import Contender, trial
from grundstein.evaluation.judge import foretell
from grundstein.tasks.predict import TASK
from grundstein.tools.inference import opening_level

MONEY = Money("cells", {"act_on_yes": 100.0, "act_on_no": -40.0})
FIRST = opening_level(1, shown=False)


def asked(n: int = 3000, **more: object) -> tuple[Case, Split]:
    table = customers(n)
    options = {"target": "left", "positive": "yes"}
    case = Case("leaving", "?", "predict", {"rows": "customers"}, options, **({"money": MONEY} | more))
    case = TASK.settle(case, {"rows": table})
    return case, TASK.seal({"rows": table}, case, Seal("customers", "random", ("customer",), "", "", 0.25, "", "s"))


def test_it_is_said_without_fitting_anything_and_near_to_what_the_judge_says_later():
    case, split = asked()
    told = detectable.before(TASK, case, split, 1)
    rows = [Contender(TASK.baseline(case), "baseline"), Contender(next(iter(TASK.candidates(case, 1))), "candidate")]
    tested = trial(TASK, case, split.development, rows, 1, lambda _: None)
    rule, linear = (one.values for one in tested.tried)
    later = foretell(linear, {"rule": rule}, {"rule": 0.0}, split.questions.num_rows, FIRST).detectable
    assert told.code == "GST-T70"
    assert told.facts["detectable"] == pytest.approx(later, rel=0.6)


def test_more_sealed_units_show_a_smaller_gain():
    few, some = (detectable.before(TASK, *asked(n), 1).facts["detectable"] for n in (2000, 8000))
    assert some == pytest.approx(few / 2, rel=0.15)


def test_where_even_perfect_answers_gain_less_than_is_needed_it_is_an_issue():
    told = detectable.before(TASK, *asked(worthwhile=60.0), 1)
    assert (told.code, told.section) == ("GST-T71", "issue")
    assert told.facts["perfect"] < told.facts["margin"] + told.facts["detectable"]


def test_todays_rule_counts_among_what_perfect_answers_must_beat():
    even = Money("cells", {"act_on_yes": 100.0, "act_on_no": -100.0})
    plain, ruled = (detectable.before(TASK, *asked(money=even, baseline=rule), 1) for rule in ("", "months < 24"))
    assert ruled.facts["perfect"] < plain.facts["perfect"]


def test_too_few_entities_can_only_end_in_not_enough_data():
    perfect, nobody = units(500), units(500, 0.0)
    crowd = [replace(one, cluster=np.arange(500) % 40) for one in (perfect, nobody)]
    assert detectable.reach(perfect, [nobody], 0.0, 200, 1).code == "GST-T70"
    assert detectable.reach(crowd[0], crowd[1:], 0.0, 200, 1).code == "GST-T72"


def test_units_that_move_together_show_less():
    perfect, nobody = units(4000), units(4000, 0.0)
    crowd = [replace(one, cluster=np.arange(4000) // 10) for one in (perfect, nobody)]
    alone = detectable.reach(perfect, [nobody], 0.0, 1000, 1).facts["detectable"]
    assert detectable.reach(crowd[0], crowd[1:], 0.0, 1000, 1).facts["detectable"] > 2 * alone


def units(n: int, value: float = 10.0) -> Values:
    return Values(np.arange(n), np.arange(n), np.full(n, value), worst=10.0)


def test_an_answer_that_is_right_or_wrong_puts_one_at_stake_in_every_unit():
    right, majority = units(100, 1.0), Values(np.arange(100), np.arange(100), np.repeat([0.0, 1.0], 50), worst=1.0)
    assert detectable.stakes(right, [majority]).tolist() == [1.0] * 100


def test_losses_without_a_bound_are_named_where_they_are_too_rare_to_average():
    rng = np.random.default_rng(0)
    error = np.where(np.arange(2000) % 100 == 0, 1e6, rng.exponential(1, 2000))
    perfect, mean = (Values(np.arange(2000), np.arange(2000), value) for value in (np.zeros(2000), -error))
    assert detectable.reach(perfect, [mean], 0.0, 300, 1).code == "GST-T73"


def test_of_a_number_it_is_said_where_the_case_bounds_what_one_answer_can_lose():
    rng = np.random.default_rng(0)
    table = pa.table({"customer": np.arange(4000), "area": rng.gamma(5, 20, 4000), "price": rng.normal(100, 20, 4000)})
    options = {"target": "price", "kind": "number"}
    told = {}
    for worst in (None, 200.0):
        case = Case("p", "?", "predict", {"rows": "customers"}, options, worst=worst)
        split = TASK.seal({"rows": table}, case, Seal("customers", "random", ("customer",), "", "", 0.25, "", "s"))
        told[worst] = detectable.before(TASK, case, split, 1)
    assert told[None].code == "GST-T73"
    assert 0 < told[200.0].facts["detectable"] < told[200.0].facts["perfect"] < 20
