"""The kinds of certificates that the campaign draws, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from soundness.design_instances import design
from soundness.instances import Generator, declining
from soundness.single_instances import family_on_balls, one_quantity
from soundness.stack_instances import stack, whole_tube

from stabcheck import integrators
from stabcheck.certificate import write_text
from stabcheck.integrators.certificates import certificate as method_certificate
from stabcheck.integrators.memory.multistep import LinearMultistep

MULTISTEP_SHARE = 0.4


def method(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """The facts of one method of the catalogue."""
    del traps  # Coefficients are what they are.
    names = [str(name) for name in rng.permutation(integrators.names())]
    name = names[0]
    if rng.random() < MULTISTEP_SHARE:
        found = (n for n in names if isinstance(integrators.get(n), LinearMultistep))
        name = next(found)
    with declining():
        made = method_certificate(integrators.get(name))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "certificate.json"
    write_text(path, json.dumps(made))
    return path


KINDS: Mapping[str, tuple[Callable[..., Path], float]] = {
    "one quantity": (one_quantity, 0.36),
    "family on balls": (family_on_balls, 0.06),
    "stack": (stack, 0.14),
    "whole tube": (whole_tube, 0.08),
    "design": (design, 0.28),
    "method": (method, 0.08),
}
"""What is drawn, and how often."""
