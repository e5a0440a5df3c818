"""The proof of work as federations use it: any account can be one, the module knows it by its address."""

from __future__ import annotations

from dataclasses import astuple
from itertools import count
from typing import Any

from eth_abi import encode
from eth_utils import keccak
from hypothesis.core import given as given  # brownie's rewinds the chain for each example: 0.1 s

from brownie import web3
from minerva.protocol.machine import Claim, pow_seed
from support import bulk

CHAIN_ID = 31337
MOST = 2**256 - 1
CLAIM = Claim(7, b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32, bulk.address(0x77))
"""What the proofs of these tests are for; tests change what they are about."""

_next = count(0xFED_0001)


def parameters(difficulty: int, target_seconds: int = 10) -> bytes:
    """W2."""
    return encode(["uint256", "uint256"], [difficulty, target_seconds])


def fresh(module: Any, difficulty: int | None = None, target_seconds: int = 10) -> str:
    """A federation that nobody used before; configured, where a difficulty is given."""
    address = bulk.address(next(_next))
    if difficulty is not None:
        configure(module, address, difficulty, target_seconds)
    return address


def configure(module: Any, federation: str, difficulty: int, target_seconds: int = 10) -> None:
    """The federation chooses the module."""
    tell(module, federation, module.configure.encode_input(parameters(difficulty, target_seconds)))


def tell(module: Any, federation: str, data: str) -> Any:
    """The federation calls the module; the transaction's logs."""
    transaction = bulk.send(module, data, federation)
    bulk.gas_used([transaction])
    return web3.eth.get_transaction_receipt(transaction)["logs"]


def finalize(module: Any, federation: str, elapsed: int) -> int:
    """The federation tells of a block after ``elapsed`` seconds; the difficulty after it."""
    tell(module, federation, module.onFinalized.encode_input(1, elapsed))
    return int(module.difficulty(federation))


def check(module: Any, federation: str, claim: Claim, nonce: int) -> None:
    """The federation asks whether the nonce entitles the claim's miner."""
    module.propose(astuple(claim), nonce.to_bytes(32, "big"), [], {"from": federation})


def hash_of(federation: str, claim: Claim, nonce: int) -> int:
    """What has to be small (W1)."""
    return int.from_bytes(keccak(pow_seed(CHAIN_ID, federation, claim) + nonce.to_bytes(32, "big")))


def hardest(federation: str, claim: Claim, nonce: int) -> int:
    """The highest difficulty that the nonce meets."""
    return MOST // hash_of(federation, claim, nonce)
