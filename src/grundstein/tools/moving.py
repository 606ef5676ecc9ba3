"""Room tools. In: what things add to scores -> Out: how far each moved a softmax's share; values in plain words."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
LONGEST = 60
EMPTY = "(empty)"


def along(base: Floats, parts: Floats, link: Callable[[Floats], Floats], output: int) -> Floats:
    """Return how far each part moved one output: a softmax's slope integrated on the line from `base` to all of them.

    `base` (outputs,) and `parts` (outputs, things) are scores; `link` makes shares of scores (rows, outputs). The line
    is walked in Gauss and Legendre's 16 places (integrated gradients; Sundararajan, Taly, Yan 2017).
    """
    way = parts.sum(axis=1)
    places = (NODES + 1) / 2
    shares = link(base + places[:, None] * way)
    own = shares[:, output, None] * (parts[output] - shares @ parts)
    return np.asarray(WEIGHTS @ own / 2)


def worded(value: Any) -> str:
    """Return a value in plain words."""
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}" if np.isfinite(value) else EMPTY
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    text = value.isoformat() if isinstance(value, date) else " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
