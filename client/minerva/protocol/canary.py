"""Canaries: what a device commits to of its training, who is asked about it, and what an answer is (V15, V16).

A challenge is ``{round, block, first, taken}``, an answer ``{block, steps: [{hash, path: […]}, …], signature}``, bytes as
hex with ``0x``. Both come from strangers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from minerva.protocol import hash_tree
from minerva.protocol.evidence import Malformed, read_bytes
from minerva.protocol.records import Address
from minerva.protocol.statements import domain_separator, recover_account

SLICE = 4
"""Consecutive steps that are asked about; of a training that has fewer, all."""
MOST_ANSWER_BYTES = 1 << 14
"""Of an answer about 10^9 steps no more than 11,000 are needed."""
_MOST_PATH = 30
_MOST_ROUND = (1 << 32) - 1
_STEPS = re.compile(r"([1-9][0-9]{0,8}):([0-9a-f]{64})", re.ASCII)
_FIELDS = {
    "federation": "address", "round": "uint32", "device": "address", "block": "bytes32", "steps": "bytes32",
}  # fmt: skip
ANSWER_TYPE = f"CanaryAnswer({','.join(f'{kind} {name}' for name, kind in _FIELDS.items())})"
_ANSWER_TYPEHASH = keccak(text=ANSWER_TYPE)


@dataclass(frozen=True, slots=True)
class Commitment:
    """So many steps, and the root over the hashes of the model after each."""

    count: int
    root: bytes

    @classmethod
    def to(cls, hashes: Sequence[bytes]) -> Commitment:
        """Commit to the hashes, at least one."""
        return cls(len(hashes), hash_tree.root([hash_tree.leaf(one) for one in hashes]))

    @classmethod
    def parse(cls, text: str) -> Commitment | None:
        """Read the metadata's ``steps``; None where that is none."""
        found = _STEPS.fullmatch(text)
        return cls(int(found[1]), bytes.fromhex(found[2])) if found else None

    def __str__(self) -> str:
        """Return the text in an update's metadata."""
        return f"{self.count}:{self.root.hex()}"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Which steps of a round's training are asked about: ``taken`` of them from ``first``, counted from 0."""

    round: int
    block: bytes
    first: int
    taken: int

    @classmethod
    def of(cls, round_: int, block: bytes, device: Address, count: int) -> Challenge:
        """Draw the slice that the hash of the round's block gives this device, of so many steps."""
        taken = min(SLICE, count)
        first = int.from_bytes(_draw(block, device)[8:16]) % (count - taken + 1)
        return cls(round_, block, first, taken)

    def positions(self, count: int) -> list[int]:
        """Return the steps that an answer shows: the slice, and at the end the last of all."""
        return [*range(self.first, self.first + self.taken), count - 1]

    def document(self) -> dict[str, Any]:
        """Make a JSON object."""
        return {"round": self.round, "block": _hex(self.block), "first": self.first, "taken": self.taken}

    @classmethod
    def parse(cls, document: object) -> Challenge:
        """Read a JSON object; raises `Malformed`."""
        if not isinstance(document, Mapping) or set(document) != {"round", "block", "first", "taken"}:
            raise Malformed("not an object with the fields of a challenge")
        round_, first, taken = (document[name] for name in ("round", "first", "taken"))
        for value in (round_, first, taken):
            if type(value) is not int or not 0 <= value <= _MOST_ROUND:
                raise Malformed(f"no number of a challenge: {ascii(value)[:60]}")
        return cls(round_, read_bytes(document["block"], 32), first, taken)


