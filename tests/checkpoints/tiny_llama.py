"""A tiny Llama on disk: two layers, eight features, four heads in two groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

CONFIG = {
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 12,
    "vocab_size": 11,
    "max_position_embeddings": 6,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}


def shapes(config: dict) -> dict[str, tuple[int, ...]]:
    """Every tensor of the decoder, as PyTorch stores it: (out, in)."""
    d, m = config["hidden_size"], config["intermediate_size"]
    width = d // config["num_attention_heads"]
    shared = width * config["num_key_value_heads"]
    found = {"embed_tokens.weight": (config["vocab_size"], d), "norm.weight": (d,)}
    for k in range(config["num_hidden_layers"]):
        layer = {
            "self_attn.q_proj": (d, d), "self_attn.k_proj": (shared, d),
            "self_attn.v_proj": (shared, d), "self_attn.o_proj": (d, d),
            "mlp.gate_proj": (m, d), "mlp.up_proj": (m, d), "mlp.down_proj": (d, m),
            "input_layernorm": (d,), "post_attention_layernorm": (d,),
        }  # fmt: skip
        if config["model_type"] == "qwen2":
            for part, size in (("q", d), ("k", shared), ("v", shared)):
                found[f"layers.{k}.self_attn.{part}_proj.bias"] = (size,)
        found |= {f"layers.{k}.{part}.weight": s for part, s in layer.items()}
    return found


def tensors(config: dict | None = None) -> dict[str, np.ndarray]:
    """Seeded float32 weights by name."""
    rng = np.random.default_rng(0)
    return {
        f"model.{name}": (rng.standard_normal(shape) / 2).astype(np.float32)
        for name, shape in shapes(config or CONFIG).items()
    }


def write(folder: Path, *, weights=None, config: dict | None = None) -> Path:
    """Write a checkpoint folder; `weights` and `config` replace the regular ones."""
    config = CONFIG if config is None else config
    save_file(tensors(config) if weights is None else weights, folder / WEIGHTS)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


WEIGHTS = "model.safetensors"


def forward(weights: dict[str, np.ndarray], ids: list[int], config: dict) -> np.ndarray:
    """The state behind the last layer, by plain loops over heads and tokens.

    As Llama is described: Touvron et al. 2023, arXiv:2302.13971, section 2.2.
    """
    named = {name: w.astype(np.float64) for name, w in weights.items()}
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    width = config["hidden_size"] // heads
    x = named["model.embed_tokens.weight"][ids]
    for k in range(config["num_hidden_layers"]):
        layer = {
            name.removeprefix(f"model.layers.{k}."): w
            for name, w in named.items()
            if name.startswith(f"model.layers.{k}.")
        }
        y = _norm(x, layer["input_layernorm.weight"], config)
        q, key, v = (_projected(layer, y, part, width) for part in "qkv")
        q, key = (_turned(z, config["rope_theta"]) for z in (q, key))
        outputs = []
        for h in range(heads):
            shared = h // (heads // groups)
            rows = []
            for i in range(len(ids)):
                scores = q[i, h] @ key[: i + 1, shared].T / np.sqrt(width)
                weight = np.exp(scores - scores.max())
                rows.append(weight / weight.sum() @ v[: i + 1, shared])
            outputs.append(np.array(rows))
        x = x + np.concatenate(outputs, axis=1) @ layer["self_attn.o_proj.weight"].T
        y = _norm(x, layer["post_attention_layernorm.weight"], config)
        gate = y @ layer["mlp.gate_proj.weight"].T
        inner = gate / (1 + np.exp(-gate)) * (y @ layer["mlp.up_proj.weight"].T)
        x = x + inner @ layer["mlp.down_proj.weight"].T
    return x


def _norm(x: np.ndarray, gains: np.ndarray, config: dict) -> np.ndarray:
    square = (x * x).mean(axis=1, keepdims=True)
    return gains * x / np.sqrt(square + config["rms_norm_eps"])


def _projected(layer: dict, y: np.ndarray, part: str, width: int) -> np.ndarray:
    rows = y @ layer[f"self_attn.{part}_proj.weight"].T
    rows = rows + layer.get(f"self_attn.{part}_proj.bias", 0)
    return rows.reshape(len(y), -1, width)


def _turned(z: np.ndarray, base: float) -> np.ndarray:
    half = z.shape[2] // 2
    turned = np.empty_like(z)
    for i in range(len(z)):
        for r in range(half):
            angle = i * base ** (-2 * r / (2 * half))
            x, y = z[i, :, r], z[i, :, half + r]
            turned[i, :, r] = x * np.cos(angle) - y * np.sin(angle)
            turned[i, :, half + r] = y * np.cos(angle) + x * np.sin(angle)
    return turned
