"""Theorems by which a matrix inequality is decided."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "psd-integer-witness",
        "A rounded Cholesky factor with a diagonally dominant residual proves PSD.",
        r"$2^k M = LL^T + E$ with $E_{ii} - 2^k\rho_{ii} \ge \sum_{j \ne i}(|E_{ij}| + "
        r"2^k\rho_{ij})$ proves $M + D \succeq 0$ for all symmetric $|D| \le \rho$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "spectral-norm-psd",
        "A spectral norm bound at a point is positive semidefiniteness.",
        r"$\|J\| \le c \iff c^2 I - J^T J \succeq 0$.",
        _OURS,
    ),
    Theorem(
        "log-norm-psd",
        "A logarithmic norm bound at a point is positive semidefiniteness.",
        r"$\mu_2(J) \le c \iff 2cI - J - J^T \succeq 0$.",
        _OURS,
    ),
    Theorem(
        "domain-inclusion",
        "What holds on a domain holds on its parts; which domains are parts.",
        r"Round one centre, with $n$ tokens of $d$ features: Frobenius$(r) \subset$ "
        r"tube$(r) \subset$ box$(r) \subset$ tube$(\sqrt d\,r) \subset$ "
        r"Frobenius$(\sqrt{nd}\,r)$; round $X_0$, tube$(r) \subset$ ball$(R)$ when "
        r"$|x^0_i| + r \le R$ for every token.",
        "the comparison of norms; proof here",
    ),
    Theorem(
        "domain-split",
        "What holds on rectangles that cover a box holds on the box.",
        r"A node cuts its region at $x_j \le t$ and $x_j \ge t$; the region $\ell \le "
        r"x \le u$ of a leaf lies in its rectangle: $m - r \le \ell$, $u \le m + r$. "
        r"$\sup_{\text{box}} q = \max_{\text{leaves}} \sup q$ for a number $q(X)$ of "
        r"every state; false of the shrink, which compares two states.",
        "branch and bound; proof here",
    ),
    Theorem(
        "inertia-of-low-rank-update",
        "Negative eigenvalues of a diagonal plus a low rank, from two small matrices.",
        r"$\nu(E + WKW^T) = \nu(E) + \nu(-K^{-1} - W^TE^{-1}W) - \nu(-K^{-1})$ for "
        r"invertible symmetric $E$ and $K$; $\nu$ counts negative eigenvalues.",
        "E. V. Haynsworth, Linear Algebra Appl. 1 (1968) 73-81, "
        "doi:10.1016/0024-3795(68)90050-5; proof here",
        rule=False,
    ),
    Theorem(
        "psd-floating-point-cholesky",
        "A floating-point Cholesky factor with a small verified residual proves PSD.",
        r"$\|S - \sigma I - LL^T\| \le \sigma - \delta$ proves $A \succeq 0$ for "
        r"all symmetric $A$ with $\|A - S\| \le \delta$; float sums of $k$ products "
        r"err by at most $\gamma_k|x|^T|y| + k\eta$.",
        "after S. M. Rump, BIT 46 (2006) 433-452, doi:10.1007/s10543-006-0056-1, who "
        "bounds the residual a priori; proof in proofs/",
    ),
    Theorem(
        "trace-power-norm",
        "The largest eigenvalue from the trace of a high power.",
        r"$\lambda_{\max}(G) \le (\mathrm{tr}\,G^p)^{1/p} \le N^{1/p}"
        r"\lambda_{\max}(G)$ for $G \succeq 0$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attained",
        "A state and a direction show that a value is attained.",
        r"$|Jv| \ge a|v|$, $v^T Jv \ge a|v|^2$ or $v^T Jv \le a|v|^2$ at a state of "
        "the domain.",
        _OURS,
    ),
)
