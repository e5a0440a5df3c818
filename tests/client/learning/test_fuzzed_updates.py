"""Ten thousand broken uploads: each is refused by name or is a sound update, in little memory and time."""

from __future__ import annotations

import json
import random
import struct
import time
import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest

from minerva.learning.parsing import MAX_HEADER
from minerva.learning.weights import UpdateRefused, check_update, serialize, spec_of
from minerva.protocol.reasons import Reason

FILES = 10_000
SECONDS_EACH = 5.0  # a file takes a millisecond; ten other processes may run
MAX_BYTES = 1 << 22
PEAK_BYTES = 24 * MAX_HEADER  # what JSON of the longest header becomes in Python's objects
TENSORS = {
    "bias": np.array([1, 2], "f4"),
    "count": np.array(7, "i8"),
    "half": np.ones(3, "f2"),
    "seen": np.array([True, False]),
    "weight": np.arange(6, dtype="f4").reshape(2, 3),
}
SPEC = spec_of(TENSORS)
METADATA = {"federation": "0x" + "11" * 20, "round": "3", "device": "0x" + "22" * 20}
GOOD = serialize(TENSORS, METADATA)
LENGTH = struct.unpack("<Q", GOOD[:8])[0]
HEADER: dict[str, Any] = json.loads(GOOD[8 : 8 + LENGTH])
BODY = GOOD[8 + LENGTH :]
NAMES = sorted(TENSORS)
NUMBERS = [0, 1, -1, 2, 3, 4, 7, 8, 2**31, 2**32, 2**40 - 1, 2**40, 2**62, 2**63, 2**64, 2**200, -(2**63)]
ODD = [None, True, False, 1.5, 1e400, "4", "", [], [[]], {}, {"a": 1}, "\ud800", "F32", [1, 2, 3], *NUMBERS]
DTYPES = ["F32", "F16", "BF16", "F64", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "f32", "", "object", "O"]


def assembled(header: object, body: bytes = BODY, *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    stated = len(text) if length is None else length
    return struct.pack("<Q", stated % 2**64) + text + body


def copied() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(HEADER))
    return found


def header_length(dice: random.Random) -> bytes:
    near = dice.choice([LENGTH + dice.randint(-16, 16), len(GOOD), len(GOOD) - 8, MAX_HEADER + 1])
    length = dice.choice([near, *NUMBERS, dice.getrandbits(64)])
    return struct.pack("<Q", length % 2**64) + GOOD[8:]


def offsets(dice: random.Random) -> bytes:
    header = copied()
    for name in dice.sample(NAMES, dice.randint(1, 3)):
        place = header[name]["data_offsets"]
        kind = dice.randrange(4)
        if kind == 0:
            place[dice.randrange(2)] += dice.choice([-8, -4, -1, 1, 4, 8])
        elif kind == 1:
            place[dice.randrange(2)] = dice.choice(ODD)
        elif kind == 2:
            place.reverse()
        else:
            header[name]["data_offsets"] = dice.choice(ODD)
    return assembled(header)


def overlap(dice: random.Random) -> bytes:
    """Tensors that share bytes, leave a gap, or go over the end, each of the right length by itself."""
    header = copied()
    for name in dice.sample(NAMES, dice.randint(1, 3)):
        begin, end = header[name]["data_offsets"]
        move = dice.choice([-end, -begin, -4, -1, 1, 4, len(BODY)])
        header[name]["data_offsets"] = [begin + move, end + move]
    return assembled(header, BODY + bytes(dice.choice([0, 0, 1, 8, 4096])))


def dtype(dice: random.Random) -> bytes:
    header = copied()
    for name in dice.sample(NAMES, dice.randint(1, 2)):
        header[name]["dtype"] = dice.choice([*DTYPES, *ODD])
    return assembled(header)


def shape(dice: random.Random) -> bytes:
    header = copied()
    entry = header[dice.choice(NAMES)]
    length = dice.choice([1, 2, 3, 16, 17, 1000])
    entry["shape"] = dice.choice([[dice.choice([*NUMBERS, *ODD]) for _ in range(length)], dice.choice(ODD)])
    if dice.random() < 0.3:  # offsets that agree with the claim
        entry["data_offsets"] = [0, 4 * dice.choice(NUMBERS)]
    return assembled(header)


