"""Design files: a stack of layers, its weights and its domain, written in TOML.

```toml
[field]
kind = "block"            # "attention", or "block": attention and feed-forward
tokens = 8
features = 16
heads = 2
hidden = 32               # of the feed-forward branch, for kind = "block"
mask = "causal"           # or "none"
norm = "pre-rms"          # "none" | "pre-rms" | "pre-layer" | "post-layer"

[parameters]              # one of: seed = 7 | file = "weights.npz" | the two caps
seed = 7                  # query_key_norm = "1/2", value_norm = "1"

[step]
integrators = ["forward-euler", "rk4"]
size = "1/24"
depth = 12

[domain]
kind = "tube"             # or "ball" for a family given by caps
radius = "0.1%"           # of the smallest token norm, or a number
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck import domains
from stabcheck.bounds import (
    Attention,
    AttentionFamily,
    FeedForward,
    LayerNorm,
    RMSNorm,
)
from stabcheck.errors import InvalidInput
from stabcheck.integrators import get as integrator_named
from stabcheck.layers import Map, Normalise, Residual, Stack, step_of

KEYS = {
    "field": {
        "kind", "tokens", "features", "heads", "hidden", "mask", "norm", "leak",
    },
    "parameters": {"seed", "file", "query_key_norm", "value_norm", "tie"},
    "step": {"integrators", "size", "depth"},
    "domain": {"kind", "radius"},
}  # fmt: skip
NORMS = ("none", "pre-rms", "pre-layer", "post-layer")
EPSILON = Fraction(1, 10**6)
"""Added to variances and mean squares of a design's normalisations."""


@dataclass(frozen=True)
class Design:
    """A design with weights: a stack, the state it starts from and its domain text."""

    stack: Stack
    state: np.ndarray
    domain: str
    integrators: tuple[str, ...]
    step_size: Fraction


@dataclass(frozen=True)
class FamilyDesign:
    """A design whose weights are only capped: a family of fields on a ball."""

    name: str
    family: AttentionFamily
    radius: Fraction
    step_size: Fraction
    depth: int


def read(path: Path) -> Design | FamilyDesign:
    """Read a design file.

    **Raises:** `InvalidInput` with one line for a file that is missing, not TOML, has
    an unknown or missing key, or a value out of range.
    """
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"asked to read the design {path}, found no readable TOML file: {error}"
        ) from error
    _check_keys(path, document)
    field, parameters = document["field"], document["parameters"]
    if "query_key_norm" in parameters or "value_norm" in parameters:
        return _family(path, document)
    tokens = _count(path, field, "tokens")
    features = _count(path, field, "features")
    source = _weights(path, parameters)
    state = source.state(tokens, features)
    step = document["step"]
    return Design(
        stack=_stack(path, document, source),
        state=state,
        domain=_domain(path, document["domain"]),
        integrators=_integrators(path, step),
        step_size=step_of(step.get("size", 1)),
    )


def _check_keys(path: Path, document: Mapping[str, Any]) -> None:
    missing = [name for name in KEYS if not isinstance(document.get(name), dict)]
    if missing:
        raise InvalidInput(f"the design {path} lacks the table [{missing[0]}]")
    for table, value in document.items():
        unknown = [table] if table not in KEYS else sorted(set(value) - KEYS[table])
        if unknown:
            known = ", ".join(sorted(KEYS.get(table, KEYS)))
            raise InvalidInput(
                f"the design {path} has the unknown key {unknown[0]!r}; known: {known}"
            )
    if document["field"].get("leak", 0) != 0:
        raise InvalidInput(
            f"the design {path} asks for a leak; only leak = 0 is supported"
        )
    if document["parameters"].get("tie", "none") != "none":
        raise InvalidInput(
            f"the design {path} asks for tied weights; only tie = 'none' is supported"
        )


def _count(path: Path, table: Mapping[str, Any], key: str, least: int = 1) -> int:
    value = table.get(key)
    if type(value) is not int or value < least:
        raise InvalidInput(
            f"the design {path} has {key} = {value!r}; give a whole number >= {least}"
        )
    return value


def _number(path: Path, table: Mapping[str, Any], key: str) -> Fraction:
    value = table.get(key)
    try:
        return domains.radius_of(value)
    except InvalidInput as error:
        raise InvalidInput(
            f"the design {path} has {key} = {str(value)[:60]!r}; give a number >= 0 "
            "such as '1/2'"
        ) from error


def _integrators(path: Path, step: Mapping[str, Any]) -> tuple[str, ...]:
    names = step.get("integrators", ["forward-euler"])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise InvalidInput(f"the design {path} has integrators = {names!r}; give names")
    for name in names:
        integrator_named(name)
    return tuple(names)


def _domain(path: Path, table: Mapping[str, Any]) -> str:
    kind = table.get("kind")
    if kind == "point":
        return "point"
    if kind != "tube":
        raise InvalidInput(
            f"the design {path} has the domain {kind!r}; with weights use point or tube"
        )
    return f"tube:{table.get('radius', '0.1%')}"


@dataclass(frozen=True)
class Seeded:
    """Gaussian weights of variance one over the fan-in, exact float32 numbers."""

    generator: np.random.Generator

    def draw(self, name: str, *shape: int, fan_in: int) -> np.ndarray:
        sample = self.generator.standard_normal(shape) / np.sqrt(fan_in)
        return sample.astype(np.float32)

    def state(self, tokens: int, features: int) -> np.ndarray:
        return self.generator.standard_normal((tokens, features))


