"""The header of an FL block, its hash, and the genesis that block 1 links to (SPECIFICATION.md, R7-R9)."""

from __future__ import annotations

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from minerva.protocol.cid import Cid
from minerva.protocol.records import Address

HEADER_TYPE = (
    "Header(uint32 number,bytes32 parent,uint32 round,bytes32 updatesRoot,bytes32 ballotsRoot,"
    "bytes32 acceptedRoot,bytes32 bodyDigest,uint8 bodyCodec,bytes32 modelDigest,uint8 modelCodec,"
    "bytes32 rewardsRoot,uint128 rewardsTotal,uint256[] weights,address proposer,bytes proof)"
)
GENESIS_TYPE = (
    "Genesis(uint256 chainId,address federation,bytes32 manifestDigest,uint8 manifestCodec,"
    "bytes32 modelDigest,uint8 modelCodec)"
)
_HEADER_TYPEHASH = keccak(text=HEADER_TYPE)
_GENESIS_TYPEHASH = keccak(text=GENESIS_TYPE)
_HEADER_ABI = (
    "bytes32", "uint32", "bytes32", "uint32", "bytes32", "bytes32", "bytes32",
    "bytes32", "uint8", "bytes32", "uint8", "bytes32", "uint128", "bytes32", "address", "bytes32",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What the chain keeps of a block (through its hash).

    ``rewards_root`` is over what each account has earned by the tables of all blocks so far, ``rewards_total``
    what this block grants; ``weights`` are the lanes that the consensus module takes for the next round (K1),
    ``proof`` is its own; ``proposer`` is the miner's contract.
    """

    number: int
    parent: bytes
    round: int
    updates_root: bytes
    ballots_root: bytes
    accepted_root: bytes
    body: Cid
    model: Cid
    rewards_root: bytes
    rewards_total: int
    weights: tuple[int, ...]
    proposer: Address
    proof: bytes

    def hash(self) -> bytes:
        """EIP-712 struct hash, 32 bytes."""
        values = (
            _HEADER_TYPEHASH, self.number, self.parent, self.round, self.updates_root, self.ballots_root,
            self.accepted_root, self.body.digest, self.body.codec, self.model.digest, self.model.codec,
            self.rewards_root, self.rewards_total, keccak(b"".join(w.to_bytes(32) for w in self.weights)),
            self.proposer, keccak(self.proof),
        )  # fmt: skip
        return keccak(encode(_HEADER_ABI, values))


def genesis_hash(chain_id: int, federation: Address, manifest: Cid, model: Cid) -> bytes:
    """Return the parent of block 1."""
    types = ("bytes32", "uint256", "address", "bytes32", "uint8", "bytes32", "uint8")
    values = (
        _GENESIS_TYPEHASH,
        chain_id,
        federation,
        manifest.digest,
        manifest.codec,
        model.digest,
        model.codec,
    )
    return keccak(encode(types, values))
