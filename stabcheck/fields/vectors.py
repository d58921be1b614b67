r"""What is done to queries, keys and values before they are compared and averaged."""

from __future__ import annotations

from sympy import Expr, Integer, cos, exp, log, prod, sin, sqrt

from stabcheck.fields.heads import Heads, merged, pair, plane
from stabcheck.fields.notation import i, k
from stabcheck.symbolic import Declaration, Index, Scalar, Tensor, total

vector_epsilon = Scalar("qk_epsilon")
value_scale = Scalar("nu", Integer(1), signed=True)
base = Scalar("base", Integer(10000))
theta = Tensor("theta", (plane,))
partner = Index("f", "width", Integer(2))


def gains(heads: Heads) -> tuple[Tensor, Tensor]:
    """The gains of normalised queries and keys, shared by all heads."""
    axes = (merged(*heads.width),)
    return Tensor("gamma_Q", axes), Tensor("gamma_K", axes)


def normalised(
    F: Declaration, heads: Heads, how: str, q: Tensor, key: Tensor
) -> tuple[Tensor, ...]:
    r"""Queries and keys divided by their size, `rms` with gains or `l2` without.

    $z \mapsto \gamma z/\sqrt{|z|^2/d_k + \epsilon}$ or $z/\sqrt{|z|^2 + \epsilon}$
    (Henry et al. 2020, arXiv:2010.04245); $\epsilon$ is the number `qk_epsilon`.
    """
    width, given = heads.width, gains(heads) if how == "rms" else (None, None)
    count = prod(index.size for index in width) if how == "rms" else 1
    return tuple(
        _unit(F, z, at, width, count, gain[width] if gain else Integer(1))
        for z, at, gain in (
            (q, (*heads.query, i), given[0]),
            (key, (*heads.key, k), given[1]),
        )
    )


def normalised_values(F: Declaration, heads: Heads, value: Tensor) -> Tensor:
    r"""Values divided by their size, $\nu v/\sqrt{|v|^2 + \epsilon}$.

    With `l2` queries and keys the attention of LipsFormer (Qi et al. 2023,
    arXiv:2304.09856); $\nu$ is the number `nu`, 1 unless given.
    """
    at, width = (*heads.key, k), (heads.value,)
    return _unit(F, value, at, width, Integer(1), value_scale.symbol)


def _unit(
    F: Declaration,
    z: Tensor,
    at: tuple[Index, ...],
    width: tuple[Index, ...],
    count: Expr,
    gain: Expr,
) -> Tensor:
    square = total(z[(*at, *width)] ** 2, *width) / count
    size = F.let(f"square_{z.name}", at, square + vector_epsilon.symbol)
    unit = gain * z[(*at, *width)] / sqrt(size[at])
    return F.let(f"{z.name}_unit", (*at, *width), unit)


def rotated(
    F: Declaration, heads: Heads, angles: Tensor, q: Tensor, key: Tensor
) -> tuple[Tensor, ...]:
    r"""Queries and keys turned by their position in planes of two features.

    $z_e \mapsto z_e \cos i\theta_r + \sum_f (e - f)\, z_f \sin i\theta_r$ for
    $e, f \in \{0, 1\}$ (RoPE, Su et al. 2021, arXiv:2104.09864).
    """
    there = tuple(partner if index == pair else index for index in heads.width)
    turned = []
    for z, head, at in ((q, heads.query, i), (key, heads.key, k)):
        angle = at * angles[plane]
        across = total((pair - partner) * z[(*head, at, *there)], partner)
        own = z[(*head, at, *heads.width)]
        turn = cos(angle) * own + sin(angle) * across
        turned.append(F.let(f"{z.name}_turned", (*head, at, *heads.width), turn))
    return tuple(turned)


def frequencies(F: Declaration) -> Tensor:
    r"""The angle between neighbours, $\theta_r = b^{-r/d_r}$ with the number `base`."""
    power = exp(-plane * log(base.symbol) / plane.size)
    return F.let(theta.name, (plane,), power)