@dataclass(frozen=True)
class Stored:
    """Weights by name from an `.npz`; layer 3's query is `layers.3.W_Q`; state `X`."""

    path: Path
    arrays: Mapping[str, np.ndarray]

    def draw(self, name: str, *shape: int, fan_in: int) -> np.ndarray:
        array = self.arrays.get(name)
        if array is None or array.shape != shape:
            found = "nothing" if array is None else f"the shape {array.shape}"
            raise InvalidInput(
                f"asked {self.path} for {name} of shape {shape}, found {found}"
            )
        return array

    def state(self, tokens: int, features: int) -> np.ndarray:
        state = self.draw("X", tokens, features, fan_in=1)
        return np.asarray(state, dtype=np.float64)


def _weights(path: Path, parameters: Mapping[str, Any]) -> Seeded | Stored:
    if "seed" in parameters:
        seed = _count(path, parameters, "seed", least=0)
        return Seeded(np.random.default_rng(seed))
    if "file" not in parameters:
        raise InvalidInput(
            f"the design {path} names no weights: give seed, file, or the two caps"
        )
    file = path.parent / str(parameters["file"])
    try:
        with np.load(file, allow_pickle=False) as archive:
            return Stored(file, {name: archive[name] for name in archive.files})
    except (OSError, ValueError) as error:
        raise InvalidInput(f"asked for the weights {file}: {error}") from error


def _stack(path: Path, document: Mapping[str, Any], source: Seeded | Stored) -> Stack:
    field, step = document["field"], document["step"]
    kind = field.get("kind")
    if kind not in ("attention", "block"):
        raise InvalidInput(
            f"the design {path} has the kind {kind!r}; use 'attention' or 'block'"
        )
    norm = field.get("norm", "none")
    if norm not in NORMS:
        raise InvalidInput(f"the design {path} has norm = {norm!r}; use one of {NORMS}")
    euler = integrator_named("forward-euler")
    size = step_of(step.get("size", 1))
    maps: list[Map] = []
    layers = []
    for layer in range(_count(path, step, "depth") if "depth" in step else 1):
        first = len(maps)
        branches = {"attention": _attention(path, field, source, layer)}
        if kind == "block":
            branches["feed-forward"] = _feed_forward(path, field, source, layer)
        for part, function in branches.items():
            name = f"layer.{layer}.{part}"
            before = _normalisation(field, norm) if norm.startswith("pre") else ()
            maps.append(Residual(name, (*before, function), euler, size))
            if norm.startswith("post"):
                after = _normalisation(field, norm)[0]
                maps.append(Normalise(f"{name}-norm", after))
        layers.append((f"layer.{layer}", first, len(maps)))
    return Stack(path.stem, tuple(maps), tuple(layers))


def _attention(
    path: Path, field: Mapping[str, Any], source: Seeded | Stored, layer: int
) -> Attention:
    d, heads = _count(path, field, "features"), _count(path, field, "heads")
    if d % heads:
        raise InvalidInput(
            f"the design {path} has {d} features for {heads} heads; make them divide"
        )
    mask = field.get("mask", "none")
    if mask not in ("none", "causal"):
        raise InvalidInput(
            f"the design {path} has mask = {mask!r}; use 'none' or 'causal'"
        )
    width = d // heads
    draw = {
        name: source.draw(f"layers.{layer}.{name}", *shape, fan_in=d)
        for name, shape in (
            ("W_Q", (heads, d, width)),
            ("W_K", (heads, d, width)),
            ("W_V", (heads, d, width)),
            ("W_O", (d, d)),
        )
    }
    return Attention(**draw, causal=mask == "causal")


def _feed_forward(
    path: Path, field: Mapping[str, Any], source: Seeded | Stored, layer: int
) -> FeedForward:
    d, hidden = _count(path, field, "features"), _count(path, field, "hidden")
    return FeedForward(
        W_1=source.draw(f"layers.{layer}.W_1", d, hidden, fan_in=d),
        b_1=np.zeros(hidden, dtype=np.float32),
        W_2=source.draw(f"layers.{layer}.W_2", hidden, d, fan_in=hidden),
        b_2=np.zeros(d, dtype=np.float32),
    )


def _normalisation(
    field: Mapping[str, Any], norm: str
) -> tuple[LayerNorm | RMSNorm, ...]:
    ones = np.ones(field["features"], dtype=np.float32)
    if norm.endswith("rms"):
        return (RMSNorm(gamma=ones, epsilon=EPSILON),)
    return (LayerNorm(gamma=ones, beta=np.zeros_like(ones), epsilon=EPSILON),)


def _family(path: Path, document: Mapping[str, Any]) -> FamilyDesign:
    field, parameters, step = (
        document[name] for name in ("field", "parameters", "step")
    )
    domain = document["domain"]
    if field.get("kind") != "attention" or field.get("norm", "none") != "none":
        raise InvalidInput(
            f"the design {path} caps its weights; that is supported for "
            "kind = 'attention' with norm = 'none'"
        )
    if domain.get("kind") != "ball":
        raise InvalidInput(
            f"the design {path} caps its weights on the domain "
            f"{domain.get('kind')!r}; use kind = 'ball' with a radius"
        )
    names = _integrators(path, step)
    if any(integrator_named(name).name != "forward-euler" for name in names):
        raise InvalidInput(
            f"the design {path} caps its weights; use integrators = ['forward-euler']"
        )
    return FamilyDesign(
        name=path.stem,
        family=AttentionFamily(
            tokens=_count(path, field, "tokens"),
            features=_count(path, field, "features"),
            heads=_count(path, field, "heads"),
            causal=field.get("mask", "none") == "causal",
            query_key_norm=_number(path, parameters, "query_key_norm"),
            value_norm=_number(path, parameters, "value_norm"),
        ),
        radius=domains.radius_of(domain.get("radius")),
        step_size=step_of(step.get("size", 1)),
        depth=_count(path, step, "depth") if "depth" in step else 1,
    )
