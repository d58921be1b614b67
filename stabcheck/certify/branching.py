"""Branch and bound: a box in parts, the part of the largest bound split first.

Each part is a rectangle with a bound of the pencil.  It is cut in the middle of the
entry whose moves cost its bound most; the parts continue from its multipliers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush

import numpy as np

from stabcheck import bounds, domains
from stabcheck.bounds import Attention, Bound, PencilDomain
from stabcheck.certificate import Claim
from stabcheck.certify.attained import domain_index
from stabcheck.certify.candidate import LARGEST_RADIUS, NAME, Candidate, direct
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established

THEOREM = "domain-split"
QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
MOST_ENTRIES = 64
"""Of a state: in more dimensions a few hundred parts gain nothing."""
MOST_PARTS = 4096
CLOSE = 1.01
"""The slack at which the search stops where no other is asked for."""


@dataclass(frozen=True)
class Target:
    """When to stop: at a slack against a value attained, or after so many seconds."""

    attained: float
    slack: float = CLOSE
    seconds: float = math.inf

    def is_reached(self, value: float, sign: int) -> bool:
        """Whether a bound, from above where the sign is 1, is as close as asked."""
        room = (self.slack - 1) * abs(self.attained)
        return sign * value <= sign * self.attained + room


@dataclass(eq=False)
class Node:
    """A region between `lower` and `upper` ends, inside a rectangle; a leaf, or cut."""

    lower: Sequence[Fraction]
    upper: Sequence[Fraction]
    rectangle: domains.Rectangle
    bound: Bound
    costs: np.ndarray
    cut: tuple[int, float] | None = None
    parts: list[Node] = field(default_factory=list)


def is_branched(domain: domains.Domain, quantity: str) -> bool:
    """Whether the parts of a domain are worth a search."""
    return (
        isinstance(domain, domains.Box)
        and 0 < domain.radius <= LARGEST_RADIUS
        and quantity in QUANTITIES
        and math.prod(domain.shape) <= MOST_ENTRIES
    )


def branched(
    attention: Attention, domain: domains.Box, quantity: str, target: Target
) -> Candidate | None:
    """The bound of a quantity over a box in parts, or None where no cut is made.

    **Arguments:** `target`, the value attained and when to stop.
    """
    search = Search(attention, domain, quantity)
    start = time.perf_counter()
    while not target.is_reached(search.value, search.sign):
        late = time.perf_counter() - start > target.seconds
        if late or len(search.queue) >= MOST_PARTS or not search.split():
            break
    if len(search.queue) == 1:
        return None
    value, root = search.value, search.root

    def write(draft: Draft) -> Established:
        return _written(draft, attention, domain, root)

    return Candidate(value, "float64", write)


class Search:
    """The tree of a box, and its leaves ordered by their bounds."""

    def __init__(self, attention: Attention, domain: domains.Box, quantity: str):
        self.attention, self.quantity = attention, quantity
        self.sign = -1 if quantity == "log-norm-lower" else 1
        self.queue: list[tuple[float, int, Node]] = []
        self.count = 0
        centre = [Fraction(x) for x in domain.X0.ravel().tolist()]
        lower = [x - domain.radius for x in centre]
        upper = [x + domain.radius for x in centre]
        radius = _float_at_least(domain.radius)
        rectangle = domains.Rectangle(domain.X0, np.full(domain.shape, radius))
        self.root = self._node(lower, upper, rectangle, None)
        self._push(self.root)

    @property
    def value(self) -> float:
        """The weakest bound of all leaves."""
        return -self.sign * self.queue[0][0]

    def split(self) -> bool:
        """Cut the leaf of the weakest bound; False where float64 has no cut for it."""
        node = self.queue[0][2]
        for place in np.argsort(-node.costs, axis=None, kind="stable").tolist():
            cut = float(node.rectangle.X0.flat[place])
            if node.lower[place] < cut < node.upper[place]:
                break
        else:
            return False
        heappop(self.queue)
        below, above = list(node.upper), list(node.lower)
        below[place] = above[place] = Fraction(cut)
        node.cut = (place, cut)
        for lower, upper in ((node.lower, below), (above, node.upper)):
            rectangle = _narrowed(node.rectangle, place, lower[place], upper[place])
            part = self._node(lower, upper, rectangle, node.bound)
            node.parts.append(part)
            self._push(part)
        return True

    def _push(self, node: Node) -> None:
        self.count += 1
        heappush(self.queue, (-self.sign * node.bound.value, self.count, node))

    def _node(
        self,
        lower: Sequence[Fraction],
        upper: Sequence[Fraction],
        rectangle: domains.Rectangle,
        start: Bound | None,
    ) -> Node:
        found = bounds.pencil_on(
            self.attention,
            rectangle.X0,
            PencilDomain.of("box", rectangle.radii, rectangle.shape),
            self.quantity,
            start=start,
        )
        return Node(lower, upper, rectangle, found.bound, found.costs)


def _float_at_least(value: Fraction) -> float:
    found = float(value)
    return found if found >= value else math.nextafter(found, math.inf)


def _narrowed(
    rectangle: domains.Rectangle, place: int, lower: Fraction, upper: Fraction
) -> domains.Rectangle:
    """The rectangle with one entry between two ends, rounded outward."""
    centre, radii = rectangle.X0.copy(), rectangle.radii.copy()
    # A float less a fraction would be a float: the middle is made a fraction first.
    middle = Fraction(float((lower + upper) / 2))
    centre.flat[place] = float(middle)
    radii.flat[place] = _float_at_least(max(upper - middle, middle - lower))
    return domains.Rectangle(centre, radii)


def _written(
    draft: Draft, attention: Attention, domain: domains.Box, root: Node
) -> Established:
    """A claim for every leaf, and the claim of the box from them."""
    order, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting += reversed(node.parts)
    leaves = [
        direct(attention, node.rectangle, node.bound).write(draft)
        for node in order
        if node.cut is None
    ]
    lower = root.bound.quantity == "log-norm-lower"
    weakest = min if lower else max
    value = weakest(leaf.value for leaf in leaves)
    cuts = [node.cut or (-1, 0.0) for node in order]
    claim = Claim(
        theorem=THEOREM,
        quantity=root.bound.quantity,
        subject={"branch": draft.branch(NAME, (attention,), domain.shape[0])},
        domain=domain_index(draft, NAME, domain),
        bound=value,
        premises=tuple(leaf.claim for leaf in leaves),
        parameters={
            "coordinates": draft.array(
                f"{THEOREM}.coordinates", np.array([place for place, _ in cuts])
            ),
            "cuts": draft.array(f"{THEOREM}.cuts", np.array([cut for _, cut in cuts])),
        },
    )
    return Established(draft.claim(claim), value, THEOREM)
