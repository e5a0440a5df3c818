"""Rounding once: against exact rational arithmetic, and where rounding twice would differ."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.learning.numbers import NUMPY, narrow, widen


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    out = np.empty(values.shape, NUMPY[dtype])
    narrow(values, dtype, out)
    return out


def nearest_bfloat16(value: float) -> int:
    """Bits of the bfloat16 nearest to ``value``, ties to even, by exact search; overflow is not asked for."""
    sign, magnitude = (0x8000 if np.signbit(value) else 0), abs(Fraction(value))
    low, high = 0, 0x7F80

    def exact(bits: int) -> Fraction:
        exponent, fraction = bits >> 7, bits & 0x7F
        if exponent == 0:
            return Fraction(fraction) * Fraction(2) ** -133
        return Fraction(128 + fraction) * Fraction(2) ** (exponent - 134)

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if exact(middle) <= magnitude else (low, middle)
    below, above = magnitude - exact(low), exact(high) - magnitude
    return sign | (low if below < above or (below == above and low % 2 == 0) else high)


@settings(max_examples=300, deadline=None)
@given(st.floats(-3.3e38, 3.3e38), st.integers(-(2**20), 2**20))
def test_bfloat16_is_rounded_once_from_float64(value, nudge):
    near_tie = np.uint32((abs(hash(value)) % 0x7F00) << 16 | 0x8000).view(np.float32).astype(np.float64)
    for number in (value, value * 1e-70, float(near_tie + nudge * np.spacing(near_tie))):
        assert int(rounded(np.array([number]), "BF16")[0]) == nearest_bfloat16(number)


def test_rounding_twice_would_differ():
    tie = 1 + 2.0**-8  # halfway between two bfloat16 numbers; to even: 1
    just_above = np.array([tie + 2.0**-40, -(tie + 2.0**-40)])
    once = rounded(just_above, "BF16").view(np.uint16)
    twice = torch.from_numpy(just_above).float().bfloat16().view(torch.uint16).numpy()
    assert list(once) == [0x3F81, 0xBF81] and list(twice) == [0x3F80, 0xBF80]


def test_float16_is_rounded_once_from_float64():
    just_above = np.array([1 + 2.0**-11 + 2.0**-40])
    assert rounded(just_above, "F16")[0] == np.float16(1 + 2.0**-10)
    assert just_above.astype(np.float32).astype(np.float16)[0] == 1.0


def test_past_the_range_it_is_infinity_and_below_it_zero():
    assert list(rounded(np.array([1e39, -1e39, 1e-60, -1e-60]), "BF16")) == [0x7F80, 0xFF80, 0, 0x8000]
    assert list(rounded(np.array([1e39, -1e6]), "F16")) == [np.inf, -np.inf]


def test_widening_is_exact_for_every_bfloat16_and_float16():
    bits = np.arange(2**16, dtype=np.uint16)
    for dtype, kind, values in (
        ("BF16", torch.bfloat16, bits),
        ("F16", torch.float16, bits.view(np.float16)),
    ):
        out = np.empty(2**16)
        with np.errstate(invalid="ignore"):  # signalling NaNs
            widen(values, dtype, out)
        expected = torch.from_numpy(bits.view(np.int16)).view(kind).double().numpy()
        np.testing.assert_array_equal(out, expected)
        finite = np.isfinite(out)
        assert np.array_equal(rounded(out[finite], dtype).view(np.uint16), bits[finite])
