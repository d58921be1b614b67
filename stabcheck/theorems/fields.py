"""Theorems about the vector fields themselves: exact Jacobians and softmax facts."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "attention-jacobian",
        "The Jacobian of softmax attention in covariance form.",
        r"$J_{ij} = p_{ij}\,U\,(I + y_{ij} a_i^T) + \delta_{ij}\, U C_i A^T$ with "
        r"$U = (W_V W_O)^T$, $A = s\,W_Q W_K^T$, $a_i = A^T x_i$, "
        r"$y_{ij} = x_j - \sum_k p_{ik} x_k$, $C_i = \sum_j p_{ij} y_{ij} y_{ij}^T$; "
        "a mask or an additive score bias changes $P$ only.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-jacobian-covariance-form",
        "The derivative of a softmax mean is a covariance.",
        r"$\mathrm d f_i[v] = U\,E_i[v] + \mathrm{Cov}_i(Ux, \delta_v s_i)$ for "
        r"weights $p_{ij} \propto e^{s_{ij}}$ and expectations under $p_i$; in blocks "
        r"$J_{ij} = p_{ij} (D_j + (u_j - m_i) a_{ij}^T) + \delta_{ij} \sum_k p_{ik} "
        r"(u_k - m_i) b_{ik}^T$ for any scores.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-jacobian-projection-biases",
        "Query biases enter the Jacobian; key, value and output biases do not.",
        r"With $q_i = W_Q^T x_i + b_Q$: $a_i = A^T x_i + s\,W_K b_Q$.  $b_K$ shifts "
        "the scores by a constant in $j$ and drops out; $b_V$ and $b_O$ are constant.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "multi-head-jacobian",
        "Heads add: the Jacobian of multi-head attention.",
        r"$J = \sum_h J(A_h, U_h)$, $A_h = s\,W_Q^h W_K^{hT}$, "
        r"$U_h = (W_V^h W_O^h)^T$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "layer-norm-jacobian",
        "The Jacobian of LayerNorm and its singular values.",
        r"$D = \mathrm{diag}(\gamma)(\Pi - z z^T/d)/s$, $\Pi = I - 11^T/d$, "
        r"$z = (x-\bar x)/s$; for $\gamma = 1$ the singular values are $1/s$ "
        r"($d-2$ times), $\epsilon/s^3$ and $0$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "rms-norm-jacobian",
        "The Jacobian of RMSNorm.",
        r"$D = \mathrm{diag}(\gamma)(I - u u^T/d)/r$, $u = x/r$, "
        r"$r = \sqrt{|x|^2/d + \epsilon}$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "gelu-feed-forward-jacobian",
        "The Jacobian of the GELU feed-forward branch.",
        r"$J = W_2^T\,\mathrm{diag}(\Phi(z) + z\varphi(z))\,W_1^T$, "
        r"$z = W_1^T x + b_1$, block diagonal over tokens.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "gelu-derivative-range",
        "The derivative of GELU lies in [-0.12891, 1.12891]; |GELU''| <= 2 phi(0).",
        r"$\mathrm{GELU}'(z) = \Phi(z) + z\varphi(z)$ has its extremes at "
        r"$z = \mp\sqrt 2$; $|\mathrm{GELU}''(z)| = |2 - z^2|\varphi(z) \le "
        r"2\varphi(0)$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "softmax-jacobian-half",
        "The Jacobian of softmax has norm at most 1/2.",
        r"$0 \preceq \mathrm{diag}(p) - pp^T \preceq \tfrac12 I$, attained at "
        r"$p = (\tfrac12, \tfrac12)$.",
        "Gao, Pavel, arXiv:1704.00805, Prop. 4 (as 1); the half: this project",
        rule=False,
    ),
    Theorem(
        "softmax-jacobian-top-two",
        "A sharper local bound from the two largest weights.",
        r"$\lambda_{\max}(\mathrm{diag}(p) - pp^T) \le p_1(1 - p_1 + p_2)$ for the two "
        "largest weights.",
        "Announced by Yudin et al., arXiv:2507.07814; proof here",
        rule=False,
    ),
    Theorem(
        "popoviciu",
        "A variance is at most a quarter of the squared range.",
        r"$\mathrm{Var}_p(v) \le \tfrac14 (\max v - \min v)^2$.",
        "T. Popoviciu, Mathematica (Cluj) 9 (1935)",
        rule=False,
    ),
    Theorem(
        "covariance-trace-top-mass",
        "The trace of a covariance in a ball, from the largest mass.",
        r"Support in the ball of radius $R$: $\mathrm{tr}\,C \le R^2 "
        r"\mathrm{vf}(p_{\max})$, $\mathrm{vf}(p) = 1$ for $p \le \tfrac12$, "
        r"$4p(1-p)$ above.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "consensus-jacobian",
        "At consensus the Jacobian is the value map averaged over tokens.",
        r"If $x_1 = \dots = x_n$: $J = \tfrac1n 11^T \otimes U$ without a mask, so no "
        "attention layer is strictly contractive without damping.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "causal-block-triangular",
        "Causal attention has a block lower triangular Jacobian.",
        r"$J_{ij} = 0$ for $j > i$; $\det(I + hJ) = \prod_i \det(I + hJ_{ii})$ and "
        r"$J_{11} = U$ at every state.",
        _OURS,
        rule=False,
    ),
)
