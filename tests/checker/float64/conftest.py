"""The tests compute as the checker does: its bits, overflow and NaN in silence."""

from collections.abc import Iterator

import flint
import numpy as np
import pytest

from stabcheck.checker.main import PRECISION


@pytest.fixture(autouse=True, scope="module")
def _as_the_checker_computes() -> Iterator[None]:
    with np.errstate(all="ignore"), flint.ctx.workprec(PRECISION):
        yield
