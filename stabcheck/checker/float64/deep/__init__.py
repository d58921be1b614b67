r"""Whole stacks over input tubes: `depth-tube-first-order`, `depth-tube-coupled`.

Arrays carry one number: a bound of their distance from the exact array, in the
Frobenius norm.  Everything else is sums and products of nonnegative numbers, rounded
upward together.
"""
