"""Whose turn it is to propose, drawn by weight (docs/SPECIFICATION.md, K5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from minerva.protocol.records import Address

_SEED_TYPES = ("uint256", "address", "uint32", "bytes32", "bytes32", "uint256")


def seed(
    chain_id: int, federation: Address, round: int, former: bytes, head: bytes, prevrandao: int
) -> bytes:
    """Return what the order of ``round`` is drawn with.

    Parameters
    ----------
    chain_id, federation, round
        Where and when.
    former
        The seed of the last round that opened under this module; zero at first.
    head
        The hash of the last block.
    prevrandao
        Of the chain's block in which the round opens.
    """
    return keccak(encode(_SEED_TYPES, (chain_id, federation, round, former, head, prevrandao)))


def order(seed: bytes, weights: Mapping[int, int]) -> tuple[int, ...]:
    """Draw the voters, all of weight 1 or more by index, without replacement."""
    left = dict(sorted(weights.items()))
    drawn = []
    for number in range(len(left)):
        x = int.from_bytes(keccak(seed + number.to_bytes(32, "big"))) % sum(left.values())
        running = zip(left, accumulate(left.values()), strict=True)
        index = next(index for index, total in running if x < total)
        drawn.append(index)
        del left[index]
    return tuple(drawn)


def proposer(order: Sequence[int], turn: int, eligible: int) -> int | None:
    """Return whose turn it is: of the voters in the mask ``eligible``; None when there is none."""
    for position in range(len(order)):
        index = order[(turn + position) % len(order)]
        if eligible >> index & 1:
            return index
    return None
