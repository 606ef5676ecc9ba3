"""Room evaluation. In: a column's name, a case -> Out: what it tells of a person, and whether people are touched.

Names are compared word by word, in English and German; `vehicle_age` is no age of a person.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grundstein.core.case import Case


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


GROUNDS: dict[str, frozenset[str]] = {
    "sex": _set("sex gender geschlecht anrede salutation male female maennlich weiblich"),
    "age": _set(
        "age ages alter lebensalter birth birthdate birthday birthyear dob born geburt geburtsdatum geburtstag "
        "geburtsjahr geboren jahrgang senior seniorcitizen senioren"
    ),
    "origin": _set(
        "race ethnicity ethnic ethnie nationality nationalitaet citizenship staatsangehoerigkeit staatsbuergerschaft "
        "herkunft herkunftsland migration migrant foreigner auslaender birthplace birthcountry geburtsort geburtsland "
        "mothertongue muttersprache nativecountry countryofbirth foreignworker"
    ),
    "belief": _set(
        "religion religious konfession glaube belief faith church kirche kirchensteuer weltanschauung gewerkschaft "
        "tradeunion unionmember partei partyaffiliation"
    ),
    "health": _set(
        "disability disabled handicap behinderung behindert schwerbehindert schwerbehinderung gdb health gesundheit "
        "illness krankheit krankheitstage krank sickness sickdays pregnancy pregnant schwanger schwangerschaft"
    ),
    "orientation": _set("sexuality sexualorientation sexuelleorientierung"),
    "family": _set("marital marriage married spouse familienstand verheiratet ehe ehepartner ledig children kinder"),
}
OF_THINGS = frozenset({"age", "health"})
THINGS = _set(
    "vehicle car machine device account contract house building roof engine file page order invoice ticket stock "
    "product battery company firm policy loan credit debt relationship fahrzeug auto maschine geraet konto vertrag "
    "haus gebaeude anlage rechnung firma kredit akku"
)
PEOPLE = _set(
    "customer customers client clients staff employee employees worker workers applicant applicants candidate "
    "candidates citizen citizens patient patients person persons people user users member members tenant tenants "
    "student students pupil pupils debtor debtors borrower borrowers driver drivers kunde kunden mitarbeiter "
    "mitarbeitende personal angestellte beschaeftigte bewerber bewerbende buerger patienten personen menschen nutzer "
    "mitglied mitglieder mieter studenten studierende schueler schuldner fahrer versicherte antragsteller"
)
WORK = _set(
    "staff employee employees worker workers applicant applicants mitarbeiter mitarbeitende personal angestellte "
    "beschaeftigte bewerber bewerbende"
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def words(name: str) -> list[str]:
    """Split a name into lower-case words: `SeniorCitizen`, `native-country`, `geburts_datum`."""
    apart = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöüß])", " ", name)
    return [word.lower().translate(_UMLAUTS) for word in re.split(r"[\W\d_]+", apart) if word]


def ground(name: str) -> str:
    """What a column's name says of a person (`GROUNDS`); empty where it says nothing, or speaks of a thing."""
    found = words(name)
    joined = {"".join(found), *found}
    kind = next((kind for kind, known in GROUNDS.items() if joined & known), "")
    return "" if kind in OF_THINGS and set(found) & THINGS else kind


def touched(case: Case) -> bool | None:
    """Whether the answers touch people; None where the case does not say whom they affect."""
    if case.risk == "high":
        return True
    if not case.affects:
        return None
    return bool(set(words(case.affects)) & PEOPLE)


def at_work(case: Case) -> bool:
    """Whether staff or applicants are touched, or the case names its risk high."""
    return case.risk == "high" or bool(set(words(case.affects)) & WORK)
