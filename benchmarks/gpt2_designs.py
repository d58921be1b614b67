r"""A GPT-2-like initialisation, and what each change of the design buys.

n = 16 tokens, d = 64 features, two heads, causal, exact GELU, RMSNorm with eps = 1e-5
in place of LayerNorm, weights of standard deviation 0.02 sqrt(768 / d), so that their
spectral norms are those of GPT-2; with h = 1 output matrices carry 1/sqrt(2L).

Printed: log10 of the certified growth, a priori (the token rms may sink by h times the
largest value in each branch: the only certificate of the design), and with the rms of
one input put in (of that input only); then the largest and the smallest singular value
of the whole network at that input.

    python benchmarks/gpt2_designs.py                        # depth 12, two minutes
    python benchmarks/gpt2_designs.py --depths 48 96 --certificates
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import log10, sqrt
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stabcheck.bounds.families import constant
from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.catalogue import exponent
from stabcheck.certify.designs.reading import design_of
from stabcheck.interpret import jax_  # noqa: F401  switches JAX to float64

TOKENS, FEATURES, HEADS = 16, 64, 2
EPSILON = 1e-5
FLOOR = {"kind": "token-rms", "floor": Fraction(1)}


@dataclass(frozen=True)
class Variant:
    """A change of the design; `caps` are those that are put on the weights."""

    name: str
    rms: float = 1.0
    divided: bool = False
    caps: Mapping[str, float] = field(default_factory=dict)
    soft: bool = False
    gradient: bool = False
    reversible: bool = False


LOGITS = {"logits": 1.0}
CAPS = {"logits": 1.0, "values": 1.0, "feed-forward": 1.0}
VARIANTS = (
    Variant("V0 GPT-2, embedding rms .028", rms=0.028),
    Variant("V1 embedding rms 1"),
    Variant("V2 V1, h = 1/L", divided=True),
    Variant("V3 V1, logits 1", caps=LOGITS),
    Variant("V4 V2, logits 1", divided=True, caps=LOGITS),
    Variant("V5 V4, values and feed-forward 1", divided=True, caps=CAPS),
    Variant("V6 V5, soft norm", divided=True, caps=CAPS, soft=True),
    Variant("V7 V6, logits 1/4", divided=True, caps=CAPS | {"logits": 0.25}, soft=True),
    Variant("V8 V6, gradient relu", divided=True, caps=CAPS, soft=True, gradient=True),
    Variant("V9 V6, reversible", divided=True, caps=CAPS, soft=True, reversible=True),
)


def weights(variant: Variant, depth: int) -> list[dict[str, Any]]:
    """The weights of every layer: A_h, V_h by head, W_1, W_2."""
    rng = np.random.default_rng(1)
    d, width = FEATURES, FEATURES // HEADS
    size = 0.02 * sqrt(768 / d)
    output = 1.0 if variant.divided else 1 / sqrt(2 * depth)
    layers = []
    for _ in range(depth):
        Q, K, V = (size * rng.standard_normal((d, d)) for _ in range(3))
        output_matrix = output * size * rng.standard_normal((d, d))
        W_1 = size * rng.standard_normal((d, 4 * d))
        W_2 = output * size * rng.standard_normal((4 * d, d))
        heads = [slice(h * width, (h + 1) * width) for h in range(HEADS)]
        A = np.stack([Q[:, h] @ K[:, h].T / sqrt(width) for h in heads])
        VO = np.stack([V[:, h] @ output_matrix[h] for h in heads])
        if "logits" in variant.caps:
            A = at_norm(A, variant.caps["logits"] / d)
        if "values" in variant.caps:
            VO = at_norm(VO, variant.caps["values"] / HEADS)
        if "feed-forward" in variant.caps:
            root = sqrt(variant.caps["feed-forward"])
            W_1, W_2 = at_norm(W_1, root), at_norm(W_2, root)
        if variant.gradient:
            W_2 = -W_1.T
        layers.append({"A": A, "V": VO, "W_1": W_1, "W_2": W_2})
    return layers


def at_norm(matrix: np.ndarray, norm: float) -> np.ndarray:
    """The matrix, or each of a stack, with that spectral norm."""
    norms = np.linalg.norm(matrix, 2, axis=(-2, -1), keepdims=True)
    return matrix * (norm / norms)


def spectral(matrix: np.ndarray) -> float:
    return float(np.linalg.norm(matrix, 2))


def rates(layer: dict[str, Any], variant: Variant) -> tuple[tuple[float, float], ...]:
    """Lipschitz constant and largest value of both branches, in units of the rms."""
    attention = 0.0
    norm = {"normalisation": "soft"} if variant.soft else {"normalisation": "rms"}
    domain = {"kind": "all"} if variant.soft else FLOOR
    values = [spectral(V) for V in layer["V"]]
    for A, value in zip(layer["A"], values, strict=True):
        record = {
            "kind": "attention",
            "mask": "causal",
            "tie": "none",
            "radius_squared": Fraction(FEATURES),
            "query_key_norm": Fraction(spectral(A)),
            "value_norm": Fraction(value),
        } | norm
        attention += float(constant(record, domain, "token-max", "lipschitz").value)
    product = spectral(layer["W_1"]) * spectral(layer["W_2"])
    return (attention, sum(values)), (1.12891 * product, product)


def certified(
    variant: Variant, layers: list[dict[str, Any]], seen: np.ndarray | None
) -> float:
    """log10 of the growth; with `seen` the rms before every branch is put in."""
    depth = len(layers)
    h = 1 / depth if variant.divided else 1.0
    total, rms = 0.0, variant.rms
    for place, layer in enumerate(layers):
        for branch, (K, value) in enumerate(rates(layer, variant)):
            at = rms if seen is None else seen[place, branch]
            size = 1.0 if variant.soft else 1 / sqrt(max(at, 0) ** 2 + EPSILON)
            total += log10(1 + h * K * size)
            rms -= h * value
    return total


def promised(variant: Variant, depth: int) -> tuple[float, float]:
    """log10 of growth and shrink of the design with exact caps, by its certificate."""
    logits, one = str(Fraction(variant.caps["logits"])), 1
    soft = {"norm": "soft", "features": FEATURES}
    attention = {"kind": "attention", "logits": logits, "value_norm": one} | soft
    second = {
        "kind": "feed-forward", "norm": "soft", "activation": "gelu",
        "in_norm": one, "out_norm": one,
    }  # fmt: skip
    if variant.gradient:
        second = {
            "kind": "gradient-feed-forward", "activation": "relu", "matrix_norm": one,
        }  # fmt: skip
    document = {
        "branch": [attention, second],
        "step": {"size": "1/L", "depth": depth},
        "domain": {"kind": "all"},
    } | ({"layer": {"kind": "reversible"}} if variant.reversible else {})
    found = answer(design_of(document, variant.name, variant.name)).depth
    return exponent(found["growth"].value), exponent(found["shrink"].value)


def network(variant: Variant, depth: int):
    """One layer as a function of its weights and the state: the next one, rms seen."""
    h = 1 / depth if variant.divided else 1.0
    mask = jnp.tril(jnp.ones((TOKENS, TOKENS), bool))

    def norm(X):
        epsilon = 1.0 if variant.soft else EPSILON
        return X / jnp.sqrt(jnp.mean(X**2, axis=-1, keepdims=True) + epsilon)

    def attention(X, w):
        Z = norm(X)
        logits = jnp.einsum("ia,hab,jb->hij", Z, w["A"], Z)
        P = jax.nn.softmax(jnp.where(mask, logits, -jnp.inf), axis=-1)
        return jnp.einsum("hij,ja,hab->ib", P, Z, w["V"])

    def feed_forward(X, w):
        if variant.gradient:
            return jax.nn.relu(X @ w["W_1"]) @ w["W_2"]
        return jax.nn.gelu(norm(X) @ w["W_1"], approximate=False) @ w["W_2"]

    def least_rms(X):
        return jnp.sqrt(jnp.mean(X**2, axis=-1)).min()

    def layer(X, w):
        if variant.reversible:
            p = X[0] + h * attention(X[1], w)
            q = X[1] + h * feed_forward(p, w)
            return jnp.stack([p, q]), jnp.zeros(2)
        before = least_rms(X)
        X = X + h * attention(X, w)
        return X + h * feed_forward(X, w), jnp.stack([before, least_rms(X)])

    return layer


def observed(
    variant: Variant, layers: list[dict[str, Any]], *, singular: bool
) -> tuple[np.ndarray, float, float]:
    """The rms that one input sees, and the extreme singular values at that input."""
    streams = (2,) if variant.reversible else ()
    rng = np.random.default_rng(2)
    X = rng.standard_normal((*streams, TOKENS, FEATURES))
    X *= variant.rms / np.sqrt(np.mean(X**2, axis=-1, keepdims=True))
    layer = network(variant, len(layers))
    step = jax.jit(layer)
    derivative = jax.jit(jax.jacfwd(lambda X, w: layer(X, w)[0]))
    product, seen = np.eye(X.size), []
    for w in layers:
        if singular:
            J = np.asarray(derivative(X, w)).reshape(X.size, X.size)
            product = J @ product
        X, rms = (np.asarray(array) for array in step(X, w))
        seen.append(rms)
    if not singular:
        return np.array(seen), float("nan"), float("nan")
    values = np.linalg.svd(product, compute_uv=False)
    return np.array(seen), float(values[0]), float(values[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depths", type=int, nargs="+", default=[12])
    parser.add_argument(
        "--certificates", action="store_true", help="no singular values"
    )
    options = parser.parse_args()
    broken = False
    for depth in options.depths:
        print(f"\nL = {depth}: log10 of the certified growth; sigma_max, sigma_min")
        for variant in VARIANTS:
            layers = weights(variant, depth)
            seen, top, bottom = observed(
                variant, layers, singular=not options.certificates
            )
            if variant.soft:
                growth, shrink = promised(variant, depth)
                said = f"{growth:8.3f}  shrink {shrink:7.3f}"
                broken |= log10(top) > growth or log10(bottom) < shrink
            else:
                a_priori = certified(variant, layers, None)
                said = (
                    f"{a_priori:8.1f}  actual {certified(variant, layers, seen):7.2f}"
                )
            print(f"{variant.name:34} {said}  {top:9.4g} {bottom:9.3g}", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
