"""Lines that are refused where they are declared, in their own words."""

import pytest
from sympy import (
    Abs,
    Function,
    Heaviside,
    KroneckerDelta,
    Max,
    Piecewise,
    Sum,
    Symbol,
    exp,
    gamma,
    oo,
    sqrt,
    zeta,
)

from stabcheck.errors import InvalidInput
from stabcheck.fields.notation import W_1, X, a, c, d, g, i, k, l, n, scale
from stabcheck.symbolic import Declaration, Index, Scalar, Softmax, Tensor, total
from stabcheck.symbolic.functions import absolute
from stabcheck.symbolic.sinkhorn import Sinkhorn

other_k = Index("k", "token", Symbol("n_c", integer=True, positive=True))
W = Tensor("W", (a, c))
S, p = Tensor("S", (i, k)), Index("p", "token", n)


signed = Symbol("scale", real=True)


def declared():
    return Declaration("try", X, (W, W_1, S, scale))


def summed(expression, *over):
    """A sum as SymPy writes it, without the care of `total`."""
    return Sum(expression, *((index, 0, index.size - 1) for index in over))


@pytest.mark.parametrize(
    ("at", "body", "message"),
    [
        ((i, a), X[k, a], r"y\[i,a\] = X\[k,a\] in try, found k undeclared: free on"),
        ((i, a), total(X[i, c], c), r"found a free on the left side only"),
        ((i, i), X[i, a], "found i twice on the left side"),
        ((i, a), Tensor("B", (i, a))[i, a], "found B undeclared; declare it before"),
        ((i, a), X[i, a] * Symbol("t"), "found t undeclared"),
        ((i, a), KroneckerDelta(i, a) * X[i, a], "a delta joins indices of one range"),
        ((i, a), KroneckerDelta(i, 0) * X[i, a], "a delta joins two indices"),
        (
            (i, a),
            summed(X[k, a] * summed(X[k, c] * X[i, c], k, c), k),
            "found k bound twice; use a letter of its own",
        ),
        ((i, a), X[i, a] + summed(X[i, a], i), "found i bound twice"),
        ((i, a), Softmax(i, k, summed(X[k, a], k)), "found k bound twice"),
        ((i, a), summed(summed(X[k, a], k) * X[i, a], i), "found i bound twice"),
        ((i, a), gamma(X[i, a]), "found gamma, a function without a derivative here"),
        ((i, a), Heaviside(X[i, a]), "found Heaviside, a function without a"),
        ((i, a), absolute(X[i, a]), "found absolute, a function without a"),
        ((i, a), Function("f")(X[i, a]), "found f, a function without a derivative"),
        ((i, a), zeta(scale.symbol) * X[i, a], "found zeta, a function"),
        (
            (i, a),
            Piecewise((X[i, a], scale.symbol > 1), (0, True)),
            "there is no rule; use sums, products",
        ),
        ((i, a), Max(X[i, a], 0), "found a Max, for which there is no rule"),
        ((i, a), scale.symbol ** X[i, a], "found the exponent X"),
        ((i, a), 0.5 * X[i, a], "found the number 0.5"),
        ((i, a), X[i, a] + oo, "found the number oo; give an exact one"),
        ((i,), Sum(X[i, c], (c, 0, 2)), "a sum over a part of the range of c"),
        ((i, a), Sum(X[k, a], (k, 0, i)), "a sum over a part of the range of k"),
        ((i, k), Heaviside(i - k), "Heaviside of one half at zero; write"),
        ((i, k), exp(KroneckerDelta(i, k)), "a delta that does not enter linearly"),
        ((i, a), signed * X[i, a], "found scale with another sign than declared"),
        (
            (i, k),
            Softmax(k, l, S[i, l], total(X[i, c] * X[l, c], c)),
            "a mask that depends on the state, by X; a mask is a constant",
        ),
        (
            (i, k),
            Softmax(k, l, S[i, l], 1, total(X[i, c], c)),
            "a sink that depends on the state, by X",
        ),
        (
            (i, k),
            Softmax(k, l, S[i, l], S[i, l]),
            "found S in a mask, declared without",
        ),
        ((i, k), exp(Sinkhorn(i, k, l, p, S[l, p])), "give it a line of its own"),
    ],
)
def test_a_line_with_a_fault_is_refused_at_its_declaration(at, body, message):
    with pytest.raises(InvalidInput, match=message) as caught:
        declared().let("y", at, body)
    assert str(caught.value).startswith("asked to define y[")


