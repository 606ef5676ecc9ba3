"""Room lake. In: the columns of a new file and the contract -> Out: names said in other words; Refused what changed."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract


NAMED = "GST-D19"


def other_words(columns: Sequence[str], contract: Contract) -> dict[str, str]:
    """Return the contract's name of each column that says it in fewer or more words: `Amount` for `Net Amount`.

    Only where the file has as many columns, in the same order, and at most a third of the names differ; `Gross Amount`
    is never taken for `Net Amount`. Other changes are refused by `changed_columns`.
    """
    pairs = list(zip(columns, contract.names, strict=False))
    found = {here: there for here, there in pairs if here != there}
    whole = len(columns) == len(contract.names) and not set(found) & set(contract.names)
    return found if whole and 3 * len(found) <= len(pairs) and all(_part(*pair) for pair in found.items()) else {}


def named_otherwise(words: Mapping[str, str]) -> list[Finding]:
    """One finding for each column that a file says in other words; the same for all files that say it so."""
    return [Finding(NAMED, "tip", {"here": here, "there": there}) for here, there in words.items()]


def _part(one: str, two: str) -> bool:
    """Tell whether the words of one name are some of the other's."""
    a, b = (set(re.findall(r"[^\W_]+", name.casefold())) for name in (one, two))
    return bool(a and b) and (a <= b or b <= a)


def changed_columns(columns: Sequence[str], contract: Contract, file: str = "", first: str = "") -> None:
    """Refuse columns that are not the contract's, in whatever order; names what is new, gone and likely renamed.

    `file` is whose columns they are, `first` the file that the contract was proposed from, if nobody has written it.
    """
    added = [name for name in columns if name not in contract.names]
    missing = [name for name in contract.names if name not in columns]
    if not added and not missing:
        return
    renamed = _renamed(added, missing, list(columns), list(contract.names))
    parts = [f'"{old}" seems to be called "{new}" now' for old, new in renamed.items()]
    gone = [name for name in missing if name not in renamed]
    new = [name for name in added if name not in renamed.values()]
    parts += [f"missing: {_listed(gone)}"] * bool(gone) + [f"new: {_listed(new)}"] * bool(new)
    mend = f"rename them in the file, or change contracts/{contract.table}.yaml if the change is meant"
    raise Refused(
        f"the columns {f'of {file} ' * bool(file)}are not those of {first or contract.table}: {'; '.join(parts)}",
        f"{len(contract.columns)} columns: {_listed(contract.names)}",
        "take files of one kind: name them by a pattern in quotes, such as 'exports/*.csv'" if first else mend,
    )


def _renamed(added: list[str], missing: list[str], columns: list[str], names: list[str]) -> dict[str, str]:
    """Pair names that are alike, or that stand in the same place between the same neighbours."""
    pairs: dict[str, str] = {}
    left = list(added)
    for old in missing:
        folded = {name.casefold(): name for name in left}
        close = difflib.get_close_matches(old.casefold(), folded, n=1, cutoff=0.6)
        here = names.index(old)
        same = [columns[here]] if len(columns) == len(names) and columns[here] in left else []
        found = [folded[close[0]]] if close else same
        if found:
            pairs[old] = found[0]
            left.remove(found[0])
    return pairs


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
