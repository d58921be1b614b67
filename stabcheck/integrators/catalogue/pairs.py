"""Explicit methods of orders 3 to 5 and their embedded weights."""

from stabcheck.integrators.catalogue.printed import printed
from stabcheck.integrators.registry import Row

ROWS = (
    Row(
        34,
        "merson43",
        "Merson 4(3)",
        printed("merson43"),
        aliases={"rk-merson": "merson43"},
    ),
    Row(
        35,
        "zonneveld43",
        "Zonneveld 4(3), and the 4(3) pair of Soderlind",
        printed("zonneveld43", "soderlind43"),
    ),
    Row(
        36,
        "bs32",
        "Bogacki-Shampine 3(2)",
        printed("bs32"),
        aliases={"BS3": "bs32", "Bosh3": "bs32", "bogacki-shampine3": "bs32"},
    ),
    Row(
        37,
        "ss32",
        "Sharp-Smart 3(2)",
        printed("ss32"),
        aliases={"SS3": "ss32", "sharp-smart3": "ss32"},
    ),
    Row(
        38,
        "rkf45",
        "Fehlberg 4(5), advanced with order 5",
        printed("rkf45"),
        aliases={"Fehlberg45": "rkf45"},
    ),
    Row(
        39,
        "rkf43",
        "Fehlberg 4(3)",
        printed("rkf43"),
        aliases={"Fehlberg43": "rkf43"},
    ),
    Row(
        40,
        "cash-karp",
        "Cash-Karp 5(4)",
        printed("cash-karp"),
        aliases={"CK5": "cash-karp", "cash_karp": "cash-karp"},
    ),
    Row(
        41,
        "dopri5",
        "Dormand-Prince 5(4): 7M, and the pairs 6M and 7S of the same paper",
        printed("dopri5", "dopri5-6m", "dopri5-7s"),
        aliases={"DP5": "dopri5", "dormand-prince5": "dopri5"},
    ),
    Row(
        42,
        "bs54",
        "Bogacki-Shampine 5(4)",
        printed("bs54"),
        aliases={"BS5": "bs54", "bogacki-shampine5": "bs54"},
    ),
    Row(43, "tsit5", "Tsitouras 5(4)", printed("tsit5")),
    Row(
        44,
        "hh5",
        "Higham-Hall 5(4), two pairs; Sharp-Smart and Papakostas-Papageorgiou 5(4)",
        printed(
            "hh5",
            "hh5s",
            "sharp-smart5",
            "papakostas-papageorgiou5",
            "papakostas-papageorgiou5-stable",
        ),
    ),
    Row(
        45,
        "butcher5",
        "Butcher, fifth order; Luther-Konen, three methods",
        printed(
            "butcher5",
            "luther-konen5-first",
            "luther-konen5-second",
            "luther-konen5-third",
        ),
        aliases={"BuRK65": "butcher5", "butcher65": "butcher5"},
    ),
    Row(
        46,
        "lawson5",
        "Lawson, fifth order, and its misprint of order 2 as Lambert65",
        printed("lawson5", "lawson5-second", "lambert65"),
    ),
    Row(47, "nystrom5-rk", "Nystrom, fifth order", printed("nystrom5-rk")),
    Row(
        48,
        "owren-zennaro",
        "Owren-Zennaro 3, 4 and 5, the pairs behind the continuous methods",
        printed("owren-zennaro3", "owren-zennaro4", "owren-zennaro5"),
        aliases={f"owren_zennaro{p}": f"owren-zennaro{p}" for p in (3, 4, 5)},
    ),
)
