r"""Theorem attention-pencil.

Attention on a box, a tube or a Frobenius ball round a state $X_0$, tokens displaced by
$d_k$; in a rectangle, a box whose entries have radii of their own, the tokens move by
lengths of their own.  For a head and a receiver $i$, with $p$ the weights at
$X_0$, all means under $p$ removed: $y_k$ the values, $z_k\cdot v = a_i\cdot v_k +
b_k\cdot v_i$, $l_k = z_k\cdot d$ and $q_k$ the linear and the bilinear part of the
changes $\tilde h = l + q$ of the logits, $|\tilde h_k| \le H_k$; $\psi =
\log\sum_kp_ke^{\tilde h_k}$, so that the weights at $X_0 + d$ are $p'_k = p_k\rho_k$,
$\rho = e^{\tilde h - \psi}$; $\chi^2 = \sum_kp_k(\rho_k - 1)^2$; $\pi = p' - p$. For $w
= Mu_i$ the form of the Jacobian is

$$u\cdot J(X)v = \sum\ E_{p'}[w\cdot v] + \operatorname{Cov}_{p'}(w\cdot(x + d),\ z\cdot
v + \dot z\cdot v),\qquad \dot z_k\cdot v = d_i\cdot Av_k + v_i\cdot Ad_k .$$

With shares $\lambda, \mu, \nu, \eta \in [0, 1]$ of the first order and real shifts it
is $u\cdot J_av$ plus twelve terms a receiver, seven beyond the first order and five of
the first order.  Each is at most $\sqrt{u_i\cdot Q_ju_i}\sqrt{v\cdot R_jv}$:

1. $\operatorname{Cov}_{p'}(y, z) = y^{\sf T}(\operatorname{diag}(p') - \pi\pi^{\sf
   T})z$ less $\sum p(1 + c + \lambda l)yz$: between $\pm p\max(\bar g - c, \underline
   g + c)$ with $\bar g = \max_{|x|\le H}(g_p(x) - \lambda x) + \lambda q - 1$,
   $\underline g = 1 - \lambda(1 - \psi - \chi^2 - q) - (1 - \lambda)r$, $r =
   \min_ke^{-H_k-\psi}$ and $g_p(x) = 1/(p + (1 - p)e^{-x/(1-p)})$;
   7. the means $\sum(p' - p(1 + c' + \mu l))\,w\cdot v$ alike, without $\chi^2$ and
   key by key; all keys together by $\mu(D + q) + (1 - \mu)\chi + \sum p|c'|$, where
   $D = 2\psi'(\theta + r - \psi')/\theta$, $\psi' = \min(\psi, (\theta + r)/2)$, for
   any $\theta > 0$, $r = \sum p(\hat f - \theta)_+$, $\hat f_k$ the largest $e^x - 1
   - x$ of the key, and $q = \max_k|d_i^{\sf T}Ad_k|$;
2. moved values beyond a share, 3. and 4. the keys of the receiver and of the others, 5.
   and 6. both moved: changes of measure by Cauchy and Schwarz, shared budgets by sums
   of squares;
8. to 12. the first order itself, on $\Pi v$ alone.

In a box $H$ is also bounded by chords: $|(a + A^{\sf T}d_i)\cdot d_l| \le \sum_er_{le}
(E_e + m_e(A^{\sf T}d_i)_e)$, $E = \max(|a + t| - mt, |a - t| + mt)$ entry by entry, $t$
the largest entries of $A^{\sf T}d_i$ and any $m$: linear in $d_i$.

On vectors $f_b$ the first order is whole, $\sum_b(u\cdot K_bd)(f_b\cdot v)$, $\Pi = I
- \sum f_bf_b^{\sf T}$.  For all positive $\tau$, $s$, $c$, with $B \ge
\sum_kd_k^2/c_k$ on the domain, $Q = \sum_bs_bK_b\operatorname{diag}(c)K_b^{\sf T} +
\sum\tau Q_j$, $R = B\sum_bf_bf_b^{\sf T}/s_b + \sum R_j/\tau + \Pi^{\sf T}(\sum
R_j/\tau)\Pi$:

$$\sup\|J\| \le \lambda_{\max}\begin{pmatrix}Q & J_a\\ J_a^{\sf T} & R\end{pmatrix},
\qquad \sup\mu_2(J) \le \lambda_{\max}\bigl(H(J_a) + \tfrac12(Q + R)\bigr).$$
"""

