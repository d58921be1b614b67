r"""Theorem attention-aligned-share.

A row sees $n$ keys $|x_k| \le R$ with logits $\sigma_k + B_k$, $\sigma_k = a\cdot x_k$,
$|a|R \le \alpha$, $B$ spread by at most $\beta$; $p$ are its weights, $C$ the
covariance of the tokens, $m$ their mean.  $\sigma$ has the mean $\alpha\nu$ and the
variance $V$ under $p$.  Put $b = \alpha(1 + \nu)$, $G = b + V/b$, $q = b/G$, so that $0
\le q \le 1$, $0 \le G \le 2\alpha$, $V = q(1-q)G^2$.  Then for every key

$$np_j \le e^\beta\min\bigl(e^{2\alpha}, e^{qG + G\sqrt{q(1-q)(1-p_j)/p_j}}\bigr)
 (1 - q + qe^{-G}),$$

and for $|u| = 1$, $w = U^{\mathsf T}u$ the variance of $w\cdot x$ is at most
$R^2\lVert U\rVert^2$ times $1 - \nu^2$ and, where $a = A^{\mathsf T}x_i$, times
$\Xi(1 - \nu^2) - \tau V/\alpha^2$ for every $t > 0$, with $\Xi =
\lambda_{\max}(U^{\mathsf T}U + A^{\mathsf T}A/t^2)/\lVert U\rVert^2$ and $\tau =
(\alpha/(R^2t\lVert U\rVert))^2$.  The largest $p(1 + \alpha^2\mathrm{Var})$ over $q, G,
p$ may take the place of $h$ in the theorems attention-norm-ball and
attention-log-norm-ball.

If $b = 0$ all $\sigma_k = -\alpha$, $V = 0$ and $G = 0$: the same with any $q$.
"""

from sympy import Rational, diff, exp, expand, integrate, log, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-aligned-share"

q, G, t, y = symbols("q G t y", positive=True)


def quadratic_is_above(factor) -> bool:
    """Whether e^y <= 1 + y + factor y^2 (e^G - 1 - G)/G^2 at the two contacts and -1.

    At y = G with equality for the factor 1; G = 1.
    """
    ratio = factor * (exp(1) - 2)
    return bool(exp(1) <= 2 + ratio) and bool(exp(-1) <= ratio)


def deviation_is_covered(share) -> bool:
    """Whether p d^2 <= share (1 - p) V for a key of weight p at d from the mean.

    The others, of weight o = 1 - p, have the mean -p d/o and a variance of their own:
    o V = o p d^2 + (p d)^2 + o own.
    """
    p, o, d, own = symbols("p o d own", nonnegative=True)
    variance = o * p * d**2 + (p * d) ** 2 + o * own
    return is_sum_of_nonnegative_terms(expand(share * variance - p * d**2 * (p + o)))


def logit_is_covered(extra) -> bool:
    """Whether s_j - s_k <= sigma_j - sigma_k + extra(beta), B_j - B_k = beta - room."""
    beta, room = symbols("beta room", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(extra(beta) - (beta - room)))


def trace_is_covered(mean_square) -> bool:
    """Whether R^2 - |m|^2 <= R^2 - mean_square(l, a) with l = |a.m| = |a||m| - room.

    Times |a|^2: |a|^2|m|^2 = (l + room)^2.
    """
    length, room = symbols("length room", nonnegative=True)
    return is_sum_of_nonnegative_terms(
        expand((length + room) ** 2 - mean_square(length))
    )


def step_1_a_weight_by_the_mean_of_the_reciprocal_exponentials():
    # p_k = E_k/Z: sum_k p_k/E_k = n/Z, hence n p_j = E_j sum_k p_k/E_k.
    for count in range(1, 5):
        E = symbols(f"E:{count}", positive=True)
        Z = sum(E)
        mean = sum((e / Z) / e for e in E)
        assert simplify(mean - count / Z) == 0


def step_2_a_score_bias_costs_its_spread():
    # n p_j = sum_k p_k e^(s_j - s_k) <= e^beta e^(sigma_j) E_p e^(-sigma).
    assert logit_is_covered(lambda beta: beta)


def step_3_a_parabola_lies_above_the_exponential():
    # (e^y - 1 - y)/y^2 is the integral of (1 - t) e^(ty) over 0..1, which grows with y:
    # e^y <= 1 + y + y^2 (e^G - 1 - G)/G^2 for every real y <= G.
    whole = integrate((1 - t) * exp(t * y), (t, 0, 1))
    assert simplify(whole - (exp(y) - 1 - y) / y**2) == 0
    assert quadratic_is_above(1)