def test_an_entry_of_another_range_is_refused_where_it_is_written():
    with pytest.raises(InvalidInput, match=r"asked for X\[k, a\], found axes of sizes"):
        X[other_k, a]
    twin = Tensor("X", (other_k, a))
    with pytest.raises(InvalidInput, match="give each axis an index of its own range"):
        declared().let("y", (a,), total(twin[other_k, a], other_k))


@pytest.mark.parametrize("at", ["i", 0, Symbol("i")])
def test_an_entry_is_read_at_typed_indices_only(at):
    with pytest.raises(InvalidInput, match="use one index of the same range"):
        X[at, a]


@pytest.mark.parametrize(
    ("name", "at"), [("", (i, a)), (3, (i, a)), ("y", ()), ("y", ("i", a))]
)
def test_a_left_side_is_a_name_with_indices(name, at):
    with pytest.raises(InvalidInput, match="found no array on the left side"):
        declared().let(name, at, X[i, a])


def test_a_mask_may_be_defined_but_not_from_the_state():
    F = declared()
    seen = F.let("seen", (i, k), total(X[i, c] * X[k, c], c))
    with pytest.raises(InvalidInput, match="depends on the state, by seen"):
        F.let("P", (i, k), Softmax(k, l, S[i, l], seen[i, l]))


def test_a_size_and_a_number_do_not_share_a_name():
    F = Declaration("try", X, (Scalar("n"),))
    with pytest.raises(
        InvalidInput, match="found n the name of a size and of a number"
    ):
        F.let("y", (i, a), X[i, a] / n)


def test_an_index_is_of_one_of_the_kinds():
    with pytest.raises(InvalidInput, match="give one of token, feature, head, width"):
        Index("q", "tokens", n)


def test_one_index_need_not_be_a_tuple():
    assert declared().let("m", i, total(X[i, c], c)).indices == (i,)


def test_one_letter_may_not_stand_for_two_ranges_that_are_summed():
    Y = Tensor("Y", (other_k, c))
    F = Declaration("try", X, (Y,))
    line = total(X[k, c] * X[i, c], k, c) + total(Y[other_k, c] * X[i, c], other_k, c)
    with pytest.raises(InvalidInput, match="found k with the ranges n"):
        F.let("y", (i,), line)


def test_a_name_is_given_once():
    F = declared()
    F.let("y", (i, a), X[i, a])
    with pytest.raises(InvalidInput, match="found it defined already"):
        F.let("y", (i, a), X[i, a])
    with pytest.raises(InvalidInput, match="found it defined already"):
        F.let("X", (i, a), X[i, a])
    with pytest.raises(InvalidInput, match="found scale the name of two arrays"):
        Declaration("try", X, (scale, Scalar("scale")))
    with pytest.raises(InvalidInput, match="found X the name of two arrays"):
        Declaration("try", X, (X,))


def test_what_is_refused_is_not_half_declared():
    F = declared()
    with pytest.raises(InvalidInput):
        F.let("y", (i, a), X[k, a])
    assert F.field.definitions == ()
    F.let("y", (i, a), X[i, a])


def test_lines_as_they_are_usually_written_are_accepted():
    F = declared()
    mean = F.let("m", (i,), total(X[i, c], c) / d)
    # Two sums beside each other may share a letter; so may a sum in another line.
    F.let("u", (i,), total(X[i, c], c) * total(X[i, c] ** 2, c) + mean[i])
    F.let("w", (i, g), total(W_1[c, g] * X[i, c], c) / sqrt(n))
    F.let("far", (i, k), absolute(i - k) * Heaviside(i - k, 1))
    F.let("P", (i, k), Softmax(k, l, total(X[i, c] * X[l, c], c)))
    assert [d.name for d in F.field.definitions] == ["m", "u", "w", "far", "P"]


def test_sympys_own_absolute_value_has_no_rule():
    # It turns |i - k| into |k - i| by the letters, and proofs would not see through.
    with pytest.raises(InvalidInput, match="found Abs, a function"):
        declared().let("far", (i, k), Abs(i - k))