from sympy import (
    Matrix,
    Rational,
    diff,
    exp,
    expand,
    integrate,
    log,
    simplify,
    symbols,
)

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-pencil"

HALF, QUARTER = Rational(1, 2), Rational(1, 4)
KEYS = range(3)


def mean(law, values):
    return sum(p * f for p, f in zip(law, values, strict=True))


def product(f, g):
    return [x * y for x, y in zip(f, g, strict=True)]


def covariance(law, f, g):
    return mean(law, product(f, g)) - mean(law, f) * mean(law, g)


def law(name):
    """Three weights that sum to 1, the last one eliminated."""
    first, second = symbols(f"{name}1 {name}2")
    return first, second, 1 - first - second


def operator(old, new, shift, share, linear) -> Matrix:
    """What product 1 leaves: diag(p') - pi pi^T - diag(p (1 + shift + share l))."""
    change = Matrix([b - a for a, b in zip(old, new, strict=True)])
    kept = [
        b - a * (1 + shift + share * x)
        for a, b, x in zip(old, new, linear, strict=True)
    ]
    return Matrix.diag(*kept) - change * change.T


def centred(old, matrix: Matrix) -> Matrix:
    """The form of a matrix on functions of mean 0 under a law, in two coordinates."""
    basis = Matrix([[1, 0], [0, 1], [-old[0] / old[2], -old[1] / old[2]]])
    return basis.T * matrix * basis


def covariance_is_at_least(old, new, level) -> bool:
    """Whether the covariance at new weights is `level` times the old second moment."""
    form = operator(old, new, level - 1, 0, (0, 0, 0))
    return is_positive_semidefinite(centred(old, form))


def turned_mean_is_covered(old, new, factor) -> bool:
    """Whether (pi.f)^2 <= factor chi^2 E f^2 for every f."""
    change = Matrix([b - a for a, b in zip(old, new, strict=True)])
    square = sum(c * c / a for a, c in zip(old, change, strict=True))
    return is_positive_semidefinite(
        factor * square * Matrix.diag(*old) - change * change.T
    )


def total_change_is(old, new, turns) -> bool:
    """Whether sum |p' - p (1 + h)| <= turns psi in exact logarithms, h centred."""
    logits = [log(b / a) for a, b in zip(old, new, strict=True)]
    psi = -mean(old, logits)
    rest = [b - a * (1 + x + psi) for a, b, x in zip(old, new, logits, strict=True)]
    size = sum(abs(r.evalf(40)) for r in rest)
    return bool(size <= (turns * psi).evalf(40))


def products_are_covered(left, right) -> bool:
    """Whether a b <= left t a^2 + right b^2/t for all a, b and every t > 0."""
    t = symbols("t", positive=True)
    return is_positive_semidefinite(Matrix([[left * t, -HALF], [-HALF, right / t]]))


def saturation_is(factor) -> bool:
    """Whether p'_1/p_1 <= 1/(p + (1-p) e^{-factor x/(1-p)}) at two keys, x = log 2."""
    p, x = HALF, log(2)
    # The other key moves by -p x/(1-p): the logits are centred.
    new = p * exp(x) / (p * exp(x) + (1 - p) * exp(-p * x / (1 - p)))
    top = p / (p + (1 - p) * exp(-factor * x / (1 - p)))
    return bool(simplify(top - new) >= 0)


def chord_covers(a, t, slope, share) -> bool:
    """Whether |a + y| <= share E + m y at both ends and the middle of |y| <= t."""
    height = max(abs(a + t) - slope * t, abs(a - t) + slope * t)
    places = (-t, -t / 2, 0, t / 2, t)
    return all(abs(a + y) <= share * height + slope * y for y in places)


def mean_distance_is_at_most(weights, values, level, share) -> bool:
    """Whether the mean distance from the mean is `share` of its bound at a level."""
    centre = mean(weights, values)
    distance = mean(weights, [abs(f - centre) for f in values])
    rest = mean(weights, [max(f - level, 0) for f in values])
    top = min(centre, (level + rest) / 2)
    return bool(distance <= share * 2 * top * (level + rest - top) / level)


OLD, NEW = (HALF, QUARTER, QUARTER), (QUARTER, QUARTER, HALF)


