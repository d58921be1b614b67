"""Changes of a certificate as a careless or a dishonest prover would make them.

`strengthened` is what a broken prover says: one claim, its constant too good.  The
others change anything else: premises, order, arrays, digits, domains, fields.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

Document = dict[str, Any]
Arrays = dict[str, np.ndarray]
Generator = np.random.Generator
Change = Callable[[Document, Arrays, Generator], None]


class Inapplicable(Exception):
    """This change has nothing to act on in this certificate."""


LOWER = (
    "log-norm-lower",
    "shrink",
    "attained",
    "spectrum-lower",
    "contractive-step",
    "invertible-step",
    "start-radius-squared",
)
"""Beginnings of the quantities whose claims are lower bounds."""


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def is_lower(claim: Document) -> bool:
    """Whether the claim's number bounds from below."""
    if claim["quantity"] == "attained-log-norm-lower":
        return False
    return claim["quantity"].startswith(LOWER)


def strengthened(claim: Document, share: Fraction) -> None:
    """Make the number of one claim better by a share of its size."""
    if "bound" not in claim:
        _strengthened_fact(claim, share)
        return
    bound = Fraction(*claim["bound"])
    move = share * (abs(bound) if bound else 1)
    claim["bound"] = _pair(bound + move if is_lower(claim) else bound - move)


def _strengthened_fact(claim: Document, share: Fraction) -> None:
    """The same of a fact of a method: an order, a predicate, an interval."""
    if "order" in claim:
        claim["order"] += 1
    elif "holds" in claim:
        claim["holds"] = not claim["holds"]
    elif isinstance(claim.get("lower"), list):
        factor = 1 + share
        for key in ("lower", "upper"):
            if isinstance(claim[key], list):
                claim[key] = _pair(Fraction(*claim[key]) * factor + share)
    elif "G" in claim:
        claim["G"][0] = _pair(-Fraction(*claim["G"][0]))
    elif "P" in claim:
        claim["P"] = [*claim["P"][:-1], _pair(Fraction(*claim["P"][-1]) + 1)]
    else:
        raise Inapplicable  # Nothing is larger than infinity.


def _any_claim(document: Document, rng: Generator) -> Document:
    return document["claims"][rng.integers(len(document["claims"]))]


def stronger_claim(document: Document, _: Arrays, rng: Generator) -> None:
    """Half a percent to a half better."""
    share = Fraction(int(rng.integers(5, 500)), 1000)
    strengthened(_any_claim(document, rng), share)


def swapped_premises(document: Document, _: Arrays, rng: Generator) -> None:
    """The premises of a claim in reverse order."""
    claims = [c for c in document["claims"] if len(set(c.get("premises", ()))) > 1]
    if not claims:
        raise Inapplicable
    claim = claims[rng.integers(len(claims))]
    claim["premises"] = claim["premises"][::-1]


def circular_premise(document: Document, _: Arrays, rng: Generator) -> None:
    """A claim that rests on itself, or on a later one."""
    places = [k for k, c in enumerate(document["claims"]) if c.get("premises")]
    if not places:
        raise Inapplicable
    place = int(places[rng.integers(len(places))])
    last = len(document["claims"])
    document["claims"][place]["premises"][0] = int(rng.integers(place, last))


def another_premise(document: Document, _: Arrays, rng: Generator) -> None:
    """A premise replaced by any earlier claim."""
    places = [k for k, c in enumerate(document["claims"]) if c.get("premises") and k]
    if not places:
        raise Inapplicable
    place = int(places[rng.integers(len(places))])
    premises = document["claims"][place]["premises"]
    premises[rng.integers(len(premises))] = int(rng.integers(place))


def reordered_claims(document: Document, _: Arrays, rng: Generator) -> None:
    """Two claims exchanged."""
    if len(document["claims"]) < 2:
        raise Inapplicable
    first, second = rng.choice(len(document["claims"]), 2, replace=False)
    claims = document["claims"]
    claims[first], claims[second] = claims[second], claims[first]


def _arrays_of(arrays: Arrays, kinds: str) -> list[str]:
    names = sorted(n for n, a in arrays.items() if a.dtype.kind in kinds and a.size)
    if not names:
        raise Inapplicable
    return names


def swapped_arrays(_: Document, arrays: Arrays, rng: Generator) -> None:
    """Two arrays of one shape and type exchanged: weights, states or witnesses."""
    names = _arrays_of(arrays, "if")
    first = names[rng.integers(len(names))]
    same = [
        name
        for name in names
        if name != first
        and arrays[name].shape == arrays[first].shape
        and arrays[name].dtype == arrays[first].dtype
    ]
    if not same:
        raise Inapplicable
    second = same[rng.integers(len(same))]
    arrays[first], arrays[second] = arrays[second], arrays[first]


