r"""How far the centred logits of each row move over a domain.

Where tokens move by themselves, the logit of another key changes by $(a_i + A^{\sf
T}d_i)\cdot d_l$ and by what $d_i$ does alone.  In a box each entry of the bracket has a
chord: $|a + y| \le E + my$ on $|y| \le t$, with $E = \max(|a + t| - mt, |a - t| + mt)$
for every $m$, so that the bound is linear in $d_i$ and one maximum takes it all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class Logits:
    r"""Bounds of centred logits, `(H, n, n)` each, and what they are made of.

    `linear` of $|z_{ik}\cdot\delta|$, `bilinear` of the rest, `total` of both; `apart`
    `(H, n, n)` of $|(a_i + A^{\sf T}d_i)\cdot d_k|$, `pairs` of $|d_i^{\sf T}Ad_k|$.
    """

    linear: Array
    bilinear: Array
    total: Array
    apart: Array
    pairs: Array


def logits(heads: PencilHeads, domain: PencilDomain, norms: Array) -> Logits:
    """Bound the logits over a domain; `norms` `(H,)` are those of the forms."""
    tokens = heads.shape[1]
    own = np.eye(tokens)[None] > 0
    # C = 1 - p_i in the direction of a key: its entry at the receiver is `at`.
    at = own - np.einsum("hii->hi", heads.weights)[..., None]
    turned = heads.centred_keys + at[..., None] * heads.slopes[:, :, None]
    pairs = _pairs(heads, domain, norms)
    if domain.joint:
        return _joint(heads, domain, at, turned, pairs)
    moved = domain.supports(heads.slopes)
    linear = _centring(heads, np.where(own, 0.0, moved)) + domain.own_supports(turned)
    bilinear = _centring(heads, pairs)
    total, apart = linear + bilinear, moved + pairs
    if domain.kind == "box":
        lengths, pulls = _chords(heads, domain)
        apart = np.minimum(apart, lengths + domain.own_supports(pulls))
        lengths = _centring(heads, np.where(own, 0.0, lengths))
        pulls = _centring_pulls(heads, np.where(own[..., None], 0.0, pulls))
        both = np.maximum(
            domain.own_supports(pulls + turned), domain.own_supports(pulls - turned)
        )
        alone = np.abs(at) * np.einsum("hii->hi", pairs)[..., None]
        total = np.minimum(total, lengths + both + alone)
    seen = heads.seen[None]
    linear, bilinear, total = (
        np.where(seen, part, 0.0) for part in (linear, bilinear, total)
    )
    return Logits(linear, bilinear, total, np.where(seen, apart, 0.0), pairs)


def _joint(
    heads: PencilHeads, domain: PencilDomain, at: Array, turned: Array, pairs: Array
) -> Logits:
    P = heads.weights
    own = np.eye(len(heads.state))[None] > 0
    receiver = np.einsum("hii->hi", P)[..., None]
    squares = (P**2).sum(axis=2, keepdims=True) - receiver**2
    rest = np.where(own, squares, squares - P**2 + heads.others**2)
    rest = np.maximum(rest, 0)
    length = (heads.slopes**2).sum(axis=2)[..., None]
    linear = domain.radius * np.sqrt(length * rest + (turned**2).sum(axis=3))
    far = np.abs(at)
    bilinear = pairs * (far + np.sqrt(rest + far**2)) / 2
    seen = heads.seen[None]
    linear, bilinear = np.where(seen, linear, 0.0), np.where(seen, bilinear, 0.0)
    return Logits(linear, bilinear, linear + bilinear, pairs, pairs)


def _chords(heads: PencilHeads, domain: PencilDomain) -> tuple[Array, Array]:
    """E `(H, n, n)` and the functionals of the receiver's move `(H, n, n, d)`."""
    slopes, forms = heads.slopes, heads.forms
    ends = domain.radii @ np.abs(forms)
    tilt = np.divide(slopes, ends, out=np.zeros_like(slopes), where=ends > 0)
    tilt = np.clip(tilt, -1, 1)
    high = np.maximum(
        np.abs(slopes + ends) - tilt * ends, np.abs(slopes - ends) + tilt * ends
    )
    tilted = tilt[:, :, None] * domain.radii
    return high @ domain.radii.T, tilted @ forms.swapaxes(1, 2)[:, None]


def _centring(heads: PencilHeads, sizes: Array) -> Array:
    r"""$\sum_l|C_{kl}|t_{il}$ for sizes $t$ `(H, n, n)` and $C = 1 - p_i$."""
    means = (heads.weights * sizes).sum(axis=2, keepdims=True)
    return np.maximum(means + (heads.others - heads.weights) * sizes, 0)


def _centring_pulls(heads: PencilHeads, pulls: Array) -> Array:
    r"""The same sums of functionals `(H, n, n, d)`."""
    means = heads.weights[:, :, None] @ pulls
    return means + (heads.others - heads.weights)[..., None] * pulls


def _pairs(heads: PencilHeads, domain: PencilDomain, norms: Array) -> Array:
    r"""Bound $|d_i^{\mathsf T}Ad_k|$ where tokens move by themselves, `(H, n, n)`."""
    reach = domain.reach
    bound = np.multiply.outer(norms, np.outer(reach, reach))
    if domain.kind == "box":
        entries = domain.radii @ np.abs(heads.forms) @ domain.radii.T
        bound = np.minimum(bound, entries)
    return bound
