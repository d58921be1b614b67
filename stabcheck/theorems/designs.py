"""Theorems about the depth of designs, whose weights are known by caps alone."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "design-depth-product",
        "The bounds of one layer of a design, raised to the depth.",
        r"If every layer of the family has growth $\phi$ and shrink $\psi \ge 0$ on a "
        r"set that no layer leaves, $L$ layers have $\phi^L$ and $\psi^L$.",
        _OURS,
    ),
    Theorem(
        "design-every-depth",
        "Steps divided by the depth keep growth and shrink bounded at every depth.",
        r"Explicit steps of size $T/\ell$ whose comparison polynomials have "
        r"coefficients $c_j \le 1/j!$ (with a leak: forward Euler, $T\lambda \le L$) "
        r"give, for every $\ell \ge L$, growth $e^{\sum T\nu_+}$ and the shrink at "
        r"$L$: $\prod(1 + T\nu_-/L)^L$ for Euler, $\prod(2 - e^{-T\nu_-/L})^L$ for "
        r"others, with $\nu_\pm = \pm cK - \lambda$; for Euler and symmetric Jacobians "
        r"with spectra in $[a, b]$, $\nu_- = ca - \lambda \ge -L/T$, $\nu_+ = cb - "
        r"\lambda$.",
        _OURS,
    ),
    Theorem(
        "design-ball-reach",
        "Stages and states of attention with capped values stay in a ball.",
        r"$|F(X)|_m \le v|X|_m$ gives stages within $S_i$ and ends within $G$ times "
        r"the norm at the start, $S$ and $G$ of the leak comparison with $v$ for $K$; "
        r"from $R_0\max(1, g^{L-1})M \le R$ no stage of $L$ layers leaves the ball.",
        _OURS,
    ),
)
