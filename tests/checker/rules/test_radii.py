"""Domains with radii of their own: what is no such record is malformed."""

import numpy as np
import pytest
from checker.rules.documents import Document

from stabcheck.bounds import Attention
from stabcheck.checker.failures import Malformed

ATTENTION = Attention(*(np.eye(2)[None] for _ in range(3)))


def read(kind: str, centre: np.ndarray, radii: np.ndarray) -> str:
    """What is said of a claim on such a domain by a rule that only knows points."""
    made = Document()
    branch = {"branch": [made.field(ATTENTION, 3)]}
    record = {"centre": made.array(centre), "radii": made.array(radii)}
    made.domains.append({"kind": kind} | record)
    made.claim("spectral-norm-psd", "spectral-norm", branch, 0, 1)
    return made.verdict()


@pytest.mark.parametrize(("kind", "shape"), [("tubes", (3,)), ("rectangle", (3, 2))])
def test_radii_are_float64_numbers_at_least_0_of_the_right_shape(kind, shape):
    centre = np.zeros((3, 2))
    assert f"the domain is a {kind}" in read(kind, centre, np.zeros(shape))
    negative = np.zeros(shape)
    negative.flat[-1] = -(2.0**-1074)
    with pytest.raises(Malformed, match="holds a negative radius"):
        read(kind, centre, negative)
    for wrong in (np.zeros((2, 3)), np.zeros(shape, dtype=np.int64)):
        with pytest.raises(Malformed, match="has to be a float64 number for each"):
            read(kind, centre, wrong)
    with pytest.raises(Malformed, match=r"centre has to be a float64 matrix|for each"):
        read(kind, np.zeros(3), np.zeros(shape))
