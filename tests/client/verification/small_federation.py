"""A federation in memory with a model of sixteen numbers, played through the package under test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from federation_driver import REQUESTER, Driver, make_config, pow_parameters

from minerva.chain.memory import MemoryChain
from minerva.learning.weights import serialize
from minerva.protocol.cid import Cid
from minerva.protocol.events import Event
from minerva.protocol.header import Header
from minerva.protocol.history import History, RoundRecord
from minerva.protocol.machine.money import Tokens
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.state import NO_REWARDS, Phase, RewardTerms
from minerva.rewards import fund
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore
from minerva.verification.audit import AuditReport, audit
from minerva.verification.combining import state_named
from minerva.verification.derive import (
    Decision,
    Derivation,
    Genesis,
    Parent,
    Proposed,
    derive_block,
    header_for,
)
from minerva.verification.judge import Judge

SHAPES = {"bias": ((3,), "F32"), "count": ((), "I64"), "weight": ((4, 3), "F32")}
TENSORS = tuple(TensorSpec(name, shape, dtype) for name, (shape, dtype) in SHAPES.items())
RULES = RuleParameters()
MAX_BYTES = 4096
Arrays = dict[str, "np.ndarray[Any, Any]"]


def arrays(seed: int) -> Arrays:
    """Tensors of the model, drawn from ``seed``; 0 is the genesis model."""
    random = np.random.default_rng(seed)
    return {
        "bias": random.standard_normal(3, np.float32),
        "count": np.array(seed, np.int64),
        "weight": random.standard_normal((4, 3), np.float32),
    }


def manifest(aggregation: str = "fedavg") -> Manifest:
    return Manifest("small", "numbers", "none", "none", TENSORS, {}, RULES, aggregation, "0" * 64, "nobody")


class SmallFederation:
    """The miners' numbers are their indices; device d belongs to miner d // devices_each.

    With ``rewards`` its escrow is complete before round 1, unless it is not to be ``funded``.
    """

    def __init__(
        self,
        miners: int = 1,
        devices_each: int = 3,
        *,
        rewards: RewardTerms = NO_REWARDS,
        funded: bool = True,
        tokens: Tokens | None = None,
        driver: type[Driver] = Driver,
        aggregation: str = "fedavg",
        **changes: Any,
    ) -> None:
        self.chain, self.store = MemoryChain(tokens=tokens), MemoryStore(waits=False)
        self.driver = driver(self._perform, self.chain)
        config = make_config(
            self.chain.proof_of_work, manifest=self.store.put(manifest(aggregation).to_bytes()),
            model=self.store.put(serialize(arrays(0), {})), consensus_parameters=pow_parameters(1, 1),
            max_model_bytes=MAX_BYTES, **changes,
        )  # fmt: skip
        self.address = self.driver.found(config, rewards)
        self.driver.populate(miners, devices_each)
        escrow = self.chain.escrow(self.address)
        if escrow is None or funded:
            if escrow is not None:
                fund(self.chain, self.chain.actor(REQUESTER), self.address, escrow, escrow.required)
            self.driver.tick()
        data = self.store.get(config.manifest, max_bytes=1 << 20, timeout=0)
        self.genesis = Genesis.at(self.chain, self.address, data)

    def _perform(self, action: Any, sender: Address) -> list[Event]:
        return [log.event for log in self.chain.actor(sender).send(action).logs]

    @property
    def history(self) -> History:
        history = History(self.chain.chain_id, self.address)
        history.apply(self.chain.logs(self.address))
        return history

    @property
    def record(self) -> RoundRecord:
        record = self.history.current
        assert record is not None
        return record

    def get(self, cid: Cid) -> bytes:
        return self.store.get(cid, max_bytes=1 << 20, timeout=0)

    def parent(self) -> Parent:
        blocks = self.history.blocks
        return Parent.of(blocks[-1], self.get(blocks[-1].body)) if blocks else self.genesis.parent

    def base(self) -> bytes:
        return self.get(self.parent().model)

    # Devices

    def content(self, number: int, seed: int | None = None, **metadata: str) -> bytes:
        """A local update of a device, from its own seed unless told otherwise."""
        round_, device = self.driver.state.round, self.driver.device(number)
        named = {"federation": self.address, "round": str(round_), "device": device, **metadata}
        return serialize(arrays(100 * round_ + number + 1 if seed is None else seed), named)

    def submit(self, device: int, data: bytes | None = None, *, serve: bool = True, **changes: Any) -> None:
        data = self.content(device) if data is None else data
        cid = self.store.put(data) if serve else cid_of(data)
        self.driver.submit(device, **{"cid": cid, "samples": 100, "compute_us": 100, **changes})

    # Miners

    def judge(self, *, contents: bool = True) -> Judge:
        """A judge of the current round that has every record, and every content that is served."""
        record, parent, history = self.record, self.parent(), self.history
        judge = Judge(self.address, record.round, TENSORS, RULES, self.base(), MAX_BYTES)
        for placed in record.updates:
            registration = history.registration(placed.update.device, record.round)
            judge.record(placed, registration, parent.rate(registration), record.opened_at)
            if contents:
                there = self.store.has(placed.update.cid)
                judge.admit(placed, self.get(placed.update.cid) if there else Reason.UNAVAILABLE)
        return judge

    def close_training(self) -> None:
        for device in range(50):
            info, round_ = (
                self.chain.device(self.address, self.driver.device(device)),
                self.driver.state.round,
            )
            if info and info.from_round <= round_ and info.submitted != round_:
                self.submit(device)
        self.driver.tick()

    def vote(self, verdicts: bytes | None = None) -> None:
        """All miners cast one ballot: the judge's, unless told otherwise."""
        record = self.record
        ballot = self.judge().verdicts(record.updates) if verdicts is None else verdicts
        for index in record.miners:
            self.driver.vote(index, verdicts=ballot)

    def derive(self) -> Derivation:
        def content(placed: PlacedUpdate) -> bytes:
            return self.get(placed.update.cid)

        base = self.base()
        named = state_named(base)
        state = None if named is None else self.get(named)
        return derive_block(
            self.genesis, self.record, self.parent(), self.history, base, content, state=state
        )  # fmt: skip

    def proposed(self, decision: Decision) -> Proposed:
        """What the block says where miner 0 proposes it."""
        return decision.proposed(self.driver.contract(0))

    def propose(self, **changes: Any) -> Header:
        """Miner 0 proposes the derived block with these changes, the others approve."""
        derivation = self.derive()
        self.store.put(self.proposed(derivation).body)
        self.store.put(derivation.model)
        if derivation.state is not None:
            self.store.put(derivation.state)
        proof = self.driver.header(0).proof
        header = header_for(derivation, self.record, self.parent(), self.driver.contract(0), proof)
        header = replace(header, **changes)
        self.driver.propose(0, **{field: getattr(header, field) for field in header.__slots__})
        for index in self.record.miners:
            if self.driver.state.phase is Phase.ATTESTATION and index:
                self.driver.attest(index)
        return header

    def finish(self, verdicts: bytes | None = None, **changes: Any) -> Header:
        """Play the open round to its block."""
        if self.driver.state.phase is Phase.TRAINING:
            self.close_training()
        self.vote(verdicts)
        return self.propose(**changes)

    def audit(self, **options: Any) -> AuditReport:
        return audit(self.chain, self.store, self.address, timeout=0.0, **options)
