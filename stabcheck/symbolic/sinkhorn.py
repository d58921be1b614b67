r"""Sinkhorn's weights at convergence: a node that is defined by equations.

$P = \operatorname{diag}(e^f)\, e^S \operatorname{diag}(e^g)$ with row and column sums
one has no closed form.  Its derivative solves a linear system: with marginals
$P\mathbb 1 = P^T \mathbb 1 = \mathbb 1$,

$$\dot P = \Pi_P(P \circ \dot S), \qquad
\Pi_P(R) = R + P \circ (f \mathbb 1^T + \mathbb 1 g^T), \qquad
\begin{pmatrix} I & P \\ P^T & I \end{pmatrix} \begin{pmatrix} f \\ g \end{pmatrix}
= - \begin{pmatrix} R \mathbb 1 \\ R^T \mathbb 1 \end{pmatrix},$$

in which $g_1 = 0$ is fixed, since $(\mathbb 1, -\mathbb 1)$ spans the kernel and drops
out of $\Pi_P$.  The two nodes are closed under differentiation:
$\dot \Pi_P(R) = \Pi_P(\dot R + \dot P \circ (\Pi_P(R) - R)/P)$.  The system is
symmetric, so $\langle C, \Pi_P(R)\rangle = \langle \Pi_P(P \circ C)/P, R\rangle$.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Indexed, IndexedBase, S

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.index import Binder, Index, fresh, rename, total

Weighted = tuple[Expr, Expr]
"""A cotangent and the expression that it belongs to, both at the node's position."""


class Implicit(Binder):
    """A matrix over two indices, read off at two others: `row`, `column`, `over`.

    `parts` are expressions in the two indices of `over`, which are bound.
    """

    is_commutative = True
    latex_name, parts_count = "", 1

    def __new__(cls, *args: Expr) -> Implicit:
        row, column, over_row, over_column, *parts = args
        if len(parts) != cls.parts_count:
            raise InvalidInput(
                f"asked for {cls.__name__} of {len(parts)} expressions, found that it "
                f"takes {cls.parts_count}"
            )
        for at, over in ((row, over_row), (column, over_column)):
            if not over.ranges_like(at):
                raise InvalidInput(
                    f"asked for {cls.__name__} over {over} of size {over.size}, found "
                    f"it read at {at} of size {at.size}; use indices of one range"
                )
        return Expr.__new__(cls, row, column, over_row, over_column, *parts)

    row = property(lambda self: self.args[0])
    column = property(lambda self: self.args[1])
    over = property(lambda self: self.args[2:4])
    parts = property(lambda self: self.args[4:])

    @property
    def bound_symbols(self) -> list[Index]:
        return list(self.over)

    @property
    def free_symbols(self) -> set[Expr]:
        inside = set().union(*(part.free_symbols for part in self.parts))
        return (inside - set(self.over)) | {self.row, self.column}

    def read_at(self, row: Index, column: Index) -> Implicit:
        """The same matrix, read off elsewhere."""
        return self.func(row, column, *self.over, *self.parts)

    def here(self, part: Expr) -> Expr:
        """A part at the position at which the node is read off."""
        row, column = self.over
        return rename(part, {row: self.row, column: self.column})

    def renamed(self, mapping: Mapping[Index, Index]) -> Implicit:
        aside = {
            index: fresh(index) for index in self.over if index in mapping.values()
        }
        over = [aside.get(index, index) for index in self.over]
        inner = {old: new for old, new in mapping.items() if old not in over}
        parts = (rename(rename(part, aside), inner) for part in self.parts)
        at = (mapping.get(index, index) for index in (self.row, self.column))
        return self.func(*at, *over, *parts)

    def rebound(self, mapping: Mapping[Index, Index]) -> Implicit:
        parts = (rename(part, mapping) for part in self.parts)
        over = (mapping[index] for index in self.over)
        return self.func(self.row, self.column, *over, *parts)

    def _eval_derivative(self, symbol: Expr) -> Expr:
        if set(self.over) & symbol.free_symbols:
            apart = {index: fresh(index) for index in self.over}
            return self.rebound(apart)._eval_derivative(symbol)
        changes = tuple(part.diff(symbol) for part in self.parts)
        return self.moved(changes) if any(changes) else S.Zero

    @property
    def weights(self) -> Expr:
        """The doubly stochastic weights, at the bound position."""
        raise NotImplementedError

    def moved(self, changes: tuple[Expr, ...]) -> Expr:
        """The tangent, from those of the parts at the bound position."""
        raise NotImplementedError

    def pulled(self, own: Expr, change: Expr) -> list[Weighted]:
        r"""The cotangents of the parts, from $\Pi_P(P \circ C)$ of the node's own.

        **Arguments:** `own`, the value of the node by name; `change`, the projected
        cotangent by name, both at the position at which the node is read off.
        """
        raise NotImplementedError

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        at, over = f"{self.row.name} {self.column.name}", " ".join(map(str, self.over))
        inside = r";\, ".join(printer._print(part) for part in self.parts)
        name = rf"\operatorname{{{self.latex_name}}}_{{{over}}}"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}\left({inside}\right)_{{{at}}}{power}"

    def _stabcheck_text(self, printer: Any) -> str:
        at, over = f"{self.row.name},{self.column.name}", ",".join(map(str, self.over))
        inside = "; ".join(printer._print(part) for part in self.parts)
        return f"{self.latex_name}[{over}]({inside})[{at}]"


