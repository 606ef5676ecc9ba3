"""Room lake. In: a column's name -> Out: what the name alone says: an id, a person, a birth date, a code."""

from __future__ import annotations

import re
import unicodedata

_ENTITY = (
    "customer|client|user|member|subscriber|patient|employee|person|household|company|supplier|vendor|visitor|student"
    "|player|device|machine|vehicle|passenger|applicant|driver|kunde|kunden|nutzer|benutzer|mitglied|mitglieder"
    "|mitglieds|abonnent|abonnenten|patienten|mitarbeiter|personal|personen|haushalt|firma|firmen|lieferant"
    "|lieferanten|schueler|geraet|geraete|maschine|maschinen|fahrzeug|debitor|debitoren|kreditor|kreditoren"
    "|bewerber|fahrer"
)
_THING = (
    "order|invoice|account|product|article|item|record|ticket|case|contract|policy|loan|session|transaction|booking"
    "|bestell|bestellung|rechnung|rechnungs|artikel|vertrag|vertrags|konto|beleg|buchung|buchungs|auftrag|auftrags"
    "|vorgang|vorgangs|fall|sendung|sendungs"
)
_ID = "id|nr|no|num|number|nummer|key|schluessel|kennung|code|uuid|guid"
_CODE = (
    r"plz|postleitzahl|zip|zipcode|postal|postcode|phone|telephone|telefon|tel|mobile|mobil|handy|fax|iban|bic|blz"
    r"|bankleitzahl|kontonummer|kontonr|ean|gtin|isbn|steuernummer|ustid|ustidnr|sozialversicherungsnummer|ssn"
)
_PERSONAL = (
    r"email|mail|phone|telephone|telefon|tel|mobile|mobil|handy|fax|iban|bic|kontonummer|vorname|nachname|surname"
    r"|firstname|lastname|fullname|familienname|geburtsname|kundenname|username|street|strasse|hausnummer|address"
    r"|adresse|anschrift|passport|ssn|sozialversicherungsnummer|ip"
)
_TAIL = r"(_(nr|no|number|nummer|code|line|zeile|zusatz|address|adresse|private?|work|home|\d+))+"
_PAIRS = r"(first|last|full|middle|maiden|family|customer|client|user|contact|employee|kunden|ansprechpartner)_name"
_BIRTH = r"birth|birthday|birthdate|dob|geburt|geburtsdatum|geburtstag|geboren|geb"
_DATE = r"date|datum|day|tag|dt|dteday"
_ROW = r"row|rows|rownumber|index|idx|zeile|zeilennummer|lfd|lfdnr|line|lineid|position|pos|column"


def tokens(name: str) -> str:
    """Return a name in lower case with `_` between its words; umlauts are written with e.

    >>> tokens("customerID"), tokens("Straße Nr."), tokens("E-Mail")
    ('customer_id', 'strasse_nr', 'email')
    """
    plain = name.replace("ß", "ss")
    for umlaut, pair in zip("äöüÄÖÜ", ("ae", "oe", "ue", "Ae", "Oe", "Ue"), strict=True):
        plain = plain.replace(umlaut, pair)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    joined = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return re.sub(r"(?<![a-z])e_mail", "email", joined)


def is_id(name: str) -> bool:
    """Whether the name says that the column identifies something."""
    return bool(re.search(rf"(^|_)({_ID}|pid|uid)$|^id_|^({_ENTITY}|{_THING})({_ID})$", tokens(name)))


def is_entity(name: str) -> bool:
    """Whether the name says that the column identifies somebody or something that comes back: a customer, a machine."""
    words = tokens(name)
    return words in _ENTITY.split("|") or (is_id(name) and bool(re.search(rf"(^|_)({_ENTITY})(_|({_ID})$)", words)))


def is_row_number(name: str) -> bool:
    """Whether the name says that the column only counts rows."""
    return bool(re.fullmatch(rf"({_ROW})(_?({_ID}|number|\d+))?", tokens(name)))


def is_code(name: str) -> bool:
    """Whether digits under this name are a code and not an amount: a postcode, a telephone number."""
    return bool(re.search(rf"(^|_)({_CODE}|account_(no|nr|number)|konto_(nr|nummer))({_TAIL})?$", tokens(name)))


def is_personal(name: str) -> bool:
    """Whether the name says that the column holds names, addresses or numbers of people."""
    words = tokens(name)
    return bool(re.search(rf"(^|_)({_PERSONAL}|{_PAIRS})({_TAIL})?$", words)) or words == "name" or is_birth(name)


def is_birth(name: str) -> bool:
    """Whether the name says that the column holds dates of birth."""
    return bool(re.search(rf"(^|_)({_BIRTH})($|_)", tokens(name)))


def is_date(name: str) -> bool:
    """Whether the name says that eight digits are a date."""
    return bool(re.search(rf"(^|_)({_DATE})($|_)|(datum|date)$", tokens(name)))
