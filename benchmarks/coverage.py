"""The page of what is bounded: field by field, domain by domain, by which theorem.

    python benchmarks/coverage.py [--out docs/coverage.md] [FIELD ...]

Every declared field gets drawn weights and a state; on every domain the prover bounds
every quantity and the checker decides.  A cell is the theorem that won, or a dash where
no theorem reaches; nothing is listed that the checker did not accept in that run.  The
families of designs, the baselines and the cited theorems are read off the registries.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from field_cases import inputs

import stabcheck as sc
from stabcheck import domains
from stabcheck.bounds import Attention, ScoredAttention, scored_attention_ball
from stabcheck.bounds.published import BASELINES
from stabcheck.certify.candidate import direct
from stabcheck.certify.centres import Centre
from stabcheck.certify.competition import certified
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Established, Writer
from stabcheck.certify.plans import plan_tube
from stabcheck.checker import check
from stabcheck.checker.reading.design_field_records import FIELDS as FAMILIES
from stabcheck.checker.rules import MODULES
from stabcheck.errors import InvalidInput, StabcheckError
from stabcheck.layers import Branch, branch_of
from stabcheck.theorems import LEDGER

TOKENS, FEATURES = 3, 4
RADIUS = Fraction(1, 100)
QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")
NO_THEOREM = "–"
FAMILY_MODULES = ("families", "designs.scores", "designs.fields", "designs.token_wise")
"""The checker's modules of theorems about families of weights."""
HEADINGS = ("field", "domain", "‖J‖₂", "‖J‖ of the largest token", "μ₂", "λmin")
ROUND = {
    "point": domains.Point,
    "tube": lambda state: domains.Tube(state, RADIUS),
    "box": lambda state: domains.Box(state, RADIUS),
    "frobenius": lambda state: domains.Frobenius(state, RADIUS),
    "ball": lambda state: domains.Ball(Fraction(1), *state.shape),
}

ABOVE = f"""\
# Which bound there is for which field

Written by `make docs` (`python benchmarks/coverage.py --out docs/coverage.md`): in that
run the prover bounded each quantity of each declared field, with drawn weights at
n = {TOKENS}, d = {FEATURES}, on domains of radius {RADIUS} (the ball: 1), and the
checker accepted each bound. A cell names the theorem that won for those weights; others
apply as well and win elsewhere. `stabcheck theorems ID` states it, `stabcheck prove ID`
runs its proof. An asterisk: decided in the float64 tier. A dash: no theorem. Masks,
causality, score biases, biases of projections and any number of heads are part of
every attention.

## Fields with weights of your own

A tube, and steps and stacks over it, can be certified of every field listed here, alone
or behind a LayerNorm or an RMSNorm (`sc.certify`, `stabcheck certify`); `stabcheck
bound` takes attention alone.
"""
NONE = """
Declared without a bound for weights of their own (their Jacobians are in
[fields.md](fields.md)); some have one for families, below:

{}

Penalties on distance and windows are biases and masks: give them to `attention` as the
arrays `bias` and `mask` of its tokens.
"""
FAMILY = """
## Families of weights

Every member of a family at once, from caps on norms (`stabcheck design`,
[designs.md](designs.md)). Kinds of field:

{}

| theorem | what it bounds | status |
|---|---|---|
"""
PUBLISHED = """
## Published bounds, as baselines

None enters a certificate; `stabcheck.bounds.published` computes them and the tests try
to exceed them.

| name | source | status |
|---|---|---|
"""
CITED = """
## Cited, not proved here

Every other theorem of the ledger has an executable proof. These rest on their sources:

| theorem | statement | source |
|---|---|---|
"""


def rows(name: str) -> Iterator[list[str]]:
    """The rows of one field: one a domain that some theorem reaches.

    **Raises:** `InvalidInput` for a declaration without bounds.
    """
    field = sc.fields.FIELDS[name]()
    heads = field.settings.get("heads", 1)
    drawn = inputs(field, TOKENS, FEATURES, heads)
    state = drawn.pop(field.state.name)
    branch = branch_of(field, drawn)
    for kind, domain_of in ROUND.items():
        cells = [cell(branch, state, domain_of(state), q) for q in QUANTITIES]
        if any(found != NO_THEOREM for found in cells):
            yield [f"`{name}`", kind, *cells]


