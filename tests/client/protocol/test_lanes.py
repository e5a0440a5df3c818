"""Lanes: 16 bits for each miner index (K1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.lanes import pack, trimmed, unpack, words_of

weights = st.dictionaries(st.integers(0, 63), st.integers(1, 65_535))


@given(weights)
def test_unpacking_undoes_packing(given):
    assert unpack(pack(given)) == dict(sorted(given.items()))


@given(weights)
def test_no_word_at_the_end_is_zero(given):
    lanes = pack(given)
    assert not lanes or lanes[-1]
    assert all(0 <= word < 2**256 for word in lanes)
    assert len(lanes) == words_of(sum(1 << i for i in given))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ()),
        ({0: 0, 63: 0}, ()),
        ({0: 5}, (5,)),
        ({1: 5}, (5 << 16,)),
        ({15: 65_535}, (0xFFFF << 240,)),
        ({16: 1}, (0, 1)),
        ({63: 2, 0: 1}, (1, 0, 0, 2 << 240)),
    ],
)
def test_lanes_are_counted_from_the_least_significant_bits(given, expected):
    """K1."""
    assert pack(given) == expected


@pytest.mark.parametrize("given", [{64: 1}, {-1: 1}, {0: 65_536}, {0: -1}])
def test_what_has_no_lane_is_refused(given):
    with pytest.raises(ValueError):
        pack(given)


def test_zero_words_at_the_end_are_cut_off():
    assert trimmed((0, 7, 0, 0)) == (0, 7)
    assert trimmed((0, 0)) == trimmed(()) == ()


@pytest.mark.parametrize(("mask", "words"), [(0, 0), (1, 1), (1 << 15, 1), (1 << 16, 2), (1 << 63, 4)])
def test_as_many_words_as_the_highest_index_needs(mask, words):
    assert words_of(mask) == words
