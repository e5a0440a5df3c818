"""Weights as the contracts carry them: lanes of 16 bits, one for each miner index (docs/SPECIFICATION.md, K1)."""

from __future__ import annotations

from collections.abc import Mapping

from minerva.protocol.records import indices

BITS, PER_WORD = 16, 16
MAX_WEIGHT = (1 << BITS) - 1


def pack(weights: Mapping[int, int]) -> tuple[int, ...]:
    """Return the words that hold these weights by index, and no word more."""
    words = [0] * (max(weights, default=-1) // PER_WORD + 1)
    for index, weight in weights.items():
        words[index // PER_WORD] |= weight << BITS * (index % PER_WORD)
    return tuple(words)


def unpack(words: tuple[int, ...], mask: int) -> dict[int, int]:
    """Return the weights of the miners in ``mask`` by index; a lane beyond the words is zero."""
    return {i: lane(words, i) for i in indices(mask)}


def weights_of(voters: int, words: tuple[int, ...]) -> dict[int, int]:
    """Return the voters' weights by index, one each where there are no lanes (K2)."""
    return unpack(words, voters) if words else dict.fromkeys(indices(voters), 1)


def lane(words: tuple[int, ...], index: int) -> int:
    """Return one miner's weight."""
    word = words[index // PER_WORD] if index // PER_WORD < len(words) else 0
    return word >> BITS * (index % PER_WORD) & MAX_WEIGHT
