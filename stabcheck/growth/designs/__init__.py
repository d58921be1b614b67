"""Steps and layers of designs: what a scheme makes of the constants of its fields."""

from stabcheck.growth.designs.comparison import Comparison, compare
from stabcheck.growth.designs.comparison_ray import ComparisonRay, comparison_ray
from stabcheck.growth.designs.largest_steps import largest_step
from stabcheck.growth.designs.schemes import scheme_bounds
from stabcheck.growth.designs.step_fact import (
    GrowthTooLarge,
    Inapplicable,
    StepFact,
    Unbounded,
)
from stabcheck.growth.designs.steps import step_bounds

__all__ = [
    "Comparison",
    "ComparisonRay",
    "GrowthTooLarge",
    "Inapplicable",
    "StepFact",
    "Unbounded",
    "compare",
    "comparison_ray",
    "largest_step",
    "scheme_bounds",
    "step_bounds",
]
