"""A vault of rewards with a federation of which the test says what its blocks are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from eth_account import Account as Key
from eth_utils import keccak

from brownie import Contract, MockBlocks, RewardVault
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.rewards import CumulativeTable, claim_to_digest
from minerva.protocol.state import RewardTerms

CHAIN_ID = 31337
DAY = 86_400
TERMS = RewardTerms(ZERO_ADDRESS, 10_000, 5_000, 1_000, 2_000, 2_000, 30 * DAY)
"""Pools of 5,000, 1,000, 2,000 and 2,000: a budget of 8,000, and 500 for each of four attestations."""
ROUNDS, MAX_MINERS = 5, 4
REQUIRED, BUDGET, REWARD = 50_000, 8_000, 500


@dataclass
class World:
    """The contracts that vaults are made of."""

    clones: Any
    implementation: Any
    deployer: Any


@dataclass(frozen=True)
class Block:
    """A header, and the table that its root stands for."""

    round: int
    header: tuple[Any, ...]
    hash: bytes
    table: CumulativeTable

    def entry(self, account: Any) -> tuple[Any, ...]:
        """The first arguments of a claim."""
        address = str(account)
        return (self.header, address, self.table.earned[address], self.table.proof(address))


@dataclass
class Escrow:
    """One vault."""

    world: World
    terms: RewardTerms
    federation: Any
    vault: Any
    token: Any = None
    table: CumulativeTable = field(default_factory=CumulativeTable)

    @classmethod
    def create(
        cls,
        world: World,
        *,
        token: Any = None,
        rounds: int = ROUNDS,
        max_miners: int = MAX_MINERS,
        **changes: Any,
    ) -> Escrow:
        """A vault with nothing in it."""
        terms = replace(TERMS, token=token.address if token else ZERO_ADDRESS, **changes)
        federation = MockBlocks.deploy({"from": world.deployer})
        vault = make_vault(world, federation, terms, rounds, max_miners)
        return cls(world, terms, federation, vault, token)

    def fund(self, amount: int = REQUIRED, sender: Any = None) -> Any:
        """Somebody pays in; of a token, what is minted for it."""
        sender = sender or self.world.deployer
        if self.token is None:
            return self.vault.fund(amount, {"from": sender, "value": amount})
        self.token.mint(sender, amount, {"from": sender})
        self.token.approve(self.vault, amount, {"from": sender})
        return self.vault.fund(amount, {"from": sender})

    def tell(self, method: str, *values: Any) -> Any:
        """The federation calls the vault."""
        data = getattr(self.vault, method).encode_input(*values)
        return self.federation.forward(self.vault, data, {"from": self.world.deployer})

    def block(
        self,
        round: int,
        grants: Mapping[Any, int],
        *,
        proposer: Any = None,
        attesters: Sequence[Any] = (),
        total: int | None = None,
    ) -> Block:
        """A round from its candidate to its block, which adds ``grants`` to the table."""
        block = self.candidate(round, grants)
        proposer = proposer or self.federation
        sum_ = sum(grants.values()) if total is None else total
        self.tell("onProposed", proposer, round, block.hash, sum_)
        for attester in attesters:
            self.tell("onAttested", attester, round, block.hash)
        self.finalize(block)
        return block

    def candidate(self, round: int, grants: Mapping[Any, int]) -> Block:
        """A header that adds ``grants`` to the table, of which the chain knows nothing yet."""
        table = self.table.add({str(account): amount for account, amount in grants.items()})
        header = header_of(round, table.root, min(sum(grants.values()), 2**128 - 1))
        return Block(round, header, self.hash_of(header), table)

    def hash_of(self, header: tuple[Any, ...]) -> bytes:
        """R7."""
        return bytes(self.federation.hashOf(header))

    def finalize(self, block: Block) -> Any:
        """The candidate becomes its round's block."""
        self.table = block.table
        self.federation.setBlock(block.round, block.hash, {"from": self.world.deployer})
        return self.tell("onFinalized", block.round)

    def close(self) -> int:
        """The federation closes; when the claim period ends."""
        self.tell("onClosed")
        return int(self.vault.closesAt())

    def claim(self, block: Block, account: Any, sender: Any = None) -> Any:
        """Somebody claims for ``account``."""
        return self.vault.claim(*block.entry(account), {"from": sender or self.world.deployer})

    def claim_to(self, block: Block, account: Any, to: Any, signature: bytes) -> Any:
        """Somebody claims for ``account``, to be paid to another."""
        return self.vault.claimTo(*block.entry(account), str(to), signature, {"from": self.world.deployer})

    def digest(self, block: Block, account: Any, to: Any, claimed: int = 0) -> bytes:
        """What ``account`` signs for that."""
        entry = (str(account), str(to), block.table.earned[str(account)], claimed)
        return claim_to_digest(CHAIN_ID, self.vault.address, *entry)

    def held(self, account: Any = None) -> int:
        """What an account, or the vault, has of the vault's money."""
        account = account or self.vault
        if self.token is not None:
            return int(self.token.balanceOf(account))
        return int(account.balance())


def make_vault(world: World, federation: Any, terms: RewardTerms, rounds: int, max_miners: int) -> Any:
    """A clone, set up."""
    data = world.implementation.initialize.encode_input(federation, astuple(terms), rounds, max_miners)
    made = world.clones.make(world.implementation, data, {"from": world.deployer})
    address = made.events["Cloned"]["clone"]
    return Contract.from_abi("RewardVault", address, RewardVault.abi, persist=False)


def header_of(round: int, root: bytes, total: int) -> tuple[Any, ...]:
    """A header as long as any, in which only this matters."""
    word = keccak(round.to_bytes(4, "big"))
    cid = (word, 0x55)
    head = (round, word, round, word, word, word, cid, cid)
    return (*head, root, total, [1, 2, 3, 4], "0x" + "77" * 20, word)


def key(name: str) -> Any:
    """An account whose key is known: it signs what brownie's accounts do not."""
    return Key.from_key(keccak(text=name))


def sign(account: Any, digest: bytes) -> bytes:
    """Its signature of the digest."""
    return bytes(account.unsafe_sign_hash(digest).signature)