def changed_number(_: Document, arrays: Arrays, rng: Generator) -> None:
    """One number of one array of floats scaled, negated, or moved by one bit."""
    names = _arrays_of(arrays, "f")
    name = names[rng.integers(len(names))]
    array = arrays[name] = arrays[name].copy()
    place = rng.integers(array.size)
    old = array.flat[place]
    changes = (old * 1.25, -old, np.nextafter(old, np.inf), old + 0.01)
    array.flat[place] = changes[rng.integers(len(changes))]


def changed_witness(_: Document, arrays: Arrays, rng: Generator) -> None:
    """One integer of one witness moved."""
    names = [n for n in _arrays_of(arrays, "i") if arrays[n].dtype == np.int64]
    if not names:
        raise Inapplicable
    name = names[rng.integers(len(names))]
    array = arrays[name] = arrays[name].copy()
    place = rng.integers(array.size)
    array.flat[place] += int(rng.choice([-1000, -1, 1, 1000]))


def larger_domain(document: Document, _: Arrays, rng: Generator) -> None:
    """A domain a little or much wider than the one the bounds were made for."""
    found = [d for d in document.get("domains", ()) if "radius" in d]
    if not found:
        raise Inapplicable
    domain = found[rng.integers(len(found))]
    factor = Fraction(int(rng.integers(1001, 2000)), 1000)
    domain["radius"] = _pair(Fraction(*domain["radius"]) * factor)


def another_domain(document: Document, _: Arrays, rng: Generator) -> None:
    """A claim said of another domain of the certificate."""
    if len(document.get("domains", ())) < 2:
        raise Inapplicable
    claim = _any_claim(document, rng)
    claim["domain"] = int(rng.integers(len(document["domains"])))


def another_word(document: Document, _: Arrays, rng: Generator) -> None:
    """A claim with the theorem, quantity, subject or witness of another claim."""
    claim, other = _any_claim(document, rng), _any_claim(document, rng)
    keys = [
        key
        for key in ("theorem", "quantity", "subject", "witness", "parameters", "tier")
        if key in other and claim.get(key) != other[key]
    ]
    if not keys:
        raise Inapplicable
    key = keys[rng.integers(len(keys))]
    claim[key] = other[key]


def changed_parameter(document: Document, _: Arrays, rng: Generator) -> None:
    """One rational among a claim's parameters scaled."""
    lists = [
        value
        for claim in document["claims"]
        for value in claim.get("parameters", {}).values()
        if isinstance(value, list) and value and isinstance(value[0], list)
    ]
    if not lists:
        raise Inapplicable
    values = lists[rng.integers(len(lists))]
    place = rng.integers(len(values))
    factor = Fraction(int(rng.integers(1, 4000)), 1000)
    values[place] = _pair(Fraction(*values[place]) * factor)


def changed_field(document: Document, _: Arrays, rng: Generator) -> None:
    """A mask dropped or added, a scale, an epsilon or a bias changed."""
    if not document.get("fields"):
        raise Inapplicable
    field = document["fields"][rng.integers(len(document["fields"]))]
    if "layer" in document:
        _changed_words(field, rng)
    elif field["kind"] == "attention":
        which = rng.integers(3)
        optional = [k for k in ("b_Q", "bias", "mask") if k in field]
        if which == 0:
            field["causal"] = not field["causal"]
        elif which == 1:
            field["scale"] = {"value": [int(rng.integers(1, 9)), 4]}
        elif optional:
            field.pop(optional[rng.integers(len(optional))])
        else:
            raise Inapplicable
    elif "epsilon" in field:
        field["epsilon"] = _pair(Fraction(*field["epsilon"]) / 7)
    else:
        raise Inapplicable


def _changed_words(field: Document, rng: Generator) -> None:
    """Another mask, tie, normalisation, activation or sign of a design's field."""
    words = {
        "mask": ("any", "none", "causal"),
        "tie": ("none", "negative", "convex"),
        "normalisation": ("none", "soft", "rms"),
        "activation": ("relu", "tanh", "gelu", "sigmoid"),
        "sign": (1, -1),
    }
    keys = [key for key in words if key in field]
    if not keys:
        raise Inapplicable
    key = keys[rng.integers(len(keys))]
    field[key] = words[key][rng.integers(len(words[key]))]


