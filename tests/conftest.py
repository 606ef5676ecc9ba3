"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Every core has a worker: a second thread of linear algebra would only wait for the first, and count as work.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data sets beside the project; its tests skip where it is missing."""
    folder = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data sets are not beside this checkout (set GRUNDSTEIN_DATA)")
    return folder
