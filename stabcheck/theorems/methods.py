"""Theorems by which the stability facts of a method are decided from coefficients."""

from stabcheck.theorems.statement import Theorem

THEOREMS = (
    Theorem(
        "stability-function-rational",
        "The stability function is a quotient of two determinants.",
        r"$R(z) = 1 + z\,b^T(I - zA)^{-1}\mathbb 1 = \det(I - zA + z\mathbb 1b^T)/"
        r"\det(I - zA)$.",
        "Hairer, Wanner, Solving ODEs II, IV.3, Prop. 3.2; proof here",
    ),
    Theorem(
        "order-by-rooted-trees",
        "A Runge-Kutta method has order p if and only if its trees say so.",
        r"order $p \iff \Phi(t) = 1/\gamma(t)$ for every rooted tree $t$ with at most "
        r"$p$ nodes.",
        "Butcher, J. Austral. Math. Soc. 3 (1963) 185-201; Hairer, Norsett, Wanner, "
        "Solving ODEs I, II.2, Thm 2.13",
        status="cited",
    ),
    Theorem(
        "axis-interval-by-sturm",
        "Stability on an axis is the sign of one polynomial on an interval.",
        r"$|R| \le 1$ on $[-\alpha, 0]$, on $i[-\beta, \beta]$, iff $Q^2 - P^2 \ge 0$ "
        r"at $-x$ on $[0, \alpha]$, iff $E(y^2) = |Q(iy)|^2 - |P(iy)|^2 \ge 0$ on $[0, "
        r"\beta^2]$; and $p \ge 0$ on $[a, b]$ iff its factors of odd multiplicity "
        "have no root inside and one value is positive.",
        "C. Sturm, Bull. Sci. Ferussac 11 (1829) 419-425; proof here",
    ),
    Theorem(
        "disc-in-stability-region",
        "A disc lies in the stability region if R(2r/(v - 1)) is bounded on the left.",
        r"$\{|z + r| \le r\} \subset S$ iff $|\tilde P/\tilde Q| \le 1$ for $\Re v \le "
        r"0$, with $\tilde P(v) = \sum_k p_k(2r)^k(v - 1)^{s-k}$ and $\tilde Q$ alike; "
        "smaller discs lie in larger ones.",
        "Hairer, Wanner, Solving ODEs II, IV.3 (maximum principle); proof here",
    ),
    Theorem(
        "a-stability-by-e-polynomial",
        "A-stability: the E-polynomial is nonnegative, the poles are to the right.",
        r"$|P/Q| \le 1$ for $\Re z \le 0$ iff $|Q(iy)|^2 \ge |P(iy)|^2$ for all $y$ "
        r"and $Q(z) = 0$ only for $\Re z > 0$, which Routh's table of $Q(-z)$ decides.",
        "Hairer, Wanner, Solving ODEs II, IV.3, eq. (3.7); proof here",
    ),
    Theorem(
        "circle-contractivity-radius",
        "The radii of circle contractivity are an interval, decided by pivots.",
        r"$b \ge 0$ and $BA + A^TB - bb^T + B/r \succeq 0$ imply the same for every "
        r"smaller $r > 0$; one elimination decides each $r$.",
        "Dahlquist, Jeltsch, Generalized disks of contractivity, TRITA-NA-7906 (1979); "
        "proof here",
    ),
    Theorem(
        "absolute-monotonicity-by-resolvent",
        "Absolute monotonicity is the sign of polynomials in the radius.",
        r"$K$ is $A$ bordered by $b$.  On $[0, r]$: $d = \det(I + \rho K) > 0$, "
        r"$\operatorname{adj}(I + \rho K)\mathbb 1 \ge 0$ and $d\,I - "
        r"\operatorname{adj}(I + \rho K) \ge 0$, iff a step is a convex combination of "
        r"Euler steps of size $h/\rho$ for every $\rho \le r$.",
        "Kraaijevanger, BIT 31 (1991) 482-528; proof here",
    ),
    Theorem(
        "multistep-order-conditions",
        "The order of a linear multistep method from its moments.",
        r"order $p \iff \sum_j\alpha_j = 0$ and $\sum_j(\alpha_jj^q - q\beta_jj^{q-1}) "
        r"= 0$ for $q = 1, \dots, p$.",
        "Hairer, Norsett, Wanner, Solving ODEs I, III.2, Thm 2.4; proof here",
    ),
    Theorem(
        "root-condition-in-half-plane",
        "Zero-stability is a question about roots in the left half-plane.",
        r"With $r(v) = (1 - v)^k\rho((1 + v)/(1 - v))$ of degree $\ge k - 1$ and $h = "
        r"\gcd(r(v), r(-v))$: all roots of $\rho$ have $|\zeta| \le 1$, those of "
        r"modulus 1 simple, iff $r/h$ has its roots in $\Re v < 0$ and $h$ is $1$ or "
        r"$v$ times a polynomial in $v^2$ with simple negative roots.",
        "Hairer, Norsett, Wanner, Solving ODEs I, III.3, Def. 3.2; proof here",
    ),
    Theorem(
        "multistep-wedge",
        "A multistep method is stable in a wedge that its root locus avoids.",
        r"If all roots of $\rho + \sigma$ have $|\zeta| < 1$ and no $z = \rho/\sigma$ "
        r"with $|\zeta| = 1$ has $\Re z < 0$ and $(\Im z)^2 < w(\Re z)^2$, then all "
        r"roots of $\rho - z\sigma$ have $|\zeta| < 1$ for every such $z$; and "
        "conversely.",
        "Hairer, Wanner, Solving ODEs II, V.1 (root locus) and V.2; proof here",
    ),
)
