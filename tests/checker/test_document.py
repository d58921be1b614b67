"""Files that are no certificates: one clear line, exit code 2, never a traceback."""

import json
import os
import time
from fractions import Fraction

import numpy as np
import pytest
from checker.mutations import mutated, read, write
from hypothesis import given, settings
from hypothesis import strategies as st

from stabcheck.certificate import ARRAYS, DOCUMENT
from stabcheck.checker import check
from stabcheck.checker.failures import Malformed
from stabcheck.checker.main import main
from stabcheck.checker.reading.document import MAX_DIGITS, parse


def complaint(path, capsys) -> str:
    """The one line that the command line prints for a malformed file."""
    assert main([str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("stabcheck.checker: ")
    return printed.err


@pytest.fixture
def document(tmp_path):
    """Writes a text in place of a certificate and returns its path."""

    def write_text(text) -> object:
        path = tmp_path / DOCUMENT
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("not a certificate", "not JSON"),
        ("[1, 2]", "is no JSON object"),
        ("{}", "lacks the key"),
        (b"\xff\xfe{}", "not a text file in UTF-8"),
        ('{"a": 1.5}', "1.5 is not an integer"),
        ('{"a": 1e3}', "1e3 is not an integer"),
        ('{"a": NaN}', "NaN is not an integer"),
        ('{"a": -Infinity}', "-Infinity is not an integer"),
        ('{"a": 1, "a": 2}', "the same key twice"),
        ('{"a": ' + "9" * (MAX_DIGITS + 1) + "}", "an integer of 4001 digits"),
        ("[" * 1_000_000, "nested deeper"),
        ('{"a":' * 500_000, "nested deeper"),
        ('{"a": "' + "x" * 1_000_000, "not JSON"),
        ('{"a": "\\', "not JSON"),
    ],
)
def test_a_text_that_is_no_certificate_gives_one_line(document, capsys, text, reason):
    start = time.perf_counter()
    assert reason in complaint(document(text), capsys)
    assert time.perf_counter() - start < 5


def test_a_missing_file_a_folder_and_a_name_with_a_null_byte_are_malformed(
    tmp_path, capsys
):
    assert "no such file" in complaint(tmp_path / "absent.json", capsys)
    assert "no such file" in complaint(tmp_path, capsys)
    assert "no such file" in complaint("a\0b", capsys)


def test_a_huge_integer_is_refused_before_it_is_converted():
    with pytest.raises(Malformed, match="200000 digits"):
        parse('{"a": ' + "7" * 200_000 + "}")


def test_brackets_inside_strings_do_not_count_as_nesting():
    text = json.dumps({"a": "[" * 1000 + '\\"' * 3 + "{" * 1000})
    assert parse(text) == json.loads(text)


def change(key, value):
    """A mutation that puts a value at a path of keys."""

    def apply(document, _) -> None:
        place = document
        for step in key[:-1]:
            place = place[step]
        if value is REMOVED:
            del place[key[-1]]
        else:
            place[key[-1]] = value

    return apply


