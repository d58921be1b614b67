r"""The constants of a design's field, as the theorems about steps read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

LIPSCHITZ, ONE_SIDED = "lipschitz", "log-norm"
SPECTRUM = ("spectrum-lower", "spectrum-upper")


@dataclass(frozen=True)
class FieldConstants:
    r"""$f = -\lambda x + F$, $|\Delta F| \le K|\Delta|$ and $\mu(F)$, at most K.

    **Arguments:** `leak`, $\lambda$; `norm`, K; `slope`, $\mu$; `premises`, the names
    of the constants that were read.
    """

    leak: Fraction
    norm: Fraction
    slope: Fraction
    premises: tuple[str, ...]

    def is_non_expansive(self, step: Fraction, radius: Fraction) -> bool:
        r"""Whether $2r\langle\Delta f, \Delta\rangle \le -h|\Delta f|^2$ for all F.

        It is linear in $\langle\Delta F, \Delta\rangle \in [-K, \mu]$: two ends.
        """
        reach = self.largest_non_expansive(radius)
        return reach is not None and (reach < 0 or step <= reach)

    def largest_non_expansive(self, radius: Fraction) -> Fraction | None:
        r"""$\min(2r/(\lambda + K), 2r(\lambda - \mu)/(\lambda^2 + K^2 - 2\lambda\mu))$.

        **Returns:** None where no step will do, -1 where every step does.
        """
        leak, K, mu = self.leak, self.norm, self.slope
        square = leak * leak + K * K - 2 * leak * mu
        if mu > leak or (mu == leak and square > 0):
            return None
        pairs = [(2 * radius, leak + K), (2 * radius * (leak - mu), square)]
        steps = [room / speed for room, speed in pairs if speed > 0]
        return min(steps, default=Fraction(-1))


def readings(
    part: Mapping[str, Any], constants: Mapping[str, Fraction]
) -> Iterator[FieldConstants]:
    """The part's constants from every set of premises that is known.

    The spectrum of a symmetric Jacobian first: its centre goes to the leak.
    """
    leak, scale = part["leak"], part["scale"]
    if all(name in constants for name in SPECTRUM):
        low, high = (scale * constants[name] for name in SPECTRUM)
        width = (high - low) / 2
        yield FieldConstants(leak - (low + high) / 2, width, width, SPECTRUM)
    if LIPSCHITZ not in constants:
        return
    K = scale * constants[LIPSCHITZ]
    if ONE_SIDED in constants:
        mu = min(K, scale * constants[ONE_SIDED])
        yield FieldConstants(leak, K, mu, (LIPSCHITZ, ONE_SIDED))
    yield FieldConstants(leak, K, K, (LIPSCHITZ,))
