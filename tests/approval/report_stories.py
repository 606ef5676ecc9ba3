"""Stories made by hand, one for each thing a report must be able to say."""

from __future__ import annotations

from dataclasses import replace

from report_figures import CALIBRATION, CURVE, SHARE, SLICES

from grundstein.approval.story import Attempt, Step, Story
from grundstein.core.case import Case, Money
from grundstein.core.findings import Finding
from grundstein.core.ports import Head
from grundstein.core.records import (
    Batch,
    Experiment,
    Flip,
    Gain,
    Opening,
    Outcome,
    Seal,
    Snapshot,
    Verdict,
)

CHURN = Case(
    name="churn",
    question="Which customers will leave next month?",
    task="predict",
    data={"rows": "customers"},
    options={"target": "Churn", "positive": "Yes"},
    decision="Customer Success calls those on the list",
    entity="customerID",
    baseline="Contract = 'Month-to-month' and tenure < 12",
    money=Money("action", {"saved": 600.0, "success": 0.3, "cost": 60.0}, ("success",)),
    running_cost=8000.0,
    volume=7043.0,
    worthwhile=0.5,
    acted="nobody",
    affects="customers",
    signed_by=("customer-success",),
)


def two(name: str, standing: str, value: float, acted: float, right: float, auc: float) -> Outcome:
    return Outcome(name, standing, value, {"roc_auc": auc, "acted": acted, "right": right})


CHURN_OUTCOMES = (
    two("rule", "baseline", 5.1, 0.26, 0.115, 0.741),
    two("default", "default", 4.6, 0.31, 0.128, 0.79),
    two("nobody", "trivial", 0.0, 0.0, 0.0, 0.5),
    two("everybody", "trivial", -12.3, 1.0, 0.265, 0.5),
    two("linear", "candidate", 10.26, 0.3, 0.157, 0.845),
    two("boosted trees", "candidate", 9.9, 0.29, 0.152, 0.85),
    two("linear + boosted trees", "candidate", 10.2, 0.3, 0.1565, 0.8501),
)

SNAPSHOT = Snapshot("q" * 64, "churn", {"customers": "5401287312"}, {"customers": 7043}, "d1" * 32)
SEAL = Seal("customers", "random", ("customerID",), "customerID", "", 0.25, "", "salt")
BATCH = Batch(
    "customers",
    "Telco-Customer-Churn.csv",
    "c" * 64,
    7043,
    3,
    "5401287312",
    (Finding("GST-S04", "tip", {"units": "rows"}),),
)
OPENING = Opening("e" * 64, "churn", "i" * 64, 1, 0.0125, 1761, (1, 2, 3))
HEAD = Head(41, "a9" * 32, "2026-11-02T08:00:00+00:00")
TRAIL = (
    Step("Batch", "ba" * 32, "2027-03-01"),
    Step("Question", "qu" * 32, "2027-03-02"),
    Step("Snapshot", "5a" * 32, "2027-03-02"),
    Step("Experiment", "e0" * 32, "2027-03-02"),
    Step("Opening", "09" * 32, "2027-03-12"),
    Step("Verdict", "be" * 32, "2027-03-12"),
)

MARGINS = {"rule": 0.5 + 8000 / 7043, "default": 0.5 + 8000 / 7043, "nobody": 0.5 + 8000 / 7043, "everybody": 1.6359}
EXPERIMENT = Experiment(
    question="q" * 64,
    snapshot="5a" * 32,
    seal="5e" * 32,
    case="churn",
    task="predict",
    unit="row",
    split="entity",
    measure="money",
    money=True,
    declared=True,
    units=5282,
    units_test=1761,
    margins=MARGINS,
    outcomes=CHURN_OUTCOMES,
    gains={"linear": Gain(5.2, 3.1, 7.3), "boosted trees": Gain(4.8, 2.6, 7.0)},
    winner="linear",
    perfect=31.8,
    detectable=2.9,
    units_needed=1500,
    differences="f" * 64,
    learned=(),
    flips=(Flip("success", 0.3, 0.2134),),
    findings=(
        Finding("GST-S04", "tip", {"units": "rows"}),
        Finding("GST-L02", "passed", {"more": 0.0012, "measure": "roc_auc", "rows": 5282}),
        Finding(
            "GST-M02",
            "tip",
            {
                "column": "Contract",
                "value": "Two year",
                "units": 1271,
                "gain": -0.4,
                "low": -1.1,
                "high": 0.3,
                "mean": 5.16,
                "winner": "linear",
                "baseline": "rule",
            },
        ),
        Finding("GST-M03", "passed", {"slices": 41}),
        Finding("GST-E01", "issue", {"solution": "neighbours", "reason": "too few rows"}),
    ),
    figures=(CURVE, SLICES),
    seed=20260311,
    budget=8,
    lock="10c" * 21 + "1",
)
VERDICT = Verdict(
    opening="09" * 32,
    experiment="e0" * 32,
    case="churn",
    verdict="qualifies",
    winner="linear",
    figures="sealed",
    level=0.0125,
    openings=1,
    gains={
        "rule": Gain(5.16, 2.56, 7.76),
        "default": Gain(5.66, 3.0, 8.3),
        "nobody": Gain(10.26, 7.0, 13.5),
        "everybody": Gain(22.56, 18.0, 27.1),
    },
    margins=MARGINS,
    hardest="rule",
    outcomes=CHURN_OUTCOMES[:5],
    detectable=3.2,
    units_needed=None,
    flips=(Flip("success", 0.3, 0.2134),),
    findings=(Finding("GST-E02", "issue", {"fields": "worthwhile (0.2 -> 0.5)"}),),
    pictures=(CALIBRATION, SHARE),
)
QUALIFIES = Story(
    question=CHURN,
    snapshot=SNAPSHOT,
    experiment=EXPERIMENT,
    verdict=VERDICT,
    head=HEAD,
    currency="EUR",
    project="Kiosk & Co",
    edits=("worthwhile (0.2 -> 0.5)",),
    tried=(
        Attempt("churn-by-region", "does_not_qualify", "2026-11-20", "linear – rule: +0.4 [−1.1 … 1.9]"),
        Attempt("win-back", "not_enough_data", "2026-11-10", "trees – nobody: +2.0 [−3.1 … 7.1]"),
    ),
    trail=TRAIL,
    opening=OPENING,
    seal=SEAL,
    batches=(BATCH,),
)


