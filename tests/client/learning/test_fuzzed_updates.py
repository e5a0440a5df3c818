"""Ten thousand broken uploads: each is refused by name or is a sound update, in little memory and time."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest
from broken_files import (
    MUTATIONS,
    Whole,
    assembled,
    bomb,
    bombs,
    cut,
    dtype,
    fields,
    header_length,
    junk,
    numbers,
    offsets,
    overlap,
    shape,
)

from minerva.learning.parsing import MAX_HEADER
from minerva.learning.weights import UpdateRefused, check_update, spec_of
from minerva.protocol.reasons import Reason

FILES = 10_000
SECONDS_EACH = 5.0  # a file takes a millisecond; ten other processes may run
MAX_BYTES = 1 << 22
PEAK_BYTES = 28 * MAX_HEADER  # what JSON of the longest header becomes in Python's objects
TENSORS = {
    "bias": np.array([1, 2], "f4"),
    "count": np.array(7, "i8"),
    "half": np.ones(3, "f2"),
    "seen": np.array([True, False]),
    "weight": np.arange(6, dtype="f4").reshape(2, 3),
}
SPEC = spec_of(TENSORS)
METADATA = {"federation": "0x" + "11" * 20, "round": "3", "device": "0x" + "22" * 20}
WHOLE = Whole(TENSORS, METADATA)
M, T, F, D = Reason.MALFORMED, Reason.WRONG_TENSORS, Reason.NOT_FINITE, Reason.WRONG_METADATA
REFUSED: dict[Any, tuple[int, dict[Reason, int]]] = {
    header_length: (990, {M: 990}),  # few lengths are the true one
    offsets: (970, {M: 970}),  # a number in a hundred is what it was
    overlap: (970, {M: 970}),  # unless nothing moves: one in 250
    dtype: (960, {M: 900, T: 2}),  # of 45 dtypes the true one, and at most two more that fit the bytes
    shape: (970, {M: 900, T: 0}),  # a shape of as many elements is rare
    fields: (970, {M: 800, D: 30}),  # the metadata or one of them taken out: one in 18
    bomb: (1000, {M: 1000}),
    cut: (1000, {M: 1000}),
    numbers: (
        80,
        {M: 50, F: 10},
    ),  # of 384 bits 14 make a boolean neither 0 nor 1, 5 turn a one into infinity
    junk: (850, {M: 850, T: 0, F: 0, D: 0}),  # nine bytes in ten are the header
}
"""Of a thousand files of a kind: how many at least are no update, and refused as what; nothing else is right."""


def judged(data: bytes) -> Reason | None:
    """What rule 2 says; whatever else is raised fails the test."""
    try:
        weights = check_update(
            data, SPEC, federation=METADATA["federation"], round=3, device=METADATA["device"],
            max_bytes=MAX_BYTES,
        )  # fmt: skip
    except UpdateRefused as refusal:
        assert "\n" not in str(refusal) and len(str(refusal)) < 600
        return refusal.reason
    assert weights.specs == SPEC and all(np.isfinite(array.astype("f8")).all() for array in weights.arrays)
    return None


@pytest.mark.parametrize("mutation", REFUSED, ids=lambda kind: kind.__name__)
def test_a_thousand_broken_files_of_each_kind_are_refused_by_name(mutation: Any) -> None:
    dice, found = random.Random(mutation.__name__), Counter[Reason | None]()
    for _ in range(FILES // len(MUTATIONS)):
        data = mutation(WHOLE, dice)
        began = time.perf_counter()
        reason = judged(data)
        assert time.perf_counter() - began < SECONDS_EACH
        assert (reason is None) == WHOLE.is_sound(data), data
        found[reason] += 1
    least, reasons = REFUSED[mutation]
    assert FILES // len(MUTATIONS) - found[None] >= least, found
    assert set(found) <= {None, *reasons} and all(found[reason] >= reasons[reason] for reason in reasons), (
        found
    )


@pytest.mark.parametrize("number", range(len(bombs(100))))
@pytest.mark.parametrize("room", [0, 1])
def test_the_longest_header_is_refused_in_bounded_time_and_memory(number: int, room: int) -> None:
    """As long as a header may be, and one byte longer; as deep, wide or slow as JSON of this length can be."""
    text = bombs(MAX_HEADER)[number]
    assert MAX_HEADER - 40 < len(text) <= MAX_HEADER
    data = assembled(text.ljust(MAX_HEADER + room), WHOLE.body)
    tracemalloc.start()
    began = time.perf_counter()
    try:
        assert judged(data) is Reason.MALFORMED
        seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (PEAK_BYTES if room == 0 else MAX_HEADER) and seconds < 4 * SECONDS_EACH


def test_the_file_that_is_broken_up_here_passes_whole() -> None:
    assert judged(WHOLE.data) is None and WHOLE.is_sound(WHOLE.data)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(UpdateRefused, match="too large"):
        check_update(bytes(MAX_BYTES + 1), SPEC, federation="", round=3, device="", max_bytes=MAX_BYTES)
