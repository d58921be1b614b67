"""The blocks, norms and feed-forward branches with drawn parameters, in plain jax."""

import jax
import jax.numpy as jnp
from agreement import plain

from stabcheck.fields import (
    attention,
    cross_attention,
    deep_norm,
    feed_forward,
    gated_feed_forward,
    hopfield,
    l2_norm,
    layer_norm,
    layer_scale,
    leaky,
    parallel,
    re_zero,
    residual,
    rms_norm,
    sandwich_norm,
)

HIDDEN, CONTEXT, CONTEXT_WIDTH = 5, 3, 4


def split(parameters, *names):
    """The named parameters, and the rest."""
    chosen = {name: parameters[name] for name in names}
    return chosen, {k: v for k, v in parameters.items() if k not in names}


def draw_attention(rng, n, d):
    return {
        "W_Q": rng.standard_normal((1, d, 3)),
        "W_K": rng.standard_normal((1, d, 3)),
        "W_V": rng.standard_normal((1, d, 2)),
        "W_O": rng.standard_normal((2, d)),
    }


def draw_feed_forward(rng, n, d):
    return {
        "W_1": rng.standard_normal((d, HIDDEN)),
        "b_1": rng.standard_normal(HIDDEN),
        "W_2": rng.standard_normal((HIDDEN, d)),
        "b_2": rng.standard_normal(d),
    }


def draw_gated(rng, n, d):
    return {
        "W_g": rng.standard_normal((d, HIDDEN)),
        "W_1": rng.standard_normal((d, HIDDEN)),
        "W_2": rng.standard_normal((HIDDEN, d)),
    }


def draw_cross(rng, n, d):
    seen = rng.integers(0, 2, (n, CONTEXT))
    seen[:, 0] = 1
    return {
        "Y": rng.standard_normal((CONTEXT, CONTEXT_WIDTH)),
        "W_Q": rng.standard_normal((2, d, 3)),
        "W_K": rng.standard_normal((2, CONTEXT_WIDTH, 3)),
        "W_V": rng.standard_normal((2, CONTEXT_WIDTH, 2)),
        "W_O": rng.standard_normal((4, d)),
        "b_Q": rng.standard_normal((2, 3)),
        "b_K": rng.standard_normal((2, 3)),
        "b_V": rng.standard_normal((2, 2)),
        "b_O": rng.standard_normal(d),
        "mask": seen,
    }


def draw_rms(rng, n, d):
    return {"gamma": rng.standard_normal(d), "epsilon": 0.1}


def draw_layer(rng, n, d):
    return {"beta": rng.standard_normal(d), **draw_rms(rng, n, d)}


def drawing(*parts, **numbers):
    """Draw the parameters of several parts, and add plain numbers."""
    return lambda rng, n, d: (
        {name: value for part in parts for name, value in part(rng, n, d).items()}
        | {name: value(rng, d) for name, value in numbers.items()}
    )


def number(value):
    return lambda rng, d: value


def cross(X, Y, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V, b_O, mask):
    """Attention to a context, head by head."""
    outputs = []
    for head in range(W_Q.shape[0]):
        query = X @ W_Q[head] + b_Q[head]
        key, value = Y @ W_K[head] + b_K[head], Y @ W_V[head] + b_V[head]
        logits = query @ key.T / jnp.sqrt(query.shape[1])
        P = jax.nn.softmax(jnp.where(mask > 0, logits, -jnp.inf), axis=-1)
        outputs.append(P @ value)
    return jnp.concatenate(outputs, axis=1) @ W_O + b_O


def retrieve(X, Y, inverse_temperature):
    return jax.nn.softmax(inverse_temperature * X @ Y.T, axis=-1) @ Y - X


def unit(X, epsilon):
    return X / jnp.sqrt((X**2).sum(axis=1, keepdims=True) + epsilon)


def feed_forward_with(activation):
    def reference(X, W_1, b_1, W_2, b_2):
        return activation(X @ W_1 + b_1) @ W_2 + b_2

    return reference