def step_1_the_form_falls_into_means_and_four_covariances():
    new = law("r")
    y, dy, z, dz = (symbols(f"{name}1:4") for name in ("y", "e", "z", "g"))
    moved = covariance(
        new, [a + b for a, b in zip(y, dy, strict=True)],
        [a + b for a, b in zip(z, dz, strict=True)],
    )  # fmt: skip
    parts = sum(covariance(new, f, g) for f in (y, dy) for g in (z, dz))
    assert expand(moved - parts) == 0


def step_2_a_covariance_of_centred_functions_is_the_form_of_the_operator():
    # With E_p y = E_p z = 0: E_{p'} y = pi.y, and the same of z.
    old, new = law("p"), law("r")
    y, z = symbols("y1:4"), symbols("z1:4")
    change = [b - a for a, b in zip(old, new, strict=True)]
    claimed = mean(new, product(y, z)) - mean(change, y) * mean(change, z)
    gap = covariance(new, y, z) - claimed
    terms = mean(old, y) * mean(change, z) + mean(old, z) * mean(new, y)
    assert expand(gap + terms) == 0


def step_3_the_turn_is_what_the_exponential_exceeds_its_line_by():
    # rho = e^x with x = h~ - psi, E rho = 1 and E x = -psi: E(e^x - 1 - x) = psi, so
    # psi >= 0; rho >= 1 + h~ - psi; and |rho - 1 - h~| <= (e^x - 1 - x) + psi, 2 psi
    # in the mean.
    x = symbols("x", real=True)
    excess = exp(x) - 1 - x
    assert excess.subs(x, 0) == 0
    assert diff(excess, x).subs(x, 0) == 0
    assert diff(excess, x, 2) == exp(x)  # > 0: convex, so it is >= 0
    p, total, psi = symbols("p total psi")
    assert expand((1 - 1 - (-psi)) - psi) == 0
    assert expand(p * total - p * (total - psi) - p * psi) == 0
    assert total_change_is(OLD, NEW, 2)


def step_4_a_weight_saturates():
    # Jensen: sum p e^h >= p_k e^x + (1 - p_k) e^{-p_k x/(1 - p_k)}, as the other keys
    # have the mean -p_k x/(1 - p_k); divide by e^x.  g_p increases in x, is at most e^x
    # (Jensen once more) and 1/p.
    # With x = (1 - p) t.
    p, t = symbols("p t", positive=True)
    ratio = exp((1 - p) * t) / (p * exp((1 - p) * t) + (1 - p) * exp(-p * t))
    g = 1 / (p + (1 - p) * exp(-t))
    assert simplify(expand(1 / ratio) - 1 / g) == 0
    assert simplify(diff(1 / g, t) + (1 - p) * exp(-t)) == 0  # 1/g falls
    assert saturation_is(1)


def step_5_the_turned_means_by_cauchy_and_schwarz():
    # |pi.f|^2 = |E (rho - 1) f|^2 <= chi^2 E f^2: the gap is a sum over pairs of keys.
    p, r, s, f, g = symbols("p r s f g")
    gap = (p * r**2 + (1 - p) * s**2) * (p * f**2 + (1 - p) * g**2)
    gap -= (p * r * f + (1 - p) * s * g) ** 2
    assert expand(gap - p * (1 - p) * (r * g - s * f) ** 2) == 0
    assert turned_mean_is_covered(OLD, NEW, 1)


def step_6_a_covariance_is_at_least_the_smallest_ratio_of_the_old():
    # E_{p'}(y - m)^2 >= min(rho) E_p(y - m)^2 = min(rho)(E_p y^2 + m^2) for every m.
    old = law("p")
    y, m = symbols("y1:4"), symbols("m")
    square = mean(old, [(a - m) ** 2 for a in y])
    split = mean(old, [a**2 for a in y]) - 2 * m * mean(old, y) + m**2
    assert expand(square - split) == 0
    assert covariance_is_at_least(OLD, NEW, HALF)


