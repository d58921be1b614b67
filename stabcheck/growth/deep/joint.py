r"""Couplings of all maps at once, pushed to the end and pulled back to the input.

With $X_l = [P_{l,1}L_1, \dots, P_{l,l}L_l]$ and $Z_l = [R_1B_0; \dots; R_lB_{l-1}]$,
theorem `weighted-schur-test` bounds $\sum_kP_{l,k}L_k\mathcal K_kR_kB_{k-1}$ by the
root of $\lambda_{\max}(X_l\operatorname{diag}(r)X_l^{\mathsf T})\,\lambda_{\max}(
Z_l^{\mathsf T}\operatorname{diag}(c)Z_l)$: less than the sum of the norms where the
maps move different directions.  Both matrices follow along the depth.
"""

from __future__ import annotations

import numpy as np

from stabcheck.growth.deep.coupling import Coupling
from stabcheck.growth.deep.propagators import Along
from stabcheck.growth.deep.support import top_eigenvalue


class Joint:
    """The couplings of the maps so far."""

    def __init__(self, path: Along) -> None:
        self.path = path
        size = len(path.products[0, 0])
        self.left, self.right = np.zeros((size, size)), np.zeros((size, size))
        self.spreads: list[float] = []
        r"""The norms of $\operatorname{diag}(\sqrt{c_k})R_k$."""

    def advance(self, number: int, coupling: Coupling) -> None:
        """Take one map more, weighed at the end of the stack and at its input."""
        part, path = self.path.parts[number], self.path
        end = part.field.left.times(path.products[path.depth, number + 1].T)
        start = path.start(number)
        rows, columns = coupling.weights(end, start)
        scale = ratio(start.weighted_norm(columns), end.weighted_norm(rows))
        pushed = part.jacobian @ self.left @ part.jacobian.T
        self.left = pushed + part.field.left.gram(rows * scale)
        self.right = self.right + start.gram(columns / scale)
        self.spreads.append(part.field.right.weighted_norm(columns / scale))

    def norm(self, deviations: np.ndarray) -> float:
        """Bound what the couplings make, behind maps that deviate by so much."""
        apart = np.array(self.spreads) * deviations
        before = np.sqrt(top_eigenvalue(self.right)) + np.sqrt(apart @ apart)
        return float(np.sqrt(top_eigenvalue(self.left)) * before)


def ratio(above: float, below: float) -> float:
    """The quotient of two norms, 1 where one is zero: any weights do."""
    return above / below if above > 0 and below > 0 else 1.0
