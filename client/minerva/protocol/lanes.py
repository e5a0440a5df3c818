"""Weights by miner index, as the chain packs them: 16 bits each (docs/SPECIFICATION.md, K1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minerva.protocol.records import indices

BITS = 16
MOST = (1 << BITS) - 1
MINERS = 64
WORDS = MINERS * BITS // 256

Lanes = tuple[int, ...]
"""Words of 256 bits, no zero word at the end."""


def pack(weights: Mapping[int, int]) -> Lanes:
    """Pack weights (0 to 65,535) by miner index (0 to 63)."""
    words = [0] * WORDS
    for index, weight in weights.items():
        if not 0 <= index < MINERS or not 0 <= weight <= MOST:
            raise ValueError(f"no lane: {index} → {weight}")
        words[index // BITS] |= weight << index % BITS * BITS
    return trimmed(words)


def unpack(lanes: Sequence[int]) -> dict[int, int]:
    """Return the lanes that are not zero by miner index, ascending."""
    found = {}
    for position, word in enumerate(lanes):
        for lane in range(BITS):
            if weight := word >> lane * BITS & MOST:
                found[position * BITS + lane] = weight
    return found


def weights_of(voters: int, lanes: Sequence[int]) -> dict[int, int]:
    """Return the voters' weights by index, one each where there are no lanes (K2)."""
    found = unpack(lanes) if lanes else dict.fromkeys(indices(voters), 1)
    return {index: found.get(index, 0) for index in indices(voters)}


def trimmed(words: Sequence[int]) -> Lanes:
    """Cut the zero words at the end off."""
    length = max((i + 1 for i, word in enumerate(words) if word), default=0)
    return tuple(words[:length])


def words_of(mask: int) -> int:
    """Return how many words the miners in ``mask`` need."""
    return -(-mask.bit_length() // BITS)
