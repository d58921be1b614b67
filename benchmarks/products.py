"""Verified products and norms in float64, beside the plain float operations.

    python benchmarks/products.py [SIZE ...]

Prints seconds and the certified error of each way, relative to the norm of its result:
a float product, the midpoint-radius product with its a-priori bound, the accurate
product from three products; the largest singular value by LAPACK and by a verified
Cholesky factorisation, with the excess at which it is proved.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from stabcheck.checker.float64 import midpoint_radius
from stabcheck.checker.float64.accurate import accurate_product
from stabcheck.checker.float64.definite import is_norm_at_most
from stabcheck.checker.float64.norms import nonnegative_norm, schatten_norm

SIZES = (256, 768, 3072)
EXCESSES = (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12)
LARGEST_SVD = 1024


def timed(measure):
    """A result and the seconds that it took."""
    start = time.perf_counter()
    result = measure()
    return result, time.perf_counter() - start


def line(name: str, seconds: float, plain: float, what: str) -> None:
    print(f"  {name:<30} {seconds:8.3f} s  {seconds / plain:6.1f}x  {what}")


def products(a: np.ndarray, b: np.ndarray) -> float:
    """The three products; returns the seconds of the plain one."""
    product, plain = timed(lambda: a @ b)
    size = float(np.linalg.norm(product, "fro"))
    line("float product", plain, plain, "no bound")
    enclosures = midpoint_radius.exact(a), midpoint_radius.exact(b)
    for name, measure in (
        ("midpoint-radius product", lambda: midpoint_radius.product(*enclosures)),
        ("accurate product", lambda: accurate_product(a, b)),
    ):
        found, seconds = timed(measure)
        error = nonnegative_norm(found.radius) / size
        line(name, seconds, plain, f"error {error:.1e} of the Frobenius norm")
    return plain


def norms(matrix: np.ndarray, plain: float) -> None:
    """LAPACK, one squaring, and the tightest bound that is proved."""
    if len(matrix) <= LARGEST_SVD:
        norm, seconds = timed(lambda: np.linalg.norm(matrix, 2))
        line("singular values (LAPACK)", seconds, plain, "no bound")
    else:
        gram, seconds = timed(lambda: np.linalg.eigvalsh(matrix.T @ matrix))
        norm = float(np.sqrt(gram[-1]))
        line("eigenvalues (LAPACK)", seconds, plain, "no bound")
    crude, seconds = timed(lambda: schatten_norm(matrix))
    line("one squaring", seconds, plain, f"{crude / norm:.2f} times the norm")
    accepted = []
    for excess in EXCESSES:
        bound = float(norm * (1 + excess))
        holds, seconds = timed(lambda bound=bound: is_norm_at_most(matrix, bound))
        if holds:
            accepted.append((excess, seconds))
    excess, seconds = accepted[-1]
    line("verified Cholesky", seconds, plain, f"proved at 1 + {excess:.0e}")
    refused = is_norm_at_most(matrix, float(norm * (1 - EXCESSES[0])))
    print(f"  a bound 1e-07 below the norm is {'proved' if refused else 'refused'}")


def run(size: int) -> None:
    """All at one size, for Gaussian matrices of norm about two."""
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal((size, size)) / size**0.5 for _ in range(2))
    print(f"size {size}")
    norms(a, products(a, b))


if __name__ == "__main__":
    for chosen in map(int, sys.argv[1:] or SIZES):
        run(chosen)
