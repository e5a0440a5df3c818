"""Plays a federation through its rounds on anything that performs actions: the specification or a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from minerva.protocol import actions as act
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.cid import Cid
from minerva.protocol.events import Event, FederationCreated, MinerCreated
from minerva.protocol.header import Header
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.records import ZERO32, Address, indices
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import (
    NO_REWARDS,
    NO_STAKE,
    DeviceInfo,
    FederationConfig,
    FederationState,
    MinerInfo,
    Pool,
    RewardTerms,
)


class Views(Protocol):
    """The reads that World and Chain share."""

    @property
    def chain_id(self) -> int: ...
    @property
    def factory(self) -> Address: ...
    def state(self, federation: Address) -> FederationState: ...
    def miners(self, federation: Address) -> tuple[MinerInfo, ...]: ...
    def pool(self, miner: Address, round: int) -> Pool: ...
    def device(self, federation: Address, device: Address) -> DeviceInfo | None: ...
    def difficulty(self, federation: Address) -> int: ...


def address(number: int) -> Address:
    return to_checksum_address(f"0x{number:040x}")


def cid(text: str) -> Cid:
    return Cid(keccak(text=text))


def codec_cid(codec: int, digest: bytes = b"\1" * 32) -> Cid:
    """A CID that the type does not allow, as a stranger's transaction may carry it."""
    forged = object.__new__(Cid)
    object.__setattr__(forged, "digest", digest)
    object.__setattr__(forged, "codec", codec)
    return forged


def pow_parameters(difficulty: int, target_seconds: int) -> bytes:
    return encode(("uint64", "uint32"), (difficulty, target_seconds))


def make_config(consensus: Address, **changes: object) -> FederationConfig:
    config = FederationConfig(
        manifest=cid("manifest"), model=cid("model"), consensus=consensus,
        consensus_parameters=pow_parameters(8, 4),
        rounds=10, min_miners=1, max_miners=8, min_devices=1, max_devices=50, min_updates=1, max_joins=50,
        silent_rounds=2, training_seconds=60, verification_seconds=40, fetch_seconds=20, mining_seconds=30,
        attestation_seconds=20, max_extensions=1, max_candidates=3, max_pause_seconds=100,
        max_model_bytes=1 << 20, confirmations=0,
    )  # fmt: skip
    return replace(config, **changes)  # type: ignore[arg-type]


def solve(seed: bytes, difficulty: int) -> int:
    return next(nonce for nonce in range(1 << 20) if meets(seed, nonce, difficulty))


def misfit(seed: bytes, difficulty: int) -> int:
    return next(nonce for nonce in range(1 << 20) if not meets(seed, nonce, difficulty))


REQUESTER = address(0x1001)


