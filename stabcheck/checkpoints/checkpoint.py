"""A checkpoint: the exact weights of an encoder, its tokenizer and its embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class EncoderLayer:
    """One post-norm layer, float32 exactly as stored.

    Shapes: `W_Q`, `W_K` `(H, d, d_k)`, `W_V` `(H, d, d_v)`, `W_O` `(H d_v, d)`, `b_Q`,
    `b_K` `(H, d_k)`, `b_V` `(H, d_v)`, `b_O` `(d,)`, `W_1` `(d, m)`, `W_2` `(m, d)`;
    `gamma_1`, `beta_1` follow attention, `gamma_2`, `beta_2` the feed-forward.
    """

    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray
    W_O: np.ndarray
    b_Q: np.ndarray
    b_K: np.ndarray
    b_V: np.ndarray
    b_O: np.ndarray
    gamma_1: np.ndarray
    beta_1: np.ndarray
    W_1: np.ndarray
    b_1: np.ndarray
    W_2: np.ndarray
    b_2: np.ndarray
    gamma_2: np.ndarray
    beta_2: np.ndarray


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Word `(vocabulary, d)`, position `(positions, d)` and first token-type rows."""

    word: np.ndarray
    position: np.ndarray
    token_type: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The layers of an encoder, and the way from a text to its first state.

    `sha256` is that of the weight file; `epsilon` that of every LayerNorm.
    """

    layers: tuple[EncoderLayer, ...]
    epsilon: Fraction
    sha256: str
    embeddings: Embeddings
    tokenizer: Path

    def tokenise(self, text: str) -> list[int]:
        """The token ids of a text, special tokens included, neither cut nor padded.

        **Raises:** `InvalidInput` where the tokenizer file or package is missing, or
        the text is not Unicode.
        """
        return tokens_of(self.tokenizer, text)

    def embed(self, ids: Sequence[int]) -> np.ndarray:
        """The state `(n, d)` of token ids: the sum of embeddings, normalised.

        In float64 from the exact float32 weights.

        **Raises:** `InvalidInput` for no ids, too many, or one outside the vocabulary.
        """
        vocabulary, positions = len(self.embeddings.word), len(self.embeddings.position)
        if not 1 <= len(ids) <= positions:
            raise InvalidInput(
                f"asked to embed {len(ids)} tokens; the checkpoint takes 1 to "
                f"{positions}"
            )
        outside = [token for token in ids if not 0 <= token < vocabulary]
        if outside:
            raise InvalidInput(
                f"asked to embed the token {outside[0]}; the vocabulary has the ids 0 "
                f"to {vocabulary - 1}"
            )
        table = self.embeddings
        state = (
            table.word[np.asarray(ids)].astype(np.float64)
            + table.position[: len(ids)].astype(np.float64)
            + table.token_type.astype(np.float64)
        )
        state -= state.mean(axis=1, keepdims=True)
        variance = np.mean(state * state, axis=1, keepdims=True)
        state /= np.sqrt(variance + float(self.epsilon))
        return table.gamma.astype(np.float64) * state + table.beta.astype(np.float64)


def tokens_of(path: Path, text: str) -> list[int]:
    """The token ids of a text by a tokenizer.json.

    **Raises:** `InvalidInput` as `Checkpoint.tokenise`.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InvalidInput(
            "asked to tokenise a text, found no package tokenizers; "
            "install it: pip install 'stabcheck[models]'"
        ) from error
    if not path.is_file():
        raise InvalidInput(
            f"asked to tokenise a text, found no file {path}; "
            "put tokenizer.json beside the weights"
        )
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing narrower
        raise InvalidInput(
            f"asked to read the tokenizer {path}, found none: "
            f"{str(error)[:100]}; fetch it again"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    try:
        return tokenizer.encode(text).ids
    except (TypeError, UnicodeError) as error:
        raise InvalidInput(
            f"asked to tokenise {text!r:.60}, found no valid Unicode text"
        ) from error
