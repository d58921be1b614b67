r"""Splittings over anonymous fields, and compositions.

HLW: Hairer, Lubich, Wanner, *Geometric Numerical Integration*, 2nd ed. 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from stabcheck.integrators.algebra.number_field import NumberField, square_root
from stabcheck.integrators.catalogue.sections import flows, printed
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.complex_splitting import (
    ComplexNumber,
    ComplexSplitting,
)
from stabcheck.integrators.several_fields.flow_words import FlowSplitting
from stabcheck.integrators.several_fields.splitting import LieTrotter, Substep
from stabcheck.integrators.several_fields.weighted_splitting import WeightedSplitting

HALF = Fraction(1, 2)
TROTTER = "Trotter, Proc. Amer. Math. Soc. 10 (1959) 545-551"
STRANG = "Strang, SIAM J. Numer. Anal. 5 (1968) 506-517; HLW II.5"
BLANES = (
    "Blanes, Moan, J. Comput. Appl. Math. 142 (2002) 313-330, "
    "doi:10.1016/S0377-0427(01)00492-7"
)


def euler() -> ButcherTableau:
    """The substep of residual blocks."""
    return ButcherTableau("forward-euler", A=[[0]], b=[1])


def lie_trotter() -> LieTrotter:
    """Euler substeps of a, then of b: the sequential transformer block."""
    substep = euler()
    return LieTrotter(
        "lie-trotter",
        (Substep("a", 1, substep), Substep("b", 1, substep)),
        source=f"{TROTTER}, Euler substeps; attention then feed-forward: Lu et al., "
        "arXiv:1906.02762",
    )


def word(name: str, first: str, shares: Sequence[Any], source: str) -> FlowSplitting:
    """Alternating flows of `a` and `b` with the given fractions."""
    letters = "ab" if first == "a" else "ba"
    pairs = [(letters[k % 2], share) for k, share in enumerate(shares)]
    return FlowSplitting(name, tuple(pairs), source)


def composed(name: str, shares: Sequence[Any], source: str) -> FlowSplitting:
    """Strang's ABA over fractions of the step, neighbouring flows of a merged."""
    pairs: list[tuple[str, Any]] = [("a", shares[0] / 2)]
    for k, share in enumerate(shares):
        following = shares[k + 1] / 2 if k + 1 < len(shares) else Fraction(0)
        pairs += [("b", share), ("a", share / 2 + following)]
    return FlowSplitting(name, tuple(pairs), source)


def yoshida4() -> FlowSplitting:
    r"""Three steps of Strang, $\gamma = 1/(2 - 2^{1/3})$."""
    outer = 1 / (2 - NumberField((-2, 0, 0, 1), "1.26").generator)
    source = "Forest, Ruth 1990; Yoshida 1990; Suzuki 1990; HLW II.4, Example 4.2"
    return composed("yoshida4", [outer, 1 - 2 * outer, outer], source)


def suzuki4() -> FlowSplitting:
    r"""Five steps of Strang, $\gamma = 1/(4 - 4^{1/3})$."""
    outer = 1 / (4 - NumberField((-4, 0, 0, 1), "1.59").generator)
    source = "Suzuki, Phys. Lett. A 146 (1990) 319-323; HLW II.4, Example 4.3"
    shares = [outer, outer, 1 - 4 * outer, outer, outer]
    return composed("suzuki4", shares, source)


def mclachlan_atela2() -> FlowSplitting:
    r"""Two flows of each field of order 2 with the least error."""
    r = square_root(2) / 2
    source = "McLachlan, Atela, Nonlinearity 5 (1992) 541-562"
    return word("mclachlan-atela2", "b", [1 - r, r, r, 1 - r], source)


def mclachlan_atela3() -> FlowSplitting:
    """Three flows of each field of order 3, in decimals."""
    a1 = Fraction("0.9196615230173999")
    a2 = 1 / (4 * a1) - a1 / 2
    a3 = 1 - a1 - a2
    source = "McLachlan, Atela, Nonlinearity 5 (1992) 541-562"
    pairs = (("b", a3), ("a", a1), ("b", a2), ("a", a2), ("b", a1), ("a", a3))
    return FlowSplitting("mclachlan-atela3", pairs, source, 3)


def blanes_moan_s6() -> FlowSplitting:
    """Six stages of order 4."""
    a = [Fraction(x) for x in (
        "0.0792036964311957", "0.353172906049774", "-0.0420650803577195")]  # fmt: skip
    b = [Fraction(x) for x in ("0.209515106613362", "-0.143851773179818")]
    a, b = [*a, 1 - 2 * sum(a), *a[::-1]], [*b, HALF - sum(b)]
    b += b[::-1]
    return _palindrome("blanes-moan-s6", "a", a, b, 4)


def blanes_moan_srkn11() -> FlowSplitting:
    r"""Eleven stages of order 6 for $q'' = g(q)$."""
    kicks = [Fraction(x) for x in (
        "0.0414649985182624", "0.198128671918067", "-0.0400061921041533",
        "0.0752539843015807", "-0.0115113874206879")]  # fmt: skip
    drifts = [Fraction(x) for x in (
        "0.123229775946271", "0.290553797799558", "-0.127049212625417",
        "-0.246331761062075", "0.357208872795928")]  # fmt: skip
    kicks.append(HALF - sum(kicks))
    kicks += kicks[::-1]
    drifts = [*drifts, 1 - 2 * sum(drifts), *drifts[::-1]]
    return _palindrome("blanes-moan-srkn11", "b", kicks, drifts, 6)


