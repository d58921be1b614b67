"""A design whose weights are only capped: every weight, on every state of a ball."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from stabcheck import bounds
from stabcheck.bounds import Bound
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.decimals import at_least, at_most, nearest
from stabcheck.certify.design import FamilyDesign
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established
from stabcheck.certify.report import plain_table
from stabcheck.certify.run import accept, claim_folder
from stabcheck.integrators import get as integrator_named
from stabcheck.layers import Residual

LATEX = (
    r"\|\prod_l (I + h J_l)\|_2 \le \sqrt n \prod_l (1 + h K_l),\quad "
    r"K_l = \|V\|(\sqrt{1 + \alpha_l^2} + \alpha_l),\quad \alpha_l = \|A\|R_l^2,\quad "
    r"R_{l+1} = R_l (1 + h\|V\|)"
)


@dataclass(frozen=True)
class FamilyOutcome:
    """What is certified of a family: layer by layer, and over the depth."""

    design: FamilyDesign
    layers: list[dict[str, Any]]
    growth: Established
    shrink: Established | None
    verdict: dict[str, Any]


def run(design: FamilyDesign, folder: Path, *, force: bool) -> FamilyOutcome:
    """Certify a family and leave the accepted certificate in `folder`."""
    claim_folder(folder, [repr(design)], force)
    draft = Draft()
    euler = integrator_named("forward-euler")
    family, h = design.family, design.step_size
    branch = [draft.field(design.name, family, family.tokens)]
    radius = design.radius
    layers, steps = [], []
    for index in range(design.depth):
        name = f"layer.{index}"
        map_ = Residual(design.name, (family,), euler, h)
        draft.map(map_, family.tokens)
        ball = draft.ball(radius, family.tokens, family.features)
        rows = {
            found.quantity: _claim(draft, branch, ball, found)
            for found in _ball_bounds(design, radius)
        }
        mixed = rows["mixed-norm"]
        step = Claim(
            theorem="family-euler-mixed",
            quantity="mixed-growth",
            subject={
                "step": {
                    "branch": branch,
                    "integrator": draft.integrator(euler),
                    "size": h,
                }
            },
            domain=ball,
            bound=round_up(1 + h * mixed.value),
            premises=(mixed.claim,),
        )
        steps.append(Established(draft.claim(step), step.bound, step.theorem))
        layers.append(
            {
                "name": name,
                "radius": nearest(radius),
                "bounds": {
                    key: {"upper": at_most(row.value), "theorem": row.theorem}
                    for key, row in rows.items()
                },
                "mixed_growth": at_most(step.bound),
            }
        )
        radius = round_up(radius * (1 + h * family.value_norm))
    growth, shrink = _depth(draft, design, steps)
    certificate = draft.certificate(
        f"{design.name}: every set of weights with ||A|| <= {family.query_key_norm} "
        f"and ||V|| <= {family.value_norm}, {design.depth} forward Euler steps of "
        f"h = {h} from the ball of radius {design.radius}.",
        LATEX,
        {"source": design.name},
    )
    verdict = accept(certificate.save(folder), jobs=1)
    return FamilyOutcome(design, layers, growth, shrink, verdict)


def _ball_bounds(design: FamilyDesign, radius: Fraction) -> list[Bound]:
    arguments = (design.family, float(radius), design.family.tokens)
    return [
        bounds.attention_mixed_norm_ball(*arguments),
        bounds.attention_norm_ball(*arguments),
        bounds.attention_log_norm_ball(*arguments),
    ]


def _claim(draft: Draft, branch: list[int], ball: int, found: Bound) -> Established:
    value = round_up(found.value)
    claim = Claim(
        found.theorem, found.quantity, {"branch": branch}, ball, value,
        parameters={
            name: [Fraction(number) for number in numbers]
            for name, numbers in found.parameters.items()
        },
    )  # fmt: skip
    return Established(draft.claim(claim), value, found.theorem)


def _depth(
    draft: Draft, design: FamilyDesign, steps: list[Established]
) -> tuple[Established, Established | None]:
    tokens = design.family.tokens
    start = draft.ball(design.radius, tokens, design.family.features)
    subject = {"maps": [0, design.depth]}
    premises = tuple(step.claim for step in steps)
    root = float(np.sqrt(tokens)) * (1 + 1e-12)
    grown, shrunk = round_up(root), round_down(1 / root)
    for step in steps:
        grown *= step.value
        shrunk *= max(Fraction(0), 2 - step.value)
    claim = Claim(
        "depth-mixed-norm", "growth", subject, start, round_up(grown),
        premises=premises,
    )  # fmt: skip
    growth = Established(draft.claim(claim), claim.bound, claim.theorem)
    if shrunk == 0:
        return growth, None
    claim = Claim(
        "depth-mixed-norm", "shrink", subject, start, round_down(shrunk),
        premises=premises,
    )  # fmt: skip
    return growth, Established(draft.claim(claim), claim.bound, claim.theorem)


def to_json(outcome: FamilyOutcome, folder: str, seconds: float) -> dict[str, Any]:
    """The object that `certify --json` prints for a family."""
    return {
        "certificate": f"{folder}/certificate.json",
        "checked": outcome.verdict["tier"],
        "claims": outcome.verdict["claims"],
        "seconds": round(seconds, 1),
        "layers": outcome.layers,
        "depth": {
            "input_radius": nearest(outcome.design.radius),
            "growth": at_most(outcome.growth.value),
            "shrink": at_least(outcome.shrink.value) if outcome.shrink else "0",
            "composition": outcome.growth.theorem,
        },
    }


def table(outcome: FamilyOutcome) -> RenderableType:
    """The layers and the depth, for a person."""
    rows = plain_table(
        "layer", "ball", "‖J‖∞,2", "‖J‖₂", "μ₂", "growth of the step (∞,2)"
    )
    for layer in outcome.layers:
        found = layer["bounds"]
        norms = [
            found[key]["upper"] for key in ("mixed-norm", "spectral-norm", "log-norm")
        ]
        rows.add_row(layer["name"], layer["radius"], *norms, layer["mixed_growth"])
    shrink = at_least(outcome.shrink.value) if outcome.shrink else "0"
    return Group(
        rows,
        Text(
            f"\ndepth, every weight of the family: growth <= "
            f"{at_most(outcome.growth.value)}, shrink >= {shrink} "
            f"({outcome.growth.theorem})"
        ),
    )
