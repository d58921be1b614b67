"""Fields, domains and maps, built anew from the records and arrays of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from soundness.members import matrix

from stabcheck import domains
from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.certify.records import ATTENTION_ARRAYS
from stabcheck.layers import Branch, Normalise
from stabcheck.spectra import feasible

Document = dict[str, Any]
Arrays = dict[str, np.ndarray]
Generator = np.random.Generator

DOMAINS = {
    "tube": domains.Tube,
    "box": domains.Box,
    "frobenius": domains.Frobenius,
}
INSIDE = 1 - 1e-12


@dataclass(frozen=True)
class Tubes:
    """A tube with a radius for each token."""

    X0: np.ndarray
    radii: np.ndarray

    @property
    def radius(self) -> float:
        """The largest of them."""
        return float(self.radii.max())


@dataclass(frozen=True)
class Rectangle(Tubes):
    """A radius for each entry."""


@dataclass(frozen=True)
class MethodStep:
    """A step of any coefficients: those of a changed certificate need no order."""

    branch: Branch
    A: np.ndarray
    b: np.ndarray
    size: float

    @property
    def is_explicit(self) -> bool:
        """Whether every stage needs earlier ones only."""
        return not np.triu(self.A).any()


def rational(value: list[int]) -> Fraction:
    """A rational as certificates write it."""
    return Fraction(*value)


def field(record: Document, arrays: Arrays, rng: Generator) -> Any:
    """The field of a record and its arrays; of a family, a member at its caps."""
    kind = record["kind"]
    if kind == "attention":
        scale = record["scale"]
        names = [k for k in (*ATTENTION_ARRAYS, "mask") if k in record]
        given = {name: arrays[record[name]] for name in names}
        return Attention(
            **given,
            causal=record["causal"],
            scale=scale["rsqrt"] ** -0.5
            if "rsqrt" in scale
            else rational(scale["value"]),
        )
    if kind == "feed-forward":
        return FeedForward(*(arrays[record[k]] for k in ("W_1", "b_1", "W_2", "b_2")))
    if kind == "layer-norm":
        gamma, beta = arrays[record["gamma"]], arrays[record["beta"]]
        return LayerNorm(gamma, beta, rational(record["epsilon"]))
    if kind == "rms-norm":
        return RMSNorm(arrays[record["gamma"]], rational(record["epsilon"]))
    return _member(record, rng)


def _member(record: Document, rng: Generator) -> Attention:
    """Attention with weights as large as a family allows."""
    d, heads = record["features"], record["heads"]
    logits, values = (
        float(rational(record[key])) for key in ("query_key_norm", "value_norm")
    )
    shares = rng.dirichlet(np.ones(heads)) * values
    return Attention(
        W_Q=np.stack([matrix(rng, d, d, logits) for _ in range(heads)]),
        W_K=np.stack([np.eye(d)] * heads),
        W_V=np.stack([matrix(rng, d, d, share) for share in shares]),
        W_O=np.concatenate([np.eye(d)] * heads),
        causal=record["causal"],
        scale=1,
    )


def domain(record: Document, arrays: Arrays) -> Any:
    """The domain of a record."""
    if record["kind"] == "point":
        return domains.Point(arrays[record["centre"]])
    if record["kind"] == "rectangle":
        return Rectangle(arrays[record["centre"]], arrays[record["radii"]])
    if record["kind"] == "tubes":
        return Tubes(arrays[record["centre"]], arrays[record["radii"]])
    radius = rational(record["radius"])
    if record["kind"] == "ball":
        return domains.Ball(radius, record["tokens"], record["features"])
    return DOMAINS[record["kind"]](arrays[record["centre"]], radius)


def start(over: Any, rng: Generator, *, on_rim: bool) -> np.ndarray:
    """A random state of a domain."""
    if not isinstance(over, Tubes):
        return feasible.starting_state(over, rng, on_rim=on_rim)
    move = rng.standard_normal(over.X0.shape)
    if isinstance(over, Rectangle):
        signs = np.sign(move) if on_rim else rng.uniform(-1, 1, move.shape)
        return over.X0 + INSIDE * over.radii * signs
    share = 1.0 if on_rim else rng.uniform(size=len(move))
    lengths = share * INSIDE * over.radii / np.linalg.norm(move, axis=1)
    return over.X0 + lengths[:, None] * move


def branch(
    document: Document, arrays: Arrays, indices: list[int], rng: Generator
) -> Branch:
    """The fields of a branch."""
    return tuple(field(document["fields"][k], arrays, rng) for k in indices)


def maps(
    document: Document, arrays: Arrays, subject: Document, rng: Generator
) -> list[Normalise | MethodStep]:
    """The step, or the maps, that a claim speaks about."""
    if "step" in subject:
        return [_step(document, arrays, subject["step"], rng)]
    first, last = subject["maps"]
    records = document["maps"][first:last]
    return [_step(document, arrays, record, rng) for record in records]


def _step(
    document: Document, arrays: Arrays, record: Document, rng: Generator
) -> Normalise | MethodStep:
    if "field" in record:
        norm = field(document["fields"][record["field"]], arrays, rng)
        return Normalise("map", norm)
    inner = branch(document, arrays, record["branch"], rng)
    method = document["integrators"][record["integrator"]]
    powers = _powers(method)
    A = np.array([[_coefficient(a, powers) for a in row] for row in method["A"]])
    b = np.array([_coefficient(b, powers) for b in method["b"]])
    return MethodStep(inner, A, b, float(rational(record["size"])))


def _powers(method: Document) -> list[float]:
    """1, g, g^2, ... of the generator of irrational coefficients, if there is one."""
    if "generator" not in method:
        return []
    record = method["generator"]
    polynomial = [float(rational(c)) for c in record["polynomial"]]
    middle = float(rational(record["lower"]) + rational(record["upper"])) / 2
    g = min(np.roots(polynomial[::-1]), key=lambda root: abs(root - middle)).real
    return [g**k for k in range(len(polynomial) - 1)]


def _coefficient(value: Any, powers: list[float]) -> float:
    if not powers:
        return float(rational(value))
    pairs = zip(value, powers, strict=True)
    return sum(float(rational(c)) * power for c, power in pairs)
