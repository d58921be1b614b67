"""Steps of the parts of a layer: facts, their claims, and their formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stabcheck.certify.designs.chain import Chain, Line
from stabcheck.growth.designs import StepFact, largest_step, step_bounds
from stabcheck.growth.designs.step_fact import rounded

if TYPE_CHECKING:
    from sympy import Expr

    from stabcheck.certify.designs.answers import Answer

TOKEN_WISE = (
    "hopfield",
    "feed-forward",
    "gradient-feed-forward",
    "antisymmetric-feed-forward",
)
"""Fields that act on every token alone."""


def is_token_wise(record: Mapping[str, Any]) -> bool:
    """Whether a field acts on every token alone, where every token has a 2-norm."""
    return record["kind"] in TOKEN_WISE


def values_of(lines: Mapping[str, Line]) -> dict[str, Fraction]:
    """The numbers of a field's constants."""
    return {quantity: line.value for quantity, line in lines.items()}


def compose(found: Answer) -> None:
    """Growth and shrink of each part, and their products."""
    chain = found.chain
    lines: dict[str, list[Line]] = {"growth": [], "shrink": []}
    for place in range(len(found.parts)):
        facts = part_facts(found, place)
        for quantity, row in lines.items():
            fact = next((f for f in facts if f.quantity == quantity), None)
            if fact is not None:
                row.append(part_line(found, place, fact))
            elif quantity not in found.reasons:
                found.reasons[quantity] = too_long(found, place, quantity)
    for quantity, row in lines.items():
        if len(row) == len(found.parts):
            found.layer[quantity] = _product(chain, quantity, row)


def too_long(found: Answer, place: int, quantity: str) -> str:
    """Why a step has no growth or no shrink, and the largest step that has one."""
    part, design = found.parts[place], found.design
    record, method = design.branches[part["field"]].field, design.method_of(part)
    if "lipschitz" not in found.constants[part["field"]]:
        return found.reasons.get("growth", "")
    largest = largest_step(
        method,
        part,
        part_constants(found, place),
        design.metric,
        "invertible",
        token_wise=is_token_wise(record),
    )
    what = {
        "growth": "its stages are not known to have one solution",
        "shrink": "it is not known to be invertible",
    }[quantity]
    if isinstance(largest, StepFact):
        advice = f"take a step below {float(largest.value):.6g}"
    else:
        advice = "no step of this method is known to be invertible"
    return (
        f"a step of size {part['step']} of {method.name} on {record['kind']} is too "
        f"long: {what}; {advice}"
    )


def part_facts(found: Answer, place: int) -> list[StepFact]:
    """What is known of the step of one part."""
    design, part = found.design, found.parts[place]
    return step_bounds(
        design.method_of(part),
        part,
        part_constants(found, place),
        design.metric,
        token_wise=is_token_wise(design.branches[part["field"]].field),
    )


def part_constants(found: Answer, place: int) -> dict[str, Fraction]:
    """The constants of a part's field that say more than its Lipschitz constant.

    An explicit step has no use for a logarithmic norm that is as large.
    """
    part = found.parts[place]
    method = found.design.method_of(part)
    values = values_of(found.constants[part["field"]])
    explicit = not any(x != 0 for i, row in enumerate(method.A) for x in row[i:])
    if explicit and values.get("log-norm") == values.get("lipschitz"):
        values.pop("log-norm", None)
    return values


def part_line(found: Answer, place: int, fact: StepFact) -> Line:
    """The claim of a fact about one part, its formula in the symbols of that part."""
    formula = in_symbols_of(found, place, fact.expression)
    constants = [found.constants[found.parts[place]["field"]]]
    return fact_line(found.chain, fact, {"part": place}, constants, formula)


def in_symbols_of(
    found: Answer, place: int, formula: Callable[[], Expr]
) -> Callable[[], Expr]:
    """The formula with the part's number at its constants, its scale and its half."""
    part, design = found.parts[place], found.design
    branch = design.branches[part["field"]]
    shown = f"_{part['field'] + 1}" if len(design.branches) > 1 else ""

    def renamed() -> Expr:
        from sympy import Rational, Symbol

        expression = formula()
        depth = Symbol("L", positive=True) if branch.scale.by_depth else 1
        scale = Rational(branch.scale.number) / depth
        changes = {}
        for symbol in expression.atoms(Symbol):
            if symbol.name in ("K", "mu", "nu_-", "nu_+"):
                name = symbol.name + shown
                changes[symbol] = scale * Symbol(name, **symbol.assumptions0)
            elif symbol.name == "lambda":
                changes[symbol] = Symbol("lambda" + shown, positive=True)
            elif symbol.name == "h" and part["step"] != design.step_size:
                changes[symbol] = symbol / 2
        return expression.subs(changes, simultaneous=True)

    return renamed


def _product(chain: Chain, quantity: str, row: Sequence[Line]) -> Line:
    value = Fraction(1)
    for line in row:
        value *= line.value

    def formula() -> Expr:
        from sympy import Mul

        return Mul(*(line.formula() for line in row), evaluate=len(row) == 1)

    return chain.add(
        "splitting-products",
        quantity,
        {"layer": True},
        rounded(quantity, value),
        formula,
        row,
    )


def fact_line(
    chain: Chain,
    fact: StepFact,
    subject: Mapping[str, Any],
    constants: Sequence[Mapping[str, Line]],
    formula: Callable[[], Expr] | None = None,
) -> Line:
    """The claim of a fact, its premises those constants that it names."""
    names = list(fact.premises)
    if len(constants) > 1:
        # One constant a part, in the order of the parts.
        premises = [lines[name] for lines, name in zip(constants, names, strict=True)]
    else:
        premises = [constants[0][name] for name in names]
    return chain.add(
        fact.theorem,
        fact.quantity,
        subject,
        fact.value,
        formula or fact.expression,
        premises,
        fact.parameters,
    )
