"""Design files with capped weights: what is read, and one line for what cannot be."""

from fractions import Fraction
from pathlib import Path

import pytest

from stabcheck.certify.designs.catalogue import files
from stabcheck.certify.designs.reading import document_of, read, speaks_of_caps
from stabcheck.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
SOFT = {
    "field": 'kind = "attention"\nnorm = "soft"\nfeatures = 64',
    "parameters": 'logits = "1/2"\nvalue_norm = 1',
    "step": 'size = "1/L"\ndepth = 24',
    "domain": 'kind = "all"',
}


def written(folder, **changes):
    file = folder / "design.toml"
    tables = {name: body for name, body in (SOFT | changes).items() if body is not None}
    file.write_text("\n".join(f"[{name}]\n{body}" for name, body in tables.items()))
    return file


def test_a_file_is_read_exactly(tmp_path):
    design = read(written(tmp_path))
    (branch,) = design.branches
    assert branch.field == {
        "kind": "attention",
        "value_norm": 1,
        "normalisation": "soft",
        "radius_squared": 64,
        "mask": "any",
        "tie": "none",
        "query_key_norm": Fraction(1, 128),
    }
    assert design.step_size == Fraction(1, 24)
    assert design.at_depth(96).step_size == Fraction(1, 96)
    assert (design.metric, design.domain) == ("token-max", {"kind": "all"})
    assert branch.method.name == "forward-euler"


def test_strang_takes_halves_around_the_last_branch():
    design = read(ROOT / "examples" / "designs" / "macaron.toml")
    parts = design.records()["layer"]["parts"]
    assert [part["field"] for part in parts] == [0, 1, 0]
    assert [part["step"] * 48 for part in parts] == [1, 2, 1]


def test_the_catalogue_is_found_and_every_file_is_a_capped_design():
    paths = files()
    assert len(paths) >= 14
    for path in paths:
        assert speaks_of_caps(document_of(path))
        assert read(path).branches


@pytest.mark.parametrize("name", ["family", "pre-norm"])
def test_other_design_files_are_left_to_their_reader(name):
    path = ROOT / "examples" / f"{name}.toml"
    assert not speaks_of_caps(document_of(path))


FIELD = SOFT["field"]
COSINE = "query_norm = 1\nkey_norm = 1\nvalue_norm = 1\nepsilon = 0"
WRONG = [
    ({"field": FIELD + "\nleak = -1"}, "leak = -1; a negative leak"),
    ({"field": FIELD + '\nleak = "x"'}, "leak = 'x'; give a number >= 0"),
    ({"field": FIELD + "\ncolour = 1"}, "unknown key 'colour'"),
    ({"field": FIELD.replace("attention", "mlp")}, "kind = 'mlp'; use one of"),
    ({"field": FIELD.replace("soft", "batch")}, "norm = 'batch'; use one of"),
    ({"field": FIELD + '\nmask = "half"'}, "mask = 'half'; use one of"),
    ({"field": FIELD + '\nintegrator = "rk5"'}, "'rk5'"),
    ({"field": FIELD.replace("64", "0")}, "features = 0; give a whole number >= 1"),
    ({"parameters": "value_norm = 1"}, "has to cap the logits by one of"),
    (
        {"parameters": "value_norm = 1\nlogits = 1\nquery_key_norm = 1"},
        "has to cap the logits by one of",
    ),
    ({"parameters": "logits = 1"}, "lacks value_norm"),
    ({"parameters": "logits = 1\nvalue_norm = -1"}, "value_norm = -1; give a number"),
    ({"parameters": "logits = 1\nvalue_norm = 1\nW = 1"}, "unknown cap 'W'"),
    ({"parameters": 'logits = 1\nvalue_norm = 1\ntie = "skew"'}, "tie = 'skew'"),
    (
        {"parameters": 'logits = 1\nvalue_norm = 1\ntie = "convex"'},
        "only Sinkhorn attention has that energy",
    ),
    (
        {"parameters": 'logits = 0\nvalue_norm = 1\ntie = "negative"'},
        "the caps contradict the tie",
    ),
    (
        {
            "parameters": (
                'query_key_norm = 1\nvalue_norm = 3\nkappa = 2\ntie = "negative"'
            )
        },
        r"\|\|V\|\| is capped by 2, not by 3",
    ),
    ({"parameters": "logits = 1\nvalue_norm = 1\nkappa = 1"}, "kappa without a tie"),
    ({"step": 'size = "0"'}, "size = '0'; give a positive number"),
    ({"step": 'size = "1/M"'}, "size = '1/M'"),
    ({"step": "depth = 0"}, "depth = 0; give a whole number >= 1"),
    ({"step": 'integrators = []\nsize = "1/L"'}, "integrators = "),
    ({"step": 'integrator = "gauss:2"\nsize = 1'}, "holds rational ones only"),
    ({"domain": 'kind = "tube"'}, "kind = 'tube'; use one of"),
    ({"domain": 'kind = "ball"'}, "radius = None; give a positive number"),
    ({"domain": 'kind = "token-rms"\nfloor = 0'}, "give a positive one"),
    ({"domain": 'kind = "all"\nmetric = "max"'}, "metric = 'max'; use one of"),
    ({"domain": None}, r"lacks the table \[domain\]"),
    ({"layer": 'kind = "tower"'}, "kind = 'tower'; use one of"),
    ({"layer": 'kind = "reversible"'}, "1 branches for a layer of kind reversible"),
    ({"layer": 'kind = "momentum"\ngamma = 1'}, "gamma = 1; give between 0 and 1"),
    ({"layer": 'kind = "leapfrog"'}, "lacks frequency"),
    ({"layer": 'kind = "sphere"'}, "sphere on the domain all; a layer and a domain"),
    ({"layer": 'kind = "step"\ngamma = 1'}, "gamma for a layer of kind step"),
    ({"domain": 'kind = "all"\nradius = 1'}, "radius for a domain of kind all"),
    ({"step": "integrator = 'heun'\nintegrators = ['heun']"}, "drop one"),
    ({"step": "size = 1e300"}, "size = 1e.300; give a positive number up to 1e9"),
    ({"step": "depth = 1048577"}, "a whole number >= 1, at most 1048576"),
    ({"parameters": "logits = 1\nvalue_norm = 1e30"}, "value_norm = 1e.30; give"),
    ({"parameters": f"logits = 1\nvalue_norm = {'3' * 4000}"}, "at most 1e9"),
    ({"parameters": f"logits = 1\nvalue_norm = {'3' * 5000}"}, "no readable TOML"),
    (
        {"field": 'kind = "cosine-attention"', "parameters": COSINE},
        "epsilon = 0, with which",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), WRONG)
