"""Hypothesis profiles and thread limits shared by all tests."""

import os

from hypothesis import HealthCheck, settings

# Small matrices only: more BLAS threads than cores make the suite slower, and the
# limit has to stand before numpy is imported anywhere.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

_SHARED = {
    "deadline": None,
    "database": None,
    # A busy machine draws slowly; that says nothing about the code under test.
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("ci", max_examples=60, derandomize=True, **_SHARED)
settings.register_profile("dev", max_examples=50, **_SHARED)
settings.register_profile("soundness", max_examples=600, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