def step_7_both_sides_of_the_operator_and_any_shift():
    # Above: pi pi^T >= 0 and rho - share l <= max(g - share x) + share q.  Below: the
    # share of step 3 and 5, the rest of step 6.  A shift inside moves both sides.
    up, low, c, s, t = symbols("up low c s t", nonnegative=True)
    # W = max(up - c, low + c): W = up - c + s = low + c + t.
    assert expand((up - c + s) - (up - c) - s) == 0
    assert is_sum_of_nonnegative_terms(expand((low + c + t) - (low + c)))
    share, rest, first, second, a, b = symbols("u v f g a b", nonnegative=True)
    mixture = (share + rest) * 0 + share * (first + a) + rest * (second + b)
    assert is_sum_of_nonnegative_terms(expand(mixture - share * first - rest * second))
    # -W <= S <= W gives |y.Sz| <= (y.Wy)^(1/2) (z.Wz)^(1/2): S = W^(1/2) T W^(1/2).
    y, z, w = symbols("y z w", positive=True)
    assert expand((w * y**2) * (w * z**2) - (w * y * z) ** 2) == 0


def step_8_the_deviation_of_the_ratio_by_two_cumulants():
    # chi^2 = E rho^2 - 1 = e^{K(2) - 2K(1)} - 1, K(t) = log E e^{th}, K'' the variance
    # under weights p e^{th}: both integrals are of the variance times a kernel.
    t = symbols("t")
    k = symbols("k0:6")
    K = sum(c * t**n for n, c in enumerate(k)) - k[0]
    second = diff(K, t, 2)
    whole = integrate(t * second, (t, 0, 1)) + integrate((2 - t) * second, (t, 1, 2))
    assert expand(whole - (K.subs(t, 2) - 2 * K.subs(t, 1))) == 0
    # With K'(0) = E h~ = 0: K(1) = psi is the integral of (1 - t) K''.
    once = integrate((1 - t) * second, (t, 0, 1))
    assert expand(once - (K.subs(t, 1) - diff(K, t).subs(t, 0))) == 0
    # And psi <= log(1 + s^2 (e^H - 1 - H)/H^2), chi^2 <= ((e^H - 1)/H)^2 s^2: the two
    # quotients have series with positive coefficients, so they increase.


def step_9_a_variance_under_bounded_weights():
    # sum p s^2 <= level + sum P (s^2 - level)_+ for p <= P of sum 1, key by key: above
    # the level p (s^2 - level) <= P (s^2 - level), below it p (s^2 - level) <= 0.
    p, more, above, below = symbols("p more above below", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((p + more) * above - p * above))
    assert is_sum_of_nonnegative_terms(expand(0 - p * (-below)))
    # A deviation is at most half of the range: (M - h)(h - m) >= 0 (popoviciu).
    M, m, h = symbols("M m h")
    gap = (M - m) ** 2 / 4 - (h - (M + m) / 2) ** 2
    assert expand(gap - (M - h) * (h - m)) == 0


def step_10_moved_values_beyond_the_first_order():
    # Cov'(e, z) - Cov(e, z) = sum e_k (pi_k z_k) - (E' e)(pi.z), z centred: at most
    # |w| rho (sum |pi z| + |pi.z|) <= 2 chi |w| rho (E z^2)^(1/2), or by squares where
    # the e_k share a budget.  Keys alike, with y in place of z.
    old, new = law("p"), law("r")
    e, z = symbols("e1:4"), symbols("z1:4")
    change = [b - a for a, b in zip(old, new, strict=True)]
    moved = covariance(new, e, z) - covariance(old, e, z)
    claimed = mean(change, product(e, z)) - mean(new, e) * mean(change, z)
    gap = moved - claimed
    assert expand(gap - mean(old, z) * (mean(old, e) - mean(new, e))) == 0


def step_11_products_of_one_term_add_under_the_roots():
    # (a1 b1)^(1/2) + (a2 b2)^(1/2) <= ((a1 + a2)(b1 + b2))^(1/2).
    a1, a2, b1, b2 = symbols("a1 a2 b1 b2", nonnegative=True)
    gap = (a1**2 + a2**2) * (b1**2 + b2**2) - (a1 * b1 + a2 * b2) ** 2
    assert expand(gap - (a1 * b2 - a2 * b1) ** 2) == 0


def step_12_a_receiver_and_a_key_share_a_budget():
    # x (P x + P'(1 - x)) on [0, 1]: its derivative vanishes at P'/(2(P' - P)), inside
    # where P < P'/2, with the value P'^2/(4(P' - P)); else it is largest at 1.
    x, P, far = symbols("x P far", positive=True)
    value = x * (P * x + far * (1 - x))
    best = far / (2 * (far - P))
    assert simplify(diff(value, x).subs(x, best)) == 0
    assert simplify(value.subs(x, best) - far**2 / (4 * (far - P))) == 0
    assert value.subs(x, 1) == P


