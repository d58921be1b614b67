"""The dense Jacobian of multi-head attention: derived kernel against jax.jacfwd.

    python benchmarks/jacobian.py [--limit-gib 22]

Each measurement runs in a process of its own whose address space is limited (by what
is free at the start), one after the other; running out of it is a result.  Times are
the quickest of three runs of the compiled program; temporaries are those that XLA
plans beside the arguments and the result.  Both are compared with a column of
`jax.jvp` of the hand-written field.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

SIZES = ((16, 16, 4), (64, 64, 4), (128, 64, 4), (256, 64, 4))
REPEATS = 3
GIB = 2**30


def inputs(tokens: int, features: int, heads: int) -> dict[str, np.ndarray]:
    """A state and Gaussian weights of variance one over the fan-in."""
    generator, width = np.random.default_rng(0), features // heads
    shapes = {
        "W_Q": (heads, features, width),
        "W_K": (heads, features, width),
        "W_V": (heads, features, width),
        "W_O": (heads * width, features),
    }
    weights = {
        name: generator.standard_normal(shape) / features**0.5
        for name, shape in shapes.items()
    }
    return {"X": generator.standard_normal((tokens, features)), **weights}


def plain(values):
    """Multi-head attention written by hand."""
    import jax
    import jax.numpy as jnp

    X, heads = values["X"], values["W_Q"].shape[0]
    query, key, value = (
        jnp.einsum("id,hdr->hir", X, values[name]) for name in ("W_Q", "W_K", "W_V")
    )
    logits = jnp.einsum("hir,hkr->hik", query, key) / query.shape[-1] ** 0.5
    mixed = jnp.einsum("hik,hks->his", jax.nn.softmax(logits, axis=-1), value)
    output = values["W_O"].reshape(heads, -1, X.shape[1])
    return jnp.einsum("his,hsa->ia", mixed, output)


def derived_program(values):
    """The program of the derived Jacobian at these sizes."""
    from stabcheck.fields import attention

    heads = values["W_Q"].shape[0]
    kernel = attention(heads=heads).jacobian().lower("jax")
    return kernel.program(kernel.sizes(values))


def forward_program(values):
    """jax.jacfwd of the hand-written field."""
    import jax

    rest = {name: value for name, value in values.items() if name != "X"}
    return lambda given: jax.jacfwd(lambda X: plain({"X": X, **rest}))(given["X"])


PROGRAMS = {"derived": derived_program, "jacfwd": forward_program}


def measure(name: str, sizes: tuple[int, int, int]) -> dict[str, float]:
    """Seconds, temporaries and the error of a column, in this process."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    values = {key: jnp.asarray(value) for key, value in inputs(*sizes).items()}
    start = time.perf_counter()
    compiled = jax.jit(PROGRAMS[name](values)).lower(values).compile()
    compile_seconds = time.perf_counter() - start
    temporaries = compiled.memory_analysis().temp_size_in_bytes
    print(json.dumps({"temporaries": temporaries}), flush=True)
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = compiled(values).block_until_ready()
        seconds.append(time.perf_counter() - start)
    token, feature = sizes[0] // 2, sizes[1] // 3
    unit = jnp.zeros(sizes[:2]).at[token, feature].set(1.0)
    rest = {key: value for key, value in values.items() if key != "X"}
    _, column = jax.jvp(lambda X: plain({"X": X, **rest}), (values["X"],), (unit,))
    return {
        "seconds": min(seconds),
        "compile": compile_seconds,
        "temporaries": temporaries,
        "error": float(jnp.abs(result[:, :, token, feature] - column).max()),
    }


def in_a_child(name: str, sizes: tuple[int, int, int], limit: int) -> dict[str, float]:
    """Measure in a process whose address space is limited."""
    command = [sys.executable, __file__, "--one", name, *map(str, sizes)]
    child = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    lines = [json.loads(line) for line in child.stdout.splitlines()]
    return {key: value for line in lines for key, value in line.items()}


def shown(found: dict[str, float]) -> str:
    temporaries = found.get("temporaries")
    planned = "?" if temporaries is None else f"{temporaries / 1e6:.1f} MB"
    if "seconds" not in found:
        return f"out of memory, {planned} of temporaries planned"
    return (
        f"{1e3 * found['seconds']:9.1f} ms  temporaries {planned:>10}  "
        f"error {found['error']:.0e}  compiled in {found['compile']:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    parser.add_argument("--limit-gib", type=float, default=free)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, *sizes = options.one
        print(json.dumps(measure(name, tuple(map(int, sizes)))))
        return
    limit = int(options.limit_gib * GIB)
    for sizes in SIZES:
        print("n, d, H = {}, {}, {}".format(*sizes))
        found = {name: in_a_child(name, sizes, limit) for name in PROGRAMS}
        for name, result in found.items():
            print(f"  {name:<8} {shown(result)}", flush=True)
        ours, theirs = found["derived"], found["jacfwd"]
        if "seconds" in ours and "seconds" in theirs:
            faster = theirs["seconds"] / ours["seconds"]
            smaller = theirs["temporaries"] / ours["temporaries"]
            print(f"  ratio    {faster:.1f}x faster, temporaries 1/{smaller:.0f}")


if __name__ == "__main__":
    main()
