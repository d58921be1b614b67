"""The declared vector fields, each in a few lines; all else follows from them."""

from collections.abc import Callable

from stabcheck.fields.attention import attention
from stabcheck.fields.blocks import post_norm, pre_norm
from stabcheck.fields.feed_forward import feed_forward
from stabcheck.fields.normalisation import layer_norm, rms_norm
from stabcheck.symbolic import Field

FIELDS: dict[str, Callable[[], Field]] = {
    "attention": attention,
    "biased-attention": lambda: attention(biases=True, bias=True),
    "causal-attention": lambda: attention(causal=True),
    "masked-attention": lambda: attention(mask=True),
    "value-attention": lambda: attention(output=False),
    "feed-forward": feed_forward,
    "layer-norm": layer_norm,
    "rms-norm": rms_norm,
    "pre-norm-attention": lambda: pre_norm(rms_norm(), attention()),
    "pre-norm-causal-attention": lambda: pre_norm(rms_norm(), attention(causal=True)),
    "pre-norm-feed-forward": lambda: pre_norm(layer_norm(), feed_forward()),
    "post-norm-attention": lambda: post_norm(layer_norm(), attention()),
    "post-norm-feed-forward": lambda: post_norm(layer_norm(), feed_forward()),
}
"""The declarations by the names that `stabcheck show` knows."""

__all__ = [
    "FIELDS",
    "attention",
    "feed_forward",
    "layer_norm",
    "post_norm",
    "pre_norm",
    "rms_norm",
]