def larger_caps(document: Document, _: Arrays, rng: Generator) -> None:
    """One rational of a design's or a family's fields larger."""
    if "layer" not in document and not any(
        field["kind"] == "attention-family" for field in document.get("fields", ())
    ):
        raise Inapplicable
    places = [
        (field, key)
        for field in document["fields"]
        for key, value in field.items()
        if isinstance(value, list)
    ]
    if not places:
        raise Inapplicable
    field, key = places[rng.integers(len(places))]
    factor = Fraction(int(rng.integers(1001, 2000)), 1000)
    field[key] = _pair(Fraction(*field[key]) * factor)


def changed_layer(document: Document, _: Arrays, rng: Generator) -> None:
    """A longer step, another leak or scale, a wider domain or another metric."""
    if "layer" not in document:
        raise Inapplicable
    parts, domain = document["layer"]["parts"], document["domain"]
    part = parts[rng.integers(len(parts))]
    which = rng.integers(6)
    factor = Fraction(int(rng.integers(1001, 3000)), 1000)
    if which < 3:
        key = ("step", "scale", "leak")[which]
        part[key] = _pair(Fraction(*part[key]) * factor)
    elif which == 3:
        other = {"token-max": "frobenius", "frobenius": "token-max"}
        document["metric"] = other[document["metric"]]
    elif "radius_squared" in domain:
        domain["radius_squared"] = _pair(Fraction(*domain["radius_squared"]) * factor)
    elif "floor" in domain:
        domain["floor"] = _pair(Fraction(*domain["floor"]) / factor)
    else:
        document["domain"] = {"kind": "ball", "radius_squared": [4, 1]}


def deeper(document: Document, _: Arrays, rng: Generator) -> None:
    """The claims of a design said of more layers."""
    if "layer" not in document:
        raise Inapplicable
    document["depth"] += int(rng.integers(1, 4))
    for claim in document["claims"]:
        for key in ("depth", "every-depth"):
            if key in claim["subject"]:
                claim["subject"] = {key: document["depth"]}


def changed_parameter_array(document: Document, arrays: Arrays, rng: Generator) -> None:
    """One number of an array among a claim's parameters: scaled, lost, not finite."""
    names = [
        value
        for claim in document["claims"]
        for value in claim.get("parameters", {}).values()
        if isinstance(value, str) and arrays.get(value, np.empty(0)).size
    ]
    if not names:
        raise Inapplicable
    name = names[rng.integers(len(names))]
    array = arrays[name] = arrays[name].copy()
    if rng.random() < 0.2:
        arrays[name] = array[..., :-1] if rng.random() < 0.5 else array.T.copy()
        return
    place = rng.integers(array.size)
    old = array.flat[place]
    changes = (0.0, -old, 0.5 * old, 2 * old, 1e300, -1.0, np.nan, np.inf)
    array.flat[place] = changes[rng.integers(len(changes))]


def wider_tubes(document: Document, arrays: Arrays, rng: Generator) -> None:
    """A radius of one token, or entry, larger, or negative, or not a number."""
    found = [d for d in document.get("domains", ()) if "radii" in d]
    if not found:
        raise Inapplicable
    name = found[rng.integers(len(found))]["radii"]
    radii = arrays[name] = arrays[name].copy()
    place = rng.integers(radii.size)
    old = radii.flat[place]
    changes = (1.3 * old + 1e-9, -old, np.nan, np.inf)
    radii.flat[place] = changes[rng.integers(len(changes))]


def changed_method(document: Document, _: Arrays, rng: Generator) -> None:
    """A coefficient or a step size changed."""
    if document.get("integrators"):
        record = document["integrators"][rng.integers(len(document["integrators"]))]
    elif document.get("methods"):
        record = document["methods"][rng.integers(len(document["methods"]))]
    elif "b" in document.get("method", {}):
        record = document["method"]
    else:
        raise Inapplicable
    row = record["b"]
    place = rng.integers(len(row))
    if "generator" in record:
        row, place = row[place], 0
    row[place] = _pair(Fraction(*row[place]) + Fraction(1, 10))


CHANGES: tuple[Change, ...] = (
    stronger_claim,
    swapped_premises,
    circular_premise,
    another_premise,
    reordered_claims,
    swapped_arrays,
    changed_number,
    changed_witness,
    larger_domain,
    another_domain,
    another_word,
    changed_parameter,
    changed_parameter_array,
    wider_tubes,
    changed_field,
    larger_caps,
    changed_layer,
    deeper,
    changed_method,
)
