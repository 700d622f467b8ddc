"""Message sets that C makes are those that Python makes, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka import native
from pykafka.wire.records import encode, joining

_PARTS = st.none() | st.binary(max_size=40)
_ROWS = st.lists(
    st.tuples(st.sampled_from([-1, 0, 1, 1_700_000_000_000, 2**63 - 1]), _PARTS, _PARTS),
    min_size=joining._WORTH_IT,
    max_size=40,
)


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    if isinstance(native.native(), str):
        pytest.skip("the extension module is not built")


def made(rows: list[encode.Row], magic: int, choice: str) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(native.SCAN_VARIABLE, choice)
        return encode.encode_message_set(rows, magic, 0)


@given(rows=_ROWS, keyless=st.booleans(), magic=st.sampled_from([0, 1]))
def test_both_make_the_same(rows: list[encode.Row], keyless: bool, magic: int) -> None:
    if keyless:
        rows = [(time, None, value) for time, _, value in rows]
    assert made(rows, magic, "require") == made(rows, magic, "off")


@pytest.mark.parametrize("magic", [0, 1])
def test_c_makes_them_where_it_is_there(magic: int) -> None:
    rows: list[encode.Row] = [(0, b"key", b"value")] * joining._WORTH_IT
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(native.SCAN_VARIABLE, "require")
        assert joining.encode_plain(rows, magic) is not None
        assert joining.encode_plain(rows[1:], magic) is None


@pytest.mark.parametrize("wrong", ["text", 1])
def test_what_is_no_bytes_is_an_error_as_without(wrong: object) -> None:
    rows = [(0, None, wrong)] * joining._WORTH_IT
    for choice in ("require", "off"):
        with pytest.raises(TypeError):
            made(rows, 1, choice)  # type: ignore[arg-type]  # what is tested