REMOVED = object()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (["schema"], "stabcheck-certificate/2", "this checker reads"),
        (["schema"], {"deep": "x" * 10_000}, "this checker reads"),
        (["extra"], 1, "unknown key 'extra'"),
        (["domains"], REMOVED, "lacks the key 'domains'"),
        (["claims"], [], "makes no claim"),
        (["claims"], {}, "claims is no list"),
        (["claims", 0], 3, "claims[0] is no JSON object"),
        (["statement"], 3, "statement is no string"),
        (["statement"], "accepted\n\x1b[2J", "printable"),
        (["statement"], "half a character \ud800", "printable"),
        (["provenance", "a\nb"], "x", "printable"),
        (["provenance", "x"], None, "provenance.x is no string"),
        (["fields", 0, "kind"], "sinkhorn", "fields[0].kind is none of"),
        (["fields", 0, "kind"], ["attention"], "fields[0].kind is none of"),
        (["fields", 0, "tokens"], True, "fields[0].tokens has to be an integer"),
        (["fields", 0, "tokens"], 0, "fields[0].tokens has to be an integer"),
        (["fields", 0, "tokens"], 1 << 30, "fields[0].tokens has to be an integer"),
        (["fields", 0, "tokens"], 4, "has shape"),
        (["fields", 0, "heads"], 3, "has shape"),
        (["fields", 0, "causal"], 1, "has to be true or false"),
        (["fields", 0, "scale"], {"value": [-1, 2]}, "has to be positive"),
        (["fields", 0, "scale"], {"value": [1, 2], "rsqrt": 2}, "rsqrt or value"),
        (["fields", 0, "scale", "rsqrt"], False, "has to be an integer"),
        (["fields", 0, "W_O"], REMOVED, "without W_O it needs one head"),
        (["fields", 0, "W_Q"], "absent", "names no array"),
        (["fields", 0, "W_Q"], ["W_Q"], "names no array"),
        (["fields", 0, "W_Q"], "mask", "has shape"),
        (["fields", 0, "mask"], "bias", "has shape"),
        (["fields", 0, "typo"], "W_Q", "unknown key 'typo'"),
        (["fields", 1, "activation"], "relu", "has to be 'gelu'"),
        (["integrators", 0, "A"], [], "has to be square"),
        (["integrators", 0, "A"], [[[0, 1], [1, 2]]], "has to be square"),
        (["integrators", 0, "b"], [[1, 0]], "no rational"),
        (["integrators", 0, "name"], "euler\n", "printable"),
        (["maps", 0, "size"], [0, 1], "has to be positive"),
        (["maps", 0, "branch"], [], "between 1 and 16 fields"),
        (["maps", 0, "branch"], [2], "no index below"),
        (["maps", 0, "kind"], "normalise", "maps[0]"),
        (["domains", 0, "radius"], [-1, 2], "is below 0"),
        (["domains", 0, "radius"], [1, -2], "no rational"),
        (["domains", 0, "radius"], [True, 2], "no rational"),
        (["domains", 0, "radius"], "1/2", "no rational"),
        (["domains", 0, "centre"], "mask", "has to be a float64 matrix"),
        (["domains", 0, "kind"], "cube", "none of point, ball, tube, box, frobenius"),
        (["domains", 1, "radius"], [1, 2], "unknown key 'radius'"),
        (["claims", 0, "theorem"], "wishful-thinking", "has no rule here"),
        (["claims", 0, "theorem"], "x" * 10_000, "has no rule here"),
        (["claims", 0, "tier"], "trusted", "tier is neither"),
        (["claims", 0, "quantity"], "spectral-radius", "is unknown"),
        (["claims", 0, "bound"], [1, 0], "no rational"),
        (["claims", 0, "bound"], 40, "no rational"),
        (["claims", 0, "bound"], None, "no rational"),
        (["claims", 0, "premises"], [0], "no index below 0"),
        (["claims", 3, "premises"], [2, 3], "no index below 3"),
        (["claims", 3, "premises"], [-1, 1], "no index below 3"),
        (["claims", 3, "premises"], [True, 1], "no index below 3"),
        (["claims", 0, "domain"], 2, "no index below 2"),
        (["claims", 0, "subject"], {}, "one of branch, step, one-leg, frozen, maps"),
        (["claims", 0, "subject"], {"branch": [0], "maps": [0, 1]}, "one of branch"),
        (["claims", 0, "subject"], {"maps": [0, 2]}, "no range within [0, 1]"),
        (["claims", 0, "subject"], {"maps": [False, True]}, "no range"),
        (["claims", 0, "parameters", "output"], [], "no rational"),
        (["claims", 0, "parameters", "output"], [[1, 2], 3], "no rational"),
        (["claims", 0, "parameters", "output"], "nothing", "names no array"),
        (["claims", 0, "parameters", "a\nb"], [1, 2], "printable"),
        (["claims", 2, "witness", "factor"], "W_Q", "no square int64 matrix"),
        (["claims", 2, "witness", "grid"], 513, "has to be an integer"),
        (["claims", 2, "witness", "grid"], "48", "has to be an integer"),
        (["claims", 2, "witness", "shift"], -1, "has to be an integer"),
        (["claims", 2, "witness", "factors"], [], "needs factor or factors"),
    ],
)
def test_a_wrong_record_is_named(accepted, tmp_path, capsys, key, value, reason):
    path = mutated(accepted, tmp_path, change(key, value))
    line = complaint(path, capsys)
    assert reason in line
    assert len(line) < 600