def step_13_the_bilinear_part_of_a_logit():
    # |d_i|(c2 |d_i| + c1 (r^2 - |d_i|^2)^(1/2)) <= r^2 (c2 + (c1^2 + c2^2)^(1/2))/2: on
    # the circle cos(c2 cos + c1 sin) = (c2 + c2 cos 2 + c1 sin 2)/2.
    c1, c2, c, s = symbols("c1 c2 c s")
    circle = {s**2: 1 - c**2}
    value = c * (c2 * c + c1 * s)
    doubled = (c2 + c2 * (c**2 - s**2) + c1 * 2 * c * s) / 2
    assert expand((value - doubled).expand().subs(circle)) == 0


def step_14_the_subspace_and_what_it_leaves():
    # u.G v = sum_b (u.G f_b)(f_b.v) + u.G Pi v for any vectors f_b: two of them.
    v, f, g = (Matrix(symbols(f"{name}1:4")) for name in ("v", "f", "g"))
    rest = v - f * f.dot(v) - g * g.dot(v)
    assert (f * f.dot(v) + g * g.dot(v) + rest - v).expand() == Matrix([0, 0, 0])


def step_15_every_product_is_at_most_half_of_both_weighted_squares():
    assert products_are_covered(HALF, HALF)
    # The pencil: sum_k d_k x_k y <= (s sum_k c_k x_k^2 + sum_k d_k^2/c_k y^2/s)/2.
    c, s, d, x, y = symbols("c s d x y", positive=True)
    gap = (s * c * x**2 + d**2 / c * y**2 / s) / 2 - d * x * y
    assert simplify(gap - (s * c * x - d * y) ** 2 / (2 * s * c)) == 0


def step_16_the_two_matrices():
    # u.J_a v + (u.Qu + v.Rv)/2 is half of the form of the dilation at (u, v), of length
    # 2^(1/2); for u = v = x it is the form of H(J_a) + (Q + R)/2.
    u, v, j, q, r = symbols("u v j q r")
    both = Matrix([u, v])
    dilated = Matrix([[q, j], [j, r]])
    form = u * j * v + (q * u**2 + r * v**2) / 2
    assert expand((both.T * dilated * both)[0] / 2 - form) == 0
    assert expand(form.subs({v: u}) - (j + (q + r) / 2) * u**2) == 0


def step_17_tokens_that_move_by_lengths_of_their_own():
    # sum_k p_k (w.d_k)(z_k.v) <= |w| sum_k p_k rho_k |z_k.v|, at most |w| (sum p rho)^
    # (1/2) (sum p rho (z.v)^2)^(1/2); |d_i^T A d_k| <= sum_ab r_ia |A_ab| r_kb.
    p, q, r, s, y, z = symbols("p q r s y z", nonnegative=True)
    gap = (p * r + q * s) * (p * r * y**2 + q * s * z**2)
    gap -= (p * r * y + q * s * z) ** 2
    assert expand(gap - p * q * r * s * (y - z) ** 2) == 0
    # The sums |C_kl| t_l of step 7, C = 1 - p: the mean of t and (1 - 2 p_k) t_k.
    old, t = law("p"), symbols("t1:4")
    for k in KEYS:
        entries = [1 - old[k] if other == k else old[other] for other in KEYS]
        claimed = mean(old, t) + (1 - 2 * old[k]) * t[k]
        assert (
            expand(sum(c * x for c, x in zip(entries, t, strict=True)) - claimed) == 0
        )


def step_18_an_entry_that_moves_lies_below_a_chord():
    # |a + y| is convex: y = (1 - w)(-t) + w t, and the slope comes out of both ends.
    a, t, m, w = symbols("a t m w")
    place = (1 - w) * -t + w * t
    ends = (1 - w) * ((a - t) + m * t) + w * ((a + t) - m * t)
    assert expand((a + place) - m * place - ends) == 0
    minus = (1 - w) * (-(a - t) + m * t) + w * (-(a + t) - m * t)
    assert expand(-(a + place) - m * place - minus) == 0
    # Each of the four brackets is at most E.  Below -h~ and above h~ the sums of step
    # 17 take E and g = A(m r) of the other tokens, the receiver's own part as it is.
    for size in (0, QUARTER, HALF, 2):
        assert chord_covers(size, Rational(1), min(size, 1), 1)


