"""Products with the Jacobian: lowered kernels against jax.jvp and jax.vjp.

    python benchmarks/jacobian_products.py [FIELD:n,d,H ...]

The other side is the hand-written field differentiated by JAX.  The column `symbolic`
is the derived product itself, lowered without automatic differentiation: the checked
reference of what the kernel runs.  All are compiled, ours and that of JAX take turns,
and the quickest run of each counts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from field_cases import CASES, by_hand, case_named, inputs
from jacobian import quickest

SIZES = ((16, 16, 4), (64, 64, 4), (256, 64, 4))
PRODUCTS = ("jvp", "vjp")


@dataclass(frozen=True)
class Record:
    """Milliseconds of a product by three ways, and its relative error."""

    field: str
    product: str
    ours_ms: float
    symbolic_ms: float
    jax_ms: float
    error: float

    @property
    def slowdown(self) -> float:
        """Our time over that of JAX."""
        return self.ours_ms / self.jax_ms


def measure_product(
    field_name: str, product: str, n: int, d: int, heads: int
) -> Record:
    """Measure one product of a field."""
    case = case_named(field_name)
    field = case.declare(heads)
    derived = getattr(field, product)()
    kernels = (derived.lower("jax"), replace(derived, origin=None).lower("jax"))

    # Importing the kernel's backend switches JAX to 64 bits: only then are arrays made.
    import jax
    import jax.numpy as jnp

    drawn = inputs(field, n, d, heads)
    plain, state = by_hand(case, field), field.state.name
    along = derived.directions[-1].name
    drawn[along] = inputs(field, n, d, heads, seed=1)[state]
    values = {name: jnp.asarray(value) for name, value in drawn.items()}

    def differentiated(given):
        def at(X):
            return plain({**given, state: X})

        if product == "jvp":
            return jax.jvp(at, (given[state],), (given[along],))[1]
        return jax.vjp(at, given[state])[1](given[along])[0]

    ways = [kernel.program(kernel.sizes(drawn)) for kernel in kernels]
    programs = [jax.jit(way).lower(values).compile() for way in (*ways, differentiated)]
    ours, theirs = (1e3 * s for s in quickest([programs[0], programs[2]], values, 20))
    symbolic = 1e3 * quickest([programs[1]], values)[0]
    found, true = programs[0](values), programs[2](values)
    error = float(jnp.abs(found - true).max() / jnp.abs(true).max())
    return Record(field_name, product, ours, symbolic, theirs, error)


def main() -> None:
    chosen = [(name, *size) for size in SIZES for name in CASES]
    if sys.argv[1:]:
        pairs = [text.partition(":")[::2] for text in sys.argv[1:]]
        chosen = [(name, *map(int, size.split(","))) for name, size in pairs]
    print(
        f"{'field':<14} {'(n, d, H)':<14} {'':<4} {'ours ms':>9} {'symbolic':>9} "
        f"{'jax ms':>9} {'ours/jax':>8}  error"
    )
    for name, *size in chosen:
        for product in PRODUCTS:
            one = measure_product(name, product, *size)
            print(
                f"{name:<14} {tuple(size)!s:<14} {product:<4} {one.ours_ms:9.3f} "
                f"{one.symbolic_ms:9.3f} {one.jax_ms:9.3f} {one.slowdown:7.2f}x  "
                f"{one.error:.0e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
