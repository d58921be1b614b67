r"""Theorem softmax-second-order.

Let $p$ be a probability vector, $\sum_jp_j\theta_j = 0$, $|\theta_j| \le \Theta_j$ and
$p'_j = p_je^{\theta_j}/Z$ with $Z = \sum_kp_ke^{\theta_k}$.  Then, with $z =
\tfrac12\sum_kp_k\Theta_k^2e^{\Theta_k}$,

$$\Bigl|\frac{p'_j}{p_j} - 1 - \theta_j\Bigr| \le \max\bigl(\tfrac12\Theta_j^2e^{
\Theta_j},\ e^{\Theta_j}z\bigr).$$
"""

from sympy import Rational, exp, expand, factorial, log, simplify, symbols

THEOREM = "softmax-second-order"


def is_covered(p, theta, growth=True, centred=True) -> bool:
    """Whether exact numbers obey the bound; `growth` keeps its exponentials."""
    if centred and sum(a * b for a, b in zip(p, theta, strict=True)) != 0:
        return False
    total = sum(a * exp(b) for a, b in zip(p, theta, strict=True))
    rise = [exp(abs(b)) if growth else 1 for b in theta]
    squares = [b * b * e / 2 for b, e in zip(theta, rise, strict=True)]
    mean = sum(a * b for a, b in zip(p, squares, strict=True))
    return all(
        bool(abs(exp(b) / total - 1 - b) <= max(square, e * mean))
        for b, square, e in zip(theta, squares, rise, strict=True)
    )


def step_1_the_change_is_a_difference_of_two_terms():
    theta, Z = symbols("theta Z", positive=True)
    change = exp(theta) / Z - 1 - theta
    first, second = exp(theta) - 1 - theta, exp(theta) * (Z - 1) / Z
    assert simplify(change - (first - second)) == 0


def step_2_the_first_is_nonnegative_and_at_most_half_the_square_times_the_growth():
    # e^x - 1 - x = x^2 sum_k x^k/(k + 2)!, and 1/(k + 2)! <= 1/(2 k!) as (k + 1)(k +
    # 2) >= 2; it is >= 0 as e^x lies above its tangent at 0.
    k = symbols("k", nonnegative=True, integer=True)
    ratio = simplify(factorial(k + 2) / factorial(k)).rewrite(factorial)
    assert simplify(ratio - (k + 1) * (k + 2)) == 0
    assert expand((k + 1) * (k + 2) - 2) == expand(k**2 + 3 * k)


def step_3_so_the_sum_is_at_least_one_as_the_changes_are_centred():
    # Z - 1 = sum_k p_k (e^theta_k - 1) = sum_k p_k (e^theta_k - 1 - theta_k) for sum_k
    # p_k theta_k = 0 and sum_k p_k = 1: in [0, z] by step 2.
    p, a, b = symbols("p a b")
    centred = {b: -p * a / (1 - p)}
    left = p * exp(a) + (1 - p) * exp(b) - 1
    right = p * (exp(a) - 1 - a) + (1 - p) * (exp(b) - 1 - b)
    assert simplify((left - right).subs(centred)) == 0


def step_4_the_second_is_at_most_the_growth_times_the_mean():
    # 0 <= (Z - 1)/Z <= Z - 1 <= z for Z >= 1; a difference of two nonnegative terms is
    # at most the larger one in modulus.
    m = symbols("m", nonnegative=True)  # Z - 1
    assert simplify(m - m / (1 + m) - m**2 / (1 + m)) == 0


def witness_two_tokens():
    assert is_covered((Rational(1, 2),) * 2, (Rational(1, 3), -Rational(1, 3)))
    rare = Rational(1, 100)
    assert is_covered((rare, 1 - rare), (log(2), -rare * log(2) / (1 - rare)))


def mutant_the_square_alone_suffices():
    # A rare token: the weight of the other one hardly moves.
    rare = Rational(1, 100)
    theta = (Rational(1), -rare / (1 - rare))
    return is_covered((rare, 1 - rare), theta, growth=False)


def mutant_the_changes_need_not_be_centred():
    half = (Rational(1, 2),) * 2
    return is_covered(half, (Rational(1, 100),) * 2, centred=False)
