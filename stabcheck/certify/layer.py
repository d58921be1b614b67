"""Certify a layer or a stack from Python, and check a certificate."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from stabcheck.certificate import Certificate
from stabcheck.certify.run import Plan, check_in_a_process, run
from stabcheck.domains import Point, Tube
from stabcheck.errors import InvalidInput
from stabcheck.integrators import StepMethod, certifiable
from stabcheck.integrators import get as integrator_named
from stabcheck.layers import Layer, Stack, step_of


@dataclass(frozen=True)
class Verdict:
    """What the checker said; `reasons` are (claim, theorem, reason) of what failed."""

    status: str
    tier: str
    claims: int
    reasons: tuple[tuple[int, str, str], ...]

    @property
    def accepted(self) -> bool:
        return self.status == "accepted"


def certify(
    subject: Layer | Stack,
    *,
    domain: Point | Tube,
    steps: Sequence[tuple[StepMethod | str, Fraction | int | str]] = (),
    jobs: int = 1,
) -> Certificate:
    """Certify a layer, or a stack from its first map on, over a point or a tube.

    **Arguments:** `domain`, round the input; later maps get tubes of the same radius
    round their own states; `steps`, further methods and step sizes to certify.

    **Returns:** the certificate, accepted by the checker in a process of its own.

    **Raises:** `InvalidInput`; `Rejected` or `Undecided` where it is not accepted.
    """
    if not isinstance(subject, Layer | Stack):
        raise InvalidInput(
            f"asked to certify a {type(subject).__name__}; give a Layer or a Stack"
        )
    if not isinstance(domain, Point | Tube):
        raise InvalidInput(
            f"asked to certify on a {type(domain).__name__}; a stack is certified on "
            "a Point or a Tube"
        )
    stack = subject.stack() if isinstance(subject, Layer) else subject
    radius = domain.radius if isinstance(domain, Tube) else Fraction(0)
    plan = Plan(
        stack,
        domain.X0,
        lambda state: radius,
        tuple((_method(method), step_of(size)) for method, size in steps),
        f"{stack.name} on tubes of radius {float(radius):.6g} round its trajectory.",
        {"source": stack.name},
    )
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(
            plan, Path(folder) / "run", jobs=jobs, force=False, advance=_silent
        )
    return outcome.certificate


def _silent(name: str) -> None:
    """Show no progress."""


def _method(method: StepMethod | str) -> StepMethod:
    return certifiable(integrator_named(method) if isinstance(method, str) else method)


def check(certificate: Certificate | Path | str, *, jobs: int = 2) -> Verdict:
    """Have the checker decide, in a process that loads nothing else of stabcheck.

    **Arguments:** `certificate`, or the path of its JSON document.
    """
    if isinstance(certificate, Certificate):
        with tempfile.TemporaryDirectory() as folder:
            return check(certificate.save(Path(folder)), jobs=jobs)
    found = check_in_a_process(Path(certificate), jobs)
    return Verdict(
        found["status"],
        found["tier"],
        found["claims"],
        tuple(tuple(reason) for reason in found["reasons"]),
    )
