"""Room demo. In: nothing -> Out: the demo's cases as a person would write them, and what must come of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseText:
    """One `cases/NAME.yaml`. `decided`: whether the demo decides it; `verdicts`: those that would be honest."""

    name: str
    text: str
    decided: bool
    verdicts: tuple[str, ...]


CHURN = """\
question: Which subscribers will cancel at their next notice date?
decision: Customer Success calls those on the list six weeks before the date
task: predict
data: kunden
target: Gekündigt
positive: "ja"
entity: KundenNr
time: Stichtag
horizon: 30                     # a cancellation may arrive up to a month after the date
ignore: [Kündigungsgrund]       # written down after somebody has cancelled
baseline: "Laufzeit_Monate < 24 and Logins_90T < 10"
money: {saved: 1200, success: 0.25, cost: 75, assumed: [success]}
running_cost: 3000
volume: 3000
period: year
worthwhile: 0.50
acted: nobody                   # the rule was never acted on in these two years
holdback: 0.05
affects: customers
signed_by: [customer-success]
"""

SUPPLEMENTS = """\
question: Which printed supplements will come back undelivered?
decision: Logistics asks for the address before sending
task: predict
data: lieferungen
target: Retoure
positive: "ja"
entity: KundenNr
time: Lieferdatum
horizon: 21                     # what comes back does so within three weeks
baseline: "Zustellung = 'Postfach'"
money: {act_on_yes: 14, act_on_no: -3}
running_cost: 1500
volume: 20000
period: year
worthwhile: 0.10
affects: customers
signed_by: [logistics]
"""

READING = """\
question: Which articles should each reader be shown on the start page?
decision: The start page shows ten articles a reader
task: recommend
data: {events: nutzung, items: artikel}
user: kunde
item: ArtikelNr
time: zeit
k: 10
metric: ndcg@10
worthwhile: 0.01
affects: customers
signed_by: [editors]
"""

CASES = (
    CaseText("kuendigung", CHURN, True, ("qualifies",)),
    CaseText("retouren", SUPPLEMENTS, True, ("does_not_qualify", "not_enough_data")),
    CaseText("startseite", READING, False, ("qualifies",)),
)

ROLES = {
    "customer-success": ("Head of customer success",),
    "logistics": ("Head of logistics",),
    "editors": ("Head of the editors",),
}
