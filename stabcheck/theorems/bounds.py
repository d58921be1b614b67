"""Theorems that bound Jacobians over domains of states or of weights."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "attention-norm-column-mass",
        "Pointwise norm of the attention Jacobian by column masses.",
        r"$\|J\| \le \|U\| \sqrt{\max_j \sum_i p_{ij}(1 + |a_i|^2 "
        r"\lambda_{\max}(C_i))} + \max_i \|U C_i A^T\|$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-norm-split",
        "Pointwise norm in three parts: means, senders, receivers.",
        r"$\|J\| \le \|U\|\|P\| + \sqrt{\max_j \lambda_{\max}(\sum_i \gamma_i p_{ij} "
        r"a_i a_i^T)} + \max_i \|U C_i A^T\|$, $\gamma_i = \lambda_{\max}(U C_i U^T)$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-norm-tube",
        "Norm of the multi-head attention Jacobian over a tube, heads jointly.",
        r"For tokens within $\varepsilon$ of a centre and positive weights $r_h, "
        r"\alpha_h, \beta_h, \gamma_h$: $\|J\| \le \max_h(\omega_h/r_h)\, "
        r"\|\mathrm{diag}(r) W_O\|\, \|[\alpha_h W_V^h, \beta_h W_K^h, "
        r"\gamma_h W_Q^h]\|$, $\omega_h^2 = (a_h/\alpha_h)^2 + (e_h/\beta_h)^2 + "
        r"(d_h/\gamma_h)^2$ with the local quantities of the proof.",
        _OURS,
    ),
    Theorem(
        "attention-jacobian-deviation-tube",
        "How far the attention Jacobian moves over a tube.",
        r"$\sup \|J(X) - J(X_0)\|$ over a tube, by $|\mathrm{Cov}_{p'} - "
        r"\mathrm{Cov}_p| \preceq \kappa\,\mathrm{Cov}_p$ and three telescoped terms; "
        "the heads joined by weights as in attention-norm-tube.",
        _OURS,
    ),
    Theorem(
        "attention-log-norm-point",
        "Logarithmic norm of the attention Jacobian at a point.",
        r"$\mu_2(J) \le \mu_2(P \otimes U) + \max_j \lambda_{\max}(H(U C_j A^T) + "
        r"\tfrac{\tau_j}2 U C_j U^T + \tfrac12 \sum_i (p_{ij}/\tau_i) a_i a_i^T)$ "
        r"for every $\tau > 0$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-log-norm-tube",
        "The logarithmic norm over a tube, joint over heads: one symmetric matrix.",
        r"With $\underline p \le p' \le \bar p$ on the tube and shares $t, t' \in "
        r"[0, 1]$: $\mu_2(J') \le \lambda_{\max}\bigl(H(J_m) + \tfrac12\sum (g\,A_g "
        r"+ g^{-1}B_g)\bigr)$ for all positive weights $g$; $J_m$ has the weights "
        r"$m = \tfrac12(\underline p + \bar p)$ and its covariances times $t$ and "
        r"$t'$, and $a^2 = u^TA_gu$, $b^2 = u^TB_gu$ are the two sides of each product "
        "of seminorms that bounds the rest: means, keys, receivers, moved tokens.",
        _OURS,
    ),
    Theorem(
        "attention-norm-joint-tube",
        "The 2-norm over a tube, joint over heads: one dilated matrix.",
        r"With the products of attention-log-norm-tube between $u$ and $w$, $J_m$ and "
        r"$A = \sum g\,A_g$, $B = \sum g^{-1}B_g$: $\|J'\| \le \lambda_{\max}"
        r"\begin{pmatrix}A & J_m\\ J_m^T & B\end{pmatrix}$ for all positive weights "
        r"$g$.",
        _OURS,
    ),
    Theorem(
        "attention-mixed-norm-point",
        "The mixed norm of the attention Jacobian at a point.",
        r"$\|J\|_{\infty,2} \le \max_i(\sqrt{\|U\|^2 + |a_i|^2\lambda_{\max}(U C_i "
        r"U^T)} + \|U C_i A^T\|)$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-mixed-norm-tube",
        "The mixed norm of the attention Jacobian over a tube, row by row.",
        r"$\|J'\|_{\infty,2} \le \max_i(\sqrt{\|U\|^2 + F_i^2\hat a_i^2} + F_iT_i)$ "
        r"with $F_i = \|[\sqrt{\bar p_{ij}}\,y_{ij}]_jU^T\| + \varepsilon\|U\|$, $T_i "
        r"= \|[\sqrt{\bar p_{ij}}\,y_{ij}]_jA^T\| + \varepsilon\|A\|$, $\hat a_i = "
        r"|a_i| + \varepsilon\|A\|$; heads summed, or concatenated.",
        _OURS,
    ),
    Theorem(
        "attention-mixed-norm-ball",
        "On a ball the mixed norm is free of the number of tokens.",
        r"$\mathrm{Lip}_{\infty,2} \le \|V\|(\sqrt{1 + \alpha^2} + \alpha)$, $\alpha = "
        r"\|A\|R^2$, for every $n$, masked or not; the constant is attained as $n \to "
        r"\infty$.",
        _OURS,
    ),
    Theorem(
        "attention-norm-ball",
        "The 2-norm on a ball, without a mask.",
        r"$\mathrm{Lip}_2 \le \|V\|(\sqrt{n \max_{p \le \bar p} p(1 + \alpha^2 "
        r"\mathrm{vf}(p))} + \alpha)$, $\bar p = 1/(1 + (n-1)e^{-2\alpha})$; less by "
        r"`norm-of-senders-and-receivers` and `attention-aligned-share`.",
        _OURS,
    ),
    Theorem(
        "attention-norm-ball-masked",
        "The 2-norm on a ball under a causal mask: row i has i keys.",
        r"As attention-norm-ball with $\max_j\sum_{i \ni j}\max_{p \le \bar p_i}$ over "
        r"the rows that see key $j$, $\bar p_i = 1/(1 + (k_i-1)e^{-2\alpha})$ for the "
        r"$k_i$ keys of row $i$.",
        _OURS,
    ),
    Theorem(
        "attention-log-norm-ball",
        "The logarithmic norm on a ball: a sender cannot also be the receiver.",
        r"$\mu_2 \le \tfrac12\|V\|(\sqrt{1+\alpha^2} + \sqrt{nh}) + \alpha\|V\|$, "
        r"$h = \max_{p \le \bar p} p(1+\alpha^2\mathrm{vf}(p))$.",
        _OURS,
    ),
    Theorem(
        "attention-aligned-share",
        "A key's share on a ball where logits and values meet in the same tokens.",
        r"With $1 + \nu = qG/\alpha$: $np \le \min(e^{2\alpha}, e^{qG + "
        r"G\sqrt{q(1-q)(1-p)/p}})(1 - q + qe^{-G})$, and the values' variance is at "
        r"most $1 - \nu^2$ and $\Xi(1 - \nu^2) - \tau q(1-q)G^2/\alpha^2$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "norm-of-senders-and-receivers",
        "Senders and block diagonal receivers are not extremal together.",
        r"$\|F + D\|^2 \le S^2 + 2\rho T + \rho^2$; for one head of norm 1 $\|J\|^2 "
        r"\le \rho^2 + \lambda_{\max}[[nh + 2\rho\sqrt k, \rho\sqrt{nh - k}], "
        r"[\cdot, 0]]$, $k = \min(1 + \alpha^2, nh)$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "covariance-extremal-forms",
        "How large a covariance of bounded trace makes the receivers' block.",
        r"For $C \succeq 0$ with $\operatorname{tr} C \le c$ and every $t > 0$: "
        r"$\|U C A^T\| \le \tfrac c2\lambda_{\max}(tU^TU + A^TA/t)$ and "
        r"$\mu_2(U C A^T) \le \tfrac c4\|tU + A/t\|^2$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "multi-head-norm",
        "Concatenated heads: squares add before the output projection.",
        r"$\|J\| \le \|W_O\| \sqrt{\sum_h L_h^2}$ and $\|J\| \le \sum_h \|W_O^h\|L_h$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "feed-forward-tube",
        "The feed-forward branch over a tube, one d x d matrix a token.",
        r"$J = J_0 + W_2^T\mathrm{diag}(e)W_1^T$, $|e_g| \le \delta_g$, moves by at "
        r"most $\sqrt{\|W_2^T\Delta W_2\|\,\|W_1\Delta W_1^T\|}$.",
        _OURS,
    ),
    Theorem(
        "feed-forward-deviation-tube",
        "How far the feed-forward Jacobian moves over a tube.",
        r"$\max_i \sqrt{\|W_2^T\Delta_i W_2\|\,\|W_1\Delta_i W_1^T\|}$.",
        _OURS,
    ),
    Theorem(
        "scored-attention-norm-tube",
        "Attention with rotary positions or a soft cap over a tube.",
        r"As attention-norm-tube with turned queries and keys; a cap multiplies the "
        r"slopes of a score by $t \le \bar t$, and $\bar\tau = \sqrt{\bar r}\tau + "
        r"s\max_j(\bar t_{ij}\varepsilon\|W_K\| + \Delta t_{ij}|k_j|)$.",
        _OURS,
    ),
    Theorem(
        "scored-attention-deviation-tube",
        "How far the Jacobian of attention with rotary positions or a cap moves.",
        r"As attention-jacobian-deviation-tube with turned queries and keys; the "
        r"slopes of a cap add their change $\Delta t$.",
        _OURS,
    ),
    Theorem(
        "scored-attention-ball",
        "Attention with rotary positions or a soft cap on a ball, weights known.",
        r"$\sum_h\|U_h\|((\max_j\sum_i\bar p_i)^{1/2} + R\hat a(\max_j\sum_i\max_{p "
        r"\le \bar p_i}p\,\mathrm{vf}(p))^{1/2} + R\hat b)$, $\hat a = s(\|W_Q\|R + "
        r"|b_Q|)\|W_K\|$, $\hat b$ alike; $1 + R\hat a + R\hat b$ in the largest token "
        r"norm.",
        _OURS,
    ),
    Theorem(
        "gated-feed-forward-deviation-tube",
        "How far the Jacobian of a gated feed-forward field moves over a tube.",
        r"$\|\sqrt\alpha W_2\|\|\sqrt\alpha W_g^T\| + \|\sqrt\beta W_2\|"
        r"\|\sqrt\beta W_1^T\|$, $\alpha, \beta$ the changes of $z\phi'(u)$ and "
        r"$\phi(u)$.",
        _OURS,
    ),
    Theorem(
        "layer-norm-tube",
        "LayerNorm over a tube: the exact centre plus a closed-form deviation.",
        r"$\|D(x) - D(x_0)\| \le \tfrac{2}{\sqrt 3}\|\gamma\|_\infty\rho/(s(1-\rho))$, "
        r"$\rho = \varepsilon/(s\sqrt d) < 1$.",
        _OURS,
    ),
    Theorem(
        "rms-norm-tube",
        "RMSNorm over a tube.",
        r"As layer-norm-tube with $r$ for $s$ and $I$ for $\Pi$.",
        _OURS,
    ),
    Theorem(
        "layer-norm-deviation-tube",
        "How far the Jacobian of a normalisation moves over a tube.",
        r"$\|D(x) - D(x_0)\| \le \tfrac{2}{\sqrt 3}\|\gamma\|_\infty\rho/(s(1-\rho))$, "
        r"$\rho = \varepsilon/(s\sqrt d) < 1$; RMSNorm too.",
        _OURS,
    ),
    Theorem(
        "tube-from-centre",
        "A quantity at the centre plus the deviation bounds it over the tube.",
        r"$\|J\| \le \|J_0\| + \Delta$, $\mu_2(J) \le \mu_2(J_0) + \Delta$, "
        r"$\lambda_{\min}(H(J)) \ge \lambda_{\min}(H(J_0)) - \Delta$ (Weyl).",
        "Horn, Johnson, Matrix Analysis, Thm 4.3.1",
    ),
    Theorem(
        "pre-norm-block",
        "A branch behind a normalisation: norms multiply, the tube is carried through.",
        r"$\|J_F(N(x)) DN(x)\| \le \|J_F\|\,\|DN\|$ on $N$'s image tube; the "
        "logarithmic norm of the product is controlled by the norm only.",
        _OURS,
    ),
    Theorem(
        "pre-norm-deviation",
        "How far the Jacobian of a pre-norm branch moves over a tube.",
        r"$\Delta \le 2\Delta_F\|DN\| + \|J_F\|\Delta_N$.",
        _OURS,
    ),
    Theorem(
        "post-norm-block",
        "A post-norm layer: the normalisation's Jacobian times the step's.",
        r"$D(z)(I + hJ_F(x))$, $z = x + hF(x)$.",
        _OURS,
        rule=False,
    ),
)
