"""Bounds of Jacobians over points, tubes and balls: proposals, theorem by theorem.

Nothing here is trusted: every number is re-derived by the checker before it counts.
"""

from stabcheck.bounds.attention import (
    attention_jacobian_deviation_tube,
    attention_norm_tube,
)
from stabcheck.bounds.balance import HeadWeights
from stabcheck.bounds.ball import (
    attention_log_norm_ball,
    attention_mixed_norm_ball,
    attention_norm_ball,
)
from stabcheck.bounds.block import (
    pre_norm_block,
    pre_norm_deviation,
    pre_norm_inner_radius,
    tube_from_centre,
)
from stabcheck.bounds.bound import Bound
from stabcheck.bounds.budget import attention_log_norm_budget, attention_norm_budget
from stabcheck.bounds.feed_forward import (
    feed_forward_centre,
    feed_forward_centre_matrices,
    feed_forward_deviation_tube,
    feed_forward_tube,
)
from stabcheck.bounds.gated_feed_forward import (
    GatedFeedForward,
    gated_feed_forward_deviation_tube,
)
from stabcheck.bounds.joint_tube import (
    JOINT_ROWS,
    attention_log_norm_tube,
    attention_norm_joint_tube,
    joint_rows,
    joint_tube_matrices,
)
from stabcheck.bounds.local_attention import LocalAttention, local_attention
from stabcheck.bounds.mixed_norm_tube import attention_mixed_norm_tube
from stabcheck.bounds.normalisation import (
    normalisation_deviation_tube,
    normalisation_tube,
)
from stabcheck.bounds.parameters import Attention, AttentionFamily
from stabcheck.bounds.pencil import MOST_ROWS as PENCIL_ROWS
from stabcheck.bounds.pencil import PencilDomain, attention_pencil, pencil_on
from stabcheck.bounds.point import (
    attention_log_norm_point,
    attention_mixed_norm_point,
    attention_norm_column_mass,
    attention_norm_split,
)
from stabcheck.bounds.rotary import Rotary
from stabcheck.bounds.scored_attention import ScoredAttention
from stabcheck.bounds.scored_ball import scored_attention_ball
from stabcheck.bounds.scored_tube import (
    LocalScored,
    local_scored,
    scored_attention_deviation_tube,
    scored_attention_norm_tube,
)
from stabcheck.bounds.token_wise import FeedForward, LayerNorm, RMSNorm
from stabcheck.bounds.witness import (
    Witness,
    point_bound,
    point_matrix,
    psd_witness,
    psd_witnesses,
)

__all__ = [
    "JOINT_ROWS",
    "PENCIL_ROWS",
    "Attention",
    "AttentionFamily",
    "Bound",
    "FeedForward",
    "GatedFeedForward",
    "HeadWeights",
    "LayerNorm",
    "LocalAttention",
    "LocalScored",
    "PencilDomain",
    "RMSNorm",
    "Rotary",
    "ScoredAttention",
    "Witness",
    "attention_jacobian_deviation_tube",
    "attention_log_norm_ball",
    "attention_log_norm_budget",
    "attention_log_norm_point",
    "attention_log_norm_tube",
    "attention_mixed_norm_ball",
    "attention_mixed_norm_point",
    "attention_mixed_norm_tube",
    "attention_norm_ball",
    "attention_norm_budget",
    "attention_norm_column_mass",
    "attention_norm_joint_tube",
    "attention_norm_split",
    "attention_norm_tube",
    "attention_pencil",
    "feed_forward_centre",
    "feed_forward_centre_matrices",
    "feed_forward_deviation_tube",
    "feed_forward_tube",
    "gated_feed_forward_deviation_tube",
    "joint_rows",
    "joint_tube_matrices",
    "local_attention",
    "local_scored",
    "normalisation_deviation_tube",
    "normalisation_tube",
    "pencil_on",
    "point_bound",
    "point_matrix",
    "pre_norm_block",
    "pre_norm_deviation",
    "pre_norm_inner_radius",
    "psd_witness",
    "psd_witnesses",
    "scored_attention_ball",
    "scored_attention_deviation_tube",
    "scored_attention_norm_tube",
    "tube_from_centre",
]
