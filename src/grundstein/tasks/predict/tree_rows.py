"""Room tasks. In: a LightGBM model as text -> Out: its prediction of one row, by the library's own C interface.

The interface is LightGBM's documented one; its Python wrapper takes twenty times as long to ask for a row as the trees
take to answer, and both call the same code, so the bits are the same.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NORMAL, FROM_FIRST, TO_LAST, DOUBLE = 0, 0, -1, 1
PLAIN = b"num_threads=1"


class Single:
    """One model, ready to be asked for a row of `columns` values, which it answers by `outputs` numbers."""

    def __init__(self, library: ctypes.CDLL, text: str, columns: int, outputs: int) -> None:
        self._ask, self._outputs = library.LGBM_BoosterPredictForMatSingleRowFast, outputs
        self._model, self._ready = ctypes.c_void_p(), ctypes.c_void_p()
        made, ready = ctypes.byref(self._model), ctypes.byref(self._ready)
        _done(library.LGBM_BoosterLoadModelFromString(text.encode(), ctypes.byref(ctypes.c_int()), made))
        weakref.finalize(self, library.LGBM_BoosterFree, self._model)
        given = (self._model, NORMAL, FROM_FIRST, TO_LAST, DOUBLE, columns, PLAIN, ready)
        _done(library.LGBM_BoosterPredictForMatSingleRowFastInit(*given))
        weakref.finalize(self, library.LGBM_FastConfigFree, self._ready)

    def __call__(self, row: Floats) -> Floats:
        """Return the prediction (outputs,) of a row (1, columns) of float64 that lies in one piece."""
        told, length = np.empty(self._outputs), ctypes.c_int64()
        at, to = ctypes.c_void_p(row.ctypes.data), ctypes.c_void_p(told.ctypes.data)
        _done(self._ask(self._ready, at, ctypes.byref(length), to))
        return told


def single(text: str, booster: Any) -> Single | None:
    """Return a model that is asked row by row; None where the library's file is not beside its wrapper."""
    library = _library()
    return Single(library, text, booster.num_feature(), booster.num_model_per_iteration()) if library else None


@cache
def _library() -> ctypes.CDLL | None:
    import lightgbm

    path = next(Path(lightgbm.__file__).parent.rglob("lib_lightgbm.*"), None)
    return ctypes.CDLL(str(path)) if path else None


def _done(code: int) -> None:
    if code:
        raise RuntimeError("LightGBM could not answer a row")
