"""What a rule may look at: the validated document, exact tensors, a cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flint import arb_mat

from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.archive import Tensor


@dataclass
class Context:
    """One certificate, read once.

    `document` is validated and holds rationals as `Fraction`; `tensors` are exact;
    `cache` is where rules keep what several claims need.
    """

    document: dict[str, Any]
    tensors: dict[str, Tensor]
    cache: dict[Any, Any] = field(default_factory=dict)

    def field(self, index: int) -> dict[str, Any]:
        """A field record."""
        return self.document["fields"][index]

    def domain(self, index: int) -> dict[str, Any]:
        """A domain record."""
        return self.document["domains"][index]

    def claim(self, index: int) -> dict[str, Any]:
        """A claim record."""
        return self.document["claims"][index]

    def integrator(self, index: int) -> dict[str, Any]:
        """An integrator record: `name`, `A`, `b` in rationals."""
        return self.document["integrators"][index]

    @cached_property
    def maps(self) -> list[dict[str, Any]]:
        """The maps of the stack, in order."""
        return self.document["maps"]

    def tensor(self, name: str) -> Tensor:
        """An exact tensor by its name."""
        if name not in self.tensors:
            raise Malformed(f"the array {name!r} is named but not in the archive")
        return self.tensors[name]

    def arb_matrix(self, name: str, rows: int, columns: int) -> arb_mat:
        """A whole tensor as an exact ball matrix of that shape."""
        key = ("arb", name, rows, columns)
        if key not in self.cache:
            tensor = self.tensor(name)
            if tensor.size != rows * columns:
                raise Malformed(
                    f"the array {name!r} has shape {tensor.shape}, not {rows * columns}"
                    " entries"
                )
            self.cache[key] = _exact(tensor.values().tolist(), rows, columns)
        return self.cache[key]

    def arb_slice(self, name: str, head: int) -> arb_mat:
        """One head of a tensor of shape (H, rows, columns)."""
        key = ("arb-slice", name)
        if key not in self.cache:
            tensor = self.tensor(name)
            heads, rows, columns = tensor.shape
            numbers = tensor.values().tolist()
            size = rows * columns
            self.cache[key] = [
                _exact(numbers[h * size : (h + 1) * size], rows, columns)
                for h in range(heads)
            ]
        return self.cache[key][head]

    def array(self, name: str):
        """A tensor as a numpy array of its own type; float64 tier only."""
        import numpy as np

        tensor = self.tensor(name)
        return np.frombuffer(tensor.raw, dtype=tensor.dtype).reshape(tensor.shape)


def _exact(numbers: list[float] | list[int], rows: int, columns: int) -> arb_mat:
    """The numbers as balls of radius zero: Arb keeps every bit of a machine number."""
    return arb_mat(rows, columns, numbers)