def _palindrome(
    name: str, first: str, outer: Sequence[Any], inner: Sequence[Any], order: int
) -> FlowSplitting:
    second = "b" if first == "a" else "a"
    pairs = [(first, outer[0])]
    for x, y in zip(inner, outer[1:], strict=True):
        pairs += [(second, x), (first, y)]
    return FlowSplitting(
        name, tuple(pairs), BLANES, order, is_for_second_order=first == "b"
    )


def castella3() -> ComplexSplitting:
    r"""Two steps of Strang with $\gamma = (3 \pm i\sqrt3)/6$, of order 3."""
    early = ComplexNumber(HALF, square_root(3) / 6)
    late = early.conjugate
    pairs = (
        ("a", early / 2), ("b", early), ("a", (early + late) / 2), ("b", late),
        ("a", late / 2),
    )  # fmt: skip
    source = (
        "Castella, Chartier, Descombes, Vilmart, BIT 49 (2009) 487-508; Hansen, "
        "Ostermann, BIT 49 (2009) 527-542"
    )
    return ComplexSplitting("complex-strang3", pairs, source)


def complex_lie2() -> ComplexSplitting:
    r"""Two steps of Lie and Trotter with $\gamma = (1 \pm i)/2$, of order 2."""
    early = ComplexNumber(HALF, HALF)
    late = early.conjugate
    pairs = (("a", early), ("b", early), ("a", late), ("b", late))
    return ComplexSplitting(
        "complex-lie2", pairs, "Hansen, Ostermann, BIT 49 (2009) 527-542"
    )


def additive_parallel() -> WeightedSplitting:
    r"""$\varphi^a + \varphi^b - \mathrm{id}$: both flows from the same state."""
    words = ((1, (("a", 1),)), (1, (("b", 1),)), (-1, ()))
    return WeightedSplitting(
        "additive-parallel", words, "closed form; of order 1 by the sum of the flows"
    )


def symmetrically_weighted() -> WeightedSplitting:
    r"""$(\varphi^a\varphi^b + \varphi^b\varphi^a)/2$, of order 2."""
    words = ((HALF, (("a", 1), ("b", 1))), (HALF, (("b", 1), ("a", 1))))
    return WeightedSplitting("symmetrically-weighted", words, STRANG)


ROWS = (
    Row(
        148,
        "lie-trotter-row",
        "Lie-Trotter, with Euler substeps and with exact flows",
        methods={
            "lie-trotter": lie_trotter,
            "lie-trotter-flows": lambda: word(
                "lie-trotter-flows", "a", [1, 1], TROTTER
            ),
        },
    ),
    Row(
        149,
        "strang-row",
        "Strang, ABA and BAB",
        methods={
            "strang": lambda: word("strang", "a", [HALF, 1, HALF], STRANG),
            "strang-bab": lambda: word("strang-bab", "b", [HALF, 1, HALF], STRANG),
        },
    ),
    Row(
        150,
        "ruth3-row",
        "Ruth of order 3",
        methods={
            "ruth3": lambda: word(
                "ruth3",
                "b",
                ["7/24", "2/3", "3/4", "-2/3", "-1/24", 1],
                "Ruth, IEEE Trans. Nucl. Sci. NS-30 (1983) 2669-2671; HLW II.5",
            )
        },
    ),
    Row(
        151,
        "yoshida4-row",
        "Triple jump of order 4, Forest-Ruth",
        methods={"yoshida4": yoshida4},
        aliases={"forest-ruth": "yoshida4", "candy-rozmus4": "yoshida4"},
    ),
    Row(152, "suzuki4-row", "Suzuki's fractal of order 4", {"suzuki4": suzuki4}),
    Row(
        153,
        "mclachlan-atela",
        "McLachlan and Atela of order 2 to 5, Calvo and Sanz-Serna",
        methods={
            "mclachlan-atela2": mclachlan_atela2,
            "mclachlan-atela3": mclachlan_atela3,
            **printed(
                flows, "mclachlan-atela4", "mclachlan-atela5", "calvo-sanz-serna4"
            ),
        },
    ),
    Row(
        154,
        "blanes-moan",
        "Blanes and Moan of order 4 and 6",
        methods={
            "blanes-moan-s6": blanes_moan_s6,
            "blanes-moan-srkn11": blanes_moan_srkn11,
        },
    ),
    Row(
        155,
        "yoshida6-row",
        "Compositions of order 6 and 8 of Yoshida and of McLachlan",
        methods=printed(flows, "yoshida6", "mclachlan8"),
    ),
    Row(
        156,
        "kahan-li",
        "Kahan and Li of order 6 and 8, Sofroniou and Spaletta of order 10",
        methods=printed(flows, "kahan-li6", "kahan-li8", "sofroniou-spaletta10"),
    ),
    Row(
        157,
        "complex-split",
        "Splittings with complex fractions",
        methods={"complex-lie2": complex_lie2, "complex-strang3": castella3},
    ),
    Row(
        158,
        "additive-splitting",
        "Additive splittings, parallel and symmetrically weighted",
        methods={
            "additive-parallel": additive_parallel,
            "symmetrically-weighted": symmetrically_weighted,
        },
    ),
)
