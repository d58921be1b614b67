r"""Theorem scored-attention-deviation-tube.

In the setting of theorem scored-attention-norm-tube, with $\kappa$ of theorem
attention-jacobian-deviation-tube for the moves of capped logits, the derivative of a
head differs from that at the centre by at most $a|W_V^{\mathsf T}w| + e|W_K^{\mathsf
T}w| + d|W_Q^{\mathsf T}w|$ with $a = \lVert\max(\bar p - p, p - \underline p)\rVert$,
$\alpha_i = \sqrt{\bar r_i}\varepsilon\lVert W_V\rVert + \kappa_i\sigma_i$ and

$$e = \max_j\lambda_{\max}^{1/2}\Bigl(s^2\sum_i\alpha_i^2p_{ij}t_{ij}^2q_iq_i^{\mathsf
 T}\Bigr) + \max_j\lambda_{\max}^{1/2}\Bigl(s^2\sum_i\bar\sigma_i^2\bar p_{ij}\Delta
 t_{ij}^2q_iq_i^{\mathsf T}\Bigr) + s\varepsilon\lVert W_Q\rVert\max_j\Bigl(\sum_i
 \bar\sigma_i^2\bar p_{ij}\bar t_{ij}^2\Bigr)^{1/2},$$

$$d = \max_i\bigl[\kappa_i\sigma_i\tau_i + \sqrt{\bar r_i}\varepsilon\lVert W_V\rVert
 \tau_i + \bar\sigma_i\rho_i\bigr] .$$

The covariances telescope as in attention-jacobian-deviation-tube, steps 1 to 4, with
$\psi_j = s\,t_{ij}q_i\cdot R_jW_K^{\mathsf T}w_j$ and the rows $s\,t_{ij}k_j$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "scored-attention-deviation-tube"


def slope_change(turn):
    """What is left of psi' - psi after the moved query and the turned slope.

    One coordinate: psi = t q z, psi' = t' (q + a) z.
    """
    t, moved, q, a, z = symbols("t moved q a z", real=True)
    change = moved * (q + a) * z - t * q * z
    return expand(change - moved * a * z - turn * (moved - t) * q * z)


def query_part_is_covered(moved_rows, moved_values) -> bool:
    """Whether d covers Cov'(v', y') - Cov(v, y) for the rows y = s t k.

    x = sqrt(ratio): under p' the deviation of v' is at most x sigma + V, of y at most
    x tau, of y' - y at most rho and of v' - v at most V = eps |W_V|; and V x tau bounds
    Cov'(v' - v, y).
    """
    x, sigma, tau, V, rho, kappa = symbols("x sigma tau V rho kappa", nonnegative=True)
    needed = (x * sigma + V) * rho + V * x * tau + kappa * sigma * tau
    inflated = x * sigma + moved_values * V
    given = kappa * sigma * tau + x * V * tau + moved_rows * inflated * rho
    return is_sum_of_nonnegative_terms(expand(given - needed))


def step_1_the_change_of_a_slope_is_a_moved_query_and_a_turn():
    assert slope_change(1) == 0


def step_2_the_turn_has_the_weights_of_the_tube():
    # |Cov'(v', s (t' - t) q.z)|^2 <= sigma'^2 E' (s dt q.z)^2, summed over rows to
    # forms of columns as in scored-attention-norm-tube, step 7, with p' <= pbar.
    p, room, sigma, dt, f = symbols("p room sigma dt f", nonnegative=True)
    gap = sigma**2 * p * (dt * f) ** 2 - sigma**2 * (p - room) * (dt * f) ** 2
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_3_the_key_part_has_the_slope_of_the_centre():
    # |Cov'(v' - v, psi)| <= eps |W_V| sqrt(ratio E psi^2) and |(Cov' - Cov)(v, psi)| <=
    # kappa sigma sqrt(E psi^2): together alpha sqrt(E psi^2) under the centre's law.
    x, V, kappa, sigma, psi = symbols("x V kappa sigma psi", nonnegative=True)
    alpha = x * V + kappa * sigma
    assert is_sum_of_nonnegative_terms(
        expand(alpha * psi - (V * x * psi + kappa * sigma * psi))
    )


def step_4_the_query_part_adds_four_terms():
    assert query_part_is_covered(1, 1)


def witness_without_a_cap_it_is_the_plain_bound():
    # rho = K = s eps |W_K|: sigma-bar rho + x V tau = x (V tau + K sigma) + V K.
    x, sigma, tau, V, K = symbols("x sigma tau V K", nonnegative=True)
    plain = x * (V * tau + K * sigma) + V * K
    assert expand((x * sigma + V) * K + x * V * tau - plain) == 0


def mutant_the_slopes_do_not_turn():
    return slope_change(0) == 0


def mutant_the_rows_move_by_half_of_rho():
    return query_part_is_covered(Rational(1, 2), 1)


def mutant_the_product_of_the_two_moves_is_dropped():
    return query_part_is_covered(1, 0)
