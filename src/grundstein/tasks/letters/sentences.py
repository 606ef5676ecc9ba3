"""Room tasks. In: German text -> Out: its sentences; abbreviations, dates, ordinals and numbers end none."""

from __future__ import annotations

import re

MOST = 5_000
END = re.compile(r"[.!?…]+[\"'“”»)\]]*(?=\s|$)|\n\s*\n|\n(?=\s*[-–•*·▪◦]\s)|;\s*\n")
SHORT = re.compile(
    r"(?:^|[\s(])(?:[A-ZÄÖÜ]|[a-zäöü]|Dr|Prof|Dipl|Ing|Hr|Fr|Frl|Nr|Str|bzw|ca|usw|etc|inkl|exkl|geb|gem|ggf|evtl|vgl|sog|"
    r"insb|Abs|Art|Abt|Tel|Std|Mio|Mrd|Co|St|Hrn|i\. ?d|z\. ?B|d\. ?h|u\. ?a|o\. ?g|m\. ?b|e\. ?V|i\. ?V|i\. ?A|ppa|"
    r"Jan|Feb|Apr|Jun|Jul|Aug|Sept|Sep|Okt|Nov|Dez|Mag|Bac|B\. ?Sc|M\. ?Sc|rer|nat|phil|med|jur|habil|bspw|max|min|"
    r"versch|techn|kaufm|staatl|allg|div|zzgl|betr|lfd|mtl|jährl|verh|gepr|gez)$"
)
NUMBER = re.compile(r"(?:^|[\s(])\d{1,4}$")
ORDINAL = re.compile(
    r"\b(?:im|am|der|die|das|dem|den|des|zum|zur|vom|beim|ins|ab|seit|ihre?[mnrs]?|seine?[mnrs]?)\s\d{1,2}$"
)
MONTH = re.compile(
    r"\s+(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|\d)"
)


def sentences(text: str) -> list[str]:
    """Split a text at the ends of its sentences, at empty lines and at bullets; at most 5,000."""
    found: list[str] = []
    start = 0
    for hit in END.finditer(text):
        if hit.group().startswith(".") and _goes_on(text, hit.start(), hit.end()):
            continue
        _add(found, text[start : hit.end()])
        start = hit.end()
        if len(found) >= MOST:
            return found
    _add(found, text[start:])
    return found


def _goes_on(text: str, dot: int, after: int) -> bool:
    """Whether the dot belongs to an abbreviation, a date or an ordinal."""
    before = text[max(0, dot - 12) : dot]
    following = text[after : after + 12]
    if SHORT.search(before):
        return bool(following.strip())
    if NUMBER.search(before):
        return bool(MONTH.match(following) or ORDINAL.search(before)) or following.lstrip()[:1].islower()
    return following.lstrip()[:1].islower()


def _add(found: list[str], part: str) -> None:
    told = " ".join(part.split())
    if any(letter.isalnum() for letter in told):
        found.append(told)
