"""Checks the records of the fields: kinds, sizes, and the shapes of their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.archive import Tensor
from stabcheck.checker.reading.values import (
    count,
    flag,
    keys,
    object_of,
    positive,
    rational,
)

KINDS = (
    "attention",
    "feed-forward",
    "layer-norm",
    "rms-norm",
    "attention-family",
    "scored-attention",
    "gated-feed-forward",
)
ATTENTION = "kind tokens features heads key_width value_width scale causal W_Q W_K W_V"
LAYOUTS = ("half", "interleaved")
GATES = ("silu", "gelu")


class FieldRecords:
    """Checks field records against the arrays of the archive."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = tensors

    def tensor(
        self, where: str, name: Any, shape: tuple[int, ...] | None = None
    ) -> Tensor:
        """An array by its name, of the given shape."""
        if type(name) is not str or name not in self.tensors:
            raise Malformed(f"{where} names no array of the archive")
        found = self.tensors[name]
        if shape is not None and found.shape != shape:
            raise Malformed(f"{where} has shape {found.shape}, needs {shape}")
        return found

    def floating(self, where: str, name: Any, shape: tuple[int, ...]) -> None:
        """An array of floating-point numbers, of the given shape."""
        if self.tensor(where, name, shape).dtype not in ("<f4", "<f8"):
            raise Malformed(f"{where} has to be a float32 or float64 array")

    def check(self, where: str, record: dict[str, Any]) -> dict[str, Any]:
        """The record with its rationals read."""
        checks = (
            self._attention,
            self._feed_forward,
            self._normalisation,
            self._normalisation,
            self._family,
            self._scored,
            self._gated,
        )
        kind = record.get("kind")
        if type(kind) is not str or kind not in KINDS:
            raise Malformed(f"{where}.kind is none of {', '.join(KINDS)}")
        checks[KINDS.index(kind)](where, record)
        return record

    def _sizes(self, where: str, record: dict[str, Any], names: str) -> list[int]:
        return [count(f"{where}.{name}", record[name]) for name in names.split()]

    def _attention(self, where: str, record: dict[str, Any], further: str = "") -> None:
        optional = f"W_O b_Q b_K b_V b_O mask bias {further}"
        keys(where, record, ATTENTION, optional)
        n, d, heads, dk, dv = self._sizes(
            where, record, "tokens features heads key_width value_width"
        )
        shapes = {
            "W_Q": (heads, d, dk), "W_K": (heads, d, dk), "W_V": (heads, d, dv),
            "W_O": (heads * dv, d), "b_Q": (heads, dk), "b_K": (heads, dk),
            "b_V": (heads, dv), "b_O": (d,),
        }  # fmt: skip
        for name, shape in shapes.items():
            if name in record:
                self.floating(f"{where}.{name}", record[name], shape)
        if "W_O" not in record and (heads != 1 or dv != d):
            raise Malformed(f"{where}: without W_O it needs one head of width {d}")
        flag(f"{where}.causal", record["causal"])
        self._scale(where, record)
        if "mask" in record:
            self._mask(f"{where}.mask", record, n)
        if "bias" in record:
            shape = self.tensor(f"{where}.bias", record["bias"]).shape
            if shape not in ((n, n), (heads, n, n)):
                raise Malformed(f"{where}.bias has shape {shape}, needs {(n, n)}")
            self.floating(f"{where}.bias", record["bias"], shape)

    def _scored(self, where: str, record: dict[str, Any]) -> None:
        self._attention(where, record, "rotary soft_cap")
        if "rotary" not in record and "soft_cap" not in record:
            raise Malformed(f"{where} has neither rotary positions nor a soft cap")
        if "soft_cap" in record:
            cap = record["soft_cap"]
            record["soft_cap"] = positive(f"{where}.soft_cap", cap)
        if "rotary" in record:
            self._rotary(f"{where}.rotary", record)

    def _rotary(self, where: str, record: dict[str, Any]) -> None:
        rotary = object_of(where, record["rotary"])
        keys(where, rotary, "layout", "base frequencies")
        if rotary["layout"] not in LAYOUTS:
            raise Malformed(f"{where}.layout is none of {', '.join(LAYOUTS)}")
        if record["key_width"] % 2:
            raise Malformed(f"{where} needs an even key_width")
        if ("base" in rotary) == ("frequencies" in rotary):
            raise Malformed(f"{where} needs either base or frequencies")
        if "base" in rotary:
            rotary["base"] = positive(f"{where}.base", rotary["base"])
        else:
            shape = (record["key_width"] // 2,)
            self.floating(f"{where}.frequencies", rotary["frequencies"], shape)

    def _scale(self, where: str, record: dict[str, Any]) -> None:
        scale = object_of(f"{where}.scale", record["scale"])
        if set(scale) == {"rsqrt"}:
            count(f"{where}.scale.rsqrt", scale["rsqrt"])
        elif set(scale) == {"value"}:
            scale["value"] = positive(f"{where}.scale.value", scale["value"])
        else:
            raise Malformed(f"{where}.scale has to be rsqrt or value")

    def _mask(self, where: str, record: dict[str, Any], tokens: int) -> None:
        tensor = self.tensor(where, record["mask"], (tokens, tokens))
        if tensor.dtype not in ("|i1", "|b1") or not set(tensor.raw) <= {0, 1}:
            raise Malformed(f"{where} has to be an int8 or bool array of 0 and 1")
        for row in range(tokens):
            last = row + 1 if record["causal"] else tokens
            if 1 not in tensor.raw[row * tokens : row * tokens + last]:
                raise Malformed(f"{where} leaves row {row} without a key")

    def _feed_forward(self, where: str, record: dict[str, Any]) -> None:
        keys(where, record, "kind activation tokens features hidden W_1 b_1 W_2 b_2")
        if record["activation"] != "gelu":
            raise Malformed(f"{where}.activation has to be 'gelu'")
        _, d, m = self._sizes(where, record, "tokens features hidden")
        shapes = {"W_1": (d, m), "b_1": (m,), "W_2": (m, d), "b_2": (d,)}
        for name, shape in shapes.items():
            self.floating(f"{where}.{name}", record[name], shape)

    def _gated(self, where: str, record: dict[str, Any]) -> None:
        keys(where, record, "kind activation tokens features hidden W_g W_1 W_2")
        if record["activation"] not in GATES:
            raise Malformed(f"{where}.activation is none of {', '.join(GATES)}")
        _, d, m = self._sizes(where, record, "tokens features hidden")
        for name, shape in {"W_g": (d, m), "W_1": (d, m), "W_2": (m, d)}.items():
            self.floating(f"{where}.{name}", record[name], shape)

    def _normalisation(self, where: str, record: dict[str, Any]) -> None:
        names = ("gamma", "beta") if record["kind"] == "layer-norm" else ("gamma",)
        keys(where, record, f"kind tokens features epsilon {' '.join(names)}")
        _, d = self._sizes(where, record, "tokens features")
        for name in names:
            self.floating(f"{where}.{name}", record[name], (d,))
        record["epsilon"] = rational(f"{where}.epsilon", record["epsilon"], Fraction(0))

    def _family(self, where: str, record: dict[str, Any]) -> None:
        keys(
            where,
            record,
            "kind tokens features heads causal query_key_norm value_norm",
        )
        self._sizes(where, record, "tokens features heads")
        flag(f"{where}.causal", record["causal"])
        for name in ("query_key_norm", "value_norm"):
            record[name] = rational(f"{where}.{name}", record[name], Fraction(0))
