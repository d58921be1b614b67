"""From bounds on Jacobians to growth and shrink of steps and stacks."""

from stabcheck.growth.depth import (
    depth_mixed_norm,
    depth_mixed_norm_shrink,
    depth_product,
    depth_shrink,
    layer_norm_kernel,
    mixed_step_growth,
)
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
from stabcheck.growth.stages import (
    NoStageTube,
    StageTube,
    explicit_stage_tubes,
    family_radii,
    implicit_stage_tube,
    propagate_radii,
)
from stabcheck.growth.step_bound import StepBound

__all__ = [
    "NoStageTube",
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
    "implicit_midpoint_growth",
    "implicit_midpoint_shrink",
    "implicit_stage_tube",
    "largest_step",
    "layer_norm_kernel",
    "mixed_step_growth",
    "propagate_radii",
]
