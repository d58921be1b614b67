"""A tiny BERT on disk: two layers, six features, two heads, seeded weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 6,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 10,
    "vocab_size": 11,
    "max_position_embeddings": 5,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of the encoder, as PyTorch stores it: (out, in)."""
    d, m = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    found = {
        "embeddings.word_embeddings.weight": (CONFIG["vocab_size"], d),
        "embeddings.position_embeddings.weight": (5, d),
        "embeddings.token_type_embeddings.weight": (2, d),
    }
    linear = {
        "attention.self.query": (d, d), "attention.self.key": (d, d),
        "attention.self.value": (d, d), "attention.output.dense": (d, d),
        "intermediate.dense": (m, d), "output.dense": (d, m),
    }  # fmt: skip
    norms = ["embeddings.LayerNorm"]
    for k in range(CONFIG["num_hidden_layers"]):
        prefix = f"encoder.layer.{k}."
        for part, shape in linear.items():
            found[f"{prefix}{part}.weight"] = shape
            found[f"{prefix}{part}.bias"] = shape[:1]
        norms += [prefix + "attention.output.LayerNorm", prefix + "output.LayerNorm"]
    for norm in norms:
        found[f"{norm}.weight"] = found[f"{norm}.bias"] = (d,)
    return found


def tensors() -> dict[str, np.ndarray]:
    """Seeded float32 weights by name."""
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal(shape).astype(np.float32)
        for name, shape in shapes().items()
    }


def write(folder: Path, weights=None, config=None, prefix: str = "") -> Path:
    """Write a checkpoint folder; `weights` and `config` replace the regular ones."""
    weights = tensors() if weights is None else weights
    named = {prefix + name: array for name, array in weights.items()}
    save_file(named, folder / "model.safetensors")
    text = json.dumps(CONFIG if config is None else config)
    (folder / "config.json").write_text(text)
    return folder
