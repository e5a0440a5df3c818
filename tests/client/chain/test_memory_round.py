"""A whole round in one process: devices, miners and an observer who share the in-memory chain only."""

from __future__ import annotations

import time

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from federation_driver import REQUESTER, Driver, cid, make_config, solve

from minerva.chain.memory import MemoryChain
from minerva.protocol import actions as act
from minerva.protocol.ballots import ACCEPT, tally
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    BlockProposed,
    Log,
    MinerJoined,
    RoundOpened,
    TrainingClosed,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.header import Header, genesis_hash
from minerva.protocol.machine import Claim, pow_seed
from minerva.protocol.merkle import merkle_root
from minerva.protocol.reasons import Reason
from minerva.protocol.records import ZERO32, Address, Update, extend_pool, hash_list
from minerva.protocol.state import Phase, Status

MINERS, DEVICES = 3, 6
LIAR = 4
"""The device whose update two of the three miners refuse."""


class Miner:
    """One miner, who knows of the round what its watch told it."""

    def __init__(self, chain: MemoryChain, federation: Address, index: int, owner: Address) -> None:
        self.chain, self.federation, self.index = chain, federation, index
        self.actor, self.watch = chain.actor(owner), chain.watch(federation)
        self.logs: list[Log] = []

    def look(self) -> None:
        change = self.watch.wait(0)
        assert change.removed == ()
        self.logs += change.added

    def vote(self) -> None:
        self.look()
        leaves = leaves_of(self.logs, self.federation)
        refused = Reason.RATE_OUT_OF_RANGE if self.index else ACCEPT
        verdicts = bytes(refused if update.device == Driver.device(LIAR) else ACCEPT for update, _ in leaves)
        root = next(log.event.updates_root for log in self.logs if isinstance(log.event, TrainingClosed))
        self.actor.send(act.Vote(self.federation, 1, root, verdicts))

    def header(self) -> Header:
        self.look()
        s = self.chain.state(self.federation)
        contract = self.chain.miners(self.federation)[self.index].contract
        claim = Claim(1, s.head, s.updates_root, s.ballots_root, contract)
        seed = pow_seed(self.chain.chain_id, self.federation, claim)
        nonce = solve(seed, self.chain.difficulty(self.federation))
        accepted = merkle_root(accepted_leaves(self.logs, self.federation))
        roots = (s.updates_root, s.ballots_root, accepted)
        proof = encode(("uint256",), (nonce,))
        return Header(
            1, s.head, 1, *roots, cid("body"), cid("model of round 1"), bytes(32), 0, (), contract, proof
        )

    def attest(self) -> None:
        self.look()
        (proposed,) = [log.event for log in self.logs if isinstance(log.event, BlockProposed)]
        honest = proposed.header.accepted_root == merkle_root(accepted_leaves(self.logs, self.federation))
        self.actor.send(act.Attest(self.federation, 1, proposed.hash, honest))


def leaves_of(logs: list[Log], federation: Address) -> list[tuple[Update, bytes]]:
    """All updates in update order (R3) and their leaves, from the logs alone."""
    indices = {log.event.miner: log.event.index for log in logs if isinstance(log.event, MinerJoined)}
    placed = []
    for log in logs:
        if isinstance(log.event, UpdateSubmitted):
            e = log.event
            measured = (e.samples, e.epochs, e.compute_us, e.loss_before, e.loss_after)
            update = Update(federation, e.round, e.device, log.emitter, e.cid, *measured)
            placed.append(((indices[log.emitter], e.index), update))
    return [(update, update.leaf()) for _, update in sorted(placed, key=lambda item: item[0])]


def accepted_leaves(logs: list[Log], federation: Address) -> list[bytes]:
    ballots = {log.event.index: log.event.verdicts for log in logs if isinstance(log.event, BallotCast)}
    leaves = leaves_of(logs, federation)
    outcomes = tally(ballots, dict.fromkeys(ballots, 1), len(leaves))
    return [leaf for (_, leaf), outcome in zip(leaves, outcomes, strict=True) if outcome.accepted]


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain()


