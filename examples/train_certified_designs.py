"""Does a design that is certified before training train, and what does it cost?

Small transformers read Alice's Adventures in Wonderland character by character: the
standard design (pre-norm, step 1) and three designs whose caps promise a growth for
every text, length and weight.  All get the same text, batches, optimiser and number of
steps.  Over training and over depth: the loss, the growth that is certified, the growth
and shrink that changes of a real text attain, the gradient at every layer.

    python train_certified_designs.py [--steps 400] [--horizon 1] [--picture FILE]

The text is Lewis Carroll's of 1865, in the public domain; its electronic form is the
Millennium Fulcrum Edition 2.9, as it stands in the Canterbury corpus.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stabcheck import fields, integrators, parametrisations, schemes
from stabcheck.bounds.families import constant
from stabcheck.schemes.gains import largest_token_gain

# Jacobians are measured in double precision; models are of float32 all the same.
jax.config.update("jax_enable_x64", True)

TEXT = Path(__file__).with_name("alice.txt").read_text()
CHARACTERS = sorted(set(TEXT))
CODES = np.array([CHARACTERS.index(c) for c in TEXT])
HELD_OUT = len(CODES) * 9 // 10
"""Training reads what is before, validation what is after."""

ALPHA, VALUE = 0.5, 1.0
"""Caps: logits of at most 1/2 beside their bias; attention and branch of norm 1."""
INVERSE_EPSILON = 10**5
"""Of the standard design's RMSNorm."""
VACUOUS = 1e12
"""A certified growth above this is named in the picture, not drawn."""


@dataclass(frozen=True)
class Sizes:
    """Of a model, of what it reads, and of the text whose Jacobian is measured."""

    depth: int = 8
    features: int = 64
    heads: int = 4
    context: int = 32
    batch: int = 16
    probe: int = 12