def leaves(value, path=()):
    """The paths of all leaves of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


OTHER_VALUES = [
    None, True, False, -1, 0, 7, 10**30, "", "x", "W_Q", [], [[]], [1, 2], {}, {"a": 1},
]  # fmt: skip


@given(data=st.data())
@settings(max_examples=150)
def test_a_leaf_of_another_type_or_value_is_never_a_traceback(
    accepted, tmp_path_factory, data
):
    original, arrays = read(accepted)
    del original["arrays"]
    place = data.draw(st.sampled_from(list(leaves(original))))
    value = data.draw(st.sampled_from(OTHER_VALUES))
    document = json.loads(json.dumps(original))
    before = document
    for step in place:
        before = before[step]
    change(list(place), value)(document, arrays)
    if type(value) is type(before) and value == before:
        return
    path = write(tmp_path_factory.mktemp("leaf"), document, arrays)
    verdict = check(path, jobs=1)
    assert all("\n" not in reason for *_, reason in verdict.reasons)
    if type(value) is not type(before):
        assert verdict.status == "malformed"
    elif place[0] not in ("statement", "latex", "provenance"):
        assert verdict.status != "accepted" or still_true(original, place, value)


def still_true(original, place, value) -> bool:
    """Whether a changed number leaves a claim true: names, and weaker claims."""
    if place[0] in ("integrators", "maps"):
        return True  # no claim of this certificate speaks about them
    if place[0] == "domains":
        radius = list(original["domains"][0]["radius"])
        before = Fraction(*radius)
        radius[place[-1]] = value
        return Fraction(*radius) <= before
    if place[0] == "claims" and "parameters" in place:
        return True  # any admissible value gives a true bound, and it held
    if place[0] == "claims" and place[2] == "bound":
        bound = list(original["claims"][place[1]]["bound"])
        before = Fraction(*bound)
        bound[place[-1]] = value
        lower = original["claims"][place[1]]["quantity"] == "log-norm-lower"
        return (Fraction(*bound) - before) * (-1 if lower else 1) >= 0
    if place[0] == "claims" and place[2] == "domain":
        return True  # the same centre: the point lies in the tube
    return place[0] == "claims" and place[2] in ("witness", "premises")


def test_a_certificate_without_its_arrays_is_malformed(accepted, tmp_path, capsys):
    path = mutated(accepted, tmp_path, lambda d, _: d["provenance"].update(x="y"))
    (tmp_path / ARRAYS).unlink()
    assert "no such file" in complaint(path, capsys)


@pytest.mark.parametrize(
    "name",
    ["../certificate.npz", "/etc/passwd", "a/b.npz", "", ".", "..", "a\0b", "\ud800",
     "-", ".hidden", "a\\b"],
)  # fmt: skip
def test_arrays_lie_beside_the_certificate(accepted, tmp_path, capsys, name):
    document, arrays = read(accepted)
    path = write(tmp_path, document, arrays)
    document["arrays"]["file"] = name
    path.write_text(json.dumps(document))
    line = complaint(path, capsys)
    assert "beside the certificate" in line


def test_arrays_that_are_a_folder_or_a_pipe_are_refused(accepted, tmp_path, capsys):
    document, arrays = read(accepted)
    path = write(tmp_path, document, arrays)
    for make in (os.mkdir, os.mkfifo):
        (tmp_path / ARRAYS).unlink(missing_ok=True)
        make(tmp_path / ARRAYS)
        assert "no such file" in complaint(path, capsys)
        if (tmp_path / ARRAYS).is_dir():
            (tmp_path / ARRAYS).rmdir()


@pytest.mark.parametrize("key", ["sha256", "digests"])
def test_a_wrong_hash_is_malformed(accepted, tmp_path, capsys, key):
    document, arrays = read(accepted)
    path = write(tmp_path, document, arrays)
    if key == "sha256":
        document["arrays"]["sha256"] = "0" * 64
    else:
        document["arrays"]["digests"]["W_Q"] = "0" * 64
    path.write_text(json.dumps(document))
    line = complaint(path, capsys)
    assert "SHA-256" in line or "does not have its listed digest" in line


def test_an_array_that_is_not_listed_is_malformed(accepted, tmp_path, capsys):
    document, arrays = read(accepted)
    path = write(tmp_path, document, arrays)
    del document["arrays"]["digests"]["W_Q"]
    path.write_text(json.dumps(document))
    assert "is not both listed and in the archive" in complaint(path, capsys)


def test_arrays_changed_without_their_digests_are_malformed(accepted, tmp_path, capsys):
    document, arrays = read(accepted)
    path = write(tmp_path, document, arrays)
    arrays["W_Q"] = arrays["W_Q"] * 2
    np.savez(tmp_path / ARRAYS, **arrays)
    assert "SHA-256" in complaint(path, capsys)
