"""Archives that are refused, and exact numbers from those that are read."""

import io
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.certificate import digest
from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.archive import parse_array, read_archive


def npy(array) -> bytes:
    """An array in the .npy format."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def archive_of(path, entries, compression=zipfile.ZIP_DEFLATED):
    """A zip file of named contents."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_float64_numbers_are_read_exactly(values):
    tensor = parse_array("x", npy(np.array(values)))
    unit = Fraction(2) ** tensor.exponent
    assert [m * unit for m in tensor.mantissas] == [Fraction(v) for v in values]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_float32_numbers_are_read_exactly(values):
    tensor = parse_array("x", npy(np.array(values, dtype=np.float32)))
    unit = Fraction(2) ** tensor.exponent
    assert [m * unit for m in tensor.mantissas] == [Fraction(v) for v in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_integers_are_read_exactly(values):
    tensor = parse_array("x", npy(np.array(values, dtype=np.int64)))
    assert tensor.mantissas == values
    assert tensor.exponent == 0


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.0, 2.0]]),
        np.array([1, 0], dtype=np.int8),
        np.array([True, False]),
        np.array(3.5),
        np.zeros((0, 4)),
    ],
)
def test_the_digest_is_the_one_of_the_certificate(array):
    assert parse_array("x", npy(array)).digest() == digest(array)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (npy(np.array([1.0, np.nan])), "NaN or an infinity"),
        (npy(np.array([np.inf])), "NaN or an infinity"),
        (npy(np.array([-np.inf], dtype=np.float32)), "NaN or an infinity"),
        (npy(np.array([[1.0, 2.0], [3.0, 4.0]], order="F")), "Fortran order"),
        (npy(np.array([{}], dtype=object)), "only float32, float64"),
        (npy(np.array(["a"])), "only float32, float64"),
        (npy(np.array([1j])), "only float32, float64"),
        (npy(np.array([1.0], dtype=">f8")), "only float32, float64"),
        (npy(np.array([1.0], dtype=np.float16)), "only float32, float64"),
        (npy(np.array([1], dtype=np.uint8)), "only float32, float64"),
        (npy(np.zeros(2, dtype=[("a", "f8")])), "only float32, float64"),
        (npy(np.zeros((1, 1, 1, 1, 1))), "shape"),
        (npy(np.array([1.0]))[:-1], "do not fill shape"),
        (npy(np.array([1.0])) + b"\0", "do not fill shape"),
        (npy(np.array([True])).replace(b"\x01", b"\x02")[:-1] + b"\x02", "array"),
        (b"", "not in the .npy format"),
        (b"PK\x03\x04", "not in the .npy format"),
        (b"\x93NUMPY\x09\x00" + npy(np.array([1.0]))[8:], "not in the .npy format"),
        (b"\x93NUMPY\x01\x00", "only float32, float64"),
    ],
)
def test_an_array_of_another_kind_is_refused(content, reason):
    with pytest.raises(Malformed, match=reason):
        parse_array("x", content)


def test_a_bool_that_is_neither_zero_nor_one_is_refused():
    content = npy(np.array([True, False]))
    with pytest.raises(Malformed, match="neither 0 nor 1"):
        parse_array("x", content[:-2] + b"\x02\x00")


def test_a_header_that_runs_code_is_only_text():
    content = npy(np.array([1.0]))
    evil = content.replace(b"'descr': '<f8'", b"'descr': eval('')")
    with pytest.raises(Malformed, match="only float32"):
        parse_array("x", evil)


@pytest.mark.parametrize(
    "shape", ["(9999999999999,)", "(-1,)", "(1,,1)", "(1L,)", "( ,)"]
)
def test_a_shape_that_is_no_list_of_sizes_is_refused(shape):
    content = npy(np.array([1.0]))
    start, end = content.index(b"(1,)"), content.index(b"}")
    changed = content[:start] + shape.encode() + b", " + content[end:]
    length = len(changed) - len(content) + int.from_bytes(content[8:10], "little")
    changed = changed[:8] + length.to_bytes(2, "little") + changed[10:]
    with pytest.raises(Malformed, match="array x"):
        parse_array("x", changed)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([("a.npy", npy(1.0)), ("a.npy", npy(2.0))], "two arrays of the same name"),
        ([("../a.npy", npy(1.0))], "is no array name"),
        ([("/a.npy", npy(1.0))], "is no array name"),
        ([("a\n.npy", npy(1.0))], "is no array name"),
        ([("a.txt", npy(1.0))], "is no array name"),
        ([("folder/", b"")], "is no array name"),
        ([("a.npy", b"\0" * 20_000_000)], "claims 20000000 bytes|not in the .npy"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_odd_entries_is_refused(tmp_path, entries, reason):
    path = archive_of(tmp_path / "a.npz", entries)
    with pytest.raises(Malformed, match=reason) as caught:
        read_archive(path)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path):
    path = archive_of(
        tmp_path / "a.npz", [(f"{k}.npy", b"\0" * 30_000_000) for k in range(3)]
    )
    content = path.read_bytes()
    # The central directory claims 1 GB for each: more than all arrays may have.
    size = (30_000_000).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (1_000_000_000).to_bytes(4, "little")))
    with pytest.raises(Malformed, match="bytes inflated"):
        read_archive(path)


def test_an_entry_longer_or_shorter_than_it_claims_is_refused(tmp_path):
    path = archive_of(tmp_path / "a.npz", [("a.npy", npy(np.arange(99.0)))])
    content = path.read_bytes()
    size = len(npy(np.arange(99.0)))
    for claimed in (size - 8, size + 8):
        path.write_bytes(
            content.replace(size.to_bytes(4, "little"), claimed.to_bytes(4, "little"))
        )
        with pytest.raises(Malformed):
            read_archive(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_refused(tmp_path, share):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).standard_normal(1000))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(Malformed):
        read_archive(path)


@given(place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(tmp_path_factory, place, value):
    path = tmp_path_factory.mktemp("bytes") / "a.npz"
    np.savez(path, a=np.arange(4.0))
    content = bytearray(path.read_bytes())
    before = read_archive(path)
    content[place % len(content)] = value
    path.write_bytes(bytes(content))
    try:
        after = read_archive(path)
    except Malformed:
        return
    # Fields of the zip format that do not matter may change: times, versions.
    assert {t.digest() for t in after.values()} == {t.digest() for t in before.values()}


def test_an_encrypted_entry_is_refused(tmp_path):
    path = archive_of(tmp_path / "a.npz", [("a.npy", npy(1.0))])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Malformed):
        read_archive(path)
