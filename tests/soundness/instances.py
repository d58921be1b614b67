"""Random certificates for the campaign: fields, domains and quantities, and the traps.

Every instance is a function of one generator; magnitudes reach from subnormal numbers
to softmax rows that are exactly one-hot, radii from 0 over 1e-300 to a whole layer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck import domains, integrators
from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.certificate import write_text
from stabcheck.certify.layer import certify
from stabcheck.certify.single import QUANTITIES, propose
from stabcheck.errors import InvalidInput, Undecided
from stabcheck.integrators.certificates import certificate as method_certificate
from stabcheck.layers import Branch, Normalise, Residual, Stack

Generator = np.random.Generator
ORDINARY = (0.1, 0.5, 1.0, 2.0)
EXTREME = (1e-300, 1e-160, 1e-20, 1e-8, 30.0, 1e4, 1e8, 1e150)
RADII = ("0", "1e-300", "1e-17", "1e-9", "1e-4", "0.01", "0.1", "0.5", "2")
METHODS = ("forward-euler", "heun", "rk4", "backward-euler", "implicit-midpoint")


class Declined(Exception):
    """The prover said in one line that it has no bound here."""


def _magnitude(rng: Generator, traps: bool) -> float:
    return float(rng.choice(EXTREME if traps and rng.random() < 0.4 else ORDINARY))


def state(rng: Generator, tokens: int, features: int, *, traps: bool) -> np.ndarray:
    """Tokens scattered, tied, all equal, or of very different lengths."""
    found = _magnitude(rng, traps) * rng.standard_normal((tokens, features))
    kind = rng.integers(5)
    if kind == 0:
        found[:] = found[0]
    elif kind == 1:
        found[-1] = found[0]
    elif kind == 2 and traps:
        found *= 10.0 ** rng.integers(-12, 9, (tokens, 1))
    elif kind == 3 and traps:
        found[rng.random(found.shape) < 0.5] = 0.0
    return found


def attention(rng: Generator, features: int, tokens: int, *, traps: bool) -> Attention:
    """Softmax attention with every option, drawn."""
    heads = int(rng.integers(1, 4))
    key, value = (int(size) for size in rng.integers(1, 4, 2))
    output = heads > 1 or rng.random() < 0.7
    value = value if output else features

    def array(*shape: int) -> np.ndarray:
        return _magnitude(rng, traps) * rng.standard_normal(shape)

    def maybe(*shape: int) -> np.ndarray | None:
        return array(*shape) if rng.random() < 0.4 else None

    mask = rng.integers(0, 2, (tokens, tokens)).astype(np.int8)
    np.fill_diagonal(mask, 1)
    return Attention(
        W_Q=array(heads, features, key),
        W_K=array(heads, features, key),
        W_V=array(heads, features, value),
        W_O=array(heads * value, features) if output else None,
        b_Q=maybe(heads, key),
        b_K=maybe(heads, key),
        b_V=maybe(heads, value),
        b_O=maybe(features),
        causal=bool(rng.random() < 0.4),
        mask=mask if rng.random() < 0.3 else None,
        bias=maybe(heads, tokens, tokens),
    )


def _sizes(rng: Generator) -> tuple[int, int]:
    tokens, features = (int(size) for size in rng.integers(1, 6, 2))
    return tokens, features


def _domain(rng: Generator, centre: np.ndarray) -> domains.Domain:
    kind = str(rng.choice(["point", "tube", "box", "frobenius", "ball", "sphere"]))
    radius = str(rng.choice(RADII))
    if kind in ("ball", "sphere"):
        radius = repr(float(rng.choice([1e-9, 0.5, 1.0, 3.0])))
    return domains.parse(kind if kind == "point" else f"{kind}:{radius}", centre)


def one_quantity(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """One quantity of one attention field over one domain."""
    tokens, features = _sizes(rng)
    field = attention(rng, features, tokens, traps=traps)
    centre = state(rng, tokens, features, traps=traps)
    domain = _domain(rng, centre)
    quantity = str(rng.choice(QUANTITIES))
    try:
        return propose(field, centre, domain, quantity, {}).certificate.save(folder)
    except (InvalidInput, Undecided) as error:
        raise Declined(str(error)) from error


def _branch(rng: Generator, features: int, tokens: int, *, traps: bool) -> Branch:
    hidden = int(rng.integers(1, 7))
    scale = _magnitude(rng, False)
    inner: Attention | FeedForward
    if rng.random() < 0.6:
        inner = attention(rng, features, tokens, traps=traps)
    else:
        inner = FeedForward(
            W_1=scale * rng.standard_normal((features, hidden)),
            b_1=rng.standard_normal(hidden),
            W_2=scale * rng.standard_normal((hidden, features)),
            b_2=rng.standard_normal(features),
        )
    if rng.random() < 0.4:
        return (inner,)
    gamma = rng.standard_normal(features)
    epsilon = Fraction(1, 10 ** int(rng.integers(1, 8)))
    if rng.random() < 0.5:
        return (LayerNorm(gamma, rng.standard_normal(features), epsilon), inner)
    return (RMSNorm(gamma, epsilon), inner)


def stack(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """A stack of one to three maps on tubes round its trajectory."""
    tokens, features = _sizes(rng)
    methods = [integrators.get(str(name)) for name in rng.choice(METHODS, 2)]
    maps = []
    for place in range(int(rng.integers(1, 4))):
        branch = _branch(rng, features, tokens, traps=traps)
        size = Fraction(1, int(rng.choice([1, 4, 24])))
        maps.append(Residual(f"map.{place}", branch, methods[0], size))
    if rng.random() < 0.3:
        norm = LayerNorm(np.ones(features), np.zeros(features), Fraction(1, 100))
        maps.append(Normalise("norm", norm))
    centre = state(rng, tokens, features, traps=traps)
    radius = Fraction(str(rng.choice(RADII[:7])))
    subject = Stack("stack", tuple(maps), (("stack", 0, len(maps)),))
    try:
        found = certify(
            subject,
            domain=domains.Tube(centre, radius),
            steps=[(methods[1], Fraction(1, 8))],
        )
    except (InvalidInput, Undecided) as error:
        raise Declined(str(error)) from error
    return found.save(folder)


def method(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """The facts of one method of the catalogue."""
    del traps  # Coefficients are what they are.
    name = str(rng.choice(integrators.names()))
    try:
        found = method_certificate(integrators.get(name))
    except (InvalidInput, Undecided) as error:
        raise Declined(str(error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "certificate.json"
    write_text(path, json.dumps(found))
    return path


KINDS: Mapping[str, tuple[Callable[..., Path], float]] = {
    "one quantity": (one_quantity, 0.7),
    "stack": (stack, 0.2),
    "method": (method, 0.1),
}
"""What is drawn, and how often."""
