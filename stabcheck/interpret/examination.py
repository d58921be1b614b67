r"""Everything that a declaration is tried on: proofs, mutations, floats, enclosures.

A field that passes has the derivative that it says: for symbolic sizes by proof, in
every backend at a point, and no term of it can be left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stabcheck.errors import InvalidInput
from stabcheck.interpret.drawing import Inputs, drawn_inputs
from stabcheck.symbolic.field import Field
from stabcheck.symbolic.proving.mutations import accepted_mutants
from stabcheck.symbolic.proving.self_proof import adjoint_identity, jacobian_identity
from stabcheck.symbolic.sinkhorn import Sinkhorn

RADIUS = 2.0**-10
SAMPLES = 20
REASONS = {
    "implicit": "defined by equations: a lemma of its own proves the linear system",
}
"""Why a question may not apply."""


@dataclass(frozen=True)
class Finding:
    """A question, its answer in words, whether it passed (None: n/a), the seconds.

    `value` is the number in the answer: mutants refuted, an error, a ratio of widths.
    """

    question: str
    answer: str
    passed: bool | None
    seconds: float
    value: float | None = None


@dataclass(frozen=True)
class Examination:
    """What was found about one field; as text it is a table."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether every question that applies was answered as it should be."""
        return all(finding.passed is not False for finding in self.findings)

    def __str__(self) -> str:
        width = max(len(finding.question) for finding in self.findings)
        marks = {True: "yes", False: "NO", None: "n/a"}
        lines = (
            f"{f.question:<{width}}  {marks[f.passed]:<4}{f.answer}"
            for f in self.findings
        )
        return "\n".join([self.name, *lines])


def examine(
    field: Field, *, tokens: int = 3, features: int = 2, seed: int = 0
) -> Examination:
    """Try a declared field on everything; see `Examination`.

    **Arguments:** `tokens`, `features`, the size of the state at which floats and
    enclosures are compared; `seed`, of the random state and parameters.

    **Raises:** `InvalidInput` for a field that is not a declaration.
    """
    if field.origin or field.directions:
        raise InvalidInput(
            f"asked to examine {field.name}, found something derived; give the field "
            "as it was declared"
        )
    given = drawn_inputs(field, tokens, features, seed)
    return Examination(field.name, tuple(_findings(field, given)))


def _findings(field: Field, given: Inputs) -> Iterator[Finding]:
    implicit = any(isinstance(d.body, Sinkhorn) for d in field.definitions)
    questions: dict[str, Callable[[], Answer]] = {
        "J is the derivative of the field": lambda: _proved(jacobian_identity(field)),
        "J V and J^T C are adjoint": lambda: _proved(adjoint_identity(field)),
        "wrong Jacobians are refuted": lambda: _mutations(field),
        "automatic differentiation agrees": lambda: _agreement(field, given),
        "the enclosure holds samples": lambda: _enclosure(field, given),
        "the LaTeX parses": lambda: _latex(field),
    }
    explicit = ("J is the", "wrong", "the enclosure")
    for question, answer in questions.items():
        if implicit and question.startswith(explicit):
            yield Finding(question, REASONS["implicit"], None, 0.0)
            continue
        start = time.perf_counter()
        words, passed, value = answer()
        yield Finding(question, words, passed, time.perf_counter() - start, value)


Answer = tuple[str, bool, float | None]


def _proved(answer) -> Answer:
    return f"{answer.verdict}, for every size", answer.is_proved, None


def _mutations(field: Field) -> Answer:
    refuted, left = accepted_mutants(field, field.jacobian())
    words = f"{refuted} of {refuted + len(left)}, a term dropped or its sign turned"
    return words, not left, refuted


def _agreement(field: Field, given: Inputs) -> Answer:
    """Dense Jacobian and both products against jax.jacfwd of the lowered field."""
    kernel = field.lower("jax")
    import jax

    parameters = given.parameters
    true = np.asarray(jax.jacfwd(lambda X: kernel(X, **parameters))(given.state))
    dense = field.jacobian().lower("numpy")(given.state, **parameters)
    forward = field.jvp().lower("numpy")(given.state, given.direction, **parameters)
    backward = field.vjp().lower("numpy")(given.state, given.direction, **parameters)
    pairs = (
        (dense, true),
        (forward, np.einsum("iajb,jb->ia", true, given.direction)),
        (backward, np.einsum("iajb,ia->jb", true, given.direction)),
    )
    size = 1 + np.abs(true).max()
    error = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs) / size
    room = 2**10 * np.finfo(float).eps * true.size
    return f"largest relative error {error:.0e}", bool(error <= room), error


def _enclosure(field: Field, given: Inputs) -> Answer:
    """Jacobians of random states of a box against the enclosure over the box.

    The ratio compares its width with the range to first order, from the derived second
    derivative.
    """
    from stabcheck.interpret.enclosures import enclose

    dense, parameters = field.jacobian(), given.parameters
    found = enclose(dense, given.state, RADIUS, **parameters)
    lower, upper = np.asarray(found.lower), np.asarray(found.upper)
    kernel, rng = dense.lower("numpy"), np.random.default_rng(1)
    rounding = 2**10 * np.finfo(float).eps * (1 + np.abs(upper))
    inside = 0
    for _ in range(SAMPLES):
        moved = given.state + RADIUS * rng.uniform(-1, 1, given.state.shape)
        value = kernel(moved, **parameters)
        within = (lower - rounding <= value) & (value <= upper + rounding)
        inside += bool(within.all())
    slope = dense.jacobian().lower("numpy")(given.state, **parameters)
    first_order = 2 * RADIUS * np.abs(slope).sum()
    ratio = float((upper - lower).sum() / first_order)
    words = f"{inside} of {SAMPLES}, {ratio:.2f} times as wide as to first order"
    return words, inside == SAMPLES, ratio


def _latex(field: Field) -> Answer:
    shown = (field, field.jacobian(), field.jvp(), field.vjp())
    lines = [line for one in shown for line in one.latex().splitlines()[1:-1]]
    bad = [line for line in lines if not parses(line)]
    return f"{len(lines) - len(bad)} of {len(lines)} lines", not bad, len(lines)


@lru_cache(4096)
def parses(line: str) -> bool:
    """Whether matplotlib's mathtext can set a line of an aligned environment."""
    from matplotlib.mathtext import MathTextParser

    formula = line.strip().removesuffix(r"\\").replace("&=", "=")
    try:
        MathTextParser("path").parse(f"${formula.strip()}$")
    except ValueError:
        return False
    return True
