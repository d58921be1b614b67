"""Theorems that bound Jacobians over boxes and Frobenius balls of states."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "attention-pencil",
        "Norm and logarithmic norm of attention over a small box, tube or ball.",
        r"$u\cdot J(X)v = u\cdot J_av + \sum_b(u\cdot K_b\delta)(f_b\cdot v) + "
        r"\text{twelve terms a row}$, each at most $\sqrt{u\cdot Q_ju}"
        r"\sqrt{v\cdot R_jv}$ on the domain. For all positive $s, c, \tau$: $\|J\| "
        r"\le \lambda_{\max}\begin{pmatrix}Q & J_a\\ J_a^T & R\end{pmatrix}$ and "
        r"$\mu_2(J) \le \lambda_{\max}(H(J_a) + \tfrac12(Q + R))$ with $Q = \sum "
        r"s_bK_b\,\mathrm{diag}(c)K_b^T + \sum\tau Q_j$, $R = B\sum f_bf_b^T/s_b + "
        r"\sum R_j/\tau$ (on the first order: outside the $f_b$), $B \ge "
        r"\sum\delta_k^2/c_k$.",
        _OURS,
    ),
    Theorem(
        "attention-norm-budget",
        "Norm of attention over large tubes, boxes and Frobenius balls, not expanded.",
        r"Tokens move by $\delta_i$, on a Frobenius ball $\sum_i\delta_i^2 \le r^2$ in "
        r"cells of edges $\epsilon$. $|(J'v)_i| \le s_i|v_i| + (g_i\sum_kp'_{ik}\,v_k"
        r"\cdot N_iv_k)^{1/2}$, so $\|J'\|^2 \le \max_{k,c}\bigl[s_k^2/\omega^s_k + "
        r"\lambda(r^2 - \epsilon_{c-1}^2) + \lambda_{\max}\sum_i\max_e(f_i(e) - "
        r"\lambda_i\epsilon_{e-1}^2)N_i\bigr]$ for all shares $\omega^s + \omega^m "
        r"\le 1$ and prices $\lambda \ge 0$, with $f_i \ge p'_{ik}g_i/\omega^m_i$, "
        r"$N_i = I + \nu_ia_ia_i^T$, $\lambda_i = \lambda/(1 + \nu_i|a_i|^2)$; "
        r"$p' \le p/(p + (1-p)e^{-H/(1-p)})$ by Jensen.",
        _OURS,
    ),
    Theorem(
        "attention-log-norm-budget",
        "Logarithmic norm of attention over large tubes, boxes and Frobenius balls.",
        r"As attention-norm-budget, for all positive $\tau$: $\mu_2(J') \le \max_{k,c}"
        r"\bigl[s_k^+ + \tfrac12\tau_k + \lambda(r^2 - \epsilon_{c-1}^2) + "
        r"\lambda_{\max}\sum_i\max_e(f_i(e) - \lambda_i\epsilon_{e-1}^2)N_i\bigr]$ "
        r"with $f_i \ge p'_{ik}g_i/(2\tau_i)$ and $s^+$ a quarter of the largest "
        r"variance of $tUx' + Ax'/t$; $\lambda_{\min}$ from $-J'$.",
        _OURS,
    ),
)
