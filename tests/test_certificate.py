"""The certificate as records, JSON and arrays: exact, whole or not at all."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from checker import small
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.certificate import (
    ARRAYS,
    DOCUMENT,
    SIGNIFICANT_BITS,
    Certificate,
    Claim,
    Replacing,
    digest,
    file_sha256,
    plain,
    rational,
    round_down,
    round_up,
    unique_name,
    write_arrays,
    write_text,
)
from stabcheck.errors import InvalidInput


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_encloses_and_stays_close(value):
    above, below, exact = round_up(value), round_down(value), Fraction(value)
    assert below <= exact <= above
    assert above - below <= abs(exact) * Fraction(1, 2 ** (SIGNIFICANT_BITS - 2))


@given(st.fractions())
def test_a_rounded_number_is_dyadic_with_few_bits(value):
    found = round_up(value)
    denominator = found.denominator
    assert denominator & (denominator - 1) == 0
    odd = abs(found.numerator)
    while odd and odd % 2 == 0:
        odd //= 2
    assert odd.bit_length() <= SIGNIFICANT_BITS + 1


def test_a_number_with_few_bits_is_kept():
    for value in (Fraction(0), Fraction(3, 1024), Fraction(-7), Fraction(1)):
        assert round_up(value) == round_down(value) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_bound_is_made_of_nan_or_infinity(value):
    with pytest.raises(InvalidInput, match="finite number"):
        round_up(value)


def test_a_certificate_survives_being_written_and_read(tmp_path):
    certificate = small.certificate()
    path = certificate.save(tmp_path)
    assert path == tmp_path / DOCUMENT
    read = Certificate.load(path)
    assert read.statement == certificate.statement
    for before, after in zip(certificate.claims, read.claims, strict=True):
        assert after.to_json() == before.to_json()
    for name, array in certificate.arrays.items():
        assert np.array_equal(read.arrays[name], array)
        assert read.arrays[name].dtype == array.dtype
    assert sorted(file.name for file in tmp_path.iterdir()) == [DOCUMENT, ARRAYS]


def test_the_document_holds_no_floating_point_number(tmp_path):
    text = small.certificate().save(tmp_path).read_text()
    seen = []
    json.loads(text, parse_float=seen.append, parse_constant=seen.append)
    assert seen == []


def test_a_float_inside_a_record_is_refused():
    assert plain({"a": [Fraction(1, 2), (1, 2)]}) == {"a": [[1, 2], [1, 2]]}
    with pytest.raises(InvalidInput, match="no floating-point number"):
        plain({"a": [1, 0.5]})
    claim = Claim("t", "growth", {}, 0, Fraction(1), parameters={"tau": 0.5})
    with pytest.raises(InvalidInput, match="no floating-point number"):
        claim.to_json()


def test_witness_and_parameters_are_written_only_when_present():
    claim = Claim("t", "growth", {"branch": [0]}, 0, Fraction(-3, 4))
    assert set(claim.to_json()) == {
        "theorem", "tier", "premises", "subject", "quantity", "domain", "bound",
    }  # fmt: skip
    assert claim.to_json()["bound"] == [-3, 4]
    assert Claim.from_json(claim.to_json()) == claim


@given(st.fractions())
def test_a_rational_is_a_pair_in_lowest_terms(value):
    top, bottom = rational(value)
    assert Fraction(top, bottom) == value
    assert bottom > 0
    assert math.gcd(top, bottom) == 1


def test_the_digest_sees_type_shape_and_numbers_but_not_memory_order():
    array = np.arange(6.0).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array))
    others = [
        array.reshape(3, 2), array.astype(np.float32), array + 1, array.ravel(),
        array.T, np.array(1.0), np.array([1.0]),
    ]  # fmt: skip
    digests = {digest(other) for other in [array, *others]}
    assert len(digests) == len(others) + 1


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.txt"
    write_text(path, "first")

    def interrupted() -> None:
        with Replacing(path) as stream:
            stream.write(b"sec")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_object_arrays_are_never_pickled(tmp_path):
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.arange(3)})
    with pytest.raises(InvalidInput, match="Python objects"):
        write_arrays(path, {"a": np.array([{}], dtype=object)})
    before = file_sha256(path)
    with np.load(path) as archive:
        assert archive.files == ["a"]
    bad = tmp_path / ARRAYS
    np.savez(bad, a=np.array([{}], dtype=object))
    (tmp_path / DOCUMENT).write_text("{}")
    with pytest.raises(InvalidInput, match="no readable one"):
        Certificate.load(tmp_path / DOCUMENT)
    assert file_sha256(path) == before


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"claims": 3}'])
def test_an_unreadable_document_gives_one_clear_error(tmp_path, text):
    path = small.certificate().save(tmp_path)
    path.write_text(text)
    with pytest.raises(InvalidInput, match="stabcheck certify"):
        Certificate.load(path)


def test_names_are_made_unique_by_counting():
    taken = ["a", "a~2"]
    assert unique_name("b", taken) == "b"
    assert unique_name("a", taken) == "a~3"