def step_19_the_mean_distance_of_the_excess_from_its_mean():
    # f = e^x - 1 - x with x = h~ - psi has the mean psi, as E e^x = 1 and E x = -psi,
    # and rho - 1 - h~ = f - psi.  With S where f > psi', its mean, and P = p(S):
    # E|f - psi'| = 2(sum_S p f - P psi') <= 2(1 - P) sum_S p f, as sum_S p f <= psi'.
    P, inside, outside = symbols("P inside outside", nonnegative=True)
    centre = inside + outside
    distance = (inside - P * centre) + ((1 - P) * centre - outside)
    assert expand(distance - 2 * (inside - P * centre)) == 0
    assert expand(2 * (1 - P) * inside - distance - 2 * P * outside) == 0
    # sum_S p f <= min(psi, level P + rest): p f <= p level + p (f - level)_+ each.
    # (1 - P)(level P + rest) rises up to P = (level - rest)/(2 level), where its
    # second factor is (level + rest)/2; where that is above psi, psi is met before.
    level, rest, psi = symbols("level rest psi", positive=True)
    value = (1 - P) * (level * P + rest)
    best = (level - rest) / (2 * level)
    assert simplify(diff(value, P).subs(P, best)) == 0
    assert simplify((level * P + rest).subs(P, best) - (level + rest) / 2) == 0
    bound = psi * (level + rest - psi) / level
    assert simplify(value.subs(P, (psi - rest) / level) - bound) == 0
    assert simplify(value.subs(P, best) - bound.subs(psi, (level + rest) / 2)) == 0
    # It grows up to there, so that a larger psi only enlarges it.
    assert expand(diff(bound, psi) * level - (level + rest - 2 * psi)) == 0
    # And E|q - E q| <= (Var q)^(1/2) <= max |q| for the bilinear part.
    assert mean_distance_is_at_most(OLD, (Rational(1), QUARTER, 0), HALF, 1)


def step_20_the_linear_part_is_the_odd_part_of_the_changes():
    # The domains are symmetric: l(d) = (h(d) - h(-d))/2, q being even, so that what
    # bounds the deviation of h on the domain, a seminorm, bounds that of l, and
    # product 8 has sum_k p|l_k| <= (Var l)^(1/2).
    move, first, second = symbols("move first second")
    change = first * move + second * move**2
    odd = (change - change.subs(move, -move)) / 2
    assert expand(odd - first * move) == 0


def witness_two_values_reach_the_bound_of_step_19():
    assert mean_distance_is_at_most(OLD, (1, 0, 0), Rational(1), 1)


def mutant_a_chord_of_nine_tenths():
    return chord_covers(HALF, Rational(1), HALF, Rational(9, 10))


def mutant_nine_tenths_of_the_mean_distance():
    return mean_distance_is_at_most(OLD, (1, 0, 0), Rational(1), Rational(9, 10))


def witness_the_smallest_ratio_is_attained_in_the_limit_of_step_6():
    # Weights that keep their ratios but for one: y on the others, of mean 0.
    old, new = (HALF, QUARTER, QUARTER), (3 * QUARTER, QUARTER / 2, QUARTER / 2)
    y = (0, 1, -1)
    assert covariance(new, y, y) == HALF * mean(old, product(y, y))


def witness_two_keys_saturate_exactly():
    p, x = HALF, log(2)
    new = p * exp(x) / (p * exp(x) + (1 - p) * exp(-x))
    assert simplify(new - p / (p + (1 - p) * exp(-x / (1 - p)))) == 0


def mutant_a_larger_share_of_the_old_covariance():
    return covariance_is_at_least(
        OLD, (3 * QUARTER, QUARTER / 2, QUARTER / 2), HALF + Rational(1, 100)
    )


def mutant_nine_tenths_of_the_turned_mean():
    return turned_mean_is_covered(OLD, NEW, Rational(9, 10))


def mutant_a_turn_and_a_half():
    rare = (Rational(98, 100), Rational(1, 100), Rational(1, 100))
    new = (Rational(9, 10), Rational(1, 20), Rational(1, 20))
    return total_change_is(rare, new, Rational(3, 2))


def mutant_a_weight_that_saturates_sooner():
    return saturation_is(Rational(9, 10))


def mutant_a_quarter_on_one_side():
    return products_are_covered(HALF, QUARTER)
