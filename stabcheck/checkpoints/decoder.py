r"""A decoder of the Llama kind: pre-norm layers with rotary positions and a gate.

Each layer is $x + \operatorname{attention}(N_1(x))$, then $x + W_2^{\mathsf
T}(\operatorname{silu}(W_g^{\mathsf T}y)\circ W_1^{\mathsf T}y)$ with $y = N_2(x)$, the
norms root-mean-square ones, the attention causal with rotary positions; several heads
of queries may share the keys and values of a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck.checkpoints.checkpoint import tokens_of
from stabcheck.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class DecoderLayer:
    """One pre-norm layer, float32 exactly as stored; groups repeated for their heads.

    Shapes: `W_Q`, `W_K`, `W_V` `(H, d, d_k)`, `W_O` `(H d_k, d)`, `W_g`, `W_1`
    `(d, m)`, `W_2` `(m, d)`, the gains `gamma_1` before attention and `gamma_2` before
    the gate `(d,)`; biases `b_Q`, `b_K`, `b_V` `(H, d_k)` and `b_O` `(d,)` where there
    are any.
    """

    gamma_1: np.ndarray
    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray
    W_O: np.ndarray
    b_Q: np.ndarray | None
    b_K: np.ndarray | None
    b_V: np.ndarray | None
    b_O: np.ndarray | None
    gamma_2: np.ndarray
    W_g: np.ndarray
    W_1: np.ndarray
    W_2: np.ndarray


@dataclass(frozen=True, eq=False)
class Decoder:
    """The layers of a decoder, and the way from a text to its first state.

    `sha256` is that of the weight file; `epsilon` that of every norm, `base` that of
    the rotary positions, both exactly as written; `word` `(vocabulary, d)`;
    `most_tokens` a state may have.
    """

    layers: tuple[DecoderLayer, ...]
    epsilon: Fraction
    base: Fraction
    activation: str
    sha256: str
    word: np.ndarray
    most_tokens: int
    tokenizer: Path

    def tokenise(self, text: str) -> list[int]:
        """The token ids of a text, special tokens included.

        **Raises:** `InvalidInput` where the tokenizer is missing or damaged.
        """
        return tokens_of(self.tokenizer, text)

    def embed(self, ids: Sequence[int]) -> np.ndarray:
        """The state `(n, d)` of token ids, in float64.

        **Raises:** `InvalidInput` for no ids, too many, or one outside the vocabulary.
        """
        if not 1 <= len(ids) <= self.most_tokens:
            raise InvalidInput(
                f"asked to embed {len(ids)} tokens; the checkpoint takes 1 to "
                f"{self.most_tokens}"
            )
        outside = [token for token in ids if not 0 <= token < len(self.word)]
        if outside:
            raise InvalidInput(
                f"asked to embed the token {outside[0]}; the vocabulary has the ids 0 "
                f"to {len(self.word) - 1}"
            )
        return self.word[np.asarray(ids)].astype(np.float64)
