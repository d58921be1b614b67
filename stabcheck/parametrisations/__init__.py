"""Weights that lie in a family by construction: pure functions on arrays, for training.

A parametrisation maps unconstrained arrays to the parameters of a declared field, by
the names of the declaration; gradients flow through it.  `capped` bounds a spectral
norm by power iteration, whose vectors the training loop carries; `certified_norm`
proves afterwards what the estimate only promised.  Nothing here needs more than jax.
"""

from stabcheck.parametrisations.certified import (
    AttentionNorms,
    certified_attention,
    certified_norm,
)
from stabcheck.parametrisations.families import (
    bounded_attention,
    bounded_feed_forward,
    bounded_gradient_feed_forward,
    settled,
    start_vectors,
)
from stabcheck.parametrisations.normalisation import soft_norm, unit
from stabcheck.parametrisations.spectral import capped, capped_by_powers, power_norm
from stabcheck.parametrisations.ties import gram, skew, tied_negative

__all__ = [
    "AttentionNorms",
    "bounded_attention",
    "bounded_feed_forward",
    "bounded_gradient_feed_forward",
    "capped",
    "capped_by_powers",
    "certified_attention",
    "certified_norm",
    "gram",
    "power_norm",
    "settled",
    "skew",
    "soft_norm",
    "start_vectors",
    "tied_negative",
    "unit",
]