def test_a_whole_round_takes_milliseconds_and_can_be_derived_from_the_logs(chain: MemoryChain) -> None:
    start = time.perf_counter()
    driver = Driver(
        lambda action, sender: [log.event for log in chain.actor(sender).send(action).logs], chain
    )
    federation = driver.found(make_config(chain.proof_of_work))
    driver.populate(MINERS, DEVICES // MINERS)
    miners = [Miner(chain, federation, index, driver.owner(index)) for index in range(MINERS)]

    driver.tick()
    chain.advance(7)
    for device in reversed(range(DEVICES)):
        driver.submit(device)
    chain.actor(driver.owner(0)).send(act.Tick(federation, 1, chain.state(federation).deadline))
    for miner in miners:
        miner.vote()
    assert chain.state(federation).phase is Phase.MINING
    chain.advance(2)
    header = miners[1].header()
    miners[1].actor.send(act.Propose(federation, header))
    miners[0].attest()
    took = time.perf_counter() - start

    # What the chain says: the block is final, its model is the federation's, the next round is open.
    s = chain.state(federation)
    config = chain.config(federation)
    assert header.parent == genesis_hash(chain.chain_id, federation, config.manifest, config.model)
    assert chain.block_of(federation, 1) == s.head == header.hash()
    assert (s.status, s.phase, s.round, s.height) == (Status.RUNNING, Phase.TRAINING, 2, 1)
    assert (s.model, s.dormant, s.snapshot) == (header.model, 0, 0b111)
    assert chain.difficulty(federation) == 16  # 4 seconds were wished for, 2 it took

    # What an observer derives from the logs.
    logs = chain.logs(federation)
    heads = [ZERO32] * MINERS
    contracts = [miner.contract for miner in chain.miners(federation)]
    leaves = leaves_of(logs, federation)
    for update, leaf in leaves:
        index = contracts.index(update.miner)
        heads[index] = extend_pool(heads[index], leaf)
    ballots = {log.event.index: log.event.verdicts for log in logs if isinstance(log.event, BallotCast)}
    final, verified = (
        next(log for log in logs if isinstance(log.event, kind))
        for kind in (BlockFinalized, VerificationClosed)
    )
    assert isinstance(final.event, BlockFinalized) and isinstance(verified.event, VerificationClosed)
    assert header.updates_root == hash_list(heads)
    assert header.ballots_root == verified.event.ballots_root
    assert header.ballots_root == hash_list(keccak(ballots[index]) for index in range(MINERS))
    assert final.event == BlockFinalized(1, 1, header.hash(), 0b011)
    assert len(leaves) == DEVICES
    accepted = accepted_leaves(logs, federation)
    refused = [update.device for update, leaf in leaves if leaf not in accepted]
    assert refused == [driver.device(LIAR)]
    assert header.accepted_root == merkle_root(accepted)
    assert [log.event.round for log in logs if isinstance(log.event, RoundOpened)] == [1, 2]
    assert took < 1  # some 30 ms on an idle core


def test_a_wrong_block_is_rejected_and_another_miner_makes_the_next(chain: MemoryChain) -> None:
    driver = Driver(
        lambda action, sender: [log.event for log in chain.actor(sender).send(action).logs], chain
    )
    federation = driver.found(make_config(chain.proof_of_work))
    driver.populate(MINERS)
    driver.tick()
    driver.to_mining()
    driver.propose(2, accepted_root=keccak(b"made up"))
    miners = [Miner(chain, federation, index, driver.owner(index)) for index in (0, 1)]
    for miner in miners:
        miner.attest()
    s = chain.state(federation)
    assert (s.phase, s.barred, s.candidates, s.height) == (Phase.MINING, 0b100, 1, 0)
    right = Miner(chain, federation, 0, driver.owner(0)).header()
    chain.actor(driver.owner(0)).send(act.Propose(federation, right))
    driver.attest(1)
    assert chain.block_of(federation, 1) == right.hash()
    assert chain.requester(federation) == REQUESTER