def judged(word: str, **changes: object) -> Verdict:
    """A verdict that did not qualify: figures are of development rows."""
    plain = {"verdict": word, "figures": "development", "outcomes": CHURN_OUTCOMES, "pictures": (), "findings": ()}
    return replace(VERDICT, **{**plain, **changes})


DOES_NOT_QUALIFY = replace(
    QUALIFIES,
    edits=(),
    tried=(),
    verdict=judged(
        "does_not_qualify",
        outcomes=(
            CHURN_OUTCOMES[0],
            *CHURN_OUTCOMES[2:4],
            two("linear", "candidate", 5.6, 0.27, 0.121, 0.76),
        ),
        gains={"rule": Gain(0.5, -1.2, 1.5), "nobody": Gain(5.6, 3.0, 8.0), "everybody": Gain(17.9, 15.0, 20.0)},
    ),
    experiment=replace(
        EXPERIMENT,
        findings=(
            Finding(
                "GST-M01",
                "issue",
                {
                    "column": "InternetService",
                    "value": "Fiber optic",
                    "units": 1271,
                    "gain": -2.4,
                    "low": -4.1,
                    "high": -0.3,
                    "mean": 0.5,
                    "winner": "linear",
                    "baseline": "rule",
                },
            ),
        ),
    ),
)
NOT_ENOUGH_DATA = replace(
    QUALIFIES,
    verdict=judged(
        "not_enough_data",
        gains={"default": Gain(3.4, -0.9, 7.7), "rule": Gain(5.2, 3.1, 7.3)},
        hardest="default",
        units_needed=6480,
        detectable=6.1,
    ),
)
NOT_APPLICABLE = replace(
    QUALIFIES,
    edits=(),
    tried=(),
    opening=None,
    trail=TRAIL[:4],
    experiment=replace(EXPERIMENT, perfect=6.2, winner="linear"),
    verdict=judged(
        "not_applicable", opening="", level=0.0, openings=0, hardest="", gains=dict(EXPERIMENT.gains), units_needed=None
    ),
)
PREVIEW = replace(
    QUALIFIES, edits=(), tried=(), verdict=None, opening=None, trail=TRAIL[:4], question=replace(CHURN, signed_by=())
)
UNDECLARED = replace(
    PREVIEW,
    question=replace(CHURN, money=None, baseline="", running_cost=0.0, volume=None, affects="", signed_by=()),
    experiment=replace(
        EXPERIMENT,
        measure="log_loss",
        money=False,
        declared=False,
        margins={"default": 0.0, "majority": 0.0},
        outcomes=(
            Outcome("default", "baseline", -0.48, {"roc_auc": 0.79, "acted": 0.31, "right": 0.128}),
            Outcome("majority", "trivial", -0.58, {"roc_auc": 0.5, "acted": 0.0, "right": 0.0}),
            Outcome("linear", "candidate", -0.42, {"roc_auc": 0.845, "acted": 0.3, "right": 0.157}),
        ),
        gains={"linear": Gain(0.06, 0.045, 0.075)},
        flips=(),
    ),
)
NO_ASSUMPTION = replace(
    QUALIFIES,
    question=replace(
        CHURN,
        money=Money("cells", {"act_on_yes": 120.0, "act_on_no": -60.0}),
        volume=None,
        running_cost=0.0,
        baseline="",
    ),
    verdict=replace(VERDICT, flips=()),
    experiment=replace(EXPERIMENT, flips=()),
)
READERS = (
    Outcome("popularity", "baseline", 0.1026, {"ndcg@10": 0.1026, "acted": 10.0, "right": 0.81}),
    Outcome("nobody", "trivial", 0.0, {"ndcg@10": 0.0, "acted": 0.0, "right": 0.0}),
    Outcome("item-kNN", "candidate", 0.131, {"ndcg@10": 0.131, "acted": 10.0, "right": 1.04}),
)
HOUSES = (
    Outcome("rule", "baseline", -24600.0, {"mae": 24600.0, "r2": 0.71}),
    Outcome("mean", "trivial", -54100.0, {"mae": 54100.0, "r2": 0.0}),
    Outcome("boosted trees", "candidate", -15100.0, {"mae": 15100.0, "r2": 0.91}),
)
RECOMMEND = replace(
    QUALIFIES,
    question=Case(
        name="articles",
        question="Which articles should each reader see next?",
        task="recommend",
        data={"events": "clicks", "items": "articles"},
        options={"user": "reader", "item": "article"},
        baseline="",
        metric="ndcg@10",
        worthwhile=0.005,
        affects="readers",
        signed_by=("editors",),
    ),
    snapshot=Snapshot(
        "q" * 64, "articles", {"clicks": "71", "articles": "12"}, {"clicks": 99100, "articles": 1682}, "d2" * 32
    ),
    experiment=replace(
        EXPERIMENT,
        case="articles",
        task="recommend",
        unit="user",
        split="time",
        measure="ndcg@10",
        money=False,
        margins={"popularity": 0.005, "nobody": 0.005},
        outcomes=READERS,
        gains={"item-kNN": Gain(0.032, 0.02, 0.044)},
        winner="item-kNN",
        perfect=1.0,
        flips=(),
        findings=(),
        figures=(),
    ),
    verdict=replace(
        VERDICT,
        winner="item-kNN",
        hardest="popularity",
        gains={"popularity": Gain(0.0284, 0.0142, 0.0426), "nobody": Gain(0.131, 0.11, 0.15)},
        margins={"popularity": 0.005, "nobody": 0.005},
        outcomes=READERS,
        flips=(),
        findings=(),
        pictures=(),
    ),
    edits=(),
    tried=(),
    seal=replace(SEAL, how="time", time="at", cut="2026-10-01T00:00:00Z"),
)
NUMBER = replace(
    QUALIFIES,
    question=Case(
        name="prices",
        question="What will this house sell for?",
        task="predict",
        data={"rows": "sales"},
        options={"target": "SalePrice"},
        baseline="85 * area",
        metric="absolute_error",
        worthwhile=500.0,
        signed_by=("valuation", "sales"),
    ),
    experiment=replace(
        EXPERIMENT,
        case="prices",
        measure="absolute_error",
        money=False,
        margins={"rule": 500.0, "mean": 500.0},
        outcomes=HOUSES,
        gains={"boosted trees": Gain(9800.0, 8000.0, 11600.0)},
        winner="boosted trees",
        perfect=0.0,
        flips=(),
        findings=(),
        figures=(),
    ),
    verdict=replace(
        VERDICT,
        winner="boosted trees",
        hardest="rule",
        gains={"rule": Gain(9500.0, 7100.0, 11900.0), "mean": Gain(39000.0, 35000.0, 43000.0)},
        margins={"rule": 500.0, "mean": 500.0},
        outcomes=HOUSES,
        flips=(),
        findings=(),
        pictures=(),
    ),
    edits=(),
    tried=(),
)
SORTED = tuple(
    Outcome(name, standing, value, {"acted": acted, "right": right, "hit@3": 1.0})
    for name, standing, value, acted, right in (
        ("first passage", "baseline", 1.0, 1.0, 0.7),
        ("a person answers", "trivial", -1.0, 0.0, 0.0),
        ("best sentence", "candidate", 2.5, 0.7, 0.7),
    )
)
SORTING = replace(
    QUALIFIES,
    question=replace(CHURN, baseline="", volume=None, money=Money("classes", {"right": 4.0, "wrong": -6.0})),
    experiment=replace(EXPERIMENT, unit="question", outcomes=SORTED, margins={}, measure="money", flips=()),
    verdict=replace(
        VERDICT,
        winner="best sentence",
        hardest="first passage",
        outcomes=SORTED,
        gains={"first passage": Gain(1.5, 0.7, 1.8), "a person answers": Gain(3.5, 2.8, 3.9)},
        margins=dict.fromkeys(("first passage", "a person answers"), 0.05),
    ),
)
ALL = {
    "qualifies": QUALIFIES,
    "does_not_qualify": DOES_NOT_QUALIFY,
    "not_enough_data": NOT_ENOUGH_DATA,
    "not_applicable": NOT_APPLICABLE,
    "preview": PREVIEW,
    "undeclared": UNDECLARED,
    "no_assumption": NO_ASSUMPTION,
    "recommend": RECOMMEND,
    "number": NUMBER,
    "sorting": SORTING,
}