def test_what_is_wrong_is_said_in_one_line(changes, reason, tmp_path):
    with pytest.raises(InvalidInput, match=reason):
        read(written(tmp_path, **changes))


def test_sinkhorn_attention_has_no_mask(tmp_path):
    field = 'kind = "sinkhorn-attention"\nmask = "causal"'
    with pytest.raises(InvalidInput, match="no doubly stochastic weights need exist"):
        read(written(tmp_path, field=field))


def test_a_scheme_takes_no_leak(tmp_path):
    field = FIELD + "\nleak = 1"
    with pytest.raises(InvalidInput, match="takes neither a leak nor"):
        read(written(tmp_path, field=field, layer='kind = "sphere"'))


@pytest.mark.parametrize("text", ["[field", "\x00"])
def test_what_is_no_toml_is_refused(text, tmp_path):
    file = tmp_path / "design.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="no readable TOML file"):
        read(file)


@pytest.mark.parametrize(
    ("radius", "square"), [("3", 9), ('"sqrt(d)"', 64), ('"sqrt(1/2)"', Fraction(1, 2))]
)
def test_a_radius_may_be_a_root(radius, square, tmp_path):
    field = 'kind = "attention"\nfeatures = 64'
    domain = f'kind = "ball"\nradius = {radius}'
    design = read(written(tmp_path, field=field, domain=domain))
    assert design.domain["radius_squared"] == square
    # The cap on the logits is one on ||A|| times the squared radius.
    assert design.branches[0].field["query_key_norm"] * square == Fraction(1, 2)


@pytest.mark.parametrize("table", ["field", "parameters", "step", "domain", "layer"])
def test_a_table_that_is_a_list_or_a_word_is_refused(table, tmp_path):
    tables = SOFT | {"layer": 'kind = "step"'}
    listed = "".join(
        f"[[{name}]]\n{body}\n" if name == table else f"[{name}]\n{body}\n"
        for name, body in tables.items()
    )
    word = f'{table} = "x"\n' + "".join(
        f"[{name}]\n{body}\n" for name, body in tables.items() if name != table
    )
    for text in (listed, word):
        file = tmp_path / "design.toml"
        file.write_text(text)
        with pytest.raises(InvalidInput, match=rf"write one \[{table}\]"):
            read(file)