def step_4_its_mean_is_that_of_two_atoms():
    # X = alpha nu - sigma has mean 0, variance V and X <= b = q G.  Let X = y - (1-q)G:
    # y <= G, E y = (1 - q)G and E y^2 = V + (1 - q)^2 G^2 = (1 - q)G^2.
    variance = q * (1 - q) * G**2
    second = variance + (1 - q) ** 2 * G**2
    assert expand(second - (1 - q) * G**2) == 0
    parabola = 1 + (1 - q) * G + (exp(G) - 1 - G) / G**2 * second
    assert simplify(parabola - (q + (1 - q) * exp(G))) == 0
    # e^(-(1-q)G) (q + (1 - q)e^G) = e^(qG) (1 - q + q e^(-G)).
    two = exp(-(1 - q) * G) * (q + (1 - q) * exp(G))
    assert simplify(expand(two - exp(q * G) * (1 - q + q * exp(-G)))) == 0


def step_5_the_gap_is_at_most_twice_alpha():
    # E(alpha - sigma)(sigma + alpha) >= 0 says V <= (alpha - mu)(alpha + mu) = b (2
    # alpha - b), hence G = b + V/b <= 2 alpha.
    alpha, sigma, mu, V = symbols("alpha sigma mu V", real=True)
    product = (alpha - sigma) * (sigma + alpha)
    assert expand(product - (alpha**2 - sigma**2)) == 0
    b = alpha + mu
    assert expand((alpha**2 - (V + mu**2)) - (b * (2 * alpha - b) - V)) == 0


def step_6_a_key_is_at_most_so_far_above_the_mean():
    # p d^2 <= (1 - p)V: d <= G sqrt(q(1-q)(1-p)/p); and sigma_j <= alpha: d <= 2 alpha
    # - q G.  With e^d in front of step 4 both bounds of the theorem.
    assert deviation_is_covered(1)


def step_7_a_mean_of_the_logits_moves_the_mean_of_the_tokens():
    # alpha nu = a.m and |a|R <= alpha: |m| >= R|nu|, and tr C <= R^2 - |m|^2.
    assert trace_is_covered(lambda length: length**2)


def step_8_what_spreads_along_the_slope_is_tied_to_the_values():
    # (z.w)^2 = (u.Uz)^2 <= |Uz|^2 and (z.a)^2 = (x_i.Az)^2 <= R^2|Az|^2: w w^T + a a^T
    # /(Rt)^2 <= U^T U + A^T A/t^2, whose trace with C is at most tr C times the
    # eigenvalue: Var(w.x) + V/(Rt)^2 <= R^2(1 - nu^2) Xi |U|^2.
    u1, u2, g1, g2 = symbols("u1 u2 g1 g2", real=True)
    gap = (u1**2 + u2**2) * (g1**2 + g2**2) - (u1 * g1 + u2 * g2) ** 2
    assert expand(gap - (u1 * g2 - u2 * g1) ** 2) == 0
    # V/(Rt)^2 is R^2|U|^2 tau V/alpha^2.
    R, V, alpha, U, T = symbols("R V alpha U T", positive=True)
    tau = (alpha / (R**2 * T * U)) ** 2
    assert simplify(R**2 * U**2 * tau * V / alpha**2 - V / (R * T) ** 2) == 0


def step_9_the_logarithm_of_the_mean_is_concave_in_q():
    # Tangents of q G + log(1 - q c) lie above it: cells may use that at the middle.
    c = symbols("c", positive=True)
    second = diff(q * G + log(1 - q * c), q, 2)
    assert simplify(second + (c / (1 - q * c)) ** 2) == 0


def witness_two_keys_attain_the_bound_of_a_weight():
    # e^G = p/(1 - p) and q = p: e^((1-p)G + pG)(1 - p + p e^(-G)) = 2p.
    p = Rational(3, 4)
    ratio = p / (1 - p)
    assert ratio * (1 - p + p / ratio) == 2 * p


def mutant_nine_tenths_of_the_parabola():
    return quadratic_is_above(Rational(9, 10))


def mutant_the_score_bias_costs_half_of_its_spread():
    return logit_is_covered(lambda beta: beta / 2)


def mutant_a_key_is_never_far_from_the_mean():
    return deviation_is_covered(Rational(9, 10))


def mutant_the_mean_counts_twice():
    return trace_is_covered(lambda length: 2 * length**2)
