"""The declared vector fields, each in a few lines; all else follows from them."""

from collections.abc import Callable

from stabcheck.fields.attention import attention
from stabcheck.fields.blocks import (
    deep_norm,
    parallel,
    post_norm,
    pre_norm,
    sandwich_norm,
)
from stabcheck.fields.cross import cross_attention, hopfield
from stabcheck.fields.energy import energy_attention
from stabcheck.fields.feed_forward import feed_forward, gated_feed_forward
from stabcheck.fields.normalisation import (
    l2_norm,
    layer_norm,
    rms_norm,
    soft_norm,
    sphere_projection,
)
from stabcheck.fields.one_matrix import (
    antisymmetric_feed_forward,
    gradient_feed_forward,
)
from stabcheck.fields.scalings import layer_scale, leaky, re_zero, residual
from stabcheck.symbolic import Field

FIELDS: dict[str, Callable[[], Field]] = {
    "attention": attention,
    "biased-attention": lambda: attention(biases=True, bias=True),
    "causal-attention": lambda: attention(causal=True),
    "masked-attention": lambda: attention(mask=True),
    "value-attention": lambda: attention(output=False),
    "multi-head-attention": lambda: attention(heads=4),
    "grouped-query-attention": lambda: attention(heads=4, groups=2),
    "multi-query-attention": lambda: attention(heads=4, groups=1),
    "score-bias-attention": lambda: attention(bias="head"),
    "alibi-attention": lambda: attention(causal=True, alibi=True),
    "sliding-window-attention": lambda: attention(causal=True, window=4),
    "rotary-attention": lambda: attention(rotary="half"),
    "interleaved-rotary-attention": lambda: attention(rotary="interleaved"),
    "qk-norm-attention": lambda: attention(qk_norm="rms"),
    "l2-qk-norm-attention": lambda: attention(qk_norm="l2"),
    "soft-capped-attention": lambda: attention(softcap=True),
    "l2-attention": lambda: attention(score="l2"),
    "cosine-attention": lambda: attention(qk_norm="l2", value_norm=True),
    "sigmoid-attention": lambda: attention(weights="sigmoid"),
    "linear-attention": lambda: attention(weights="linear"),
    "sink-attention": lambda: attention(sink="head"),
    "off-by-one-attention": lambda: attention(sink="zero"),
    "sinkhorn-attention": lambda: attention(weights="sinkhorn"),
    "unrolled-sinkhorn-attention": lambda: attention(weights="sinkhorn", iterations=1),
    "tied-attention": lambda: attention(tie="negative"),
    "tied-sinkhorn-attention": lambda: attention(weights="sinkhorn", tie="negative"),
    "gram-sinkhorn-attention": lambda: attention(weights="sinkhorn", tie="gram"),
    "consensus-attention": lambda: attention(consensus=True),
    "energy-attention": energy_attention,
    "cross-attention": cross_attention,
    "hopfield": hopfield,
    "feed-forward": feed_forward,
    "gelu-tanh-feed-forward": lambda: feed_forward(activation="gelu-tanh"),
    "relu-squared-feed-forward": lambda: feed_forward(activation="relu-squared"),
    "silu-feed-forward": lambda: feed_forward(activation="silu"),
    "gradient-feed-forward": gradient_feed_forward,
    "antisymmetric-feed-forward": antisymmetric_feed_forward,
    "swiglu-feed-forward": gated_feed_forward,
    "geglu-feed-forward": lambda: gated_feed_forward(activation="gelu"),
    "layer-norm": layer_norm,
    "rms-norm": rms_norm,
    "l2-norm": l2_norm,
    "soft-norm": soft_norm,
    "sphere-projection": sphere_projection,
    "pre-norm-attention": lambda: pre_norm(rms_norm(), attention()),
    "pre-norm-causal-attention": lambda: pre_norm(rms_norm(), attention(causal=True)),
    "pre-norm-feed-forward": lambda: pre_norm(layer_norm(), feed_forward()),
    "soft-pre-norm-attention": lambda: pre_norm(soft_norm(), attention()),
    "soft-pre-norm-feed-forward": lambda: pre_norm(soft_norm(), feed_forward()),
    "post-norm-attention": lambda: post_norm(layer_norm(), attention()),
    "post-norm-feed-forward": lambda: post_norm(layer_norm(), feed_forward()),
    "sphere-attention": lambda: post_norm(sphere_projection(), attention()),
    "sandwich-norm-attention": lambda: sandwich_norm(
        rms_norm(), attention(), rms_norm()
    ),
    "deep-norm-feed-forward": lambda: deep_norm(layer_norm(), feed_forward()),
    "parallel-attention": lambda: parallel(rms_norm(), attention(), feed_forward()),
    "residual-attention": lambda: residual(pre_norm(rms_norm(), attention())),
    "layer-scale-attention": lambda: layer_scale(pre_norm(rms_norm(), attention())),
    "re-zero-attention": lambda: re_zero(attention()),
    "leaky-attention": lambda: leaky(attention()),
}
"""The declarations by the names that `stabcheck show` knows."""

__all__ = [
    "FIELDS",
    "antisymmetric_feed_forward",
    "attention",
    "cross_attention",
    "deep_norm",
    "energy_attention",
    "feed_forward",
    "gated_feed_forward",
    "gradient_feed_forward",
    "hopfield",
    "l2_norm",
    "layer_norm",
    "layer_scale",
    "leaky",
    "parallel",
    "post_norm",
    "pre_norm",
    "re_zero",
    "residual",
    "rms_norm",
    "sandwich_norm",
    "soft_norm",
    "sphere_projection",
]
