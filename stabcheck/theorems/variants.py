"""Theorems on the constants of fields: families of weights, and variants of attention.

$v$ caps $\\sum_h\\|V_h\\|$ and $\\alpha$ caps $\\|A_h\\|R^2$, $R$ the largest norm of a
token where logits are formed.
"""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "kim-weighted-exponential",
        "A weighted mean of what the weights fall off with.",
        r"For $r_0 = 0$, $p_j \propto e^{-r_j}$ and $c\,e^{c+1} = n - 1$: "
        r"$\sum_j r_jp_j \le c$, attained at $r_j = c + 1$.",
        "Kim et al., arXiv:2006.04710, as this project recalls it; proof here",
        rule=False,
    ),
    Theorem(
        "softmax-varentropy",
        "The variance of logits under their own softmax grows like log squared.",
        r"$\mathrm{Var}_p(\log p) \le \max_q q(1 - q)\log^2\frac{q(n-1)}{1-q} \le "
        r"\tfrac14\log^2(n - 1) + 1$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-log-norm-tied-negative",
        "The logarithmic norm of negative tied values: no covariance.",
        r"For $V = -\kappa A^T$: $\mu_2(J) \le \kappa(\tfrac14\max_j\lambda_{\max}("
        r"\sum_i p_{ij}a_ia_i^T) + \mu_2(-P \otimes A))$; with column masses of at "
        r"most $c$: $v\sqrt c$ for $\alpha\sqrt c \le 2$, else $v(\alpha c/4 + "
        r"1/\alpha)$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "energy-attention-log-norm",
        "The descent of the attention energy expands by its means only.",
        r"$\mu_2(-J_G) \le 2\mu_2(-P \otimes A)$ for $G = \nabla\sum_i\log\sum_j "
        r"e^{x_i \cdot Ax_j}$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "attention-mixed-norm-family",
        "Softmax attention on a ball in the largest-token norm, for every member.",
        r"$\|J\|_{\infty,2} \le v(\sqrt{1 + \alpha^2} + \alpha)$ for every number of "
        r"tokens, mask and score bias; the best function of $v$ and $\alpha$.",
        _OURS,
    ),
    Theorem(
        "rms-pre-norm-mixed-norm",
        "RMSNorm before attention costs the least root mean square of the tokens.",
        r"$\|J\|_{\infty,2}\min_j \mathrm{rms}(x_j) \le v(\sqrt{1 + \alpha^2} + "
        r"\alpha)$, $\alpha = \|A\|\rho^2$, $N(x) = \rho x/|x|$, "
        r"$\mathrm{rms}(x) = |x|/\rho$.",
        _OURS,
    ),
    Theorem(
        "soft-pre-norm-mixed-norm",
        "A soft norm before attention bounds it at every state.",
        r"With $N(x) = x/\sqrt{1 + |x|^2/\rho^2}$, $\alpha = \|A\|\rho^2$: "
        r"$\|J\|_{\infty,2} \le v$ for $\alpha \le \tfrac12$, which is attained, and "
        r"$\le v(\alpha + 1/(4\alpha))$ beyond.",
        _OURS,
    ),
    Theorem(
        "tied-negative-mixed-log-norm",
        "Values tied to minus the logits' form: the logits are free up to two.",
        r"For $V = -\kappa A^T$: $v_i \cdot (Jv)_i \le v\,g(\alpha)$ for $|v_j| \le "
        r"1$, $g = 1$ for $\alpha \le 2$ and $\alpha/4 + 1/\alpha$ beyond; attained.",
        _OURS,
    ),
    Theorem(
        "sinkhorn-attention-norm",
        "Doubly stochastic attention in the 2-norm, free of the number of tokens.",
        r"$\|J\|_2 \le v(\sqrt{1 + \alpha^2} + \alpha)$ on a ball, or after a soft "
        r"norm; weights of the converged scaling.",
        _OURS,
    ),
    Theorem(
        "sinkhorn-tied-log-norm",
        "Doubly stochastic attention with negative tied values.",
        r"For $V = -\kappa A^T$: $\mu_2(J) \le v\,g(\alpha)$, $g$ as in "
        r"tied-negative-mixed-log-norm.",
        _OURS,
    ),
    Theorem(
        "convex-sinkhorn-energy",
        "A self-attention that descends a convex energy.",
        r"For $A = WW^T$, $V = -\kappa A$ and doubly stochastic weights: "
        r"$-v\ell(\alpha) \preceq J = J^T \preceq 0$, $\ell = 1$ for $\alpha \le "
        r"\tfrac14$ and $2\alpha + 1/(8\alpha)$ beyond.",
        _OURS,
    ),
    Theorem(
        "cosine-attention-norm",
        "Cosine attention is bounded at every state.",
        r"$\|J\|_{\infty,2} \le (\nu/\sqrt\epsilon)\sqrt{\|W_V\|^2 + "
        r"\tau^2\max(\|W_Q\|, \|W_K\|)^2}$.",
        _OURS,
    ),
    Theorem(
        "kim-l2-mixed-norm",
        "Tied attention by distance: the constant grows like log n.",
        r"$\|J\|_{\infty,2} \le \|B\|\|W\|(1 + 4c)$, $c\,e^{c+1} = n - 1$, where every "
        r"token sees itself.",
        _OURS,
    ),
    Theorem(
        "rotary-attention-norm",
        "Attention with rotary positions on a ball.",
        r"$\|J\|_{\infty,2} \le v(1 + 2\alpha)$, $\alpha = s\|W_Q\|\|W_K\|R^2$.",
        _OURS,
    ),
    Theorem(
        "soft-cap-attention-norm",
        "Attention with soft-capped logits on a ball; the cap bounds no constant.",
        r"$\|J\|_{\infty,2} \le v(1 + 2\alpha)$ for every cap.",
        _OURS,
    ),
    Theorem(
        "sigmoid-attention-norm",
        "Sigmoid attention on a ball.",
        r"$\|J\|_{\infty,2} \le nv\max_u u(1 + 2\alpha(1 - u))$ over $u \in "
        r"[\sigma(b - \alpha), \sigma(b + \alpha)]$, $b$ the bias.",
        _OURS,
    ),
    Theorem(
        "qk-norm-attention-norm",
        "Attention with normalised queries and keys, values on a ball.",
        r"$\|J\|_{\infty,2} \le v(1 + gR(\|W_Q\| + \|W_K\|)/\sqrt\epsilon)$, $g = "
        r"\|\gamma_q\|_\infty\|\gamma_k\|_\infty$.",
        _OURS,
    ),
    Theorem(
        "hopfield-monotone",
        "Retrieval from fixed memories.",
        r"$0 \preceq \pm J \preceq \tfrac14\beta D^2 I$, $D$ the diameter of the "
        r"memories; attained by two.",
        _OURS,
    ),
    Theorem(
        "feed-forward-family",
        "A feed-forward field by the norms of its matrices.",
        r"$\|J\| \le s\|W_1\|\|W_2\|$, $s$ the largest slope of the activation, also "
        r"after a soft norm.",
        _OURS,
    ),
    Theorem(
        "gradient-feed-forward-spectrum",
        "A feed-forward field that is minus a gradient.",
        r"For $-W^T\sigma(Wx + b)$, slopes in $[m, s]$: $-s\|W\|^2 \preceq J = J^T "
        r"\preceq -m\|W\|^2$.",
        _OURS,
    ),
    Theorem(
        "antisymmetric-feed-forward-log-norm",
        "An antisymmetric matrix does not make a feed-forward field non-expansive.",
        r"For $\sigma(Kx + b)$, $K^T = -K$, slopes in $[m, s]$: $\mu_2(J) \le "
        r"\tfrac12(s - m)\|K\|$, attained, and $\|J\| \le s\|K\|$.",
        _OURS,
    ),
)
