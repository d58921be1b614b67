r"""Couplings of all maps at once, pushed to the end and pulled back to the input.

With $X_l = [P_{l,1}L_1, \dots, P_{l,l}L_l]$ and $Z_l = [R_1B_0; \dots; R_lB_{l-1}]$,
theorem `weighted-schur-test` bounds $\sum_kP_{l,k}L_k\mathcal K_kR_kB_{k-1}$ by the
root of $\lambda_{\max}(X_l\operatorname{diag}(r)X_l^{\mathsf T})\,\lambda_{\max}(
Z_l^{\mathsf T}\operatorname{diag}(c)Z_l)$ for any weights of the groups.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stabcheck.checker.float64.deep.arrays import Near, exactly, multiply, upward
from stabcheck.checker.float64.deep.coupling import Coupling
from stabcheck.checker.float64.deep.propagators import Along
from stabcheck.checker.float64.deep.support import top_eigenvalue


class Joint:
    """The couplings of the maps so far."""

    def __init__(self, path: Along) -> None:
        self.path = path
        size = len(path.parts[0].jacobian.middle)
        self.left = self.right = exactly(np.zeros((size, size)))
        self.local: list[float] = []
        self.spreads: list[float] = []
        r"""Bounds of the norms of $\operatorname{diag}(\sqrt{c_k})R_k$."""

    def advance(self, number: int, coupling: Coupling) -> None:
        """Take one map more, weighed at the end of the stack and at its input."""
        part, path = self.path.parts[number], self.path
        after = path.products[path.depth, number + 1].transpose(1, 0)
        end, start = part.field.left.pushed(after), path.start(number)
        rows, columns = coupling.weights(end, start)
        scale = ratio(start.weighted_norm(columns), end.weighted_norm(rows))
        rows, columns = upward(rows * scale), upward(columns / scale)
        self._push(number, part.field.left.gram(rows))
        self.right = self.right + start.gram(columns)
        self.spreads.append(part.field.right.weighted_norm(columns))

    def _push(self, number: int, added: Near) -> None:
        r"""$JSJ^{\mathsf T}$ and what is added: errors e_m grow by $\lVert
        P_{l,m}\rVert^2$.
        """
        jacobian = self.path.parts[number].jacobian
        pushed = multiply(jacobian, replace(self.left, radius=0.0))
        made = multiply(pushed, jacobian.transpose(1, 0)) + added
        self.local.append(made.radius)
        norms = [self.path.norm(number + 1, m + 1) for m in range(number + 1)]
        error = sum(
            norm**2 * local for norm, local in zip(norms, self.local, strict=True)
        )
        self.left = Near(made.middle, float(upward(error)))

    def norm(self, deviations: np.ndarray) -> float:
        """Bound what the couplings make, behind maps that deviate by so much."""
        apart = np.array(self.spreads) * deviations
        before = np.sqrt(upward(apart @ apart)) + root(self.right)
        return float(upward(root(self.left) * before))


def root(gram: Near) -> float:
    """The root of the largest eigenvalue."""
    return float(np.sqrt(top_eigenvalue(gram.middle, gram.radius)))


def ratio(above: float, below: float) -> float:
    """The quotient of two norms, 1 where it is none: any positive number does."""
    found = above / below if below > 0 else 1.0
    return found if 2.0**-400 < found < 2.0**400 else 1.0
