r"""Theorem gelu-tanh-derivative-range.

The derivative of the tanh form of GELU, $g(z) = \tfrac12(1 + t) + \tfrac12 z (1 - t^2)
w'$ with $t = \tanh w$, $w = \sqrt{2/\pi}\,(z + 0.044715 z^3)$, lies in $[-0.129,
1.129]$.

$g(-z) = 1 - g(z)$ and $g \ge 0$ for $z \ge 0$, so that an upper bound for $z \ge 0$ is
enough: balls decide it up to $z = 4$, where a bound that falls takes over.
"""

from flint import arb, fmpq
from sympy import Rational, diff, expand, pi, simplify, sqrt, symbols, tanh

from stabcheck.fields.feed_forward import gelu_tanh
from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "gelu-tanh-derivative-range"

z = symbols("z", real=True)
CUBIC, HIGH, END, DEEPEST = fmpq(44715, 10**6), fmpq(1129, 1000), 4, 30


class Slope:
    """The derivative and its own, in SymPy or in balls alike."""

    def __init__(self, place, root, cubic, hyperbolic):
        self.z, self.w = place, root * (place + cubic * place * place * place)
        self.t = hyperbolic(self.w)
        self.rate = root * (1 + 3 * cubic * place * place)
        self.bend = 6 * root * cubic * place

    def value(self):
        return (1 + self.t + self.z * (1 - self.t * self.t) * self.rate) / 2

    def curvature(self):
        inner = self.rate + self.z * self.bend / 2
        inner = inner - self.z * self.t * self.rate * self.rate
        return (1 - self.t * self.t) * inner


def exact():
    return Slope(z, sqrt(2 / pi), Rational(44715, 10**6), tanh)


def ball(place):
    return Slope(place, (2 / arb.pi()).sqrt(), CUBIC, lambda x: x.tanh())


def stays_below(bound) -> bool:
    """Whether the derivative does on [0, 4]: its mean value on ever smaller pieces."""
    pieces = [(fmpq(0), fmpq(END), 0)]
    while pieces:
        low, high, depth = pieces.pop()
        middle, radius = (low + high) / 2, (high - low) / 2
        change = ball(arb(middle, radius)).curvature() * arb(0, radius)
        if ball(arb(middle)).value() + change <= arb(bound):
            continue
        if depth == DEEPEST:
            return False
        pieces += [(low, middle, depth + 1), (middle, high, depth + 1)]
    return True


def tail_is_below(bound) -> bool:
    r"""Whether $2 z w' e^{-2w}$, which bounds $g - 1$, is at $z = 4$."""
    end = ball(arb(END))
    return bool(2 * end.z * end.rate * (-2 * end.w).exp() <= arb(bound))


def step_1_the_two_formulas_are_the_derivatives_of_the_declared_function():
    assert simplify(diff(gelu_tanh(z), z) - exact().value()) == 0
    assert simplify(diff(exact().value(), z) - exact().curvature()) == 0


def step_2_the_derivative_is_symmetric_about_one_half():
    # So -0.129 = 1 - 1.129 below.  For z >= 0 each of its terms is nonnegative.
    turned = exact().value().subs(z, -z)
    assert expand(turned + exact().value() - 1) == 0
    assert fmpq(-129, 1000) + HIGH == 1


def step_3_up_to_four_balls_decide():
    assert stays_below(HIGH)


def step_4_beyond_it_is_at_most_one_and_a_function_that_falls():
    # 1 - t^2 = 1/cosh^2 w <= 4 e^{-2w}: g <= 1 + 2 z w' e^{-2w}.  The logarithmic
    # derivative of that excess is 1/z + w''/w' - 2w', and w''/w' <= 2/z: the first
    # identity.  Below 3/z it stays, as 2 z w' >= 2 z sqrt(2/pi) > 3 for z >= 4.
    c, x = symbols("c x", nonnegative=True)
    assert is_sum_of_nonnegative_terms(2 * (1 + 3 * c * x**2) - 6 * c * x**2)
    assert bool(2 * END * sqrt(2 / pi) > 3)
    assert tail_is_below(HIGH - 1)


def witness_the_range_is_tight_to_five_digits():
    assert ball(arb(fmpq(14185, 10000))).value() > arb(HIGH - fmpq(1, 10**5))


def mutant_the_derivative_stays_below_a_smaller_bound():
    return stays_below(HIGH - fmpq(1, 10**5))


def mutant_it_stays_below_the_range_of_gelu():
    return stays_below(fmpq(112891, 100000))


def mutant_the_tail_is_below_a_millionth():
    return tail_is_below(fmpq(1, 10**6))
