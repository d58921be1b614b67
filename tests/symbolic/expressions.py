"""Random expressions whose bound names collide on purpose, and their exact values."""

from fractions import Fraction

import flint
from hypothesis import strategies as st
from sympy import Symbol, cos, exp, oo, tanh

from stabcheck.symbolic import Softmax, Tensor, indices, total
from stabcheck.symbolic.functions import absolute, elu1, relu, sigmoid
from stabcheck.symbolic.proving.pointwise import PRECISION, Point, evaluate

n = Symbol("n", integer=True, positive=True)
TOKENS = i, j, k, l = indices("i j k l", "token", n)  # noqa: E741
x, W, M = Tensor("x", (i,)), Tensor("W", (i, j)), Tensor("M", (i, j))
SIZE = 2


def entry(name: str, position: tuple[int, ...], shape: tuple[int, ...]) -> Fraction:
    """A fixed rational for each position, different at transposed positions."""
    if name == "M":
        return Fraction(int(position[0] >= position[1]))
    spelled = sum((p + 1) * 5**q for q, p in enumerate(position)) + len(name)
    return Fraction(spelled % 7 - 4, 4)


POINT = Point({n: SIZE}, entry)


def agree(left, right, at, moved=None) -> bool:
    """Whether two expressions have one value: balls of rounding size that overlap."""
    with flint.ctx.workprec(PRECISION):
        one, two = evaluate(left, POINT, at), evaluate(right, POINT, moved or at)
    scale = 1 + abs(float(one.mid()))
    return bool(one.overlaps(two)) and float(one.rad() + two.rad()) < 1e-30 * scale


@st.composite
def expressions(draw, depth=3):
    """Expressions with sums and softmaxes whose bound names collide on purpose."""
    token = st.sampled_from(TOKENS)
    if depth == 0 or draw(st.booleans()):
        return draw(
            st.one_of(
                st.builds(lambda p: x[p], token),
                st.builds(lambda p, q: W[p, q], token, token),
            )
        )
    inner = expressions(depth=depth - 1)
    kinds = ["sum", "softmax", "product", "add", "exp", "function"]
    kind = draw(st.sampled_from(kinds))
    if kind == "sum":
        return total(draw(inner), draw(token))
    if kind == "softmax":
        over = draw(token)
        mask = draw(st.sampled_from([1, M[over, over]]))
        beside = [k for k in TOKENS if k != over]
        sink = draw(st.sampled_from([-oo, 0, *(x[k] for k in beside)]))
        return Softmax(draw(token), over, draw(inner), mask, sink)
    if kind == "function":
        function = draw(st.sampled_from([sigmoid, relu, elu1, cos, tanh, absolute]))
        return function(x[draw(token)] * draw(inner) / 8)
    if kind == "exp":
        return exp(x[draw(token)] * draw(inner) / 8)
    left, right = draw(inner), draw(inner)
    return left * right if kind == "product" else left + right
