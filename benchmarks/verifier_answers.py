r"""What verification tools say about the Jacobian of attention, one question a run.

    python verifier_answers.py instance.npz TOOL KIND RADIUS   # lines of JSON

Runs in an environment of its own, of which stabcheck needs nothing: immrax for the
tools named so, torch and auto_LiRPA for the others.  No tool bounds a spectral norm or
a logarithmic norm of a Jacobian, so each encloses J entry by entry and the last step
is ours: $\|J\| \le \|M\| + \|R\|$ and $\mu_2(J) \le \mu_2(M) + \mu_2(R)$ for the
midpoints M and radii R of an enclosure.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]
SPELLINGS = ("softmax", "quotient", "differences")
"""Of softmax: the primitive; exp s_k / sum exp s_l; 1 / sum exp(s_l - s_k)."""
OPTIMISATION_STEPS = 30


def from_enclosure(low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """Both quantities of every matrix between two."""
    middle, radius = (low + high) / 2, (high - low) / 2
    symmetric = (np.linalg.eigvalsh((M + M.T) / 2)[-1] for M in (middle, radius))
    return {
        "spectral-norm": float(np.linalg.norm(middle, 2) + np.linalg.norm(radius, 2)),
        "log-norm": float(sum(symmetric)),
    }


def immrax_jacobian(A, V, size: int, spelling: str) -> Callable:
    """The field in JAX, differentiated by JAX."""
    import jax
    import jax.numpy as jnp

    def weights(scores):
        if spelling == "softmax":
            return jax.nn.softmax(scores, -1)
        if spelling == "quotient":
            powers = jnp.exp(scores)
            return powers / powers.sum(-1, keepdims=True)
        return 1 / jnp.exp(scores[:, None, :] - scores[:, :, None]).sum(-1)

    def field(x):
        X = x.reshape(size, size)
        return (weights(X @ A @ X.T) @ X @ V).reshape(-1)

    return jax.jacfwd(field)


def immrax_by_hand(A, V, size: int, spelling: str) -> Callable:
    """The closed form of the Jacobian in JAX."""
    import jax.numpy as jnp

    def jacobian(x):
        X = x.reshape(size, size)
        scores = X @ A @ X.T
        if spelling == "quotient":
            P = jnp.exp(scores) / jnp.exp(scores).sum(-1, keepdims=True)
        else:
            P = 1 / jnp.exp(scores[:, None, :] - scores[:, :, None]).sum(-1)
        Y = X @ V
        W = P[..., None] * (Y[None] - (P @ Y)[:, None])
        blocks = W[..., None] * (X @ A)[:, None, None, :] + P[..., None, None] * V.T
        own = jnp.matmul(jnp.swapaxes(W, 1, 2), (X @ A.T)[None])
        blocks = blocks + own[:, None] * jnp.eye(size)[:, :, None, None]
        return jnp.transpose(blocks, (0, 2, 1, 3)).reshape(size**2, size**2)

    return jacobian


def ask_immrax(
    make: Callable, A, V, X0, kind: str, radius: float, spelling: str
) -> Pair:
    """The interval Jacobian on a box; a Frobenius ball is boxed."""
    import immrax
    import jax

    jax.config.update("jax_enable_x64", True)
    size, x = len(X0), X0.reshape(-1)
    box = immrax.interval(x - radius, x + radius)
    found = immrax.natif(make(A / math.sqrt(size), V, size, spelling))(box)
    return np.asarray(found.lower), np.asarray(found.upper)


def torch_graph(A, V, size: int, spelling: str) -> Any:
    """The closed form of the Jacobian as a module, `(1, n, d)` to `(1, n n d d)`."""
    import torch

    class Jacobian(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("A", torch.tensor(A / math.sqrt(size)))
            self.register_buffer("V", torch.tensor(V))

        def weights(self, scores):
            if spelling == "softmax":
                return torch.softmax(scores, -1)
            if spelling == "quotient":
                powers = torch.exp(scores)
                return powers / powers.sum(-1, keepdim=True)
            return 1 / torch.exp(scores.unsqueeze(2) - scores.unsqueeze(3)).sum(-1)

        def forward(self, X):
            query, key = X.matmul(self.A), X.matmul(self.A.t())
            P = self.weights(query.matmul(X.transpose(1, 2)))
            Y = X.matmul(self.V)
            W = P.unsqueeze(3) * (Y.unsqueeze(1) - P.matmul(Y).unsqueeze(2))
            blocks = W.unsqueeze(4) * query.unsqueeze(2).unsqueeze(3)
            blocks = blocks + P.unsqueeze(3).unsqueeze(4) * self.V.t()
            own = W.transpose(2, 3).matmul(key.unsqueeze(1)).unsqueeze(2)
            eye = torch.eye(size).reshape(1, size, size, 1, 1)
            return (blocks + own * eye).reshape(1, size**4)

    return Jacobian()


def torch_field(A, V, size: int) -> Any:
    """The field alone, for the tool's own Jacobian operator."""
    import torch

    class Field(torch.nn.Module):
        def forward(self, X):
            form = torch.tensor(A / math.sqrt(size))
            scores = X.matmul(form).matmul(X.transpose(1, 2))
            return torch.softmax(scores, -1).matmul(X).matmul(torch.tensor(V))

    return Field()


