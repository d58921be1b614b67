"""The letters of the declarations: sizes, indices, the state and the parameters."""

from __future__ import annotations

from sympy import Integer, Symbol, sqrt

from stabcheck.symbolic import Scalar, Tensor, indices


def _size(name: str) -> Symbol:
    return Symbol(name, integer=True, positive=True)


n, d, H, d_k, d_v, m = (_size(name) for name in ("n", "d", "H", "d_k", "d_v", "m"))
n_c, d_c = _size("n_c"), _size("d_c")  # of a context: another sequence

i, k, l = indices("i k l", "token", n)  # noqa: E741  the literature's letters
a, c = indices("a c", "feature", d)
(h,) = indices("h", "head", H)
(r,) = indices("r", "width", d_k)
(s,) = indices("s", "width", d_v)
(g,) = indices("g", "width", m)

k_c, l_c = indices("k l", "token", n_c)
(e,) = indices("e", "feature", d_c)

X = Tensor("X", (i, a))
W_Q, W_K = Tensor("W_Q", (h, c, r)), Tensor("W_K", (h, c, r))
W_O = Tensor("W_O", ((h, s), a))
b_Q, b_K, b_O = Tensor("b_Q", (h, r)), Tensor("b_K", (h, r)), Tensor("b_O", (a,))
mask_tensor = Tensor("mask", (i, k), zero_one=True)
scale = Scalar("scale", 1 / sqrt(d_k))

W_1, b_1 = Tensor("W_1", (c, g)), Tensor("b_1", (g,))
W_2, b_2 = Tensor("W_2", (g, a)), Tensor("b_2", (a,))
W_g = Tensor("W_g", (c, g))

gamma, beta = Tensor("gamma", (a,)), Tensor("beta", (a,))
epsilon = Scalar("epsilon")
radius = Scalar("radius", sqrt(d))
step_size = Scalar("step_size", Integer(1))
leak_rate = Scalar("leak", Integer(1), signed=True)
layer_scale_vector = Tensor("layer_scale", (a,))
gate = Scalar("gate", Integer(1), signed=True)
skip = Scalar("skip", Integer(1), signed=True)
inverse_temperature = Scalar("inverse_temperature", 1 / sqrt(d))
