r"""Lanczos with full reorthogonalisation: the ends of a Hermitian spectrum.

One run serves several Hermitian matrices of one size side by side, such as the blocks
of a block-diagonal one: vectors are rows of `(batch, size)`.  A Ritz value lies inside
the spectrum, so it is a proposal, and an eigenvalue lies within its residual (Parlett,
*The Symmetric Eigenvalue Problem*, 4.5 and 13.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stabcheck.errors import Undecided

Matvec = Callable[[np.ndarray], np.ndarray]

TOLERANCE = 1e-10
MOST_ITERATIONS = 300
CHECK_EVERY = 4
NOISE = 1e-3


@dataclass(frozen=True, eq=False)
class Extreme:
    r"""An extreme eigen- or singular value with its unit vector `(size,)`.

    `residual` is the norm of $Av - \theta v$ and `iterations` the dimension of the
    Krylov space.
    """

    value: float
    vector: np.ndarray
    residual: float
    iterations: int


@dataclass(frozen=True, eq=False)
class Largest:
    """The largest Ritz pair of each matrix: `(batch,)`, `(batch, size)`, `(batch,)`."""

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    iterations: int


def logarithmic_norm(
    matvec: Matvec,
    size: int,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    iterations: int = MOST_ITERATIONS,
) -> Extreme:
    r"""Estimate $\mu_2(J) = \lambda_{\max}((J + J^{\mathsf T})/2)$.

    **Arguments:** `matvec`, a product with the symmetric part on `(size,)`; `start`,
    a guess of the eigenvector; `tolerance`, of the residual relative to the value.
    """
    first = noisy_start(size, start)[None]
    found = lanczos(lambda rows: matvec(rows[0])[None], first, tolerance, iterations)
    vector = found.vectors[0]
    residual = float(np.linalg.norm(matvec(vector) - found.values[0] * vector))
    return Extreme(float(found.values[0]), vector, residual, found.iterations)


def logarithmic_norm_lower(
    matvec: Matvec,
    size: int,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    iterations: int = MOST_ITERATIONS,
) -> Extreme:
    r"""Estimate $\lambda_{\min}((J + J^{\mathsf T})/2) = -\mu_2(-J)$.

    **Arguments:** as `logarithmic_norm`.
    """
    found = logarithmic_norm(
        lambda v: -matvec(v),
        size,
        start=start,
        tolerance=tolerance,
        iterations=iterations,
    )
    return Extreme(-found.value, found.vector, found.residual, found.iterations)


def noisy_start(size: int, guess: np.ndarray | None = None) -> np.ndarray:
    """A unit vector to start from: random, or a guess with a little noise."""
    random = _unit(np.random.default_rng(0).standard_normal((1, size)))[0]
    if guess is None:
        return random
    # A guess may be an exact eigenvector of another eigenvalue: the noise leaves it.
    rows = np.asarray(guess, dtype=np.float64).reshape(1, size)
    return _unit(_unit(rows) + NOISE * random)[0]


def lanczos(
    matvec: Matvec,
    start: np.ndarray,
    tolerance: float = TOLERANCE,
    iterations: int = MOST_ITERATIONS,
) -> Largest:
    """The largest eigenpair of each Hermitian matrix of a batch.

    **Arguments:** `matvec` on `(batch, size)`, each row by its own matrix; `start`,
    of that shape, real or complex, no row zero.
    """
    batch, size = start.shape
    most = min(size, iterations)
    basis = np.empty((batch, most, size), dtype=start.dtype)
    alphas, betas = np.zeros((batch, most)), np.zeros((batch, most))
    basis[:, 0] = _unit(start)
    count = 0
    while True:
        image = finite(matvec(basis[:, count]))
        alphas[:, count] = np.einsum("bs,bs->b", basis[:, count].conj(), image).real
        count += 1
        rest = _orthogonal(basis[:, :count], image)
        betas[:, count - 1] = np.linalg.norm(rest, axis=1)
        if count == most or count % CHECK_EVERY == 0:
            values, coordinates = _ritz(alphas[:, :count], betas[:, : count - 1])
            residuals = betas[:, count - 1] * np.abs(coordinates[:, -1])
            scale = np.maximum(np.abs(values), np.finfo(float).tiny)
            if count == most or (residuals <= tolerance * scale).all():
                vectors = np.einsum("bk,bks->bs", coordinates, basis[:, :count])
                return Largest(values, _unit(vectors), residuals, count)
        basis[:, count] = _next(basis[:, :count], rest, betas[:, count - 1], alphas)


def finite(image: np.ndarray) -> np.ndarray:
    """The product itself.  **Raises:** `Undecided` where it overflowed."""
    if not np.isfinite(image).all():
        raise Undecided(
            "asked for an extreme value of a Jacobian, found products beyond float64; "
            "scale the weights or the state down"
        )
    return image


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _orthogonal(basis: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows minus their parts in the basis `(batch, k, size)`, twice."""
    for _ in range(2):
        coordinates = basis.conj() @ rows[:, :, None]
        rows = rows - (coordinates.transpose(0, 2, 1) @ basis)[:, 0]
    return rows


def _next(
    basis: np.ndarray, rest: np.ndarray, betas: np.ndarray, alphas: np.ndarray
) -> np.ndarray:
    """The next basis vectors; where a Krylov space is exhausted, a fresh direction."""
    scale = np.abs(alphas).max(axis=1)
    exhausted = betas <= 1e-14 * scale
    if exhausted.any():
        count = basis.shape[1]
        fresh = np.random.default_rng(count).standard_normal(rest.shape)
        rest = np.where(exhausted[:, None], _orthogonal(basis, fresh), rest)
        betas[exhausted] = 0
    return _unit(_orthogonal(basis, _unit(rest)))


def _ritz(alphas: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenpair of each tridiagonal matrix."""
    count = alphas.shape[1]
    tridiagonal = np.zeros((len(alphas), count, count))
    steps = np.arange(count)
    tridiagonal[:, steps, steps] = alphas
    tridiagonal[:, steps[1:], steps[:-1]] = betas
    values, vectors = np.linalg.eigh(tridiagonal)
    return values[:, -1], vectors[:, :, -1]