def ask_auto_lirpa(
    method: str, A, V, X0, kind: str, radius: float, spelling: str
) -> Pair:
    """The enclosure of the Jacobian over a box or a Frobenius ball."""
    import torch
    from auto_LiRPA import BoundedModule, BoundedTensor
    from auto_LiRPA.perturbations import PerturbationLpNorm

    torch.set_default_dtype(torch.float64)
    size = len(X0)
    X = torch.tensor(X0)[None]
    norm = np.inf if kind == "box" else 2.0
    given = BoundedTensor(X, PerturbationLpNorm(norm=norm, eps=radius))
    if method == "jacobian":
        from auto_LiRPA.jacobian import JacobianOP

        inner = torch_field(A, V, size)

        class Through(torch.nn.Module):
            def forward(self, X):
                return JacobianOP.apply(inner(X), X)

        graph, method = Through(), "CROWN"
    else:
        graph = torch_graph(A, V, size, spelling)
    steps = {"optimize_bound_args": {"iteration": OPTIMISATION_STEPS}}
    module = BoundedModule(graph, X, device="cpu", bound_opts=steps)
    with torch.set_grad_enabled(method == "alpha-CROWN"):
        bounds = module.compute_bounds(x=(given,), method=method)
    shape = (size, size, size, size)
    low, high = (
        b.detach().numpy().reshape(shape).transpose(0, 2, 1, 3).reshape(size**2, -1)
        for b in bounds
    )
    return low, high


TOOLS: dict[str, Callable[..., Pair]] = {
    "immrax natif of jacfwd": lambda *given: ask_immrax(immrax_jacobian, *given),
    "immrax natif of J by hand": lambda *given: ask_immrax(immrax_by_hand, *given),
    "auto_LiRPA JacobianOP": lambda *given: ask_auto_lirpa("jacobian", *given),
    "auto_LiRPA IBP of J by hand": lambda *given: ask_auto_lirpa("IBP", *given),
    "auto_LiRPA CROWN of J by hand": lambda *given: ask_auto_lirpa("CROWN", *given),
    "auto_LiRPA alpha-CROWN of J by hand": lambda *given: ask_auto_lirpa(
        "alpha-CROWN", *given
    ),
}


def main() -> None:
    """Ask one tool in every spelling; a line of JSON after each."""
    if len(sys.argv) != 5:
        print(__doc__)
        return
    warnings.simplefilter("ignore")
    path, tool, kind, radius = sys.argv[1:]
    importlib.import_module(tool.split()[0])
    with np.load(path) as arrays:
        A, V, X0 = (arrays[name] for name in ("A", "V", "X0"))
    for spelling in SPELLINGS:
        start = time.perf_counter()
        try:
            pair = TOOLS[tool](A, V, X0, kind, float(radius), spelling)
            answer = from_enclosure(*pair)
        except Exception as reason:
            answer = {"failure": f"{type(reason).__name__}: {reason}"}
        answer |= {"spelling": spelling, "seconds": time.perf_counter() - start}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