@dataclass(frozen=True, slots=True)
class Step:
    """The hash of the model after one step, and the way from it up to the committed root."""

    hash: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device says to a challenge, signed."""

    block: bytes
    steps: tuple[Step, ...]
    signature: bytes = b""

    @classmethod
    def to(cls, challenge: Challenge, hashes: Sequence[bytes]) -> Answer:
        """Show the steps that are asked about, out of the hashes of all."""
        leaves = [hash_tree.leaf(one) for one in hashes]
        positions = challenge.positions(len(hashes))
        steps = (Step(hashes[at], tuple(hash_tree.path(leaves, at))) for at in positions)
        return cls(challenge.block, tuple(steps))

    def shows(self, challenge: Challenge, commitment: Commitment, last: bytes) -> bool:
        """Whether it holds what was asked for, all under the committed root; ``last`` is the hash of the update itself."""
        positions = challenge.positions(commitment.count)
        return (
            self.block == challenge.block
            and len(self.steps) == len(positions)
            and self.steps[-1].hash == last
            and all(
                hash_tree.is_under(
                    commitment.root, hash_tree.leaf(step.hash), at, commitment.count, step.path
                )
                for step, at in zip(self.steps, positions, strict=True)
            )
        )

    def digest(self, federation: Address, round_: int, device: Address, chain_id: int) -> bytes:
        """Return the EIP-712 digest that the device's key signs, the federation being the verifying contract."""
        parts = self._message(federation, round_, device, chain_id)
        return keccak(b"\x19" + parts.version + parts.header + parts.body)

    def is_by(self, federation: Address, round_: int, device: Address, chain_id: int) -> bool:
        """Whether the device's key signed it."""
        return recover_account(self._message(federation, round_, device, chain_id), self.signature) == device

    def document(self) -> dict[str, Any]:
        """Make a JSON object."""
        steps = [{"hash": _hex(s.hash), "path": [_hex(one) for one in s.path]} for s in self.steps]
        return {"block": _hex(self.block), "steps": steps, "signature": _hex(self.signature)}

    @classmethod
    def parse(cls, data: bytes) -> Answer:
        """Read a JSON text; raises `Malformed`."""
        document = _loads(data)
        if not isinstance(document, Mapping) or set(document) != {"block", "steps", "signature"}:
            raise Malformed("not an object with the fields of an answer")
        found = document["steps"]
        if not isinstance(found, list) or not 0 < len(found) <= SLICE + 1:
            raise Malformed(f"steps are a list of 1 to {SLICE + 1}")
        steps = tuple(_step(one) for one in found)
        return cls(read_bytes(document["block"], 32), steps, read_bytes(document["signature"], 65))

    def _message(self, federation: Address, round_: int, device: Address, chain_id: int) -> SignableMessage:
        said = hashlib.sha256(b"".join(part for s in self.steps for part in (s.hash, *s.path))).digest()
        values = (federation, round_, device, self.block, said)
        body = keccak(_ANSWER_TYPEHASH + encode(tuple(_FIELDS.values()), values))
        return SignableMessage(b"\x01", domain_separator(chain_id, federation), body)


def is_drawn(block: bytes, device: Address, share: float) -> bool:
    """Whether the hash of a round's block draws this device for a share of the devices, 0 to 1."""
    return int.from_bytes(_draw(block, device)[:8]) < share * 2.0**64


def challenges(data: bytes) -> list[Challenge]:
    """Read what a miner asks, ``{challenges: […]}``; raises `Malformed`."""
    document = _loads(data)
    found = document.get("challenges") if isinstance(document, Mapping) else None
    if not isinstance(found, list):
        raise Malformed("no list of challenges")
    return [Challenge.parse(one) for one in found]


def _draw(block: bytes, device: Address) -> bytes:
    return hashlib.sha256(b"minerva canary 1" + block + bytes.fromhex(device[2:])).digest()


def _step(document: object) -> Step:
    if not isinstance(document, Mapping) or set(document) != {"hash", "path"}:
        raise Malformed("not an object with the fields of a step")
    siblings = document["path"]
    if not isinstance(siblings, list) or len(siblings) > _MOST_PATH:
        raise Malformed(f"a path is a list of at most {_MOST_PATH}")
    return Step(read_bytes(document["hash"], 32), tuple(read_bytes(one, 32) for one in siblings))


def _loads(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
