r"""The float64 tier: matrices too large for integers, decided with numpy.

What it trusts beyond the exact tier: IEEE 754 binary64 with rounding to nearest (which
is probed before use) and that a matrix product is a sum of products, in any order and
with or without fused multiply-add.  LAPACK proposes factors and inverses; each is
checked by its residual, so that no analysis of LAPACK's algorithms is needed.
"""