class Sinkhorn(Implicit):
    """The doubly stochastic scaling of the exponentials of `logits`."""

    latex_name = "sinkhorn"

    @property
    def weights(self) -> Expr:
        return self.read_at(*self.over)

    def moved(self, changes: tuple[Expr, ...]) -> Expr:
        change = self.weights * changes[0]
        return Projected(self.row, self.column, *self.over, self.weights, change)

    def pulled(self, own: Expr, change: Expr) -> list[Weighted]:
        return [(change, self.here(self.parts[0]))]


class Projected(Implicit):
    r"""$\Pi_P(R)$ of a doubly stochastic $P$ and any $R$, which moves no marginal."""

    latex_name, parts_count = "project", 2

    @property
    def weights(self) -> Expr:
        return self.parts[0]

    def moved(self, changes: tuple[Expr, ...]) -> Expr:
        weights, given = self.parts
        potential = (self.read_at(*self.over) - given) / weights
        change = changes[1] + changes[0] * potential
        return self.func(self.row, self.column, *self.over, weights, change)

    def pulled(self, own: Expr, change: Expr) -> list[Weighted]:
        weights, given = (self.here(part) for part in self.parts)
        slope = change / weights
        return [(slope, given), (slope * (own - given) / weights, weights)]

    def by_solution(self) -> Expr:
        r"""The node by the solution operator $-U^T U$ of its system: for proofs.

        The system is symmetric and positive semidefinite, and so is a generalised
        inverse of it, whatever its entries.
        """
        weights, given = self.parts
        row, column = self.over
        k_row, k_column, m = fresh(row), fresh(column), fresh(row)
        if not isinstance(weights, Indexed):
            raise InvalidInput(
                f"asked for a proof about {self}, found weights without a name; give "
                "them one"
            )
        batch = tuple(k for k in weights.indices if k not in self.over)
        of_row, of_column = (
            IndexedBase(f"U_{side}_{weights.base.label.name}")
            for side in ("row", "column")
        )
        sums = total(
            of_row[(*batch, m, row)] * given + of_column[(*batch, m, column)] * given,
            row,
            column,
        )
        here = of_row[(*batch, m, k_row)] + of_column[(*batch, m, k_column)]
        solved = rename(total(here * sums, m), {k_row: self.row, k_column: self.column})
        return self.here(given) - self.here(weights) * solved
