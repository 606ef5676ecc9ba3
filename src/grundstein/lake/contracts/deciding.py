"""Room lake. In: the Look of a column -> Out: Decided, its type, how the source writes it, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column
from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.lake.contracts.casting import read_column
from grundstein.lake.contracts.look import ENOUGH, Look
from grundstein.lake.contracts.words import is_code, is_date, is_id
from grundstein.lake.reading.dates import take_apart
from grundstein.lake.reading.numbers import Style, currencies, decimals, numbers_as_written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ORDERS = ("dmy", "mdy")
CODE = r"^(?:[A-Za-z]{1,4}[-_/ ]?\d+|\d+[-_/ ]?[A-Za-z]{1,4})$"


@dataclass(frozen=True)
class Decided:
    """A column of the proposal, and findings about this column alone."""

    column: Column
    told: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Customs:
    """How the file writes numbers and dates where a column alone does not say; "" where nothing says it."""

    decimal: str = ""
    dates: str = ""
    currency: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)


def customs_of(looks: Sequence[Look], settings: Mapping[str, str], how: Mapping[str, str]) -> Customs:
    """Return what columns that leave no doubt say about the others: their decimal sign and their order of dates."""
    if settings.get("dates", "dmy") not in ORDERS:
        raise Refused(f'"{settings["dates"]}" is no order of dates', nearest(settings["dates"], ORDERS), "--dates dmy")
    signs = {style.decimal for look in looks if len(look.styles) == 1 for style in look.styles if _has_sign(look)}
    sure = {order for look in looks for order in [_order(look)] if order}
    decimal = signs.pop() if len(signs) == 1 else ""
    if not decimal and (how.get("delimiter") == "," or how.get("format") == "json"):
        decimal = "."
    return Customs(
        settings.get("decimal", "") or decimal,
        settings.get("dates", "") or (sure.pop() if len(sure) == 1 else ""),
        settings.get("currency", ""),
        settings,
    )


def decide(look: Look, customs: Customs) -> Decided:
    """Return the type of a column; Refused where its numbers or dates can be read in two ways."""
    if not look.distinct:
        return Decided(Column(look.name, "text"))
    if look.kind == "number":
        return _number(look, customs)
    if look.kind == "date":
        return _date(look, customs)
    folded = set(pc.utf8_lower(look.texts).to_pylist()) if look.distinct <= 6 else set()
    if folded and folded <= {"true", "false"}:
        return _kept(look, Column(look.name, "boolean", source={"true": "true", "false": "false"}))
    return Decided(Column(look.name, "text"))


def _number(look: Look, customs: Customs) -> Decided:
    if _is_code(look):
        return _text(look, "GST-D58", {"column": look.name})
    if is_date(look.name) and pc.all(pc.match_substring_regex(look.texts, r"^(19|20)\d{6}$")).as_py():
        return _kept(look, Column(look.name, "date", source={"dates": "ymd"}))
    style = _style(look, customs)
    source = {} if style.decimal == "." else {"decimal": style.decimal}
    source |= {"thousands": style.thousands} if style.thousands else {}
    if style.unit == "money":
        return _money(look, style, source, customs)
    source |= {"unit": "%"} if style.unit == "%" else {}
    written = numbers_as_written(look.texts, style)
    fraction = r"\.\d*[1-9]|[eE]" if is_id(look.name) else r"[.eE]"
    whole = not pc.any(pc.match_substring_regex(written, fraction)).as_py()
    endless = pc.match_substring_regex(look.texts, r"(?i)^[+-]?inf(?:inity)?$")
    if whole and not pc.any(endless).as_py():
        return _fitted(look, Column(look.name, "integer", source=source))
    number = _fitted(look, Column(look.name, "number", source=source))
    count = int(look.counts[np.asarray(endless)].sum())
    told = (Finding("GST-D59", "issue", {"column": look.name, "count": count}),) if count else ()
    return replace(number, told=(*number.told, *told))


def _style(look: Look, customs: Customs) -> Style:
    """The one style of a column; where two decimal signs are possible, the one that the file or a person says."""
    asked = [style for style in look.styles if style.decimal == customs.decimal]
    if len(look.styles) == 1:
        return look.styles[0]
    if asked:
        return asked[0]
    example = pc.filter(look.texts, pc.match_substring_regex(look.texts, r"\d[.,]\d"))[0].as_py()
    readings = [numbers_as_written(pa.array([example]), style)[0].as_py() for style in look.styles]
    raise Refused(
        f'"{example}" in column "{look.name}" may mean {" or ".join(filter(None, readings))}: nothing says which',
        "the decimal sign, a comma or a point",
        "--decimal , or --decimal .",
    )


def _money(look: Look, style: Style, source: dict[str, str], customs: Customs) -> Decided:
    signs = currencies(look.texts)
    shared = set.intersection(*(set(meant) for meant in signs.values()))
    if not shared:
        raise Refused(
            f'column "{look.name}" holds several currencies: {", ".join(signs)}',
            "amounts in one currency",
            "convert them before the ingest, or export one column a currency",
        )
    if customs.currency and customs.currency not in shared:
        raise Refused(
            f'column "{look.name}" is in {" or ".join(sorted(shared))}, the project counts in {customs.currency}',
            f"amounts in {customs.currency}",
            "convert them before the ingest, or set currency in grundstein.yaml",
        )
    currency = customs.currency or (next(iter(shared)) if len(shared) == 1 else sorted(signs)[0])
    scale = max(2, decimals(numbers_as_written(look.texts, style)))
    if scale > 6:
        return _fitted(look, Column(look.name, "number", source={**source, "currency": currency}))
    return _fitted(look, Column(look.name, "decimal", scale=scale, source={**source, "currency": currency}))


def _date(look: Look, customs: Customs) -> Decided:
    order = _order(look) or (customs.dates if look.shapes else "ymd")
    open_order = all(count == day for count, day, _ in (look.shapes or {}).values())
    if not order and open_order:
        example = look.texts[0].as_py()
        raise Refused(
            f'"{example}" in column "{look.name}" may be day or month first: no date in the file has a day above 12',
            "the order of day and month",
            "--dates dmy where the day comes first, --dates mdy where the month does",
        )
    if look.shapes:
        order = customs.asked.get("dates", "") or order or "dmy"
    parts = take_apart(look.texts, order)
    timed = bool((parts.clock > 0).any() or parts.zoned.any())
    source = {"dates": order} if order != "ymd" else {}
    column = Column(look.name, "instant" if timed else "date", source=source)
    valid = int(look.counts[parts.valid].sum()) / look.values
    decided = _fitted(look, column, fits=parts.shaped if valid > 0.9 else parts.valid)
    if decided.column.type == "text":
        return decided
    if not parts.short.any():
        return decided
    short = Finding("GST-D64", "tip", {"column": look.name, "count": int(look.counts[parts.short].sum())})
    return replace(decided, told=(*decided.told, short))


def _order(look: Look) -> str:
    """The order that a column's own dates leave no doubt about, "" where they leave it or none has slashes."""
    shapes = list((look.shapes or {}).values())
    day, month = sum(shape[1] for shape in shapes), sum(shape[2] for shape in shapes)
    return "" if day == month else "dmy" if day > month else "mdy"


