r"""Softmax over an index: the one tensor primitive of the language.

`Softmax(at, over, logits, mask, sink)` is

$$\frac{M_{\mathrm{at}}\, e^{u_{\mathrm{at}}}}{e^{\sigma} + \sum_{l} M_l\, e^{u_l}}$$

with `over` $= l$ bound and `at` free; without a sink $e^\sigma = 0$.  Two names for the
two roles keep a contraction that renames `at` out of the logits: with one index for
both, $\sum_k \delta_{ik} P_{ik}$ would rename inside the logits too, and return another
number.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, S, exp, sympify

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Binder, Index, fresh, rename, step_aside, total


class Softmax(Binder):
    """Normalised exponentials of `logits` over the index `over`, read off at `at`.

    **Arguments:** `at`, a free index; `over`, the bound index of the same range;
    `logits`, an expression in `over`; `mask`, zeros and ones in `over`, absent: ones;
    `sink`, the logit of a key whose weight is thrown away, absent: minus infinity.
    With a sink the weights sum to less than one.
    """

    is_commutative = True

    def __new__(
        cls,
        at: Index,
        over: Index,
        logits: Expr,
        mask: Expr = S.One,
        sink: Expr = S.NegativeInfinity,
    ) -> Softmax:
        if not over.ranges_like(at):
            raise InvalidInput(
                f"asked for a softmax over {over} of size {over.size}, found it read "
                f"at {at} of size {at.size}; use two indices of one range"
            )
        sink = sympify(sink)
        if over in sink.free_symbols:
            raise InvalidInput(
                f"asked for a softmax over {over}, found a sink that depends on it; "
                "there is one sink for all keys"
            )
        return Expr.__new__(cls, at, over, sympify(logits), sympify(mask), sink)

    at = property(lambda self: self.args[0])
    over = property(lambda self: self.args[1])
    logits = property(lambda self: self.args[2])
    mask = property(lambda self: self.args[3])
    sink = property(lambda self: self.args[4])

    @property
    def has_sink(self) -> bool:
        """Whether there is a sink: only without one do the weights sum to one."""
        return self.sink != S.NegativeInfinity

    @property
    def bound_symbols(self) -> list[Index]:
        return [self.over]

    @property
    def free_symbols(self) -> set[Expr]:
        inside = self.logits.free_symbols | self.mask.free_symbols
        return (inside - {self.over}) | {self.at} | self.sink.free_symbols

    def at_index(self, at: Index) -> Softmax:
        """The same weights, read off at another index."""
        return Softmax(at, self.over, self.logits, self.mask, self.sink)

    def renamed(self, mapping: Mapping[Index, Index]) -> Softmax:
        body, (over,) = step_aside(self.logits, [self.over], mapping)
        mask = rename(self.mask, {self.over: over})
        inner = {old: new for old, new in mapping.items() if old != over}
        at = mapping.get(self.at, self.at)
        body, mask = rename(body, inner), rename(mask, inner)
        return Softmax(at, over, body, mask, rename(self.sink, mapping))

    def rebound(self, mapping: Mapping[Index, Index]) -> Softmax:
        over = mapping[self.over]
        body, mask = rename(self.logits, mapping), rename(self.mask, mapping)
        return Softmax(self.at, over, body, mask, self.sink)

    def _eval_derivative(self, symbol: Expr) -> Expr:
        # dP_k = P_k (du_k - sum_l P_l du_l); mask and sink are constant.  Proven from
        # the quotient in proofs/attention_jacobian_covariance_form.py.
        if self.over in symbol.free_symbols:
            return self.rebound({self.over: fresh(self.over)})._eval_derivative(symbol)
        if self.sink.diff(symbol) != 0:
            raise InvalidInput(
                f"asked for the derivative of a softmax by {symbol}, found it in the "
                "sink; a sink is a constant"
            )
        change = self.logits.diff(symbol)
        if change == 0:
            return S.Zero
        key = fresh(self.over)
        mean = total(self.at_index(key) * rename(change, {self.over: key}), key)
        return self * (rename(change, {self.over: self.at}) - mean)

    def as_quotient(self) -> Expr:
        """The definition by exponentials and a sum: for proofs, not for evaluation."""
        weight = self.mask * exp(self.logits)
        key = fresh(self.over)
        normaliser = exp(self.sink) + total(rename(weight, {self.over: key}), key)
        return rename(weight, {self.over: self.at}) / normaliser
