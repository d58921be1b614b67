r"""Theorem domain-inclusion.

Round one centre, for $n$ tokens of $d$ features, the Frobenius ball of radius $r$ lies
in the tube of radius $r$, that in the box of radius $r$, that in the tube of radius
$\sqrt d\,r$, that in the Frobenius ball of radius $\sqrt{nd}\,r$.  The tube of radius
$r$ round $X_0$ lies in the ball of radius $R$ when $|x^0_i| + r \le R$ for every token.
A supremum over a part is at most the supremum over the whole, an infimum at least.

Write $s_k \ge 0$ for the squares of the moves of the entries.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "domain-inclusion"

SIZES = ((1, 1), (1, 3), (2, 1), (2, 3), (3, 2))
"""Tokens and features; the sums below have the same form for all of them."""

r, gap = symbols("r gap", nonnegative=True)


def squares(tokens: int, features: int) -> list[list]:
    """The squares of the entries' moves, token by token."""
    return [
        list(symbols(f"s{i}_0:{features}", nonnegative=True)) for i in range(tokens)
    ]


def is_small(value, bound) -> bool:
    """Whether a value is at most a bound, both polynomials in nonnegative symbols."""
    return is_sum_of_nonnegative_terms(expand(bound - value))


def step_1_a_token_is_at_most_the_state_and_an_entry_at_most_its_token():
    for tokens, features in SIZES:
        rows = squares(tokens, features)
        whole = sum(sum(row) for row in rows)
        for row in rows:
            assert is_small(sum(row), whole)
            assert all(is_small(entry, sum(row)) for entry in row)


def step_2_entries_of_at_most_r_make_tokens_of_at_most_root_d_r():
    # Every s = r^2 - slack with slack >= 0.
    for tokens, features in SIZES:
        row = [r**2 - slack for slack in squares(tokens, features)[0]]
        assert is_small(sum(row), features * r**2)


def step_3_tokens_of_at_most_r_make_a_state_of_at_most_root_n_r():
    for tokens, features in SIZES:
        lengths = [r**2 - row[0] for row in squares(tokens, features)]
        assert is_small(sum(lengths), tokens * r**2)


def step_4_a_token_near_the_centre_is_at_most_its_length_plus_the_radius():
    # |x0 + delta|^2 = a^2 + 2 x0.delta + b^2 with x0.delta = a b - gap, b = r - slack.
    length, slack = symbols("length slack", nonnegative=True)
    b = symbols("b", nonnegative=True)
    moved = length**2 + 2 * (length * b - gap) + b**2
    assert is_small(moved, (length + b) ** 2)
    assert is_small((length + b), (length + b) + slack)


def step_5_the_test_without_roots_is_the_same_inequality():
    # With q = |x0|^2, t = (sqrt(f) r)^2 and room = R^2 - q - t >= 0:
    # sqrt(q) + sqrt(t) <= R iff 2 sqrt(q t) <= room iff 4 q t <= room^2.
    root_q, root_t, radius = symbols("root_q root_t R", nonnegative=True)
    room = radius**2 - root_q**2 - root_t**2
    difference = radius**2 - (root_q + root_t) ** 2
    assert expand(difference - (room - 2 * root_q * root_t)) == 0
    assert expand(
        room**2 - 4 * root_q**2 * root_t**2
        - (room - 2 * root_q * root_t) * (room + 2 * root_q * root_t)
    ) == 0


def witness_equal_moves_attain_every_radius():
    for tokens, features in SIZES:
        entry = r**2
        assert expand(features * entry - sum([entry] * features)) == 0
        whole = sum([sum([entry] * features)] * tokens)
        assert expand(whole - tokens * features * r**2) == 0


def mutant_a_box_lies_in_the_tube_of_its_radius():
    return is_small(2 * r**2, r**2)


def mutant_a_tube_lies_in_the_frobenius_ball_of_its_radius():
    return is_small(3 * r**2, r**2)


def mutant_half_of_the_features_suffice():
    return is_small(2 * r**2, Rational(1, 2) * 2 * r**2)
