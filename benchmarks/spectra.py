"""Logarithmic norm and 2-norm of multi-head attention, matrix-free.

    python benchmarks/spectra.py

Prints time, iterations and residual at several sizes, beside a dense eigensolve and a
dense singular value decomposition where those are feasible.  The times hold the
linearisation at the state and every product; the quickest of three runs counts.
"""

from __future__ import annotations

import time

import numpy as np

from stabcheck import spectra
from stabcheck.bounds import Attention

SIZES = ((64, 16, 4), (64, 64, 4), (128, 64, 4), (256, 64, 4))
LARGEST_DENSE = 1024
TOLERANCE = 1e-10
REPEATS = 3


def attention(features: int, heads: int, generator: np.random.Generator) -> Attention:
    """Gaussian weights of variance one over the fan-in."""
    width = features // heads
    inputs = {
        name: generator.standard_normal((heads, features, width)) / features**0.5
        for name in ("W_Q", "W_K", "W_V")
    }
    output = generator.standard_normal((heads * width, features)) / features**0.5
    return Attention(**inputs, W_O=output)


def timed(measure, repeats: int = 1):
    """A result and the seconds that the quickest of the repeats took."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = measure()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)


def line(name: str, found: spectra.Extreme, seconds: float, dense: str) -> str:
    return (
        f"  {name:<13} {found.value:.12f}  {seconds:7.3f} s  "
        f"{found.iterations:4d} iterations  residual {found.residual:.1e}{dense}"
    )


def compare(found: float, measure) -> str:
    """What a dense method says, and how long it takes."""
    exact, seconds = timed(measure)
    return f"  dense: {seconds:.2f} s, difference {abs(found - exact):.1e}"


def run(tokens: int, features: int, heads: int) -> None:
    """Both quantities at one size."""
    generator = np.random.default_rng(0)
    field = attention(features, heads, generator)
    state = generator.standard_normal((tokens, features))
    size, shape = state.size, state.shape

    def log_norm() -> spectra.Extreme:
        at = spectra.linearise((field,), state)
        return spectra.logarithmic_norm(
            lambda v: (at.jvp(v.reshape(shape)) + at.vjp(v.reshape(shape))).ravel() / 2,
            size,
            tolerance=TOLERANCE,
        )

    def norm() -> spectra.Extreme:
        at = spectra.linearise((field,), state)
        return spectra.spectral_norm(
            lambda v: at.jvp(v.reshape(shape)).ravel(),
            lambda u: at.vjp(u.reshape(shape)).ravel(),
            size,
            tolerance=TOLERANCE,
        )

    print(f"(n, d, H) = ({tokens}, {features}, {heads}), n d = {size}")
    mu, mu_seconds = timed(log_norm, REPEATS)
    sigma, sigma_seconds = timed(norm, REPEATS)
    eigen = singular = ""
    if size <= LARGEST_DENSE:
        jacobian = field.jacobian(state)
        symmetric = (jacobian + jacobian.T) / 2
        eigen = compare(mu.value, lambda: np.linalg.eigvalsh(symmetric)[-1])
        singular = compare(sigma.value, lambda: np.linalg.norm(jacobian, 2))
    print(line("mu_2(J)", mu, mu_seconds, eigen))
    print(line("|J|_2", sigma, sigma_seconds, singular))


if __name__ == "__main__":
    for sizes in SIZES:
        run(*sizes)