def _has_sign(look: Look) -> bool:
    return bool(pc.any(pc.match_substring_regex(look.texts, r"\d[.,]\d")).as_py())


def _is_code(look: Look) -> bool:
    """Whether digits are a code and no amount: by name, leading zeros, more than 18 of them, or always a plus."""
    signs = [pc.any(pc.starts_with(look.texts, sign)).as_py() for sign in "+-"]
    coded = pc.any(pc.match_substring_regex(look.texts, r"^0\d|^[+-]?\d{19,}$")).as_py()
    return is_code(look.name) or coded or signs == [True, False]


def _fitted(look: Look, column: Column, fits: np.ndarray | None = None) -> Decided:
    """Keep the type where at least 98 % of the values fit, else the column stays text; `fits`: what counts as such."""
    typed = np.asarray(read_column(look.texts, column, "UTC").is_valid())
    share = int(look.counts[typed if fits is None else fits].sum()) / look.values
    odd = look.texts.filter(pa.array(~typed))
    if column.type == "integer" and len(odd) and pc.any(pc.match_substring_regex(odd, CODE)).as_py():
        return _text(look, "GST-D58", {"column": look.name})
    if share < ENOUGH or not typed.any():
        facts: dict[str, str | float] = {
            "column": look.name,
            "type": column.type,
            "share": share,
        }
        return _text(look, "GST-D57", facts)
    rejected = int(look.counts[~typed].sum())
    return _kept(look, column, rejected)


def _kept(look: Look, column: Column, rejected: int = 0) -> Decided:
    """Add the markers found to the column's source."""
    missing = "\n".join(look.markers)
    source = {**column.source, "missing": missing} if missing else column.source
    told: tuple[Finding, ...] = ()
    if rejected:
        facts: dict[str, str | int] = {
            "column": look.name,
            "count": rejected,
            "type": column.type,
        }
        told = (Finding("GST-D56", "issue", facts),)
    kept = Column(column.name, column.type, scale=column.scale, source=source)
    return Decided(kept, told)


def _text(look: Look, code: str, facts: Mapping[str, str | float]) -> Decided:
    return Decided(Column(look.name, "text"), told=(Finding(code, "tip", facts),))
