"""Room project. In: the name of a template and a table's contract -> Out: a commented case file that fits the table.

The templates stand in `templates/`. A line whose column the table does not have is written as a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest, offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract

PLACE = re.compile(r"@(\w+)@")
PLAIN = re.compile(r"[A-Za-zÄÖÜäöüß][\wÄÖÜäöüß]*")
WORDS = re.compile(r"[^\W_]+")
NUMBERS = ("integer", "number", "decimal")
SENT = (
    "sent_at",
    "received",
    "created",
    "opened",
    "eingang",
    "empfangen",
    "erstellt",
    "datum",
    "date",
    "zeit",
    "time",
    "day",
    "tag",
)


@dataclass(frozen=True)
class Wanted:
    """A field's columns: names that fit, the best first; `kinds`: of these types only; `most` of them are taken."""

    field: str
    names: tuple[str, ...]
    kinds: tuple[str, ...] = ("text",)
    most: int = 1
    required: bool = False


@dataclass(frozen=True)
class Template:
    """What a template looks for in a table, the target first."""

    wanted: tuple[Wanted, ...]
    targets: tuple[str, ...] = field(default=())


def _common(target: tuple[str, ...], *others: Wanted) -> Template:
    named = Wanted("target", target, ("text", "integer", "boolean"), required=True)
    return Template((named, *others, Wanted("time", SENT, ("instant", "date"))), target)


TEMPLATES: Mapping[str, Template] = {
    "mail": _common(
        ("team", "queue", "abteilung", "intent", "anliegen", "category", "kategorie", "label", "klasse", "folder"),
        Wanted(
            "text",
            ("subject", "betreff", "text", "body", "nachricht", "mail", "message", "inhalt"),
            most=2,
            required=True,
        ),
        Wanted("also_use", ("language", "sprache", "mailbox", "postfach", "channel", "kanal"), most=3),
        Wanted("keys", ("sender", "absender", "kunde", "customer", "from", "von", "sender_domain", "domain"), most=2),
    ),
    "tickets": _common(
        ("group", "gruppe", "team", "queue", "assignment", "category", "kategorie", "component", "komponente", "label"),
        Wanted(
            "text",
            ("title", "titel", "summary", "subject", "betreff", "description", "beschreibung", "text", "body"),
            most=2,
            required=True,
        ),
        Wanted(
            "also_use",
            ("product", "produkt", "channel", "kanal", "service", "impact", "urgency", "dringlichkeit"),
            most=4,
        ),
        Wanted("keys", ("machine", "gerät", "asset", "customer", "kunde", "reporter", "melder", "requester"), most=2),
        Wanted(
            "ignore",
            ("assignee", "bearbeiter", "resolved", "closed", "gelöst", "geschlossen", "resolution", "lösung", "status"),
            ("text", "instant", "date", "integer", "number", "boolean"),
            most=8,
        ),
    ),
    "receipts": _common(
        ("account", "konto", "sachkonto", "category", "kategorie", "expense", "buchungskonto", "label"),
        Wanted(
            "text",
            ("purpose", "verwendungszweck", "buchungstext", "description", "beschreibung", "text", "zweck"),
            most=2,
        ),
        Wanted(
            "also_use",
            ("amount", "betrag", "tax", "steuersatz", "currency", "währung", "type", "art"),
            ("text", *NUMBERS),
            most=4,
        ),
        Wanted(
            "keys",
            (
                "supplier",
                "lieferant",
                "vendor",
                "kreditor",
                "merchant",
                "händler",
                "payee",
                "empfänger",
                "area",
                "kostenstelle",
                "department",
                "directorate",
            ),
            most=2,
            required=True,
        ),
    ),
    "tax": _common(
        ("outcome", "ergebnis", "result", "decision", "entscheidung", "status", "changed", "geändert"),
        Wanted(
            "entity",
            ("taxpayer", "steuerpflichtiger", "client", "mandant", "steuernummer", "person", "kunde"),
            ("text", "integer"),
        ),
        Wanted(
            "ignore",
            ("notice", "bescheid", "assessment", "nachzahlung", "objection", "einspruch", "correction", "änderung"),
            ("text", "instant", "date", "boolean", *NUMBERS),
            most=8,
        ),
    ),
}
LISTS = ("text", "also_use", "keys", "ignore", "signed_by")


