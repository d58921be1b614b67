"""Checkpoints: the exact weights of trained models, read with every number checked.

BERT-style post-norm encoders and Llama-style pre-norm decoders in safetensors: the
layers that `stabcheck.certify` turns into a stack.  No model code is imported, no
pickle opened.
"""

from pathlib import Path

from stabcheck.checkpoints.bert import CONFIG, bert, weight_file
from stabcheck.checkpoints.checkpoint import Checkpoint, Embeddings, EncoderLayer
from stabcheck.checkpoints.config import read_document
from stabcheck.checkpoints.decoder import Decoder, DecoderLayer
from stabcheck.checkpoints.llama import MODELS, llama
from stabcheck.checkpoints.minilm import minilm


def read(path: Path | str) -> Checkpoint | Decoder:
    """A checkpoint of the kind that its config.json names.

    **Raises:** `InvalidInput` for anything missing, damaged or of another kind.
    """
    document = read_document(weight_file(Path(path)).with_name(CONFIG))
    return llama(path) if document.get("model_type") in MODELS else bert(path)


__all__ = [
    "Checkpoint",
    "Decoder",
    "DecoderLayer",
    "Embeddings",
    "EncoderLayer",
    "bert",
    "llama",
    "minilm",
    "read",
]
