"""A federation on the chain with its people, and the moves that tests put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from brownie import Contract, Federation, FederationExtension, Miner
from minerva.protocol.cid import DAG_PB, RAW, Cid
from minerva.protocol.header import Header
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.records import ZERO32, Update, hash_list, indices
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_REWARDS, NO_STAKE, FederationConfig, RewardTerms
from support import clock

Account = Any
ROOT = b"\x0d" * 32
MANIFEST, MODEL = Cid(keccak(text="manifest"), RAW), Cid(keccak(text="genesis model"), DAG_PB)
DIFFICULTY, TARGET_SECONDS = 4, 10

CONFIG = FederationConfig(
    manifest=MANIFEST, model=MODEL, consensus="0x" + "0" * 40,
    consensus_parameters=encode(["uint64", "uint32"], [DIFFICULTY, TARGET_SECONDS]),
    rounds=5, min_miners=2, max_miners=5, min_devices=2, max_devices=10, min_updates=2, max_joins=6, silent_rounds=2,
    training_seconds=1000, verification_seconds=600, fetch_seconds=200, mining_seconds=500, attestation_seconds=400,
    max_extensions=1, max_candidates=2, max_pause_seconds=10_000, max_model_bytes=10**6, confirmations=0,
)  # fmt: skip
"""A small federation; tests change what they are about. Its phases outlast a test on a busy machine."""


def plain(value: Any) -> Any:
    """A dataclass as brownie takes a struct: nested tuples in the order of its fields."""
    if not hasattr(value, "__dataclass_fields__"):
        return value
    return tuple(plain(getattr(value, field.name)) for field in fields(value))


def at_federation(address: str) -> Any:
    """The federation at an address: what it does itself, and what its extension does."""
    return Contract.from_abi("Federation", address, federation_abi(), persist=False)


def federation_abi() -> list[Any]:
    """All that a federation answers to: what it does itself, and what its extension does."""
    merged = {str(entry): entry for abi in (FederationExtension.abi, Federation.abi) for entry in abi}
    return [entry for entry in merged.values() if entry["type"] not in ("constructor", "fallback")]


@dataclass
class Deployed:
    """The contracts that federations share."""

    factory: Any
    proof_of_work: Any
    mock_consensus: Any


@dataclass
class Scene:
    """One federation.

    Attributes
    ----------
    owners, miners
        Who signs for each miner, and its contract, in order of joining.
    devices
        Accounts; the i-th is bound to the miner i modulo the number of miners.
    creation
        The gas that it took.
    """

    deployed: Deployed
    config: FederationConfig
    requester: Account
    federation: Any
    owners: list[Account] = field(default_factory=list)
    miners: list[Any] = field(default_factory=list)
    devices: list[Account] = field(default_factory=list)
    creation: int = 0

    @classmethod
    def create(
        cls,
        deployed: Deployed,
        requester: Account,
        *,
        consensus: Any = None,
        stake: StakeTerms = NO_STAKE,
        rewards: RewardTerms = NO_REWARDS,
        **changes: Any,
    ) -> Scene:
        """A new federation with nobody in it."""
        module = consensus or deployed.proof_of_work
        config = replace(CONFIG, consensus=module.address, **changes)
        transaction = deployed.factory.createFederation(
            plain(config), plain(stake), plain(rewards), {"from": requester}
        )
        address = transaction.events["FederationCreated"]["federation"]
        federation = at_federation(address)
        return cls(deployed, config, requester, federation, creation=int(transaction.gas_used))

    # Reads

    @property
    def state(self) -> SimpleNamespace:
        """The federation's state, by the names of the Solidity fields."""
        return SimpleNamespace(**self.federation.state().dict())

    @property
    def round(self) -> int:
        """The last round that opened."""
        return int(self.federation.currentRound())

    # Members

    def join(self, *owners: Account) -> None:
        """Each account joins with a miner."""
        for owner in owners:
            transaction = self.deployed.factory.createMiner(
                self.federation, "http://miner", b"", {"from": owner}
            )
            address = transaction.events["MinerCreated"]["miner"]
            self.owners.append(owner)
            self.miners.append(Contract.from_abi("Miner", address, Miner.abi, persist=False))

    def register(self, *devices: Account) -> None:
        """Each account registers as a device, with the miners in turn."""
        for device in devices:
            miner = self.miners[len(self.devices) % len(self.miners)]
            miner.registerDevice(ROOT, 100, 5_000, b"", {"from": device})
            self.devices.append(device)

    def tick(self) -> Any:
        """Somebody ticks."""
        return self.federation.tick({"from": self.requester})

    # A round

    def claim(self, number: int = 0, **changes: Any) -> tuple[Any, ...]:
        """What the device ``number`` says of its update in the current round."""
        values = {
            "round": self.round, "digest": keccak(text=f"update {number} of {self.round}"), "codec": RAW,
            "samples": 90, "epochs": 2, "compute_us": 1_250_000, "loss_before": 2_300_000, "loss_after": 1_900_000,
        } | changes  # fmt: skip
        return tuple(values.values())

    def record(self, number: int, claim: tuple[Any, ...]) -> Update:
        """The client's record of a claim of the device ``number``."""
        round, digest, codec, *measured = claim
        miner = self.miners[number % len(self.miners)]
        return Update(
            self.federation.address,
            round,
            self.devices[number].address,
            miner.address,
            Cid(digest, codec),
            *measured,
        )

    def submit(self, *numbers: int, **changes: Any) -> Any:
        """The devices of these numbers submit; the last one's transaction."""
        transaction = None
        for number in numbers:
            miner = self.miners[number % len(self.miners)]
            transaction = miner.submitUpdate(self.claim(number, **changes), {"from": self.devices[number]})
        return transaction

    def close_training(self) -> Any:
        """All devices submit, and Training closes."""
        self.submit(*range(len(self.devices)))
        return self.tick()

    def updates_root(self) -> bytes:
        """The root over the pools of the snapshot, as a client computes it."""
        miners = {miner.index(): miner for miner in self.miners}
        return hash_list(bytes(miners[i].pool(self.round)[0]) for i in indices(self.state.snapshot))

    def verdicts(self, byte: int = 0xFF) -> bytes:
        """A ballot that says the same of every update."""
        return bytes([byte]) * self.state.updates

    def vote(self, *numbers: int, byte: int = 0xFF) -> Any:
        """The miners of these numbers vote; the last one's transaction."""
        transaction = None
        for number in numbers:
            ballot = (self.round, self.state.updatesRoot, self.verdicts(byte))
            transaction = self.federation.vote(*ballot, {"from": self.owners[number]})
        return transaction

    def vote_all(self) -> Any:
        """All miners vote."""
        return self.vote(*range(len(self.owners)))

    def header(self, miner: int = 0, **changes: Any) -> Header:
        """A header by the ``miner``-th miner that the contracts take, but for ``changes``; its proof is mined anew."""
        s, proposer = self.state, self.miners[miner].address
        body, model = Cid(keccak(text=f"body {s.round}"), RAW), Cid(keccak(text=f"model {s.round}"), RAW)
        header = Header(
            number=s.height + 1, parent=bytes(s.head), round=s.round, updates_root=bytes(s.updatesRoot),
            ballots_root=bytes(s.ballotsRoot), accepted_root=keccak(text="accepted"), body=body, model=model,
            rewards_root=ZERO32, rewards_total=0, weights=(), proposer=proposer, proof=b"",
        )  # fmt: skip
        return replace(header, **({"proof": self.proof(header)} | changes))

    def proof(self, header: Header) -> bytes:
        """The least nonce that entitles the header's proposer."""
        claim = Claim(header.round, header.parent, header.updates_root, header.ballots_root, header.proposer)
        seed = pow_seed(31337, self.federation.address, claim)
        difficulty = max(1, self.deployed.proof_of_work.difficulty(self.federation))
        nonce = next(n for n in range(1 << 20) if meets(seed, n, difficulty))
        return nonce.to_bytes(32, "big")

    def propose(self, number: int = 0, **changes: Any) -> Any:
        """The miner ``number`` proposes."""
        return self.federation.propose(plain(self.header(number, **changes)), {"from": self.owners[number]})

    def attest(self, *numbers: int, approve: bool = True) -> Any:
        """The miners of these numbers attest the candidate; the last one's transaction."""
        transaction, candidate = None, self.state.candidate
        for number in numbers:
            transaction = self.federation.attest(
                self.round, candidate, approve, {"from": self.owners[number]}
            )
        return transaction

    def finish_round(self) -> Any:
        """From Training to the block, everybody in agreement."""
        self.close_training()
        self.vote_all()
        transaction = self.propose(0)
        others = range(1, len(self.owners) // 2 + 1)
        return self.attest(*others) if others else transaction

    # Time

    def expire(self, late: int = 0) -> None:
        """Let the next transaction come at the phase's deadline, or ``late`` seconds after it."""
        clock.next_block_at(self.state.deadline + late)


def names(transaction: Any, *ignored: str) -> list[str]:
    """The names of a transaction's events in order."""
    return [event.name for event in transaction.events if event.name not in ("Initialized", *ignored)]


def mask(numbers: Sequence[int]) -> int:
    """The set of these miners."""
    return sum(1 << number for number in numbers)
