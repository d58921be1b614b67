"""From bounds on Jacobians to growth and shrink of steps and stacks."""

from stabcheck.growth.depth import (
    depth_mixed_norm,
    depth_mixed_norm_shrink,
    depth_product,
    depth_shrink,
    layer_norm_kernel,
    mixed_step_growth,
)
from stabcheck.growth.frozen_blocks import (
    leapfrog_is_bounded,
    leapfrog_shrink,
    momentum_decays,
    momentum_radius,
)
from stabcheck.growth.growth_lmi import MultiplierBound, growth_lmi, shrink_lmi
from stabcheck.growth.implicit_stages import implicit_stage_tubes
from stabcheck.growth.monotone_stages import MonotoneStages, monotone_stages
from stabcheck.growth.one_leg import OneLegBound, one_leg_growth
from stabcheck.growth.one_step import (
    backward_euler_growth,
    backward_euler_shrink,
    circle_contractivity,
    euler_growth,
    euler_shrink,
    explicit_energy,
    explicit_growth,
    explicit_shrink,
    implicit_midpoint_growth,
    implicit_midpoint_shrink,
    largest_step,
)
from stabcheck.growth.stage_conditions import Multipliers, StageBounds
from stabcheck.growth.stages import (
    NoStageTube,
    StageTube,
    explicit_stage_tubes,
    family_radii,
    propagate_radii,
)
from stabcheck.growth.step_bound import StepBound

__all__ = [
    "MonotoneStages",
    "MultiplierBound",
    "Multipliers",
    "NoStageTube",
    "OneLegBound",
    "StageBounds",
    "StageTube",
    "StepBound",
    "backward_euler_growth",
    "backward_euler_shrink",
    "circle_contractivity",
    "depth_mixed_norm",
    "depth_mixed_norm_shrink",
    "depth_product",
    "depth_shrink",
    "euler_growth",
    "euler_shrink",
    "explicit_energy",
    "explicit_growth",
    "explicit_shrink",
    "explicit_stage_tubes",
    "family_radii",
    "growth_lmi",
    "implicit_midpoint_growth",
    "implicit_midpoint_shrink",
    "implicit_stage_tubes",
    "largest_step",
    "layer_norm_kernel",
    "leapfrog_is_bounded",
    "leapfrog_shrink",
    "mixed_step_growth",
    "momentum_decays",
    "momentum_radius",
    "monotone_stages",
    "one_leg_growth",
    "propagate_radii",
    "shrink_lmi",
]
