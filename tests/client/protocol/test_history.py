"""The history against the executable specification: what its events say is what the history holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.errors import ContractReverted, VerificationFailed
from minerva.protocol import actions as act
from minerva.protocol import events
from minerva.protocol.cid import Cid
from minerva.protocol.events import Log
from minerva.protocol.header import Header
from minerva.protocol.history import History, Registration
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO32, Address
from minerva.protocol.state import Drop, FederationConfig, FederationState, Phase, Status

CHAIN = 31337


def account(number: int) -> Address:
    return to_checksum_address(number.to_bytes(20, "big"))


REQUESTER, FACTORY, CONSENSUS = account(1), account(2), account(3)
OWNERS = [account(100 + i) for i in range(3)]
DEVICES = [account(200 + i) for i in range(4)]


class Ledger:
    """A federation of the specification machine, one transaction a block, and its logs."""

    def __init__(self, miners: int = 2, devices: int = 3) -> None:
        self.world, self.logs, self.now, self.block = World(CHAIN, FACTORY, CONSENSUS), list[Log](), 1000, 0
        config = FederationConfig(
            manifest=Cid(b"\1" * 32), model=Cid(b"\2" * 32), consensus=CONSENSUS,
            consensus_parameters=encode(("uint64", "uint32"), (1, 1)), rounds=100, min_miners=1, max_miners=4, min_devices=1,
            max_devices=10, min_updates=1, max_joins=10, silent_rounds=7, training_seconds=100, verification_seconds=100,
            fetch_seconds=10, mining_seconds=100, attestation_seconds=100, max_extensions=1, max_candidates=3,
            max_pause_seconds=10_000, max_model_bytes=1000, confirmations=0,
        )  # fmt: skip
        self.do(act.CreateFederation(FACTORY, config, "one"), REQUESTER)
        self.federation = self.world.federations()[0]
        for owner in OWNERS[:miners]:
            self.do(act.RegisterMiner(FACTORY, self.federation, "http://one"), owner)
        for number, device in enumerate(DEVICES[:devices]):
            self.register(device, number % miners)
        self.do(act.Tick(self.federation, 0, 0), REQUESTER)

    @property
    def state(self) -> FederationState:
        return self.world.state(self.federation)

    @property
    def snapshot_owners(self) -> list[Address]:
        return [m.owner for m in self.world.miners(self.federation) if self.state.snapshot >> m.index & 1]

    def do(self, action: act.Action, sender: Address) -> bool:
        """Apply an action in a block of its own, if the contracts take it."""
        try:
            emitted = self.world.apply(action, sender, self.now)
        except ContractReverted:
            return False
        self.block, self.now = self.block + 1, self.now + 1
        for index, (emitter, event) in enumerate(emitted):
            self.logs.append(Log(event, emitter, self.block, ZERO32, index, self.now - 1, ZERO32))
        return True

    def register(self, device: Address, index: int) -> None:
        info = next(m for m in self.world.miners(self.federation) if m.index == index)
        self.do(act.RegisterDevice(self.federation, info.contract, b"\3" * 32, 100, 1000 + self.block), device)

    def submit(self, device: Address) -> None:
        bound = self.world.device(self.federation, device)
        if bound is not None:
            cid = Cid((self.block + 1).to_bytes(32, "big"))
            self.do(act.SubmitUpdate(self.federation, bound.miner, self.state.round, cid, 10, 1, 5, -3, 4), device)

    def header(self, owner: Address) -> Header:
        s, contract = self.state, next(m.contract for m in self.world.miners(self.federation) if m.owner == owner)
        return Header(
            s.height + 1, s.head, s.round, s.updates_root, s.ballots_root, ZERO32, Cid(b"\4" * 32), Cid(b"\5" * 32), contract,
            (7).to_bytes(32, "big"),
        )  # fmt: skip

    def advance(self, *, approve: bool = True) -> None:
        """Do what comes next in the round, with everybody taking part."""
        s = self.state
        if s.phase is Phase.TRAINING:
            for device in DEVICES:
                self.submit(device)
            self.do(act.Tick(self.federation, s.round, s.deadline), REQUESTER)
        elif s.phase is Phase.VERIFICATION:
            for owner in self.snapshot_owners:
                self.do(act.Vote(self.federation, s.round, s.updates_root, b"\xff" * s.updates), owner)
        elif s.phase is Phase.MINING:
            for owner in self.snapshot_owners:
                if self.do(act.Propose(self.federation, self.header(owner)), owner):
                    break
        elif s.phase is Phase.ATTESTATION:
            for owner in self.snapshot_owners:
                self.do(act.Attest(self.federation, s.round, s.candidate, approve), owner)

    def late(self) -> None:
        """Let the deadline pass."""
        s = self.state
        self.now = max(self.now, s.deadline)
        self.do(act.Tick(self.federation, s.round, s.deadline), REQUESTER)

    def finish(self) -> None:
        """Run the open round to its block."""
        height = self.state.height
        while self.state.height == height:
            self.advance()

    def pause(self, seconds: int) -> None:
        self.do(act.Pause(self.federation, self.now), REQUESTER)
        self.now += seconds
        self.do(act.Unpause(self.federation, self.now), REQUESTER)

    def history(self) -> History:
        history = History(CHAIN, self.federation)
        history.apply(self.logs)
        return history


STEPS = {
    "advance": Ledger.advance,
    "finish": lambda ledger: ledger.state.status is Status.RUNNING and ledger.finish(),
    "reject": lambda ledger: ledger.advance(approve=False),
    "late": Ledger.late,
    "pause": lambda ledger: ledger.pause(30),
    "submit": lambda ledger: ledger.submit(DEVICES[0]),
    "rebind": lambda ledger: ledger.register(DEVICES[0], 1 - (ledger.block & 1)),
    "join": lambda ledger: ledger.register(DEVICES[3], 0),
    "leave": lambda ledger: ledger.do(
        act.LeaveDevice(ledger.federation, ledger.world.miners(ledger.federation)[1].contract, 0), DEVICES[1]
    ),
    "miner": lambda ledger: ledger.do(act.RegisterMiner(FACTORY, ledger.federation, ""), OWNERS[2]),
    "endpoint": lambda ledger: ledger.do(
        act.SetEndpoint(ledger.federation, ledger.world.miners(ledger.federation)[0].contract, f"http://{ledger.block}"),
        OWNERS[0],
    ),
}


def view(history: History) -> object:
    """Everything that a history tells."""
    current = history.current
    rounds = [history.round(n) for n in range(1, current.round + 1)] if current else []
    registered = {(d, n): history.registered(d, n) for d in DEVICES for n in range(len(rounds) + 3)}
    return history.blocks, rounds, current, registered


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=25), st.data())
def test_a_rewound_history_equals_one_built_afresh(steps: list[str], data: Any) -> None:
    ledger = Ledger()
    for step in steps:
        STEPS[step](ledger)
    whole = ledger.history()
    block = data.draw(st.integers(0, ledger.block + 2))
    history, fresh = ledger.history(), History(CHAIN, ledger.federation)
    history.rewind(block)
    fresh.apply(log for log in ledger.logs if log.block_number < block)
    assert view(history) == view(fresh)
    history.apply(log for log in ledger.logs if log.block_number >= block)
    assert view(history) == view(whole)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_the_history_agrees_with_the_contracts_state(steps: list[str]) -> None:
    ledger = Ledger()
    for step in steps:
        STEPS[step](ledger)
    history, state = ledger.history(), ledger.state
    assert len(history.blocks) == state.height
    assert not history.blocks or history.blocks[-1].hash() == state.head
    current = history.current
    assert current is not None and (current.round, current.snapshot) == (state.round, state.snapshot)
    if state.phase not in (Phase.TRAINING, Phase.SKIPPED):
        assert (current.updates_root, len(current.updates)) == (state.updates_root, state.updates)
    assert (current.skipped is not None) == (state.phase is Phase.SKIPPED)
    assert (current.block is not None) == (state.phase is Phase.FINALIZED)
    assert sum(1 for c in current.candidates if c.dropped is not None) == state.candidates
    if state.phase is Phase.ATTESTATION:
        candidate = current.candidates[-1]
        assert (candidate.hash, candidate.index) == (state.candidate, state.proposer)
        assert (candidate.approvals, candidate.rejections) == (state.approvals, state.rejections)
    assert sorted(current.updates, key=lambda placed: placed.order) == list(current.updates)


def test_a_round_holds_its_updates_ballots_and_block() -> None:
    ledger = Ledger()
    ledger.finish()
    record = ledger.history().round(1)
    assert [placed.order for placed in record.updates] == [(0, 0), (0, 1), (1, 0)]
    assert [placed.update.device for placed in record.updates] == [DEVICES[0], DEVICES[2], DEVICES[1]]
    assert dict(record.ballots) == {0: b"\xff" * 3, 1: b"\xff" * 3}
    assert record.block == ledger.history().blocks[0] == record.candidates[0].header
    assert (record.miners[0].owner, record.miners[1].owner) == (OWNERS[0], OWNERS[1])
    assert (record.updates_root, record.ballots_root) == (record.block.updates_root, record.block.ballots_root)


def test_a_pause_does_not_move_the_opening_of_the_record() -> None:
    ledger = Ledger()
    opened = ledger.state.opened_at
    ledger.pause(30)
    assert ledger.state.opened_at > opened
    assert ledger.history().round(1).opened_at == opened


def test_a_skipped_round_says_in_which_phase() -> None:
    ledger = Ledger()
    ledger.late()
    ledger.late()
    assert ledger.history().round(1).skipped is Phase.TRAINING


def test_a_dropped_candidate_says_why_and_who_rejected_it() -> None:
    ledger = Ledger(miners=3)
    for _ in range(3):
        ledger.advance()
    ledger.advance(approve=False)
    (candidate,) = ledger.history().round(1).candidates
    assert (candidate.dropped, candidate.approvals, candidate.rejections) == (Drop.REJECTED, 0b001, 0b110)


def test_a_registration_counts_from_its_round_until_the_device_registers_again_or_leaves() -> None:
    ledger = Ledger()
    first = ledger.history().registration(DEVICES[1], 1)
    assert isinstance(first, Registration) and first.from_round == 1
    ledger.register(DEVICES[1], 0)
    history = ledger.history()
    assert history.registration(DEVICES[1], 1) == first
    second = history.registration(DEVICES[1], 2)
    assert second.miner == ledger.world.miners(ledger.federation)[0].contract != first.miner
    ledger.do(act.LeaveDevice(ledger.federation, second.miner, 1), DEVICES[1])
    history = ledger.history()
    assert history.registered(DEVICES[1], 2) is None and history.registered(DEVICES[1], 1) == first
    with pytest.raises(VerificationFailed, match="not registered in round 2"):
        history.registration(DEVICES[1], 2)


def test_refuses_a_round_that_never_opened() -> None:
    history = Ledger().history()
    for number in (0, -1, 2):
        with pytest.raises(VerificationFailed, match="no such round"):
            history.round(number)
    assert History(CHAIN, FACTORY).current is None


def test_refuses_logs_out_of_order() -> None:
    ledger = Ledger()
    history = ledger.history()
    with pytest.raises(VerificationFailed, match="does not follow"):
        history.apply(ledger.logs[-1:])


def test_ignores_what_strangers_emit() -> None:
    ledger = Ledger()
    ledger.finish()
    logs = [replace(log, log_index=2 * log.log_index) for log in ledger.logs]
    noise = [replace(log, emitter=account(9), log_index=log.log_index + 1) for log in logs]
    history = History(CHAIN, ledger.federation)
    history.apply(sorted(logs + noise, key=lambda log: (log.block_number, log.log_index)))
    assert history.blocks == ledger.history().blocks


def other(value: Any) -> Any:
    return bytes(32) if isinstance(value, bytes) else value ^ 1 if isinstance(value, int) else account(77)


@pytest.mark.parametrize(
    ("kind", "field", "named"),
    [
        (events.UpdateSubmitted, "index", "place in pool"),
        (events.UpdateSubmitted, "samples", "updatesRoot"),
        (events.UpdateSubmitted, "device", "updatesRoot"),
        (events.TrainingClosed, "updates_root", "updatesRoot"),
        (events.TrainingClosed, "updates", "number of updates"),
        (events.BallotCast, "updates_root", "updatesRoot of a ballot"),
        (events.BallotCast, "verdicts", "length of a ballot"),
        (events.VerificationClosed, "ballots_root", "ballotsRoot"),
        (events.VerificationClosed, "voted", "set of voters"),
        (events.VerificationClosed, "absent", "set of absent"),
        (events.BlockProposed, "hash", "block hash"),
        (events.BlockFinalized, "hash", "hash of the candidate"),
        (events.BlockFinalized, "number", "number of the block"),
        (events.BlockFinalized, "approvals", "set of approving"),
        (events.RoundOpened, "round", "out of turn"),
        (events.DeviceRegistered, "from_round", "another round than the next"),
    ],
)
def test_names_the_first_thing_that_does_not_re_derive(kind: type, field: str, named: str) -> None:
    ledger = Ledger()
    ledger.finish()
    position = next(i for i, log in enumerate(ledger.logs) if isinstance(log.event, kind))
    log = ledger.logs[position]
    lie: Any = replace(log.event, **{field: other(getattr(log.event, field))})
    history = History(CHAIN, ledger.federation)
    with pytest.raises(VerificationFailed, match=named):
        history.apply([*ledger.logs[:position], replace(log, event=lie), *ledger.logs[position + 1 :]])


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("number", "header.number"), ("parent", "header.parent"), ("round", "header.round"),
        ("updates_root", "header.updatesRoot"), ("ballots_root", "header.ballotsRoot"), ("proposer", "header.proposer"),
    ],
)  # fmt: skip
def test_names_the_header_field_that_does_not_re_derive(field: str, named: str) -> None:
    ledger = Ledger()
    ledger.finish()
    ledger.finish()
    position = [i for i, log in enumerate(ledger.logs) if isinstance(log.event, events.BlockProposed)][1]
    log: Any = ledger.logs[position]
    header = replace(log.event.header, **{field: other(getattr(log.event.header, field))})
    lie = replace(log, event=replace(log.event, header=header, hash=header.hash()))
    history = History(CHAIN, ledger.federation)
    history.apply(ledger.logs[:position])
    with pytest.raises(VerificationFailed, match=named):
        history.apply([lie])


def test_keeps_what_came_before_a_log_that_fails() -> None:
    ledger = Ledger()
    ledger.finish()
    position = next(i for i, log in enumerate(ledger.logs) if isinstance(log.event, events.TrainingClosed))
    log: Any = ledger.logs[position]
    history = History(CHAIN, ledger.federation)
    with pytest.raises(VerificationFailed):
        history.apply([*ledger.logs[:position], replace(log, event=replace(log.event, updates=99))])
    history.apply(ledger.logs[position:])
    assert view(history) == view(ledger.history())