def fields(dice: random.Random) -> bytes:
    header = copied()
    name = dice.choice([*NAMES, "__metadata__"])
    kind = dice.randrange(6)
    if kind == 0:
        del header[name]
    elif kind == 1:
        header[name] = dice.choice(ODD)
    elif kind == 2:
        header[name][dice.choice(["dtype", "more", "device", ""])] = dice.choice(ODD)
    elif kind == 3:
        header[dice.choice(["", "other", "\x00", "\ud800", "a" * 5000, "__proto__"])] = header[name]
    elif kind == 4:
        header[name].pop(next(iter(header[name])))
    else:
        text = json.dumps(header).encode()
        return assembled(text[:-1] + b',"bias":' + json.dumps(HEADER["bias"]).encode() + b"}")
    return assembled(header)


def bomb(dice: random.Random) -> bytes:
    """JSON that is short to write and long, deep or slow to read."""
    count = dice.choice([10, 1000, 4000])
    kind = dice.randrange(8)
    text = [
        b'{"a":' + b"[" * count + b"]" * count + b"}",
        b'{"a":' * count + b"1" + b"}" * count,
        b'{"a":' + b"9" * count + b"}",
        b'{"a":1e' + b"9" * count + b"}",
        b'{"a":[' + b"0," * count + b"0]}",
        b"{" + b",".join(b'"%d":{}' % number for number in range(count)) + b"}",
        b'{"a":"' + b"\\u0000" * count + b'"}',
        b"{" + b'"a":1,' * count + b'"a":1}',
    ][kind]
    return assembled(text, dice.choice([b"", BODY]))


def cut(dice: random.Random) -> bytes:
    return GOOD[: dice.randrange(len(GOOD))]


def numbers(dice: random.Random) -> bytes:
    """Bits of the data: a sound update, not finite, or a boolean that is none."""
    data = bytearray(GOOD)
    for _ in range(dice.randint(1, 4)):
        data[8 + LENGTH + dice.randrange(len(BODY))] ^= 1 << dice.randrange(8)
    return bytes(data)


def junk(dice: random.Random) -> bytes:
    data = bytearray(GOOD)
    for _ in range(dice.choice([1, 1, 3, 20])):
        start = dice.randrange(len(data))
        data[start : start + dice.randint(0, 8)] = dice.randbytes(dice.randint(0, 8))
    return bytes(data)


MUTATIONS = [header_length, offsets, overlap, dtype, shape, fields, bomb, cut, numbers, junk]


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


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda kind: kind.__name__)
def test_a_thousand_broken_files_of_each_kind_are_refused_by_name(mutation: Any) -> None:
    dice, found = random.Random(mutation.__name__), Counter[Reason | None]()
    for _ in range(FILES // len(MUTATIONS)):
        data = mutation(dice)
        began = time.perf_counter()
        found[judged(data)] += 1
        assert time.perf_counter() - began < SECONDS_EACH
    assert found[Reason.MALFORMED] or found[Reason.NOT_FINITE]
    if mutation is cut:
        assert found == {Reason.MALFORMED: FILES // len(MUTATIONS)}


def test_the_file_that_is_broken_up_here_passes_whole() -> None:
    assert judged(GOOD) is None


def test_refusing_takes_no_more_memory_than_the_longest_header_may() -> None:
    dice = random.Random(1)
    files = [mutation(dice) for mutation in MUTATIONS for _ in range(5)]
    longest = b'{"a":[' + b"[]," * (MAX_HEADER // 3 - 10) + b"[]]}"
    files += [assembled(longest), assembled(b'{"a":"' + b"x" * (MAX_HEADER - 10) + b'"}')]
    tracemalloc.start()
    for data in files:
        judged(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < PEAK_BYTES + MAX_BYTES
    with pytest.raises(UpdateRefused, match="too large"):
        check_update(bytes(MAX_BYTES + 1), SPEC, federation="", round=3, device="", max_bytes=MAX_BYTES)
