"""A sound safetensors file broken in ten ways, and what is sound about a file, from first principles."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from minerva.learning.parsing import MAX_HEADER
from minerva.learning.weights import serialize

NUMBERS = [0, 1, -1, 2, 3, 4, 7, 8, 2**31, 2**32, 2**40 - 1, 2**40, 2**62, 2**63, 2**64, 2**200, -(2**63)]
ODD = [None, True, False, 1.5, 1e400, "4", "", [], [[]], {}, {"a": 1}, "\ud800", "F32", [1, 2, 3], *NUMBERS]
DTYPES = ["F32", "F16", "BF16", "F64", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "f32", "", "object", "O"]


class Whole:
    """A sound file of these tensors, and its parts."""

    def __init__(self, tensors: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> None:
        self.tensors, self.metadata = dict(tensors), dict(metadata)
        self.data = serialize(self.tensors, self.metadata)
        self.length = struct.unpack("<Q", self.data[:8])[0]
        self.body = self.data[8 + self.length :]
        self.names = sorted(self.tensors)

    @property
    def header(self) -> dict[str, Any]:
        """A header of one's own."""
        found: dict[str, Any] = json.loads(self.data[8 : 8 + self.length])
        return found

    def is_sound(self, data: bytes) -> bool:
        """Whether these bytes are an update of this shape: the format read in full, as slowly as it takes."""
        length = int.from_bytes(data[:8], "little")
        try:
            text = data[8 : 8 + length].decode()
            header = json.loads(text, object_pairs_hook=_pairs)
        except (ValueError, RecursionError):
            return False
        if len(data) < 8 + length or text[:1] != "{" or not isinstance(header, dict):
            return False
        if header.pop("__metadata__", {}) != self.metadata or sorted(header) != self.names:
            return False
        mine, body, end = self.header, data[8 + length :], 0
        for name, fields in header.items():
            if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
                return False
            if repr((fields["dtype"], fields["shape"])) != repr((mine[name]["dtype"], mine[name]["shape"])):
                return False
            places = fields["data_offsets"]
            if not isinstance(places, list) or [type(place) for place in places] != [int, int]:
                return False
        for name in sorted(header, key=lambda name: header[name]["data_offsets"]):
            begin, stop = header[name]["data_offsets"]
            if begin != end or stop != begin + self.tensors[name].nbytes or stop > len(body):
                return False
            if not _are_numbers(body[begin:stop], self.tensors[name].dtype):
                return False
            end = stop
        return end == len(body)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _are_numbers(raw: bytes, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "b":
        return max(raw) <= 1
    return bool(np.isfinite(np.frombuffer(raw, dtype)).all())


def assembled(header: object, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(text)) + text + body


def header_length(whole: Whole, dice: random.Random) -> bytes:
    near = dice.choice(
        [whole.length + dice.randint(-16, 16), len(whole.data), len(whole.data) - 8, MAX_HEADER + 1]
    )
    length = dice.choice([near, *NUMBERS, dice.getrandbits(64)])
    return struct.pack("<Q", length % 2**64) + whole.data[8:]


def offsets(whole: Whole, dice: random.Random) -> bytes:
    header = whole.header
    for name in dice.sample(whole.names, min(len(whole.names), dice.randint(1, 3))):
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
    return assembled(header, whole.body)


def overlap(whole: Whole, dice: random.Random) -> bytes:
    """Tensors that share bytes, leave a gap, or go over the end, each of the right length by itself."""
    header = whole.header
    for name in dice.sample(whole.names, min(len(whole.names), dice.randint(1, 3))):
        begin, end = header[name]["data_offsets"]
        move = dice.choice([-end, -begin, -4, -1, 1, 4, len(whole.body)])
        header[name]["data_offsets"] = [begin + move, end + move]
    return assembled(header, whole.body + bytes(dice.choice([0, 0, 1, 8, 4096])))


def dtype(whole: Whole, dice: random.Random) -> bytes:
    header = whole.header
    for name in dice.sample(whole.names, dice.randint(1, 2)):
        header[name]["dtype"] = dice.choice([*DTYPES, *ODD])
    return assembled(header, whole.body)


def shape(whole: Whole, dice: random.Random) -> bytes:
    header = whole.header
    entry = header[dice.choice(whole.names)]
    length = dice.choice([1, 2, 3, 16, 17, 1000])
    entry["shape"] = dice.choice([[dice.choice([*NUMBERS, *ODD]) for _ in range(length)], dice.choice(ODD)])
    if dice.random() < 0.3:  # offsets that agree with the claim
        entry["data_offsets"] = [0, 4 * dice.choice(NUMBERS)]
    return assembled(header, whole.body)


def fields(whole: Whole, dice: random.Random) -> bytes:
    header = whole.header
    name = dice.choice([*whole.names, "__metadata__"])
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
        return assembled(text[:-1] + b',"bias":' + json.dumps(header["bias"]).encode() + b"}", whole.body)
    return assembled(header, whole.body)


def bombs(size: int) -> list[bytes]:
    """JSON headers of about ``size`` bytes that are short to write and long, deep or slow to read."""

    def times(unit: bytes) -> int:
        return (size - 20) // len(unit)

    return [
        b'{"a":' + b"[" * times(b"[]") + b"]" * times(b"[]") + b"}",
        b'{"a":' * times(b'{"a":}') + b"1" + b"}" * times(b'{"a":}'),
        b'{"a":' + b"9" * times(b"9") + b"}",
        b'{"a":1e' + b"9" * times(b"9") + b"}",
        b'{"a":[' + b"0," * times(b"0,") + b"0]}",
        b'{"a":[' + b"[]," * times(b"[],") + b"[]]}",
        b"{" + b",".join(b'"%07d":{}' % number for number in range(times(b'"0000000":{},'))) + b"}",
        b'{"a":"' + b"\\u0000" * times(b"\\u0000") + b'"}',
        b'{"a":"' + b"x" * times(b"x") + b'"}',
        b"{" + b'"a":1,' * times(b'"a":1,') + b'"a":1}',
    ]


def bomb(whole: Whole, dice: random.Random) -> bytes:
    """Return a small one of the bombs; one of the longest takes too long for a thousand times."""
    return assembled(dice.choice(bombs(dice.choice([100, 1000, 10_000]))), dice.choice([b"", whole.body]))


def cut(whole: Whole, dice: random.Random) -> bytes:
    return whole.data[: dice.randrange(len(whole.data))]


def numbers(whole: Whole, dice: random.Random) -> bytes:
    """Bits of the data: a sound update, not finite, or a boolean that is none."""
    data = bytearray(whole.data)
    for _ in range(dice.randint(1, 4)):
        data[8 + whole.length + dice.randrange(len(whole.body))] ^= 1 << dice.randrange(8)
    return bytes(data)


def junk(whole: Whole, dice: random.Random) -> bytes:
    data = bytearray(whole.data)
    for _ in range(dice.choice([1, 1, 3, 20])):
        start = dice.randrange(len(data))
        data[start : start + dice.randint(0, 8)] = dice.randbytes(dice.randint(0, 8))
    return bytes(data)


MUTATIONS = [header_length, offsets, overlap, dtype, shape, fields, bomb, cut, numbers, junk]
