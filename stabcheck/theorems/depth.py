"""Theorems about whole stacks."""

from stabcheck.theorems.statement import Theorem

_OURS = "this project; proof in proofs/"

THEOREMS = (
    Theorem(
        "depth-product",
        "Growths multiply along propagated tubes.",
        r"$R_{l+1} = G_l R_l$ round the exact trajectory, $R_0 = \sqrt n\,\rho$, plus "
        r"the distance of the stored centres, stays inside the tubes on which $G_l$ "
        r"was proven; then the growth is $\prod_l G_l$.",
        _OURS,
    ),
    Theorem(
        "depth-mixed-norm",
        "In the mixed norm a stack pays the square root of n once.",
        r"growth $\le \sqrt n\,\prod(1 + h_lK_l)$, shrink $\ge n^{-1/2}"
        r"\prod(1 - h_lK_l)$.",
        _OURS,
    ),
    Theorem(
        "depth-point",
        "The verified product of the exact layer Jacobians at a point.",
        r"$\|J_L \cdots J_1 - \tilde P_L\| \le \sum_l s_l e_l$ with $e_l \ge "
        r"\|J_l\tilde P_{l-1} - \tilde P_l\|$ and $s_l \ge \|J_L \cdots J_{l+1}\|$.",
        _OURS,
    ),
    Theorem(
        "layer-norm-kernel",
        "A stack that ends in LayerNorm has the smallest singular value 0.",
        r"$DLN\,1 = 0$: no positive shrink of a post-norm stack exists.",
        _OURS,
    ),
)
