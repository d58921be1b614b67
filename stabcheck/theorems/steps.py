"""Theorems about one step of an integrator."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "euler-growth",
        "Growth of a forward Euler step.",
        r"$\|I + hJ\| \le \min(1 + hL, \sqrt{1 + 2h\mu + h^2L^2})$.",
        "Hairer, Wanner, Solving ODEs II, IV.12; proof here",
    ),
    Theorem(
        "euler-shrink",
        "Shrink of a forward Euler step.",
        r"$\sigma_{\min}(I + hJ) \ge \max(1 - hL, 1 + hm, \sqrt{1 + 2hm})$ where "
        r"$m = \inf\lambda_{\min}(H(J))$ and the roots exist.",
        _OURS,
    ),
    Theorem(
        "explicit-runge-kutta-crude",
        "Growth and shrink of any explicit Runge-Kutta step from stage norms.",
        r"$d_i = 1 + h\sum_j |a_{ij}| L_j d_j$; growth $1 + h\sum_i |b_i| L_i d_i$, "
        "shrink $2$ minus that.",
        _OURS,
    ),
    Theorem(
        "explicit-runge-kutta-energy",
        "Growth and shrink of an explicit step with nonnegative weights, by energy.",
        r"$\phi^2 \le 1 + 2h\sum_i b_i\mu_i^{\pm} + \sum_{i \ne j}|m_{ij}|e_ie_j + "
        r"\sum_i \max(0, -m_{ii})e_i^2$ with $m_{ij} = b_ia_{ij} + b_ja_{ji} - b_ib_j$"
        r", $e_i = hL_id_i$, $d_i$ as in explicit-runge-kutta-crude and $\mu_i^{\pm} = "
        r"\mu_i d_i^2$ for $\mu_i \ge 0$, $\mu_i\max(0, 2 - d_i)^2$ below; the shrink "
        r"with $\lambda_{\min}$ for $\mu$ and the other signs.",
        _OURS,
    ),
    Theorem(
        "backward-euler-growth",
        "Growth of a backward Euler step.",
        r"$1/(1 - h\mu)$ for $h\mu < 1$; shrink $1/(1 + hL)$.",
        "Hairer, Wanner, Solving ODEs II, IV.12; proof here",
    ),
    Theorem(
        "implicit-midpoint-growth",
        "Growth of an implicit midpoint step.",
        r"$\max(1, (1 + h\mu/2)/(1 - h\mu/2))$ for $h\mu < 2$; shrink "
        r"$(1 + hm/2)/(1 - hm/2)$ for $-2 < hm \le 0$.",
        _OURS,
    ),
    Theorem(
        "circle-contractivity",
        "A Runge-Kutta step is a contraction under the circle condition.",
        r"$b \ge 0$ and $BA + A^TB - bb^T + B/r \succeq 0$ and $h\mu + h^2L^2/(2r) "
        r"\le 0$ give growth $1$.",
        "Dahlquist, Jeltsch, Generalized disks of contractivity, TRITA-NA-7906 (1979)",
    ),
    Theorem(
        "algebraic-stability",
        "Algebraically stable methods are contractive for dissipative fields.",
        r"$b \ge 0$, $BA + A^TB - bb^T \succeq 0$, $\mu_2 \le 0$ give growth $1$.",
        "Burrage, Butcher, SIAM J. Numer. Anal. 16 (1979) 46-57",
    ),
    Theorem(
        "runge-kutta-growth-lmi",
        "Growth of any Runge-Kutta step by one linear matrix inequality.",
        r"With $d = (1, b)$, $y_i = (1, a_{i1}, \dots, a_{is})$: if $\phi^2e_0e_0^T - "
        r"dd^T - \sum_i(\kappa_i(h^2L_i^2y_iy_i^T - e_ie_i^T) + \lambda_i(h\mu_i"
        r"y_iy_i^T - \operatorname{sym}e_iy_i^T) + \nu_i(\operatorname{sym}e_iy_i^T - "
        r"hm_iy_iy_i^T)) \succeq 0$ with $\kappa, \lambda, \nu \ge 0$, the growth is "
        r"at most $\phi$; stages of an implicit method exist where $(I - h|A|L)^{-1}"
        r"\mathbb 1 > 0$.",
        "this project; after Drori, Teboulle, Math. Program. 145 (2014) 451-482",
    ),
    Theorem(
        "runge-kutta-shrink-lmi",
        "Shrink of any Runge-Kutta step by one linear matrix inequality.",
        r"With $dd^T - \psi^2e_0e_0^T$ for $\phi^2e_0e_0^T - dd^T$ in "
        r"runge-kutta-growth-lmi, the shrink is at least $\psi$.",
        _OURS,
    ),
    Theorem(
        "von-neumann-disc",
        "A disc inside the stability region bounds a frozen step.",
        r"$\|hJ + rI\| \le r$ and $\{|z + r| \le r\} \subset S$ give $\|R(hJ)\| \le 1$ "
        "for one frozen $J$.",
        "J. von Neumann, Math. Nachr. 4 (1951) 258-281",
        rule=False,
    ),
    Theorem(
        "one-leg-g-norm",
        "Growth of a one-leg multistep step in the norm of its G-matrix.",
        r"$\phi^2(G \oplus 0) - (0 \oplus G)$ minus nonnegative multiples of the "
        r"conditions on slope $\rho y$ and argument $\sigma y$ semidefinite: growth "
        r"$\phi$ in $|\cdot|_G$; $\phi = 1$ for $\mu_2 \le 0$ and a G-stable method.",
        "Dahlquist, BIT 18 (1978) 384-401; proof here",
    ),
    Theorem(
        "momentum-schur-cohn",
        "The spectral radius of momentum residual blocks on a frozen Jacobian.",
        r"Every eigenvalue $\lambda$ has $|\gamma| < r^2$ and $r|r^2a - \gamma\bar a| "
        r"< r^4 - \gamma^2$, $a = 1 + \gamma + (1 - \gamma)\lambda$: both roots lie "
        "inside the circle of radius $r$, and conversely. For one frozen $J$.",
        _OURS,
    ),
    Theorem(
        "leapfrog-symplectic",
        "Leapfrog residual blocks: bounded powers, and shrink one over growth.",
        r"Powers are bounded exactly for $-4 < h^2\lambda < 0$, for one frozen "
        r"symmetric $J$; $\sigma_{\min} = 1/\sigma_{\max}$ for every stack with "
        "symmetric $J$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "splitting-growth",
        "Growths of composed steps multiply.",
        r"$\phi(\Phi_b \circ \Phi_a) \le \phi(\Phi_b)\,\phi(\Phi_a)$, and the same "
        "for shrinks.",
        _OURS,
    ),
    Theorem(
        "family-euler-mixed",
        "A forward Euler step for a whole family of weights, in the mixed norm.",
        r"growth $1 + hK$ with $K$ the mixed-norm bound on the ball.",
        _OURS,
    ),
)
