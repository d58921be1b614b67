r"""Write a polynomial in its Bernstein form, for the lemma `remainder` of RK4.v.

    python proofs/coq/bernstein.py

prints $c\,b(u)\,b(t)$ term by term, for the polynomial below on $[0, 7/5] \times
[0, 1]$; Coq checks by ring arithmetic that the sum is the polynomial, and that every
coefficient is positive.  The program is a convenience: nothing rests on it.
"""

from sympy import Poly, Rational, binomial, expand, symbols

rho, t, u = symbols("rho t u")

REMAINDER = (
    rho**6 * (t**2 + t + 1)
    - 4 * rho**5 * (t**2 + t + 1)
    + rho**4 * (12 * t**2 + 10 * t + 10)
    - rho**3 * (24 * t**2 + 18 * t + 18)
    + 24 * rho**2 * (t**2 + t + 1)
    - 24 * rho * (t + 1)
    + 18
)
RIGHT = Rational(7, 5)
DEGREES = (6, 3)
"""In t one more than the polynomial's own: at degree two a coefficient is negative."""


def terms():
    """The terms `c (u^i (1-u)^(m-i) (t^j (1-t)^(n-j)))`, in Coq's notation."""
    m, n = DEGREES
    powers = Poly(expand(REMAINDER.subs(rho, RIGHT * u)), u, t).as_dict()
    for i in range(m + 1):
        for j in range(n + 1):
            c = (
                sum(
                    value
                    * binomial(i, a)
                    * binomial(j, b)
                    / (binomial(m, a) * binomial(n, b))
                    for (a, b), value in powers.items()
                    if a <= i and b <= j
                )
                * binomial(m, i)
                * binomial(n, j)
            )
            yield f"{c} * (u ^ {i} * (1 - u) ^ {m - i} * (t ^ {j} * (1 - t) ^ {n - j}))"


if __name__ == "__main__":
    print("\n    + ".join(terms()))