def columns_for(kind: str, contract: Contract, target: str = "") -> dict[str, tuple[str, ...]]:
    """Return the columns of a table that fit each field of a template; `target` where a person names it.

    Refused where the table has no column that could be the target, or none to tell it by.
    """
    if kind not in TEMPLATES:
        raise Refused(f'There is no template "{kind}".', nearest(kind, TEMPLATES), "grundstein new --help")
    if target and target not in contract.names:
        raise Refused(
            f'{contract.table} has no column "{target}".', offered(target, contract.names), "Correct --target"
        )
    taken = [target] if target else []
    found: dict[str, tuple[str, ...]] = {"target": (target,)} if target else {}
    for one in TEMPLATES[kind].wanted:
        if one.field in found:
            continue
        free = [column.name for column in contract.columns if column.type in one.kinds and column.name not in taken]
        chosen = _fitting(
            one, [name for name in free if one.field not in ("text", "also_use") or name not in contract.key]
        )
        if one.required and not chosen:
            raise Refused(
                f"No column of {contract.table} looks like `{one.field}` of the template {kind}.",
                f"One of: {', '.join(free) or 'none is of a fitting type'}.",
                "--target COLUMN"
                if one.field == "target"
                else f"Rename it in words such as {', '.join(one.names[:3])}, or write the case yourself",
            )
        found[one.field] = chosen
        taken += chosen
    return found


def filled(
    kind: str, case: str, contract: Contract, columns: Mapping[str, Sequence[str]], more: Mapping[str, str]
) -> str:
    """Return the case file of a template; `more` are further words by their place, empty ones are left as comments.

    What the contract says already (time, entity) is left out.
    """
    words: dict[str, str] = {"case": case, "data": contract.table, **more}
    for name, chosen in columns.items():
        told = [_quoted(one) for one in chosen]
        words[name] = (f"[{', '.join(told)}]" if name in LISTS else told[0]) if told else ""
    told = [name for name, column in (("time", contract.time), ("entity", contract.entity)) if column]
    lines = files("grundstein.project").joinpath("templates", f"{kind}.yaml").read_text(encoding="utf-8").splitlines()
    made = [_line(line, words) for line in lines if line.split(":", 1)[0] not in told]
    return "\n".join(_once(made)) + "\n"


def _line(line: str, words: Mapping[str, str]) -> str:
    """A line with its words; a field whose word is missing becomes a comment."""
    lacks = [name for name in PLACE.findall(line) if not words.get(name)]
    told = PLACE.sub(lambda found: words.get(found[1], "") or found[1].upper(), line)
    if line.startswith(("#", " ")):
        return told
    value, sign, comment = told.partition("  # ")
    told = f"{value.rstrip():<30}{sign}{comment.lstrip()}" if sign else told
    return f"# {told}" if lacks else told


def _once(lines: Sequence[str]) -> list[str]:
    """The lines with the first of two that name the same field; the others are left out."""
    seen: set[str] = set()
    kept = []
    for line in lines:
        name = line.split(":", 1)[0]
        if name not in seen or line.startswith(("#", " ")):
            kept.append(line)
        seen |= set() if line.startswith(("#", " ")) else {name}
    return kept


def _fitting(one: Wanted, free: Sequence[str]) -> tuple[str, ...]:
    """Columns whose name is one of the names, then those that hold it as a word, then as a part, in their order."""
    found: dict[str, None] = {}
    tests = (
        lambda name, word: name.casefold() == word,
        lambda name, word: word in [part.casefold() for part in WORDS.findall(name)],
        lambda name, word: len(word) > 4 and word in name.casefold(),
    )
    for test in tests:
        for word in one.names:
            found |= dict.fromkeys(name for name in free if test(name, word))
    return tuple(found)[: one.most]


def _quoted(name: str) -> str:
    """A column's name as YAML takes it for a text."""
    trap = name.casefold() in ("yes", "no", "true", "false", "null", "on", "off", "y", "n", "ja", "nein")
    return name if PLAIN.fullmatch(name) and not trap else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
