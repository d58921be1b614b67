"""Theorems about steps and layers of designs: from a field's constants to growth."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "leak-comparison",
        "Growth and shrink of any Runge-Kutta step with a leak, in any norm.",
        r"For $f = -\lambda x + F$, $\|\Delta F\| \le K\|\Delta\|$, $x = h\lambda$, "
        r"$\kappa = hK$, $Z = (I + xA)^{-1}$: growth $G = |1 - xb^{\mathsf T}Z\mathbb "
        r"1| + \kappa|b^{\mathsf T}Z|(I - \kappa|AZ|)^{-1}|Z\mathbb 1|$ where "
        r"$\rho(\kappa|AZ|) < 1$, attained in the largest norm; shrink $2R_- - G$ with "
        r"$R_-$ the first term.  With a symmetric Jacobian of spectrum in $[\nu_-, "
        r"\nu_+]$: $\lambda - (\nu_- + \nu_+)/2$ and $(\nu_+ - \nu_-)/2$ for $\lambda$ "
        "and K.",
        _OURS,
    ),
    Theorem(
        "row-wise-euler",
        "Growth of forward Euler from a norm and a logarithmic norm, token by token.",
        r"$\sqrt{(1 - x)^2 + 2h\max((1 - x)\mu, -(1 - x)K) + h^2K^2}$, $x = h\lambda$, "
        r"in the largest token norm and in the 2-norm.",
        _OURS,
    ),
    Theorem(
        "monotone-step-contractivity",
        "An absolutely monotonic step is non-expansive for r times Euler's step.",
        r"$K_A \ge 0$, $rK_A(I + rK_A)^{-1} \ge 0$, $(I + rK_A)^{-1}\mathbb 1 \ge 0$, "
        r"$K_A$ the matrix A over b; $h(\lambda + K) \le 2r$ and $h(\lambda^2 + K^2 - "
        r"2\lambda\mu) \le 2r(\lambda - \mu)$ give growth 1, in any norm.",
        "Kraaijevanger, BIT 31 (1991) 482-528; Gottlieb, Ketcheson, Shu, Strong "
        "Stability Preserving Runge-Kutta and Multistep Time Discretizations (2011), "
        "section 3; proof here",
    ),
    Theorem(
        "leak-circle-contractivity",
        "A step with a leak is non-expansive in a Euclidean norm.",
        r"$b \ge 0$, $BA + A^{\mathsf T}B - bb^{\mathsf T} + B/r \succeq 0$, "
        r"$h(\lambda + K) \le 2r$ and $h(\lambda^2 + K^2 - 2\lambda\mu) \le 2r(\lambda "
        r"- \mu)$ give growth 1; for $r = \infty$, $\mu \le \lambda$ does.  With a "
        r"symmetric Jacobian: $h(\lambda - \nu_-) \le 2r$ and $\nu_+ \le \lambda$.",
        "Dahlquist, Jeltsch, Generalized disks of contractivity, TRITA-NA-7906 (1979), "
        "for the circle; proof here",
    ),
    Theorem(
        "backward-euler-comparison",
        "Growth and shrink of backward Euler with a leak, in any norm.",
        r"Growth $1/(1 + h\lambda - h\mu)$ where that is positive, shrink $1/(1 + "
        r"h\lambda + hK)$.",
        "Soderlind, BIT 46 (2006) 631-652, section 2; proof here",
    ),
    Theorem(
        "implicit-midpoint-comparison",
        "The implicit midpoint rule as half a backward and half a forward Euler step.",
        r"$t = h/2$: growth $\sqrt{(1 - t\lambda)^2 + 2t\max((1 - t\lambda)\mu, -(1 - "
        r"t\lambda)K) + t^2K^2}/(1 + t\lambda - t\mu)$, shrink $(|1 - t\lambda| - tK)/"
        r"(1 + t\lambda + tK)$; non-expansive for $\mu \le \lambda$, $t(K^2 - \mu^2) "
        r"\le 4(\lambda - \mu)$ and, if $t\lambda > 1$, $t(K + \mu) \le 2$.",
        _OURS,
    ),
    Theorem(
        "splitting-products",
        "Growths and shrinks of the parts of a layer multiply.",
        r"$\prod_p\phi_p$ and $\prod_p\psi_p$, in one norm, for parts in any order.",
        _OURS,
    ),
    Theorem(
        "reversible-two-stream",
        "Growth and shrink of a reversible pair of streams, for every step.",
        r"In $\sqrt{\|p\|^2 + \omega^2\|q\|^2}$, with $M = ((1, a), (b, 1 + ab))$, "
        r"$a = hK_1/\omega$, $b = hK_2\omega$: growth $\sigma_1(M^L)$ and shrink "
        r"$1/\sigma_1(M^L)$ over L layers, both attained.",
        _OURS,
    ),
    Theorem(
        "leapfrog-comparison",
        "Growth and shrink of leapfrog steps, for every step.",
        r"In $\sqrt{\|u\|^2 + \|x\|^2}$: those of reversible-two-stream with $a = "
        r"hK/\omega$ and $b = h\omega$; at $\omega = \sqrt K$ at most $e^{T\sqrt K}$.",
        _OURS,
    ),
    Theorem(
        "momentum-comparison",
        "Growth and shrink of residual layers with momentum, for every step.",
        r"In $\sqrt{\|x\|^2 + \omega^2\|v\|^2}$, with $c = (1 - \gamma)hK$ and $M = "
        r"((1 + c, \gamma/\omega), (c\omega, \gamma))$: growth $\sigma_1(M^L)$ and "
        r"shrink $\sigma_2(M^L)$ over L layers, both attained.",
        _OURS,
    ),
    Theorem(
        "sphere-step",
        "Growth and shrink of a step that is projected onto the sphere.",
        r"For $|x_i| = 1$, $|F_i| \le v$, $hv < 1$, on tangent vectors: $(1 + hK)/(1 - "
        r"hv)$ and $(\sqrt{1 - h^2v^2} - hK)/(1 + hv)$.",
        _OURS,
    ),
    Theorem(
        "token-rms-recursion",
        "Growth and shrink of a depth behind RMS normalisations, from a floor.",
        r"$s_{l+1} = s_l - hv$: $\prod_l(1 + hK/s_l)$ and $\prod_l(1 - hK/s_l)$, for "
        r"derivatives; below $(1 - Tv/s_0)^{-K/v}$.",
        _OURS,
    ),
    Theorem(
        "gradient-feed-forward-step",
        "A gradient feed-forward step is non-expansive and free beside attention.",
        r"$-W^{\mathsf T}\sigma(Wx + b)$ with $0 \le \sigma' \le s$: spectrum in "
        r"$[-s\|W\|^2, 0]$; Euler, Heun, SSPRK3, RK4 non-expansive for $h \le "
        r"2/(s\|W\|^2)$; Euler's shrink $1 - hs\|W\|^2$.",
        _OURS,
        rule=False,
    ),
)
