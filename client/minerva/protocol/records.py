"""Update records, their leaves and the running hashes of the pools (docs/SPECIFICATION.md, R1 to R3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from minerva.protocol.cid import Cid

Address = str
"""A checksummed address (EIP-55)."""

ZERO32 = bytes(32)
ZERO_ADDRESS: Address = "0x" + "0" * 40
LOSS_DECIMALS = 6

_UPDATE_FIELDS = {
    "federation": "address", "round": "uint32", "device": "address", "miner": "address", "digest": "bytes32",
    "codec": "uint8", "samples": "uint32", "epochs": "uint32", "computeUs": "uint64", "lossBefore": "int64",
    "lossAfter": "int64",
}  # fmt: skip
_UPDATE_TYPES = tuple(_UPDATE_FIELDS.values())
UPDATE_TYPE = f"Update({','.join(f'{kind} {name}' for name, kind in _UPDATE_FIELDS.items())})"
_UPDATE_TYPEHASH = keccak(text=UPDATE_TYPE)


@dataclass(frozen=True, slots=True)
class Update:
    """The full record of a local update (EIP-712 type `Update`).

    ``compute_us`` is the wall-clock time of the training loop in microseconds; ``loss_before`` and
    ``loss_after`` are fixed-point with
    six decimals.
    """

    federation: Address
    round: int
    device: Address
    miner: Address
    cid: Cid
    samples: int
    epochs: int
    compute_us: int
    loss_before: int
    loss_after: int

    def leaf(self) -> bytes:
        """EIP-712 struct hash, 32 bytes."""
        values = (
            self.federation, self.round, self.device, self.miner, self.cid.digest, self.cid.codec,
            self.samples, self.epochs, self.compute_us, self.loss_before, self.loss_after,
        )  # fmt: skip
        return keccak(_UPDATE_TYPEHASH + encode(_UPDATE_TYPES, values))


@dataclass(frozen=True, slots=True)
class PlacedUpdate:
    """An update and where it stands: in its pool, and on the chain.

    ``miner_index`` and ``pool_index`` give the update order; ``(block_number, log_index)`` says which came
    first; ``timestamp`` is that
    block's, in seconds.
    """

    update: Update
    miner_index: int
    pool_index: int
    block_number: int
    log_index: int
    timestamp: int

    @property
    def order(self) -> tuple[int, int]:
        """Sort key of the update order (R3)."""
        return (self.miner_index, self.pool_index)

    @property
    def position(self) -> tuple[int, int]:
        """Sort key of time on the chain; the earlier of two equal updates is the original."""
        return (self.block_number, self.log_index)


def extend_pool(head: bytes, leaf: bytes) -> bytes:
    """Append a leaf to a pool's running hash (R2)."""
    return keccak(head + leaf)


def hash_list(items: Iterable[bytes]) -> bytes:
    """Hash the concatenation of 32-byte items.

    `updatesRoot` over pool heads, `ballotsRoot` over ballot hashes (P2, P3).
    """
    return keccak(b"".join(items))


def mask_of(items: Iterable[int]) -> int:
    """Return the set of these miner indices."""
    return sum(1 << index for index in set(items))


def indices(mask: int) -> list[int]:
    """Miner indices in a mask, ascending."""
    return [i for i in range(mask.bit_length()) if mask >> i & 1]