@dataclass
class Driver:
    """One federation; owners are addresses 0xA0…, devices 0xD0…, by their number."""

    perform: Callable[[act.Action, Address], list[Event]]
    views: Views
    federation: Address = ""

    @property
    def state(self) -> FederationState:
        return self.views.state(self.federation)

    @staticmethod
    def owner(number: int) -> Address:
        return address(0xA0 + number)

    @staticmethod
    def device(number: int) -> Address:
        return address(0xD000 + number)

    def contract(self, number: int) -> Address:
        """The miner's contract of owner ``number``."""
        return next(m.contract for m in self.views.miners(self.federation) if m.owner == self.owner(number))

    def found(
        self,
        config: FederationConfig,
        rewards: RewardTerms = NO_REWARDS,
        stake: StakeTerms = NO_STAKE,
    ) -> Address:
        creation = act.CreateFederation(self.views.factory, config, "one", stake, rewards)
        events = self.perform(creation, REQUESTER)
        self.federation = next(e.federation for e in events if isinstance(e, FederationCreated))
        return self.federation

    def join(self, number: int, endpoint: str = "", evidence: bytes = b"") -> Address:
        action = act.RegisterMiner(self.views.factory, self.federation, endpoint, evidence=evidence)
        events = self.perform(action, self.owner(number))
        return next(e.miner for e in events if isinstance(e, MinerCreated))

    def register(self, device: int, miner: Address, size: int = 100, evidence: bytes = b"") -> list[Event]:
        action = act.RegisterDevice(self.federation, miner, keccak(b"data"), size, 1000, evidence=evidence)
        return self.perform(action, self.device(device))

    def populate(self, miners: int, devices_each: int = 1) -> list[Address]:
        """Join miners and devices: device d belongs to miner d // devices_each."""
        contracts = [self.join(number) for number in range(miners)]
        for device in range(miners * devices_each):
            self.register(device, contracts[device // devices_each])
        return contracts

    def tick(self, sender: Address = REQUESTER) -> list[Event]:
        s = self.state
        return self.perform(act.Tick(self.federation, s.round, s.deadline), sender)

    def submit(self, device: int, **changes: object) -> list[Event]:
        info = self.views.device(self.federation, self.device(device))
        miner = info.miner if info else self.views.miners(self.federation)[0].contract
        round = self.state.round
        update = act.SubmitUpdate(
            self.federation,
            miner,
            round,
            cid(f"update {device} {round}"),
            100,
            1,
            50_000,
            2_000_000,
            1_900_000,
        )
        return self.perform(replace(update, **changes), self.device(device))  # type: ignore[arg-type]

    def submit_all(self) -> None:
        """Updates of all devices of the snapshot's miners."""
        chosen = indices(self.state.snapshot)
        taking = [m.contract for m in self.views.miners(self.federation) if m.index in chosen]
        for number in range(100):
            info = self.views.device(self.federation, self.device(number))
            if (
                info
                and info.miner in taking
                and info.from_round <= self.state.round
                and info.submitted != self.state.round
            ):
                self.submit(number)

    def vote(self, miner: int, **changes: object) -> list[Event]:
        s = self.state
        ballot = act.Vote(self.federation, s.round, s.updates_root, bytes([ACCEPT]) * s.updates)
        return self.perform(replace(ballot, **changes), self.owner(miner))  # type: ignore[arg-type]

    def header(self, miner: int, **changes: object) -> Header:
        """A header with a proof that fits, unless ``changes`` bring another."""
        s, contract = self.state, self.contract(miner)
        header = Header(
            s.height + 1, s.head, s.round, s.updates_root, s.ballots_root, ZERO32, cid("body"),
            cid(f"model {s.round} {miner} {s.candidates}"), ZERO32, 0, (), contract, b"",
        )  # fmt: skip
        if "proof" in changes:
            return replace(header, **changes)  # type: ignore[arg-type]
        claim = Claim(s.round, s.head, s.updates_root, s.ballots_root, contract)
        seed = pow_seed(self.views.chain_id, self.federation, claim)
        nonce = solve(seed, self.views.difficulty(self.federation))
        header = replace(header, proof=encode(("uint256",), (nonce,)))
        return replace(header, **changes)  # type: ignore[arg-type]

    def propose(self, miner: int, **changes: object) -> list[Event]:
        return self.perform(act.Propose(self.federation, self.header(miner, **changes)), self.owner(miner))

    def attest(self, miner: int, approve: bool = True, **changes: object) -> list[Event]:
        s = self.state
        attestation = act.Attest(self.federation, s.round, s.candidate, approve)
        return self.perform(replace(attestation, **changes), self.owner(miner))  # type: ignore[arg-type]

    # From phase to phase, with the miners of the snapshot (whose numbers equal their indices)

    def to_verification(self) -> list[Event]:
        self.submit_all()
        return self.tick()

    def to_mining(self) -> list[Event]:
        self.to_verification()
        events: list[Event] = []
        for index in indices(self.state.snapshot):
            events = self.vote(index)
        return events

    def to_attestation(self, proposer: int = 0) -> list[Event]:
        self.to_mining()
        return self.propose(proposer)

    def play_round(self) -> Iterator[Event]:
        """A round in which everybody does what they should, from Training to finality."""
        round, snapshot = self.state.round, indices(self.state.snapshot)
        yield from self.to_attestation(snapshot[0])
        for index in snapshot[1:]:
            if self.state.round == round and self.state.candidate != ZERO32:
                yield from self.attest(index)