@dataclass(frozen=True)
class Design:
    """Attention and a feed-forward branch, as steps of a scheme.

    `branch` is `mlp` or `gradient`; uncapped the norm is RMSNorm and the step 1, capped
    the soft norm and the horizon over the depth.
    """

    name: str
    sizes: Sizes
    horizon: Fraction = Fraction(1)
    is_capped: bool = True
    branch: str = "mlp"
    is_reversible: bool = False

    @property
    def step(self) -> Fraction:
        return self.horizon / self.sizes.depth if self.is_capped else Fraction(1)

    def drawn(self, rng: np.random.Generator) -> dict[str, Any]:
        """Raw arrays of all layers, of variance one over the fan-in; biases 0."""
        L, d, H = self.sizes.depth, self.sizes.features, self.sizes.heads
        shapes = dict.fromkeys(("W_Q", "W_K", "W_V"), (L, H, d, d // H))
        a, b = {**shapes, "W_O": (L, d, d)}, {"W_1": (L, d, 4 * d)}
        b |= {"b_1": (L, 4 * d), "W_2": (L, 4 * d, d), "b_2": (L, d)}
        if self.branch == "gradient":
            b = {"W": (L, d, 4 * d), "b": (L, 4 * d)}
        table = {"table": (L, H, self.sizes.context)}

        def draw(name: str, shape: tuple[int, ...]) -> Any:
            size = 0.0 if name[0] in "bt" else shape[-2] ** -0.5
            return np.float32(size * rng.standard_normal(shape))

        parts = {"a": a, "b": b, "bias": table}
        return {p: {n: draw(n, s) for n, s in sh.items()} for p, sh in parts.items()}

    def weights(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of one layer's branches: inside the caps, if there are any."""
        if not self.is_capped:
            return dict(raw)
        radius = self.sizes.features**0.5
        caps = {"alpha": ALPHA, "value": VALUE, "radius": radius}
        a, _ = parametrisations.bounded_attention(raw["a"], **caps)
        if self.branch == "gradient":
            # A quarter of the largest step: h |W|^2 <= 1/2, so that it shrinks by half.
            bounded = parametrisations.bounded_gradient_feed_forward
            b, _ = bounded(raw["b"], step=4 * float(self.step))
        else:
            bounded = parametrisations.bounded_feed_forward
            b, _ = bounded(raw["b"], first=1.0, second=1.0)
        return {"a": a, "b": b, "bias": raw["bias"]}

    def layer(self, weights: Mapping[str, Any], tokens: int) -> Any:
        """The map of one layer at a number of tokens."""
        distance = np.arange(tokens)[:, None] - np.arange(tokens)
        bias = weights["bias"]["table"][:, np.maximum(distance, 0)]
        a, b = branches(self.is_capped, self.branch, self.sizes.heads)
        norm = {} if self.is_capped else _rms(self.sizes.features)
        first = schemes.slope_of(a, **weights["a"], bias=bias, **norm)
        second = schemes.slope_of(b, **weights["b"], **norm)
        if self.is_reversible:
            method = integrators.get("reversible-block")
            return schemes.TwoStreams(second, first, method, self.step)
        method = integrators.get("sequential-block")
        return schemes.Splitting({"a": first, "b": second}, method, self.step)

    def states(self, model: Mapping[str, Any], codes: Any, moves: Any = 0.0) -> Any:
        """The input of every layer and the last output; `moves` are added to each."""
        state = model["embedding"][codes]
        if self.is_reversible:
            state = jnp.stack([state, state])
        count = self.sizes.depth
        moves = jnp.broadcast_to(moves, (count + 1, *state.shape))

        def advance(state: Any, given: Any) -> tuple[Any, Any]:
            raw, move = given
            moved = state + move
            return self.layer(self.weights(raw), len(codes))(moved), moved

        last, states = jax.lax.scan(advance, state, (model["layers"], moves[:count]))
        return jnp.concatenate([states, (last + moves[count])[None]])

    def loss(self, model: Mapping[str, Any], codes: Any, moves: Any = 0.0) -> Any:
        """Nats for each next character of one text."""
        last = self.states(model, codes[:-1], moves)[-1]
        last = last.mean(axis=0) if self.is_reversible else last
        if self.is_capped:
            last = parametrisations.soft_norm(last)
        else:
            square = (last**2).mean(axis=-1, keepdims=True)
            last = last / jnp.sqrt(square + 1 / INVERSE_EPSILON)
        logits = last @ model["readout"] + model["offset"]
        chosen = jax.nn.log_softmax(logits)[jnp.arange(len(codes) - 1), codes[1:]]
        return -chosen.mean()

    def constants(self, layer: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
        """Proven Lipschitz constants of both branches of one layer, for all states."""
        norms = parametrisations.certified_attention(layer["a"])
        return self.family(norms.query_key, norms.value, *map(_norm, _matrices(layer)))

    def family(self, query_key: Any, value: Any, *branch: Any) -> tuple[Any, Any]:
        """The same of all layers within these norms."""
        d, norm = Fraction(self.sizes.features), {"normalisation": "soft"}
        a = {"kind": "attention", "mask": "any", "tie": "none", "radius_squared": d}
        a |= {"query_key_norm": query_key, "value_norm": value, **norm}
        names = dict(zip(("in_norm", "out_norm"), branch, strict=False))
        b = {"kind": "feed-forward", "activation": "gelu", **names, **norm}
        if self.branch == "gradient":
            b = {"kind": "gradient-feed-forward", "activation": "tanh"}
            b |= {"matrix_norm": branch[0]}
        everywhere = ({"kind": "all"}, "token-max", "lipschitz")
        found = [constant(record, *everywhere).value for record in (a, b)]
        # RMSNorm is the soft norm of x / sqrt(epsilon), for radius sqrt(d).
        by = 1 if self.is_capped else Fraction(31623, 100)
        return found[0] * by, found[1] * by

    def certified(self, constants: list[tuple[Any, Any]]) -> np.ndarray:
        """Growth and shrink of the first l layers, for l = 1, 2, ...: `(L, 2)`."""
        h, found = float(self.step), []
        ahead, back, growth, shrink = np.eye(2), np.eye(2), 1.0, 1.0
        for a, b in ((float(a), float(b)) for a, b in constants):
            if self.is_reversible:
                one, both = h * a, 1 + h * h * a * b
                ahead = np.array([[both, h * b], [one, 1]]) @ ahead
                back = back @ np.array([[1, h * b], [one, both]])
                growth, under = ahead.sum(axis=1).max(), back.sum(axis=1).max()
                shrink = 1 / under
            else:
                # Of a gradient branch a step of at most 2 / constant is no growth.
                free = self.branch == "gradient" and h * b <= 2
                growth *= (1 + h * a) * (1 if free else 1 + h * b)
                shrink *= max(1 - h * a, 0) * max(1 - h * b, 0)
            found.append((growth, shrink))
        return np.array(found)


@cache
def branches(is_capped: bool, branch: str, heads: int) -> tuple[Any, Any]:
    """The declared fields."""
    norm = fields.soft_norm() if is_capped else fields.rms_norm()
    a = fields.attention(heads=heads, causal=True, bias="head")
    if branch == "gradient":
        return fields.pre_norm(norm, a), fields.gradient_feed_forward()
    return fields.pre_norm(norm, a), fields.pre_norm(norm, fields.feed_forward())


def designs(sizes: Sizes, horizon: Fraction) -> tuple[Design, ...]:
    soft = Design("soft pre-norm", sizes, horizon)
    return (
        Design("standard", sizes, is_capped=False),
        soft,
        replace(soft, name="gradient branch", branch="gradient"),
        replace(soft, name="reversible", is_reversible=True),
    )


def _rms(features: int) -> dict[str, Any]:
    gamma = jnp.ones(features, jnp.float32)
    return {"gamma": gamma, "epsilon": 1 / INVERSE_EPSILON}


def _matrices(layer: Mapping[str, Any]) -> list[Any]:
    return [layer["b"][name] for name in ("W_1", "W_2", "W") if name in layer["b"]]


def _norm(matrix: Any) -> Fraction:
    return parametrisations.certified_norm(matrix)


# --- Training: Adam on random pieces of the text, the same for all designs


def trained(design: Design, steps: int, marks: int) -> list[dict[str, Any]]:
    """Train, and measure at so many equally spaced moments, the first before a step."""
    sizes = design.sizes
    rng, shape, d = np.random.default_rng(0), len(CHARACTERS), sizes.features
    model = {
        "layers": design.drawn(rng),
        "embedding": np.float32(rng.standard_normal((shape, d))),
        "readout": np.float32(d**-0.5 * rng.standard_normal((d, shape))),
        "offset": np.zeros(shape, np.float32),
    }
    rng = np.random.default_rng(1)
    moments = jax.tree.map(lambda w: (0 * w, 0 * w), model)
    step = jax.jit(partial(adam, partial(mean_loss, design)))
    measure = Measure(design)
    wanted = [round(m * steps / max(marks - 1, 1)) for m in range(marks)]
    found = []
    for number in range(steps + 1):
        if number in wanted:
            found.append({"step": number, **measure(model)})
        if number < steps:
            warm, cool = (number + 1) / 20, 2 * (1 - number / steps)
            rate = np.float32(3e-3 * min(1, warm, cool))
            batch = pieces(rng, sizes, 0, HELD_OUT)
            model, moments = step(model, moments, batch, rate, np.float32(number + 1))
    return found


def pieces(rng: Any, sizes: Sizes, first: int, last: int) -> np.ndarray:
    starts = rng.integers(first, last - sizes.context - 1, sizes.batch)
    return np.stack([CODES[at : at + sizes.context + 1] for at in starts])


def mean_loss(design: Design, model: Any, batch: Any) -> Any:
    return jax.vmap(partial(design.loss, model))(batch).mean()


def adam(
    loss: Any, model: Any, moments: Any, batch: Any, rate: Any, number: Any
) -> Any:
    """One step of Adam (Kingma and Ba 2015, arXiv:1412.6980), 0.9 and 0.99."""

    def moved(w: Any, slope: Any, both: tuple[Any, Any]) -> tuple[Any, Any]:
        first = 0.9 * both[0] + 0.1 * slope
        second = 0.99 * both[1] + 0.01 * slope**2
        spread = jnp.sqrt(second / (1 - 0.99**number)) + 1e-8
        return w - rate * first / (1 - 0.9**number) / spread, (first, second)

    slopes = jax.grad(loss)(model, batch)
    leaves, shape = jax.tree.flatten(model)
    both = shape.flatten_up_to(moments)
    pairs = list(map(moved, leaves, shape.flatten_up_to(slopes), both))
    return tuple(shape.unflatten([pair[i] for pair in pairs]) for i in (0, 1))


# --- Measuring: loss, certified and attained growth and shrink, gradients


class Measure:
    """What is measured of the models of one design, each program compiled once."""

    def __init__(self, design: Design) -> None:
        self.design = design
        rng, sizes = np.random.default_rng(2), design.sizes
        self.unseen = [pieces(rng, sizes, HELD_OUT, len(CODES)) for _ in range(8)]
        slopes = jax.vmap(jax.value_and_grad(design.loss, 2), (None, 0, None))
        self.slopes, self.weights = jax.jit(slopes), jax.jit(design.weights)
        self.jacobians = jax.jit(self._jacobians)

    def __call__(self, model: Any) -> dict[str, Any]:
        raw, design = model["layers"], self.design
        each = [jax.tree.map(itemgetter(at), raw) for at in range(design.sizes.depth)]
        layers = [jax.tree.map(np.asarray, self.weights(layer)) for layer in each]
        found = [self.slopes(model, batch, self._still()) for batch in self.unseen]
        # The slope of a text's loss by the streams that enter each layer, in one norm.
        squares = np.array([(np.float64(slope) ** 2) for _, slope in found])
        own = squares.sum(axis=tuple(range(3, squares.ndim)))
        return {
            "loss": float(np.mean([losses for losses, _ in found])),
            "certified": design.certified([design.constants(w) for w in layers]),
            "attained": self.attained(model),
            "gradients": np.sqrt(own.mean(axis=(0, 1))),
        }

    def attained(self, model: Any) -> np.ndarray:
        """The largest growth and the smallest shrink found at a text it never saw."""
        sizes, product, found = self.design.sizes, None, []
        codes = CODES[HELD_OUT : HELD_OUT + sizes.probe]
        for J in np.asarray(self.jacobians(model, codes)):
            product = J if product is None else J @ product
            both = (product, np.linalg.pinv(product))
            gains = [largest_token_gain(M, sizes.features) for M in both]
            found.append((gains[0], 1 / gains[1]))
        return np.array(found)

    def _jacobians(self, model: Any, codes: Any) -> Any:
        """Of every layer at its input, `(L, N, N)`."""
        states = self.design.states(model, codes)[:-1].astype(jnp.float64)

        def one(given: tuple[Any, Any]) -> Any:
            raw, state = given
            weights = self.design.weights(raw)
            weights = jax.tree.map(lambda w: jnp.asarray(w, jnp.float64), weights)
            dense = jax.jacfwd(self.design.layer(weights, len(codes)))(state)
            return dense.reshape(state.size, state.size)

        return jax.lax.map(one, (model["layers"], states))

    def _still(self) -> Any:
        sizes, streams = self.design.sizes, (2,) if self.design.is_reversible else ()
        shape = (sizes.depth + 1, *streams, sizes.context, sizes.features)
        return jnp.zeros(shape, jnp.float32)


# --- What came out


def picture(results: dict[str, list[dict[str, Any]]], file: Path) -> None:
    """Loss and growth over training, growth and gradients over depth."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.5), layout="constrained")
    (over_loss, over_training), (over_depth, over_gradient) = figure.subplots(2, 2)
    for number, (name, marks) in enumerate(results.items()):
        color, steps = f"C{number}", [mark["step"] for mark in marks]
        last, promise = marks[-1], marks[-1]["certified"][-1, 0]
        label = f"{name}: {promise:.2g}" + " (vacuous)" * bool(promise > VACUOUS)
        over_loss.plot(steps, [m["loss"] for m in marks], "o-", color=color, label=name)
        for kind, line in (("certified", "--"), ("attained", "-")):
            if kind == "certified" and promise > VACUOUS:
                over_training.plot([], [], line, color=color, label=label)
                continue
            growth = [mark[kind][-1, 0] for mark in marks]
            named = {"label": label} if kind == "certified" else {}
            over_training.semilogy(steps, growth, line, color=color, **named)
            depth = np.arange(1, len(last[kind]) + 1)
            drawn = np.where(last[kind] > 0, last[kind], np.nan)
            over_depth.semilogy(depth, drawn, line, color=color)
        sizes = marks[-1]["gradients"]
        over_gradient.semilogy(sizes / sizes[-1], "o-", color=color)
    titles = {
        over_loss: ("held-out loss, nats a character", "step"),
        over_training: ("growth over the depth: certified (dashed), attained", "step"),
        over_depth: ("growth and shrink of the first layers", "layers"),
        over_gradient: ("gradient by the layer's input, relative to the last", "layer"),
    }
    for axes, (title, label) in titles.items():
        axes.set(title=title, xlabel=label)
    over_loss.legend()
    low, high = over_training.get_ylim()
    over_training.set_ylim(low, high * (high / low) ** 0.6)  # room for the legend
    over_training.legend(title="certified", loc="upper right")
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--horizon", type=Fraction, default=Fraction(1))
    parser.add_argument("--marks", type=int, default=4, help="how often to measure")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--quick", action="store_true", help="tiny models, seconds")
    options = parser.parse_args()
    sizes = Sizes(depth=options.depth)
    if options.quick:
        jax.config.update("jax_disable_most_optimizations", True)
        sizes = Sizes(depth=2, features=8, heads=2, context=8, batch=4, probe=3)
        options.steps, options.marks = 3, 2
    results = {}
    print(f"{'':17}loss   growth: certified, attained   shrink: certified, attained")
    for design in designs(sizes, options.horizon):
        marks = results[design.name] = trained(design, options.steps, options.marks)
        last = marks[-1]
        (growth, low), (most, least) = last["certified"][-1], last["attained"][-1]
        assert low <= least <= most <= growth, design.name
        print(
            f"{design.name:16} {last['loss']:.3f}   {growth:17.3g}, {most:<9.3g}  "
            f"{low:16.3g}, {least:.3g}",
            flush=True,
        )
    if options.picture:
        picture(results, options.picture)


if __name__ == "__main__":
    main()
