"""The fields that designs need, with drawn parameters, in plain jax."""

from functools import partial

import jax
import jax.numpy as jnp
from agreement import plain, plain_attention
from agreement.block_cases import draw_attention, draw_feed_forward

from stabcheck.fields import (
    antisymmetric_feed_forward,
    attention,
    feed_forward,
    gradient_feed_forward,
    post_norm,
    pre_norm,
    soft_norm,
    sphere_projection,
)

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
}


def soft(X, radius):
    return X / jnp.sqrt(1 + (X**2).sum(axis=1, keepdims=True) / radius**2)


def projected(X):
    return X / jnp.linalg.norm(X, axis=1, keepdims=True)


def softly(branch):
    """A branch behind a soft norm."""
    return lambda X, radius, **parameters: branch(soft(X, radius), **parameters)


def on_the_sphere(X, step_size, **parameters):
    return projected(X + step_size * plain.attention(X, **parameters))


def descending(X, W, b, activation):
    return -ACTIVATIONS[activation](X @ W + b) @ W.T


def antisymmetric(X, M, b, activation):
    return ACTIVATIONS[activation](X @ (M - M.T).T + b)


def tied(X, W_Q, W_K, kappa, **options):
    """Attention whose values are its keys, with the output map written out."""
    heads, d, width = W_Q.shape
    back = W_Q.transpose(0, 2, 1).reshape(heads * width, d)
    W_O = -kappa / jnp.sqrt(width) * back
    return plain_attention.attention(X, W_Q, W_K, W_K, W_O, **options)


def gram(X, W_Q, kappa):
    return tied(X, W_Q, W_Q, kappa, weights="sinkhorn")


def drawn_for(draw, **numbers):
    return lambda rng, n, d: draw(rng, n, d) | numbers


def draw_gradient(rng, n, d):
    return {"W": rng.standard_normal((d, 3)), "b": rng.standard_normal(3)}


def draw_antisymmetric(rng, n, d):
    return {"M": rng.standard_normal((d, d)), "b": rng.standard_normal(d)}


def draw_tied(rng, n, d, size=1.0):
    W = rng.standard_normal((2, 2, d, 3))
    return {"W_Q": size * W[0], "W_K": W[1], "kappa": 0.7}


def draw_gram(rng, n, d):
    # Small logits: the plain function has to come to its limit by sweeps alone.
    return {"W_Q": 0.4 * rng.standard_normal((2, d, 3)), "kappa": 0.7}


CONVERGED = ("tied-sinkhorn", "gram-sinkhorn")
"""Those whose weights are a limit, defined by equations."""

DESIGNS = (
    ("soft-norm", soft_norm, lambda rng, n, d: {"radius": 1.3}, soft),
    ("sphere-projection", sphere_projection, lambda rng, n, d: {}, projected),
    (
        "soft-pre-norm-attention",
        lambda: pre_norm(soft_norm(), attention()),
        drawn_for(draw_attention, radius=1.3),
        softly(plain.attention),
    ),
    (
        "soft-pre-norm-feed-forward",
        lambda: pre_norm(soft_norm(), feed_forward()),
        drawn_for(draw_feed_forward, radius=1.3),
        softly(plain.feed_forward),
    ),
    (
        "sphere-attention",
        lambda: post_norm(sphere_projection(), attention()),
        drawn_for(draw_attention, step_size=0.3),
        on_the_sphere,
    ),
    *(
        (
            f"gradient-{activation}",
            partial(gradient_feed_forward, activation=activation),
            draw_gradient,
            partial(descending, activation=activation),
        )
        for activation in ACTIVATIONS
    ),
    *(
        (
            f"antisymmetric-{activation}",
            partial(antisymmetric_feed_forward, activation=activation),
            draw_antisymmetric,
            partial(antisymmetric, activation=activation),
        )
        for activation in ACTIVATIONS
    ),
    (
        "tied-causal",
        partial(attention, heads=2, causal=True, tie="negative"),
        draw_tied,
        partial(tied, causal=True),
    ),
    ("tied", partial(attention, heads=2, tie="negative"), draw_tied, tied),
    (
        "tied-sinkhorn",
        partial(attention, heads=2, weights="sinkhorn", tie="negative"),
        partial(draw_tied, size=0.2),
        partial(tied, weights="sinkhorn"),
    ),
    (
        "gram-sinkhorn",
        partial(attention, heads=2, weights="sinkhorn", tie="gram"),
        draw_gram,
        gram,
    ),
)
"""Name, declaration, what draws its parameters, and the plain function."""
