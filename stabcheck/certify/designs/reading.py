"""Design files whose weights are only capped.

```toml
[field]
kind = "attention"         # or "sinkhorn-attention", "cosine-attention", ...
norm = "soft"              # "none" | "soft" | "rms"
features = 64              # d; the soft norm has the radius sqrt(d)
leak = 0                   # of x' = -leak x + F(x)

[parameters]
logits = "1/2"             # cap on ||A_h|| times the squared token radius
value_norm = 1             # cap on the sum of ||V_h|| over the heads

[step]
integrator = "forward-euler"
size = "1/L"               # or a number
depth = 24

[domain]
kind = "all"               # or "ball" with a radius, "sphere", "token-rms"
```

Several fields stand in `[[branch]]` tables with the keys of `[field]` and
`[parameters]` together; `[layer]` names how they are joined.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.certify.designs import caps
from stabcheck.certify.designs.description import EULER, Branch, Design, StepSize
from stabcheck.certify.designs.numbers import cap, count, shown, step_size, word
from stabcheck.certify.designs.tables import (
    domain_of,
    layer_of,
    method_named,
    methods_of,
    usual_metric,
)
from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau

TABLES = {"field", "parameters", "branch", "layer", "step", "domain"}
FIELD_KEYS = {
    "kind", "norm", "features", "mask", "leak", "scale", "integrator", "tokens",
    "heads",
}  # fmt: skip
STEP_KEYS = {"integrator", "integrators", "size", "depth"}
DOMAIN_KEYS = {"kind", "radius", "floor", "metric"}
LAYER_KEYS = {"kind", "frequency", "gamma"}
MOST_LAYERS = 1 << 20
METRICS = ("token-max", "frobenius")


def speaks_of_caps(document: Mapping[str, Any]) -> bool:
    """Whether a design file leaves its weights open, beyond a ball of plain attention.

    Files that name seeds or weights, and families of attention on a ball for forward
    Euler, are of the kind that `stabcheck.certify.design` reads.
    """
    if "branch" in document or "layer" in document:
        return True
    field, parameters, domain, step = (
        found if isinstance(found := document.get(name), dict) else {}
        for name in ("field", "parameters", "domain", "step")
    )
    if {"seed", "file"} & set(parameters):
        return False
    family = {"query_key_norm", "value_norm"} >= set(parameters) and (
        "tokens" in field
        and field.get("norm", "none") == "none"
        and field.get("leak", 0) == 0
        and domain.get("kind") == "ball"
        and step.get("integrators", [EULER]) == [EULER]
        and "integrator" not in step
    )
    return bool(parameters) and not family


def document_of(path: Path) -> dict[str, Any]:
    """The tables of a design file.  **Raises:** `InvalidInput` if it is not TOML."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"asked to read the design {path}, found no readable TOML file: {error}"
        ) from error


def read(path: Path) -> Design:
    """Read a design whose weights are capped.

    **Raises:** `InvalidInput` with one line for a file that is missing or not TOML, an
    unknown or missing key, a value out of range, or caps that contradict each other.
    """
    return design_of(document_of(path), path.stem, f"the design {path}")


def design_of(document: Mapping[str, Any], name: str, where: str) -> Design:
    """The design of a file's tables."""
    _check_keys(where, document)
    step = document["step"]
    domain = domain_of(where, document)
    tables = _branch_tables(where, document)
    methods = methods_of(where, step)
    depth = count(where, step, "depth", 1, most=MOST_LAYERS)
    post = next(
        (t["norm"] for t, _ in tables if t.get("norm") in caps.POST_NORMS), None
    )
    branches = tuple(
        _branch(where, field, parameters, domain, methods[0])
        for field, parameters in tables
    )
    layer, scheme = layer_of(where, document, branches)
    metric = document["domain"].get("metric", usual_metric(branches))
    return Design(
        name=name,
        branches=branches,
        layer=layer,
        scheme=scheme,
        step=step_size(where, step, "size", 1),
        depth=depth,
        domain=domain,
        metric=word(where, {"metric": metric}, "metric", METRICS),
        compared=methods[1:],
        post_norm=post,
    )


def _check_keys(where: str, document: Mapping[str, Any]) -> None:
    fields = ["branch"] if "branch" in document else ["field", "parameters"]
    for table in (*fields, "step", "domain"):
        if not document.get(table):
            raise InvalidInput(f"{where} lacks the table [{table}]")
    for table in TABLES & set(document) - {"branch"}:
        if not isinstance(document[table], dict):
            raise InvalidInput(
                f"{where} has {table} = {shown(document[table])}; write one [{table}]"
            )
    both = "branch" in document and ({"field", "parameters"} & set(document))
    if both:
        raise InvalidInput(
            f"{where} has [[branch]] beside [{sorted(both)[0]}]; use one of them"
        )
    allowed = {
        "field": FIELD_KEYS,
        "step": STEP_KEYS,
        "domain": DOMAIN_KEYS,
        "layer": LAYER_KEYS,
    }
    for table, value in document.items():
        unknown = (
            [table]
            if table not in TABLES
            else sorted(set(value) - allowed.get(table, set(value)))
            if isinstance(value, dict)
            else []
        )
        if unknown:
            known = ", ".join(sorted(allowed.get(table, TABLES)))
            raise InvalidInput(
                f"{where} has the unknown key {unknown[0]!r}; known: {known}"
            )


def _branch_tables(
    where: str, document: Mapping[str, Any]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The keys of the field and of its caps, of each branch."""
    if "branch" not in document:
        return [(document["field"], document["parameters"])]
    branches = document["branch"]
    if not isinstance(branches, list) or not all(isinstance(b, dict) for b in branches):
        raise InvalidInput(f"{where} has [branch]; write one [[branch]] a field")
    return [
        (
            {k: v for k, v in branch.items() if k in FIELD_KEYS},
            {k: v for k, v in branch.items() if k not in FIELD_KEYS},
        )
        for branch in branches
    ]


def _branch(
    where: str,
    field: Mapping[str, Any],
    parameters: Mapping[str, Any],
    domain: Mapping[str, Any],
    method: ButcherTableau,
) -> Branch:
    leak = field.get("leak", 0)
    if str(leak).strip()[:1] == "-":
        raise InvalidInput(
            f"{where} has leak = {shown(leak)}; a negative leak makes every state "
            "grow: give a number >= 0"
        )
    if field.get("norm") in caps.POST_NORMS:
        field = {**field, "norm": "none"}
    scale = field.get("scale", 1)
    return Branch(
        field=caps.record_of(where, field, parameters, domain),
        scale=StepSize(Fraction(1))
        if scale == 1
        else step_size(where, field, "scale", 1),
        leak=cap(where, field, "leak", 0),
        method=method_named(where, field["integrator"])
        if "integrator" in field
        else method,
    )
