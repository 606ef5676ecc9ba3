"""Room tasks. In: a recommend case -> Out: its fields read and checked, the contracts of its roles and its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.tools.fields import options_of, ranking_measure, refuse_unless_whole, several

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case

MEASURES = ("ndcg@10", "mrr@10", "recall@20")
ASKED = ("user", "item")
DEEPEST = 20
BASES = {
    "history": "what was chosen before",
    "content": "texts and properties alone: nobody has chosen this item yet",
    "popularity": "nothing is known of this one, so it is what everybody chooses",
    "nothing": "there is nothing to show",
    "given": "somebody else's list",
}


@dataclass(frozen=True)
class Options:
    """The task's own fields of the case file.

    `user`, `item` and `weight` are columns of `events`; `weight` says how much an event counts (none: every event
    counts 1); an event that weighs 0 or less was seen but not wanted: the item is not shown again and is no right
    answer. `k` items are shown; `repeat: true` shows what a user knows already, too.

    `asked: user` asks what to show a user, `asked: item` what readers of an item also read; with a role `judgements`
    the right answers for an item are its `related` ones there.

    `items` may have a `text` (columns), `properties` (columns whose values are words of their own), and rules of the
    business: `never` and `only` are conditions in SQL, `at_most: {column: n}` shows no more than n items of one value.
    `baseline`, one number in SQL over columns of `items`, is the house's own list: the greatest first.
    """

    user: str
    item: str
    weight: str = ""
    k: int = 10
    repeat: bool = False
    asked: str = "user"
    related: str = ""
    text: list[str] | str = ""
    properties: list[str] | str = ""
    never: str = ""
    only: str = ""
    at_most: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """How the tables of a case are read, and what a shown list is worth; saved with each solution.

    `drawn`: the case asked for a random split, so settings are chosen on drawn events too.
    """

    user: str
    item: str
    weight: str
    time: str
    k: int
    measure: str
    hit: float
    repeat: bool = False
    asked: str = "user"
    related: str = ""
    text: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    never: str = ""
    only: str = ""
    at_most: tuple[tuple[str, int], ...] = ()
    listed: str = ""
    drawn: bool = False

    @property
    def depth(self) -> int:
        """Length of a ranking: the items shown, and at least the 20 that recall@20 needs."""
        return max(self.k, DEEPEST)

    @property
    def key(self) -> str:
        """The column of a question: whom or what it is about."""
        return self.item if self.asked == "item" else self.user

    @property
    def ruled(self) -> bool:
        """Whether the business has rules on what may be shown."""
        return bool(self.never or self.only or self.at_most)

    @property
    def described(self) -> bool:
        """Whether items are known by more than who chose them."""
        return bool(self.text or self.properties)


def reading(case: Case) -> Reading:
    """Read the fields of a case; Refused with the nearest word where one is wrong."""
    options = _options(case)
    return Reading(
        user=options.user,
        item=options.item,
        weight=options.weight,
        time=case.time,
        k=options.k,
        measure=measure(case),
        hit=case.money["hit"] if case.money else 0.0,
        repeat=options.repeat,
        asked=options.asked,
        related=options.related,
        text=several(options.text),
        properties=several(options.properties),
        never=options.never,
        only=options.only,
        at_most=tuple(sorted(options.at_most.items())),
        listed=case.baseline,
        drawn=case.split == "random",
    )


def measure(case: Case) -> str:
    """Return "money", or the additive metric that decides (`ndcg@10` where the case names none)."""
    return ranking_measure(case, MEASURES)


def contracts(case: Case) -> Mapping[str, Contract]:
    """Return what `events` must hold, and `items` and `judgements` where the case names such tables."""
    read = reading(case)
    _refuse_lacking(case, read)
    columns = [Column(read.user, "text", required=True), Column(read.item, "text", required=True)]
    columns += [Column(read.weight, "number")] if read.weight else []
    columns += [Column(read.time, "instant", required=True)] if read.time not in {"", "_row"} else []
    found = {"events": Contract(case.data.get("events", "events"), tuple(columns), entity=read.user, time=read.time)}
    if "items" in case.data:
        named = dict.fromkeys((read.item, *read.text, *read.properties, *_ruled(read)))
        items = tuple(Column(name, "text", required=name == read.item) for name in named)
        found["items"] = Contract(case.data["items"], items, key=(read.item,))
    if "judgements" in case.data:
        pairs = tuple(Column(name, "text", required=True) for name in (read.item, read.related))
        found["judgements"] = Contract(case.data["judgements"], pairs)
    return found


def question(case: Case) -> Contract:
    """Return the one column of a question: a user, or an item."""
    read = reading(case)
    told = {"user": "whom to show something", "item": "what is being read"}[read.asked]
    return Contract(case.name, (Column(read.key, "text", required=True, description=told),))


def answers(case: Case) -> Contract:
    """Return the columns of an answer: one row a question, the items as a list of texts, best first, their scores."""
    read = reading(case)
    return Contract(
        f"{case.name}_answers",
        (
            Column(read.asked, "text", required=True, description=f"the {read.asked} asked for"),
            Column("items", "text", required=True, description=f"list, best first; the first {read.k} are shown"),
            Column("scores", "number", required=True, description="list, one score an item, falling"),
            Column("basis", "text", required=True, description="; ".join(f"{w}: {t}" for w, t in BASES.items())),
        ),
        key=(read.asked,),
    )


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    refuse_unless_whole("k", options.k, 1)
    if options.asked not in ASKED:
        raise Refused(f"asked is {options.asked!r}", " or ".join(ASKED), "correct `asked`")
    for name, most in options.at_most.items():
        refuse_unless_whole(f"at_most: {name}", most, 1)
    return options


def _ruled(read: Reading) -> list[str]:
    """The columns of `items` that rules read."""
    from grundstein.tools.expression import columns_of

    rules = [rule for rule in (read.never, read.only, read.listed) if rule]
    return [*(name for name, _ in read.at_most), *(name for rule in rules for name in columns_of(rule))]


def _refuse_lacking(case: Case, read: Reading) -> None:
    """Refuse fields that need a table which the case does not name."""
    needs: dict[str, list[tuple[str, object]]] = {
        "items": [("text", read.text), ("properties", read.properties), ("never", read.never), ("only", read.only)],
        "judgements": [("related", read.related)],
    }
    needs["items"] += [("at_most", read.at_most), ("baseline", read.listed)]
    for role, named in needs.items():
        for name, value in named:
            if value and role not in case.data:
                raise Refused(
                    f"`{name}` needs a table of {role}, and the case names none",
                    f"expected `data: {{events: TABLE, {role}: TABLE}}`",
                    f"name the table in cases/{case.name}.yaml, or take `{name}` out",
                )
    if "judgements" in case.data and not (read.related and read.asked == "item"):
        raise Refused(
            "`judgements` say which items belong to an item",
            "expected `asked: item`, and `related:` with the column that names the other item",
            f"complete cases/{case.name}.yaml",
        )
