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
    Theorem(
        "depth-tube-first-order",
        "Growth over an input tube, exact at the first order through the whole stack.",
        r"$\|D\Phi - B_L - T_L[\delta]\| \le \rho_L = \sum_k\|P_{L,k}\|q_kd_{k-1} + "
        r"\|X_L\sqrt r\|(\|\sqrt cZ_L\| + (\sum_k\|\sqrt{c_k}R_k\|^2d_{k-1}^2)^{1/2})"
        r"$, $d_l = t_l + \rho_l$; growth $\le \sup\|B_L + T_L[\delta]\| + \rho_L$.",
        _OURS,
    ),
    Theorem(
        "depth-tube-coupled",
        "Growth over an input tube without second derivatives of the stack.",
        r"$\|D\Phi - B_L\| \le d_L = \|X_L\sqrt r\|(\|\sqrt cZ_L\| + (\sum_k\|"
        r"\sqrt{c_k}R_k\|^2d_{k-1}^2)^{1/2})$, $d_0 = 0$.",
        _OURS,
    ),
    Theorem(
        "depth-tube-norm-wise",
        "Growth of any stack over an input tube, from one deviation a map.",
        r"$\|D\Phi - B_L\| \le d_L$, $d_l = \sum_{k\le l}\|P_{l,k}\|\varepsilon_k("
        r"\|B_{k-1}\| + d_{k-1})$, $\varepsilon_k \ge \|D\phi_k - J_k\|$ within "
        r"$r_k$ of stored states, which hold the image: $(\max_i\|(B_l)_i\| + d_l)"
        r"\sqrt n\,\rho + z_l \le r_{l+1}$, $z_l = \sum_{k\le l}\|P_{l,k}\|("
        r"\delta_k + \varepsilon_kz_{k-1})$.",
        _OURS,
    ),
    Theorem(
        "depth-tube-inverse",
        "Shrink over an input tube, exact at the first order through the whole stack.",
        r"$\|D\Phi^{-1}\| \le \sup\|B_L^{-1} - B_L^{-1}T_L[\delta]B_L^{-1}\| + \|X_1"
        r"\sqrt r\|(\|\sqrt cZ_1\| + (\sum_k\|\sqrt{c_k}R_k\|^2\eta_k^2)^{1/2}) + "
        r"\sum_k\|B_k^{-1}\|q_k\eta_k$, $X_1 = [B_k^{-1}L_k]$, $Z_1 = [R_kY_k]$, $Y_k "
        r"= P_{L,k-1}^{-1}$.",
        _OURS,
    ),
    Theorem(
        "depth-tube-inverse-coupled",
        "Shrink over an input tube without second derivatives of the stack.",
        r"shrink $\ge 1/(\|Y_1\| + \eta_1)$, $\eta_l = \|X_l\sqrt r\|(\|\sqrt cZ_l\| + "
        r"(\sum_{k>l}\|\sqrt{c_k}R_k\|^2\eta_k^2)^{1/2})/(1 - z_l)$, $z_l \ge "
        r"\|J_l^{-1}E_l\|$.",
        _OURS,
    ),
    Theorem(
        "weighted-schur-test",
        "The norm of everything that block norms allow between two known matrices.",
        r"$\|X\mathcal KZ\| \le \|X\,\mathrm{diag}(\sqrt r)\|\,\|\mathrm{diag}(\sqrt c)"
        r"Z\|$, $r = K\beta/\alpha$, $c = K^T\alpha/\beta$, all $\alpha, \beta > 0$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "product-ball-support",
        "The supremum of a linear map over a product of balls.",
        r"$|\sum_jM_j\delta_j|^2 \le (\sum_j\beta_j\varepsilon_j)\,\lambda_{\max}("
        r"\sum_j\frac{\varepsilon_j}{\beta_j}M_jM_j^T)$ for all $\beta > 0$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "top-pair-block",
        "The norm of a matrix from its parts along and across two unit vectors.",
        r"$\|M\| \le \bigl\|\begin{pmatrix}|u^TMv| & |u^TM(I - vv^T)|\\ |(I - uu^T)Mv|"
        r" & \|(I - uu^T)M(I - vv^T)\|\end{pmatrix}\bigr\|$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "layer-norm-second-order",
        "How far a normalisation and its Jacobian move beyond the first order.",
        r"$\|D'[\delta]\| \le \frac2{\sqrt3}\frac{g\rho}s$, then $\frac32\frac{g\rho^2}"
        r"{s(1-\rho)^3}$; the value $\frac1{\sqrt3}\frac{g\rho r}{s(1-\rho)^2}$, $\rho "
        r"= r/(s\sqrt d)$, $g = \|\gamma\|_\infty$.",
        _OURS,
        rule=False,
    ),
    Theorem(
        "softmax-second-order",
        "How far attention weights move beyond the centred change of their logits.",
        r"$|p'_j/p_j - 1 - \theta_j| \le \max(\frac12\Theta_j^2e^{\Theta_j}, "
        r"e^{\Theta_j}z)$, $z = \frac12\sum_kp_k\Theta_k^2e^{\Theta_k}$, where "
        r"$\sum_jp_j\theta_j = 0$.",
        _OURS,
        rule=False,
    ),
)
