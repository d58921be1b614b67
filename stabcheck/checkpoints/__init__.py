"""Checkpoints: the exact weights of trained encoders, read with every number checked.

Only BERT-style post-norm encoders in safetensors: the layers that
`stabcheck.certify` turns into a stack.  No model code is imported, no pickle opened.
"""

from stabcheck.checkpoints.bert import bert
from stabcheck.checkpoints.checkpoint import Checkpoint, Embeddings, EncoderLayer
from stabcheck.checkpoints.minilm import minilm

__all__ = ["Checkpoint", "Embeddings", "EncoderLayer", "bert", "minilm"]
