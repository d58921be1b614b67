"""Advice and comparison: every change is better in some way, and is what it says."""

import pytest

from stabcheck.certify.designs.advice import advise, changes
from stabcheck.certify.designs.catalogue import entry, files
from stabcheck.certify.designs.comparison import compared, differences
from stabcheck.certify.designs.reading import read
from stabcheck.errors import InvalidInput

PATHS = {path.stem: path for path in files()}


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_change_makes_something_better(name):
    now, found = advise(read(PATHS[name]))
    for change in found:
        grown = now.growth is None or change.growth < now.growth
        assert grown or (change.shrink or 0) > (now.shrink or 0)
        assert list(differences(now.design, change.design))


def standard(folder):
    """A pre-norm layer as it is usual: a step of 1, large logits and values."""
    text = PATHS["layer-scale"].read_text()
    text = text.replace('scale = "1/L"\n', "").replace('"1/2"', "7")
    text = text.replace("value_norm = 1", "value_norm = 2")
    file = folder / "standard.toml"
    file.write_text(text)
    return read(file)


def test_a_vacuous_design_is_told_what_to_change(tmp_path):
    now, found = advise(standard(tmp_path))
    assert now.growth > 10**12
    labels = [change.label for change in found]
    assert "size = '1/L'" in labels
    assert "logits = '1/2'" in labels
    assert "value_norm = 1" in labels
    assert "[layer] kind = 'reversible'" in labels
    assert found[0].growth < now.growth


def test_changes_can_be_chained_to_a_promise(tmp_path):
    design = standard(tmp_path)
    for label in ("size = '1/L'", "logits = '1/2'", "value_norm = 1"):
        design = dict(changes(design))[label]
    now, _ = advise(design)
    assert now.growth < 10
    assert float(now.shrink) > 0.05


def test_post_norm_is_told_of_the_soft_norm(tmp_path):
    text = PATHS["soft-pre-norm"].read_text().replace('"soft"', '"post-layer"')
    file = tmp_path / "post.toml"
    file.write_text(text)
    now, found = advise(read(file))
    assert now.growth is None
    assert [change.label for change in found] == ["norm = 'soft' on all states"]


def test_a_comparison_names_what_differs():
    record = compared([PATHS["layer-scale"], PATHS["gradient-feed-forward"]])
    (change,) = record["changes"]
    assert "field 2 kind: feed-forward -> gradient-feed-forward" in change["changed"]
    assert change["buys"].startswith("growth times 10^-0.479")


def test_one_design_cannot_be_compared():
    with pytest.raises(InvalidInput, match="give two or more"):
        compared([PATHS["l2"]])


def test_an_entry_shows_contractive_steps_where_there_are_some():
    record = entry(read(PATHS["tied-negative"])).to_json()
    assert record["purpose"] == "contractive"
    assert record["largest_steps"]["forward-euler"].startswith("0.3431")
    assert record["largest_steps"]["rk4"] == "-"
    assert record["largest_steps"]["backward-euler"] == "any"
    record = entry(read(PATHS["reversible"])).to_json()
    assert record["largest_steps"] == {}
    assert "reversible-two-stream" in record["theorems"]


def test_softmax_attention_is_told_the_metric_that_has_a_theorem(tmp_path):
    text = PATHS["soft-pre-norm"].read_text()
    file = tmp_path / "all-tokens.toml"
    file.write_text(text.replace('"all"', '"all"\nmetric = "frobenius"'))
    now, found = advise(read(file))
    assert now.growth is None
    assert "metric = 'token-max'" in [change.label for change in found]
