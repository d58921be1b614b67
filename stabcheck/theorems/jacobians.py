"""Theorems about the Jacobian of each declared field, and what follows from it."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"


def _exact(id: str, summary: str, statement: str, source: str = _OURS) -> Theorem:
    """An identity or a range, from which no certificate claims a bound by itself."""
    return Theorem(id, summary, statement, source, rule=False)


THEOREMS = (
    _exact(
        "attention-second-derivative-cumulants",
        "The second derivative of softmax attention is a third cumulant.",
        r"$\mathrm d^2 f_i[v,w] = \mathrm{Cov}_i(Uv, \delta_w s) + \mathrm{Cov}_i(Uw, "
        r"\delta_v s) + \kappa_i(Ux, \delta_v s, \delta_w s) + \mathrm{Cov}_i(Ux, "
        r"\delta^2_{vw} s)$, $\delta^2_{vw} s_{ij} = v_i^T A w_j + w_i^T A v_j$.",
    ),
    _exact(
        "rotary-attention-jacobian",
        "The Jacobian of attention with rotary positions.",
        r"Covariance form with $a_{ij} = A_{ij}^T x_i$, $b_{ij} = A_{ij} x_j$, $A_{ij} "
        r"= s\,W_Q R_{j-i} W_K^T$, $R$ orthogonal.",
        "Positions: Su et al., arXiv:2104.09864; proof here",
    ),
    _exact(
        "qk-norm-attention-jacobian",
        "The Jacobian of attention with normalised queries and keys.",
        r"Covariance form with $a_{ij} = s\,W_K DN(k_j)^T \hat q_i$, $b_{ij} = s\,W_Q "
        r"DN(q_i)^T \hat k_j$, $DN(z) = \mathrm{diag}(\gamma)(I - zz^T/(m r^2))/r$.",
        "Scores: Henry et al., arXiv:2010.04245; proof here",
    ),
    _exact(
        "soft-cap-attention-jacobian",
        "The Jacobian of attention with soft-capped logits.",
        r"Covariance form with $a_{ij} = \tau_{ij} A^T x_i$, $b_{ij} = \tau_{ij} A "
        r"x_j$, $\tau = 1 - \tanh^2(s/c) \in (0, 1]$.",
        "Scores: Gemma 2, arXiv:2408.00118; proof here",
    ),
    _exact(
        "l2-attention-jacobian",
        "The Jacobian of attention by distance.",
        r"Covariance form with $a_{ij} = 2s\,W_K (q_i - k_j)$, $b_{ij} = 2s\,W_Q k_j$; "
        r"its diagonal term is $2s\,U C_i W_K W_Q^T$.",
        "Scores: Kim et al., arXiv:2006.04710; proof here",
    ),
    _exact(
        "cosine-attention-jacobian",
        "The Jacobian of scaled cosine attention.",
        r"Covariance form with values $\nu \tilde v_k$, $a_{ij} = s\,W_K DN(k_j) "
        r"\tilde q_i$, $b_{ij} = s\,W_Q DN(q_i) \tilde k_j$, $DN(z) = (I - \tilde z "
        r"\tilde z^T)/\sqrt{|z|^2 + \epsilon}$.",
        "Field: Qi et al., arXiv:2304.09856; proof here",
    ),
    _exact(
        "sigmoid-attention-jacobian",
        "The Jacobian of sigmoid attention: raw second moments.",
        r"$J_{ij} = \sigma_{ij} U + \sigma'_{ij} U x_j a_i^T + \delta_{ij} \sum_k "
        r"\sigma'_{ik} U x_k (A x_k)^T$, $\sigma' = \sigma(1 - \sigma)$.",
        "Field: Ramapuram et al., arXiv:2409.04431; proof here",
    ),
    _exact(
        "linear-attention-jacobian",
        "The Jacobian of normalised linear attention.",
        r"Covariance form with $p_{ij} a_{ij} = W_K(\varphi'(k_j) \circ "
        r"\varphi(q_i))/N_i$, $p_{ij} b_{ij} = W_Q(\varphi'(q_i) \circ "
        r"\varphi(k_j))/N_i$.",
        "Field: Katharopoulos et al., arXiv:2006.16236; proof here",
    ),
    _exact(
        "sinkhorn-attention-jacobian",
        "The Jacobian of attention with doubly stochastic weights.",
        r"$\dot P = P \circ (\dot S + \dot f 1^T + 1 \dot g^T)$ where $[I, P; P^T, I]"
        r"[\dot f; \dot g] = -[(P \circ \dot S)1; (P \circ \dot S)^T 1]$, solvable, "
        r"with the kernel $(1, -1)$ that does not enter $\dot P$.",
        "Field: Sander et al., arXiv:2110.11773; proof here",
    ),
    _exact(
        "sink-attention-jacobian",
        "The Jacobian of attention with a sink or an off-by-one softmax.",
        "The block form is kept, but row sums are below one: what is constant in the "
        "key no longer drops out.  The sink is one more key of value zero.",
    ),
    _exact(
        "consensus-form-jacobian",
        "The Jacobian of attention in consensus form.",
        r"$\sum_k p_{ik} U (x_k - x_i)$ has the Jacobian of attention minus "
        r"$\delta_{ij} U$.",
    ),
    _exact(
        "energy-attention-jacobian",
        "Energy attention is a gradient; its Jacobian is symmetric.",
        r"$F = \nabla \sum_h s^{-1} \sum_i \log \sum_k e^{s q_i \cdot k_k}$, so "
        r"$J = J^T$; the formula has a covariance and a Gram term.",
        "Field: Hoover et al., arXiv:2302.07253; proof here",
    ),
    _exact(
        "cross-attention-jacobian",
        "The Jacobian of attention to a context is block diagonal.",
        r"$J_{ij} = \delta_{ij} \sum_h U_h C_i^h A_h^T$ with the covariance of the "
        "context.",
    ),
    _exact(
        "hopfield-jacobian",
        "The Jacobian of the modern Hopfield field is symmetric, at least -1.",
        r"$J_{ij} = \delta_{ij}(\beta C_i - I)$, $C_i = \mathrm{Cov}_{p_i}(y) \succeq "
        "0$; the field descends its energy.",
        "Field: Ramsauer et al., arXiv:2008.02217; proof here",
    ),
    _exact(
        "causal-consensus-jacobian",
        "At consensus causal attention is the Cesaro matrix times the value map.",
        r"If $x_1 = \dots = x_n$: $J = L \otimes U$, $L_{ij} = 1/i$ for $j \le i$, and "
        r"$\lVert L \rVert_2 < 2$ for every $n$.",
        "Norm: Hardy, Littlewood, Polya, Inequalities, 9.8; proof here",
    ),
    _exact(
        "value-gradient-vanishes-at-consensus",
        "Where tokens agree, queries and keys get no gradient.",
        r"$\mathrm d_A f_i[G] = U C_i G^T x_i$, so $C_i = 0$ annuls the gradients by "
        "$W_Q$ and $W_K$.",
        "Effect: Noci et al., arXiv:2206.03126; proof here",
    ),
    _exact(
        "l2-norm-jacobian",
        "The Jacobian of normalisation to the sphere and its eigenvalues.",
        r"$D = (I - uu^T)/r$, $u = x/r$, $r = \sqrt{|x|^2 + \epsilon}$: $\epsilon/r^3$ "
        r"on $x$, $1/r$ elsewhere.",
    ),
    _exact(
        "feed-forward-jacobian",
        "The Jacobian of a feed-forward branch with SiLU, tanh-GELU or ReLU squared.",
        r"$J = W_2^T\,\mathrm{diag}(\varphi'(z))\,W_1^T$, block diagonal over tokens; "
        "ReLU squared has no global Lipschitz constant.",
    ),
    _exact(
        "swiglu-jacobian",
        "The Jacobian of SwiGLU and GeGLU; SwiGLU is not globally Lipschitz.",
        r"$J = W_2^T(\mathrm{diag}(z \circ \varphi'(u)) W_g^T + "
        r"\mathrm{diag}(\varphi(u)) W_1^T)$; in one dimension $J(x) \ge x$ for $x \ge "
        "0$.",
        "Field: Shazeer, arXiv:2002.05202; proof here",
    ),
    _exact(
        "silu-derivative-range",
        "The derivative of SiLU lies in [-0.09984, 1.09984]; |SiLU''| <= 1/2.",
        r"Its extremes are at $z \tanh(z/2) = 2$, where it is $\sigma/(2\sigma - 1)$ "
        "and one minus that.",
    ),
    _exact(
        "gelu-tanh-derivative-range",
        "The derivative of the tanh form of GELU lies in [-0.129, 1.129].",
        r"$g(z) = \tfrac12(1 + t) + \tfrac12 z(1 - t^2)w'$, $t = \tanh w$, $w = "
        r"\sqrt{2/\pi}(z + 0.044715 z^3)$; its largest value 1.12899... is near "
        "$z = 1.4185$.",
    ),
    _exact(
        "soft-norm-jacobian",
        "The Jacobian of the soft norm and its eigenvalues; its norm is at most 1.",
        r"$D = (I - NN^T/\rho^2)/r$, $N = x/r$, $r = \sqrt{1 + |x|^2/\rho^2}$: "
        r"$1/r^3$ on $x$, $1/r$ elsewhere; $\lVert D \rVert_2 \le "
        r"\sqrt{1 - |N|^2/\rho^2} \le 1$, $|N| < \rho$.",
    ),
    _exact(
        "sphere-projection-jacobian",
        "The Jacobian of the projection to the unit sphere.",
        r"$D = (I - uu^T)/|x|$, $u = x/|x|$: 0 on $x$, $1/|x|$ on the tangent space.",
    ),
    _exact(
        "gradient-feed-forward-jacobian",
        "The Jacobian of a gradient feed-forward branch is symmetric, at most 0.",
        r"$F = -\varphi(xW + b)W^T$: $J_{ij} = -\delta_{ij} W\,"
        r"\mathrm{diag}(\varphi'(z_i))\,W^T$, $-s\,WW^T \preceq J_{ii} \preceq 0$ with "
        r"$s = \sup \varphi'$: 1 for ReLU, softplus, tanh, $\tfrac14$ for the sigmoid.",
        "Field: Ruthotto and Haber, arXiv:1804.04272; proof here",
    ),
    _exact(
        "antisymmetric-feed-forward-jacobian",
        "The Jacobian of an antisymmetric feed-forward branch, and its symmetric part.",
        r"$F = \varphi(Kx + b)$, $K = M - M^T$: $J_{ij} = \delta_{ij}\,"
        r"\mathrm{diag}(\varphi'(z_i))K$, $\tfrac12(J + J^T)_{ab} = \tfrac12"
        r"(\varphi'(z_a) - \varphi'(z_b))K_{ab}$: skew only for equal slopes.",
        "Field: Haber and Ruthotto, arXiv:1705.03341; proof here",
    ),
    _exact(
        "tied-attention-jacobian",
        "The Jacobian of attention with tied negative values.",
        r"Covariance form with $u_k = -\kappa A x_k$, $a_{ij} = A^T x_i$, $b_{ij} = "
        r"A x_j$: own logits enter by $-\kappa\,\mathrm{Var}_i(v \cdot A x_k) \le 0$; "
        r"also with Sinkhorn weights and with $A = s W W^T$.",
    ),
    _exact(
        "block-jacobians",
        "The Jacobians of blocks: chain rule, sums and scalings.",
        r"Pre-norm $J_f D$, sandwich $D' J_f D$, parallel $(J_f + J_g) D$, DeepNorm "
        r"$D(\alpha I + J_f)$, residual $I + hJ_f$, LayerScale $\mathrm{diag}(\lambda) "
        r"J_f$, ReZero $\alpha J_f$, leak $J_f - \lambda I$.",
    ),
)