def gated_with(activation):
    def reference(X, W_g, W_1, W_2):
        return (activation(X @ W_g) * (X @ W_1)) @ W_2

    return reference


def exact_gelu(z):
    return jax.nn.gelu(z, approximate=False)


def sandwiched(X, gamma, epsilon, gamma_out, epsilon_out, **parameters):
    middle = plain.attention(plain.rms_norm(X, gamma, epsilon), **parameters)
    return plain.rms_norm(middle, gamma_out, epsilon_out)


def in_parallel(X, gamma, epsilon, **parameters):
    Y = plain.rms_norm(X, gamma, epsilon)
    own, rest = split(parameters, "W_1", "b_1", "W_2", "b_2")
    return plain.attention(Y, **rest) + plain.feed_forward(Y, **own)


def deep(X, gamma, beta, epsilon, skip, **parameters):
    Z = skip * X + plain.feed_forward(X, **parameters)
    return plain.layer_norm(Z, gamma, beta, epsilon)


def stepped(X, step_size, **parameters):
    return X + step_size * plain.attention(X, **parameters)


def damped(X, leak, **parameters):
    return plain.attention(X, **parameters) - leak * X


def diagonal(X, **parameters):
    own, rest = split(parameters, "layer_scale")
    return own["layer_scale"] * plain.attention(X, **rest)


def gated_by_one_number(X, gate, **parameters):
    return gate * plain.feed_forward(X, **parameters)


BLOCKS = (
    (
        "cross-attention",
        lambda: cross_attention(heads=2, mask=True, biases=True),
        draw_cross,
        cross,
    ),
    (
        "hopfield",
        hopfield,
        lambda rng, n, d: {
            "Y": rng.standard_normal((CONTEXT, d)),
            "inverse_temperature": 0.7,
        },
        retrieve,
    ),
    ("l2-norm", l2_norm, lambda rng, n, d: {"epsilon": 0.1}, unit),
    (
        "gelu-tanh",
        lambda: feed_forward(activation="gelu-tanh"),
        draw_feed_forward,
        feed_forward_with(jax.nn.gelu),
    ),
    (
        "relu-squared",
        lambda: feed_forward(activation="relu-squared"),
        draw_feed_forward,
        feed_forward_with(lambda z: jax.nn.relu(z) ** 2),
    ),
    (
        "silu",
        lambda: feed_forward(activation="silu"),
        draw_feed_forward,
        feed_forward_with(jax.nn.silu),
    ),
    ("swiglu", gated_feed_forward, draw_gated, gated_with(jax.nn.silu)),
    (
        "geglu",
        lambda: gated_feed_forward(activation="gelu"),
        draw_gated,
        gated_with(exact_gelu),
    ),
    (
        "sandwich-norm",
        lambda: sandwich_norm(rms_norm(), attention(), rms_norm()),
        drawing(
            draw_attention,
            draw_rms,
            gamma_out=lambda rng, d: rng.standard_normal(d),
            epsilon_out=number(0.2),
        ),
        sandwiched,
    ),
    (
        "parallel",
        lambda: parallel(rms_norm(), attention(), feed_forward()),
        drawing(draw_rms, draw_attention, draw_feed_forward),
        in_parallel,
    ),
    (
        "deep-norm",
        lambda: deep_norm(layer_norm(), feed_forward()),
        drawing(draw_layer, draw_feed_forward, skip=number(1.3)),
        deep,
    ),
    (
        "residual",
        lambda: residual(attention()),
        drawing(draw_attention, step_size=number(0.3)),
        stepped,
    ),
    (
        "leaky",
        lambda: leaky(attention()),
        drawing(draw_attention, leak=number(0.4)),
        damped,
    ),
    (
        "layer-scale",
        lambda: layer_scale(attention()),
        drawing(draw_attention, layer_scale=lambda rng, d: rng.standard_normal(d)),
        diagonal,
    ),
    (
        "re-zero",
        lambda: re_zero(feed_forward()),
        drawing(draw_feed_forward, gate=number(-0.6)),
        gated_by_one_number,
    ),
)
"""Name, declaration, what draws its parameters, and the plain function."""
