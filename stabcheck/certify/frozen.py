"""Claims about a momentum block on the Jacobian frozen at the centre of a tube."""

from __future__ import annotations

from fractions import Fraction

from stabcheck.certificate import Claim
from stabcheck.certify.centres import Centre
from stabcheck.certify.plan_writer import Established, Writer
from stabcheck.certify.plans import plan_tube
from stabcheck.certify.step_stages import LOWER, NORM, UPPER
from stabcheck.certify.steps import StepReport
from stabcheck.growth.frozen_blocks import momentum_radius
from stabcheck.integrators.memory.multistep import LinearMultistep

THEOREM = "momentum-schur-cohn"


def certify_frozen(
    writer: Writer, centre: Centre, method: LinearMultistep, step_size: Fraction
) -> StepReport:
    """Certify the spectral radius of a momentum block at one state.

    It is no growth of the nonlinear recursion: one matrix is repeated.
    """
    name = f"{method.name}, frozen radius"
    plans = [plan_tube(centre, Fraction(0), q) for q in (NORM, UPPER, LOWER)]
    premises = [writer.emit(plan) for plan in plans]
    gamma = method.alpha[0]
    found = momentum_radius(gamma, *(step_size * p.value for p in premises))
    if found is None:
        reason = "no spectral radius was found: take a smaller step"
        return StepReport(name, step_size, None, None, reason)
    draft = writer.draft
    record = {
        "branch": draft.branch(writer.name, centre.branch, len(centre.state)),
        "integrator": draft.multistep(method.name, method.alpha, method.beta),
        "size": step_size,
    }
    claim = Claim(
        theorem=THEOREM,
        quantity="frozen-radius",
        subject={"frozen": record},
        domain=draft.point(writer.name, centre.state),
        bound=found,
        premises=tuple(premise.claim for premise in premises),
    )
    grown = Established(draft.claim(claim), found, THEOREM)
    return StepReport(name, step_size, grown, None)
