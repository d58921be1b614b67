"""What can be certified by name: design files, MiniLM, checkpoints of two kinds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck import checkpoints, domains
from stabcheck.bounds import (
    Attention,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    RMSNorm,
    Rotary,
    ScoredAttention,
)
from stabcheck.certify import design
from stabcheck.certify.run import Plan
from stabcheck.errors import InvalidInput
from stabcheck.integrators import StepMethod, certifiable
from stabcheck.integrators import get as integrator_named
from stabcheck.layers import Map, Normalise, Residual, Stack, step_of

DEFAULT_TEXT = "Attention is a vector field."
DEFAULT_DOMAIN = "tube:0.1%"
INTEGRATORS = ("forward-euler", "heun", "ssprk3", "rk4", "implicit-midpoint")
STEP = Fraction(1, 16)


@dataclass(frozen=True)
class Options:
    """What the command line adds to a source; `None` and empty mean the default."""

    domain: str | None = None
    integrators: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    layers: str | None = None
    text: str | None = None
    tokens: int | None = None

    def refuse_all(self, source: str) -> None:
        """Refuse what a design that caps its weights does not take.

        **Raises:** `InvalidInput` if an option is given.
        """
        given = [name for name, value in vars(self).items() if value]
        if given:
            name = (
                given[0] if given[0] in ("layers", "tokens") else given[0].rstrip("s")
            )
            raise InvalidInput(
                f"asked to certify {source} with --{name}; a design that caps its "
                "weights is certified as the file says: write it there"
            )


def plan(source: str, options: Options) -> Plan | design.FamilyDesign:
    """What `stabcheck certify SOURCE` certifies.

    **Raises:** `InvalidInput` for a source that is none of the supported kinds.
    """
    path = Path(source)
    if source.endswith(".toml"):
        return _design_plan(path, options)
    if source == "minilm":
        return _checkpoint_plan(checkpoints.minilm(), "all-MiniLM-L6-v2", options)
    if path.exists():
        return _checkpoint_plan(checkpoints.read(path), path.name, options)
    raise InvalidInput(
        f"asked to certify {source!r}, found no such source; give a design file "
        "(.toml), `minilm`, or a folder with safetensors and config.json of the BERT "
        "or the Llama kind"
    )


def _steps(
    options: Options, integrators: tuple[str, ...], size: Fraction
) -> tuple[tuple[StepMethod, Fraction], ...]:
    names = options.integrators or integrators
    sizes = tuple(step_of(step) for step in options.steps) or (size,)
    methods = tuple(certifiable(integrator_named(name)) for name in names)
    return tuple((method, h) for h in sizes for method in methods)


def _radius_of(text: str):
    def radius_of(state: np.ndarray) -> Fraction:
        domain = domains.parse(text, state)
        if isinstance(domain, domains.Point):
            return Fraction(0)
        if not isinstance(domain, domains.Tube):
            raise InvalidInput(
                f"asked for the domain {text!r}; a stack is certified on point or "
                "tube:R, round its own trajectory"
            )
        return domain.radius

    return radius_of


def _design_plan(path: Path, options: Options) -> Plan | design.FamilyDesign:
    read = design.read(path)
    if isinstance(read, design.FamilyDesign):
        options.refuse_all(str(path))
        return read
    if options.text is not None:
        raise InvalidInput(
            f"asked to certify {path} with --text; only a checkpoint reads one"
        )
    state = read.state if options.tokens is None else read.state[: options.tokens]
    stack, state = _chosen(read.stack, state, options.layers)
    return Plan(
        stack,
        state,
        _radius_of(options.domain or read.domain),
        _steps(options, read.integrators, read.step_size),
        _statement(stack, state),
        {"source": path.name},
    )


def _checkpoint_plan(
    checkpoint: checkpoints.Checkpoint | checkpoints.Decoder,
    name: str,
    options: Options,
) -> Plan:
    ids = checkpoint.tokenise(options.text or DEFAULT_TEXT)
    if options.tokens is not None:
        ids = ids[: options.tokens]
    if not ids:
        raise InvalidInput("asked to certify a text without tokens; give --text")
    is_decoder = isinstance(checkpoint, checkpoints.Decoder)
    stack_of = decoder_stack if is_decoder else checkpoint_stack
    stack, state = _chosen(
        stack_of(checkpoint, name), checkpoint.embed(ids), options.layers
    )
    return Plan(
        stack,
        state,
        _radius_of(options.domain or DEFAULT_DOMAIN),
        _steps(options, INTEGRATORS, STEP),
        _statement(stack, state),
        {
            "source": name,
            "sha256": checkpoint.sha256,
            "tokens": " ".join(str(token) for token in ids),
        },
    )


def checkpoint_stack(checkpoint: checkpoints.Checkpoint, name: str) -> Stack:
    """A post-norm encoder as a stack: each layer is four maps."""
    euler = integrator_named("forward-euler")
    maps: list[Map] = []
    layers = []
    for index, layer in enumerate(checkpoint.layers):
        prefix = f"layer.{index}"
        epsilon = checkpoint.epsilon
        branches = {
            "attention": (_attention(layer), layer.gamma_1, layer.beta_1),
            "feed-forward": (_feed_forward(layer), layer.gamma_2, layer.beta_2),
        }
        for part, (field, gamma, beta) in branches.items():
            residual = Residual(f"{prefix}.{part}", (field,), euler, Fraction(1))
            norm = LayerNorm(gamma=gamma, beta=beta, epsilon=epsilon)
            maps += [residual, Normalise(f"{prefix}.{part}-norm", norm)]
        layers.append((prefix, 4 * index, 4 * index + 4))
    return Stack(name, tuple(maps), tuple(layers))


def decoder_stack(decoder: checkpoints.Decoder, name: str) -> Stack:
    """A pre-norm decoder as a stack: each layer is two maps."""
    euler = integrator_named("forward-euler")
    maps: list[Map] = []
    for index, layer in enumerate(decoder.layers):
        attention = Attention(
            W_Q=layer.W_Q, W_K=layer.W_K, W_V=layer.W_V, W_O=layer.W_O,
            b_Q=layer.b_Q, b_K=layer.b_K, b_V=layer.b_V, b_O=layer.b_O, causal=True,
        )  # fmt: skip
        gated = GatedFeedForward(
            layer.W_g, layer.W_1, layer.W_2, activation=decoder.activation
        )
        branches = {
            "attention": (
                RMSNorm(layer.gamma_1, decoder.epsilon),
                ScoredAttention(attention, Rotary("half", base=decoder.base)),
            ),
            "feed-forward": (RMSNorm(layer.gamma_2, decoder.epsilon), gated),
        }
        maps += [
            Residual(f"layer.{index}.{part}", branch, euler, Fraction(1))
            for part, branch in branches.items()
        ]
    ranges = [(f"layer.{k}", 2 * k, 2 * k + 2) for k in range(len(decoder.layers))]
    return Stack(name, tuple(maps), tuple(ranges))


def _attention(layer: checkpoints.EncoderLayer) -> Attention:
    return Attention(
        W_Q=layer.W_Q, W_K=layer.W_K, W_V=layer.W_V, W_O=layer.W_O,
        b_Q=layer.b_Q, b_K=layer.b_K, b_V=layer.b_V, b_O=layer.b_O,
    )  # fmt: skip


def _feed_forward(layer: checkpoints.EncoderLayer) -> FeedForward:
    return FeedForward(W_1=layer.W_1, b_1=layer.b_1, W_2=layer.W_2, b_2=layer.b_2)


def _chosen(
    stack: Stack, state: np.ndarray, layers: str | None
) -> tuple[Stack, np.ndarray]:
    """The layers of a range such as `0-5` or `3`, with the state that enters them."""
    if layers is None:
        return stack, state
    ends = layers.split("-")
    try:
        first, last = int(ends[0]), int(ends[-1])
    except ValueError:
        first, last = -1, -1
    if len(ends) > 2 or not 0 <= first <= last < len(stack.layers):
        raise InvalidInput(
            f"asked for the layers {layers!r} of {len(stack.layers)}; "
            f"give a range within 0-{len(stack.layers) - 1}"
        )
    picked = stack.layers[first : last + 1]
    start, end = picked[0][1], picked[-1][2]
    part = Stack(
        stack.name,
        stack.maps[start:end],
        tuple((name, a - start, b - start) for name, a, b in picked),
    )
    return part, stack.trajectory(state)[start]


def _statement(stack: Stack, state: np.ndarray) -> str:
    tokens, features = state.shape
    return (
        f"{stack.name}: {len(stack.layers)} layers, {len(stack.maps)} maps, "
        f"{tokens} tokens of {features} features. Each claim bounds the growth or the "
        "shrink of a map, of a step or of the depth on the domain it names."
    )
