"""Room cli. In: flags or a person at a terminal -> Out: a Case that says what an answer is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from grundstein.core.case import MONEY_FORMS, Case, Money
from grundstein.core.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS = {
    "saved": "What is one success of the action worth?",
    "success": "Which share of the actions succeeds, 0 to 1?",
    "cost": "What does one action cost?",
    "right": "What is a right category worth?",
    "wrong": "What is a wrong category worth? (usually negative)",
    "ask": "What is an answer given to a person worth? (usually negative)",
    "over": "What is each unit of error above the truth worth? (usually negative)",
    "under": "What is each unit of error below the truth worth? (usually negative)",
    "hit": "What is each relevant answer shown worth?",
}


def asked(case: Case, form: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Ask a person; an empty answer leaves a field as it is."""
    answers = dict(given)
    answers["rule"] = typer.prompt("1. Today's rule, as SQL", default=case.baseline or "", show_default=True)
    if form == "action":
        answers["acted"] = typer.prompt("2. On whom was it acted: a column, or nobody", default=case.acted or "")
    money = case.money or Money(form, {})
    typer.echo("3. What an answer is worth")
    for name in MONEY_FORMS[form]:
        if name != "ask":
            answers[name] = typer.prompt(f"   {WORDS[name]}", default=money[name], type=float)
    known = ", ".join(name for name in MONEY_FORMS[form] if name != "ask")
    answers["assumed"] = typer.prompt(f"   Which of {known} has nobody measured?", default=",".join(money.assumed))
    answers["running_cost"] = typer.prompt("4. Running cost per year", default=case.running_cost, type=float)
    answers["volume"] = typer.prompt("5. Units per year", default=case.volume or 0.0, type=float) or None
    answers["signed_by"] = typer.prompt("6. Which roles sign", default=",".join(case.signed_by))
    return {name: value for name, value in answers.items() if value not in ("", None)}


def answered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the flags; Misused where there are none and nobody can be asked."""
    if not given:
        raise Misused(
            "Nobody is there to be asked.",
            "The answers as flags.",
            "grundstein worth CASE --saved 600 --success 0.3 --cost 60 --acted nobody",
        )
    return dict(given)


def completed(case: Case, form: str, answers: Mapping[str, Any]) -> Case:
    """Return the case with what was answered."""
    amounts = {n: float(answers[n]) for names in MONEY_FORMS.values() for n in names if n in answers}
    forms = {f for f, names in MONEY_FORMS.items() if set(amounts) & set(names)}
    if len(forms) > 1:
        raise Misused(
            "Amounts of different questions are mixed.",
            "; ".join(map(", ".join, MONEY_FORMS.values())),
            "Give one form",
        )
    used = next(iter(forms), case.money.form if case.money else form)
    before = dict(case.money.amounts) if case.money and case.money.form == used else {}
    assumed = _listed(answers["assumed"]) if "assumed" in answers else case.money.assumed if case.money else ()
    strangers = set(assumed) - set(before | amounts)
    if strangers:
        raise Misused(
            f"{sorted(strangers)[0]} is assumed and not given.", ", ".join(before | amounts), "Name given amounts"
        )
    plain = {
        n: answers[n] for n in ("acted", "metric", "running_cost", "volume", "period", "worthwhile") if n in answers
    }
    money = Money(used, before | amounts, assumed) if before or amounts else None
    signers = _listed(answers["signed_by"]) if "signed_by" in answers else case.signed_by
    return replace(case, baseline=answers.get("rule", case.baseline), money=money, signed_by=signers, **plain)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
