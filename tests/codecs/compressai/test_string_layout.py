"""How nested strings and shapes are laid out: what goes in comes out, and damage is a BitstreamError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.codecs.compressai.string_layout import put_together, taken_apart
from study.core.errors import BitstreamError, StudyError

LEAVES = st.none() | st.integers(-(2**31) + 1, 2**31 - 1) | st.text(max_size=5) | st.binary(max_size=9)
LEAVES |= st.floats(allow_nan=False)
NESTED = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(NESTED)
def test_round_trip(value):
    layout, strings = taken_apart(value, "value")
    assert put_together(layout, iter(strings)) == value


@given(NESTED, st.binary(max_size=3), st.integers(0, 50))
def test_damage_is_a_bitstream_error_or_another_value(value, noise, start):
    layout, strings = taken_apart([value, b"last"], "value")
    broken = layout[:start] + noise + layout[start + len(noise) :]
    try:
        put_together(broken, iter(strings))
    except BitstreamError:
        return


@given(NESTED)
def test_too_few_and_too_many_strings(value):
    layout, strings = taken_apart([value, b"last"], "value")
    for wrong in (strings[1:], [*strings, b"more"]):
        with pytest.raises(BitstreamError, match="inconsistent"):
            put_together(layout, iter(wrong))


def test_what_a_layout_cant_hold():
    nest: list = []
    for _ in range(20):
        nest = [nest]
    for value, message in ((nest, "nests more than 16"), (object(), "holds a object"), (2**40, "holds a int")):
        with pytest.raises(StudyError, match=f"what it gave {message}"):
            taken_apart([value], "what it gave")
