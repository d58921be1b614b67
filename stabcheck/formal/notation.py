"""Integers, lists and theorems as Coq reads them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

Rows = Sequence[Sequence[int]]


def integer(value: int) -> str:
    """An integer; a negative one in parentheses."""
    return str(value) if value >= 0 else f"({value})"


def integers(values: Sequence[int]) -> str:
    """A list of integers."""
    return "[" + "; ".join(map(integer, values)) + "]"


def define_list(name: str, values: Sequence[int]) -> str:
    """A definition of a list of integers."""
    return f"Definition {name} : list Z := ({integers(values)})%Z.\n"


def define_rows(name: str, rows: Rows) -> str:
    """A definition of a matrix by its rows."""
    text = ";\n  ".join(map(integers, rows))
    return f"Definition {name} : list (list Z) :=\n  ([{text}])%Z.\n"


def define(name: str, value: int) -> str:
    """A definition of an integer."""
    return f"Definition {name} : Z := ({integer(value)})%Z.\n"


def lower_triangle(rows: Rows) -> list[list[int]]:
    """The entries of a symmetric matrix on and below its diagonal."""
    return [list(row[: i + 1]) for i, row in enumerate(rows)]


def computed(name: str, check: str) -> str:
    """A lemma that the kernel proves by evaluating a check."""
    return (
        f"Lemma {name} :\n  {check} = true.\n"
        "Proof. vm_cast_no_check (eq_refl true). Qed.\n"
    )


def theorem(name: str, statement: str, proof: str) -> str:
    """A theorem, and the axioms that it rests on."""
    return (
        f"Theorem {name} :\n  {statement}.\n"
        f"Proof.\n  exact ({proof}).\nQed.\nPrint Assumptions {name}.\n"
    )


def library(name: str) -> str:
    """The text of a library: its definitions and their proofs."""
    return files("stabcheck.formal").joinpath(f"{name}.v").read_text(encoding="utf-8")


def comment(lines: Sequence[str]) -> str:
    """A comment of these lines, which must hold nothing that closes it."""
    return "\n   ".join(["(* " + lines[0], *lines[1:]]).replace("   \n", "\n") + " *)\n"