def cell(
    branch: Branch, state: np.ndarray, domain: domains.Domain, quantity: str
) -> str:
    """The theorem that bounds a quantity over a domain, accepted by the checker."""
    draft = Draft()
    try:
        found = established(draft, branch, state, domain, quantity)
    except StabcheckError:
        found = None
    if found is None:
        return NO_THEOREM
    with tempfile.TemporaryDirectory() as folder:
        certificate = draft.certificate("A field on a domain.", r"\|J\| \le c", {})
        verdict = check(certificate.save(Path(folder)), jobs=1)
    if verdict.status != "accepted":
        raise SystemExit(f"{found.theorem} was not accepted: {verdict}")
    tiers = {claim.tier for claim in draft.claims}
    return f"{found.theorem}{'*' if 'float64' in tiers else ''}"


def established(
    draft: Draft,
    branch: Branch,
    state: np.ndarray,
    domain: domains.Domain,
    quantity: str,
) -> Established | None:
    """Write the strongest bound that the prover has; none where none applies."""
    (only, *others), on_ball = branch, isinstance(domain, domains.Ball)
    if isinstance(only, Attention) and not others:
        return certified(draft, only, state, domain, quantity)[0]
    if isinstance(only, ScoredAttention) and on_ball and not others:
        bound = scored_attention_ball(only, float(domain.radius), len(state), quantity)
        return direct(only, domain, bound).write(draft)
    if quantity == "mixed-norm" or not isinstance(domain, domains.Point | domains.Tube):
        return None
    radius = getattr(domain, "radius", Fraction(0))
    plan = plan_tube(Centre(branch, state), radius, quantity)
    return Writer(draft, "field").emit(plan)


def grouped(found: list[list[str]]) -> list[list[str]]:
    """The rows of fields that share all of them, once."""
    of_field: dict[str, list[list[str]]] = {}
    for name, *row in found:
        of_field.setdefault(name, []).append(row)
    names: dict[str, list[str]] = {}
    for name, own in of_field.items():
        names.setdefault(repr(own), []).append(name)
    return [
        [", ".join(same), *row] for same in names.values() for row in of_field[same[0]]
    ]


def listed(names: Iterable[str]) -> str:
    """Names in lines of a page's width."""
    text = ", ".join(f"`{name}`" for name in names) + "."
    return textwrap.fill(text, 88, break_on_hyphens=False)


def table(headings: tuple[str, ...], found: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(found: list[list[str]], without: list[str]) -> str:
    """The whole page."""
    families = [
        theorem
        for module, names in MODULES.items()
        if module in FAMILY_MODULES
        for theorem in names
    ]
    cited = [t for t in LEDGER.values() if t.status == "cited"]
    return "".join(
        [
            ABOVE,
            "\n",
            table(HEADINGS, grouped(found)),
            NONE.format(listed(without)),
            FAMILY.format(listed(FAMILIES)),
            *(
                f"| {id} | {LEDGER[id].summary} | {LEDGER[id].status} |\n"
                for id in families
            ),
            PUBLISHED,
            *(
                f"| {name} | {one.source} | {one.status} |\n"
                for name, one in BASELINES.items()
            ),
            CITED,
            *(f"| {t.id} | {t.summary} | {t.source} |\n" for t in cited),
        ]
    )


def main() -> None:
    """Print the rows, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("fields", nargs="*")
    options = parser.parse_args()
    found, without = [], []
    for name in options.fields or sc.fields.FIELDS:
        try:
            for row in rows(name):
                found.append(row)
                print(" | ".join(row), flush=True)
        except InvalidInput:
            without.append(name)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(page(found, without))


if __name__ == "__main__":
    main()
