r"""Theorem attention-norm-split.

$$\lVert J\rVert \le \lVert U\rVert\lVert P\rVert + \Bigl(\max_j\lambda_{\max}\bigl(
 \sum_i\gamma_ip_{ij}a_ia_i^{\mathsf T}\bigr)\Bigr)^{1/2} + \max_i\lVert
 UC_iA^{\mathsf T}\rVert,\qquad \gamma_i = \lambda_{\max}(UC_iU^{\mathsf T}).$$

$J = P\otimes U + E + \operatorname{blkdiag}(UC_iA^{\mathsf T})$ (theorem
attention-jacobian) where $w\cdot(Ev)_i = \operatorname{Cov}_i(w\cdot Ux, \psi_i)$,
$\psi_{ij} = a_i\cdot v_j$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-norm-split"

HALF = Rational(1, 2)


def covariance(law, f, g):
    mean_f = sum(p * x for p, x in zip(law, f, strict=True))
    mean_g = sum(p * y for p, y in zip(law, g, strict=True))
    return sum(
        p * (x - mean_f) * (y - mean_g) for p, x, y in zip(law, f, g, strict=True)
    )


def row_is_covered(law, f, psi, share) -> bool:
    """Whether |Cov(f, psi)|^2 <= share Var(f) E psi^2 for this law."""
    moment = sum(p * y**2 for p, y in zip(law, psi, strict=True))
    return bool(
        covariance(law, f, psi) ** 2 <= share * covariance(law, f, f) * moment
    )


def parts_are_covered(total) -> bool:
    """Whether |a + b + c| = |a| + |b| + |c| - slack is at most total(|a|, |b|, |c|)."""
    a, b, c, slack = symbols("a b c slack", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(total(a, b, c) - (a + b + c - slack)))


def step_1_a_covariance_is_at_most_the_product_of_deviations():
    # Two keys of weights p, q >= 0: Var(f) Var(g) - Cov^2 >= 0 is Cauchy and Schwarz in
    # L^2; with x, y centred, (sum p x^2)(sum p y^2) - (sum p x y)^2 = p q (x1 y2 - x2
    # y1)^2 for every pair of keys.
    p, q = symbols("p q", nonnegative=True)
    x1, x2, y1, y2 = symbols("x1 x2 y1 y2", real=True)
    gap = (p * x1**2 + q * x2**2) * (p * y1**2 + q * y2**2)
    gap -= (p * x1 * y1 + q * x2 * y2) ** 2
    assert expand(gap - p * q * (x1 * y2 - x2 * y1) ** 2) == 0


def step_2_a_variance_is_at_most_the_second_moment():
    moment, mean = symbols("moment mean", nonnegative=True)
    variance = moment - mean**2
    assert is_sum_of_nonnegative_terms(expand(moment - variance))


def step_3_the_deviation_of_w_Ux_is_at_most_the_root_of_gamma():
    # Var(w . U x) = w^T U C U^T w: the term j of the covariance, one coordinate of Ux.
    w, u, y, p = symbols("w u y p", real=True)
    assert expand(p * (w * u * y) ** 2 - w * (u * (p * y * y) * u) * w) == 0


def step_4_the_sum_over_rows_is_a_sum_of_forms_of_columns():
    # sum_i gamma_i sum_j p_ij (a_i . v_j)^2 = sum_j v_j^T (sum_i gamma_i p_ij a_i
    # a_i^T) v_j, two coordinates; at most the largest eigenvalue times sum |v_j|^2.
    gamma, p, a1, a2, v1, v2 = symbols("gamma p a1 a2 v1 v2", real=True)
    row = gamma * p * (a1 * v1 + a2 * v2) ** 2
    pairs = [(v1, a1), (v2, a2)]
    column = sum(v * (gamma * p * a * b) * x for v, a in pairs for x, b in pairs)
    assert expand(row - column) == 0


def step_5_the_three_parts_add():
    # |P (x) U| = |P||U|; the last part is block diagonal: its largest block.
    assert parts_are_covered(lambda a, b, c: a + b + c)


def witness_two_keys_attain_the_row():
    # f = psi = (1, -1) under (1/2, 1/2): Cov = Var = E psi^2 = 1.
    law, f = (HALF, HALF), (1, -1)
    assert row_is_covered(law, f, f, 1)
    assert covariance(law, f, f) == 1


def mutant_less_than_the_whole_moment():
    return row_is_covered((HALF, HALF), (1, -1), (1, -1), Rational(99, 100))


def mutant_the_keys_are_dropped():
    return parts_are_covered(lambda a, b, c: a + c)


def mutant_the_receivers_are_dropped():
    return parts_are_covered(lambda a, b, c: a + b)
