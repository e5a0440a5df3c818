"""The history against the executable specification: what its events say is what the history holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from federation_driver import Driver, address
from history_ledger import CHAIN, DEVICES, FACTORY, Ledger
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.errors import VerificationFailed
from minerva.protocol import actions as act
from minerva.protocol import events
from minerva.protocol.history import History, Registration
from minerva.protocol.state import Drop, Phase

STEPS: dict[str, Callable[[Ledger], object]] = {
    "advance": Ledger.advance,
    "finish": Ledger.finish,
    "reject": lambda ledger: ledger.advance(approve=False),
    "late": Ledger.late,
    "pause": lambda ledger: ledger.pause(30),
    "submit": lambda ledger: ledger.driver.submit(0),
    "rebind": lambda ledger: ledger.driver.register(0, ledger.contracts[ledger.block & 1], ledger.block),
    "leave": lambda ledger: ledger.do(act.LeaveDevice(ledger.federation, ledger.contracts[1], 0), DEVICES[2]),
    "join": lambda ledger: ledger.driver.join(2) if len(ledger.contracts) == 2 else None,
    "endpoint": lambda ledger: ledger.do(
        act.SetEndpoint(ledger.federation, ledger.contracts[0], f"http://{ledger.block}"), Driver.owner(0)
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
    assert [placed.order for placed in record.updates] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [placed.update.device for placed in record.updates] == DEVICES
    assert record.ballots == {0: b"\xff" * 4, 1: b"\xff" * 4}
    assert record.block == ledger.history().blocks[0] == record.candidates[0].header
    assert [record.miners[index].owner for index in (0, 1)] == [Driver.owner(0), Driver.owner(1)]
    roots = (record.block.updates_root, record.block.ballots_root)
    assert (record.updates_root, record.ballots_root) == roots


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
    ledger = Ledger(miners=3, devices_each=1)
    for _ in range(3):
        ledger.advance()
    ledger.advance(approve=False)
    (candidate,) = ledger.history().round(1).candidates
    assert (candidate.dropped, candidate.approvals, candidate.rejections) == (Drop.REJECTED, 0b001, 0b110)


def test_voters_that_are_replaced_in_attestation_change_nothing_of_the_block() -> None:
    """Y4: what follows from a round follows from its ballots, or a candidate proposed again would be another one."""
    ledger = Ledger()
    while ledger.state.phase is not Phase.ATTESTATION:
        ledger.advance()
    history = ledger.history()
    before = history.round(1)
    last = ledger.logs[-1]
    replaced = events.VotersReplaced(1, 0b10, 0b01, ())
    dropped = events.CandidateDropped(1, 0, before.candidates[0].hash, Drop.TIMED_OUT)
    for index, event in enumerate((dropped, replaced)):
        history.apply([replace(last, event=event, block_number=last.block_number + 1, log_index=index)])
    assert history.round(1).weights == before.weights == {0: 1, 1: 1}


def test_a_registration_counts_from_its_round_until_the_device_registers_again_or_leaves() -> None:
    ledger, device = Ledger(), DEVICES[2]
    first = ledger.history().registration(device, 1)
    assert first == Registration(device, ledger.contracts[1], keccak(b"data"), 100, 1000, 1)
    ledger.driver.register(2, ledger.contracts[0], 77)
    history = ledger.history()
    second = history.registration(device, 2)
    assert history.registration(device, 1) == first
    assert second == Registration(device, ledger.contracts[0], keccak(b"data"), 77, 1000, 2)
    ledger.do(act.LeaveDevice(ledger.federation, ledger.contracts[0], 1), device)
    history = ledger.history()
    assert history.registered(device, 2) is None and history.registered(device, 1) == first
    with pytest.raises(VerificationFailed, match="not registered in round 2"):
        history.registration(device, 2)


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
    noise = [replace(log, emitter=address(9), log_index=log.log_index + 1) for log in logs]
    history = History(CHAIN, ledger.federation)
    history.apply(sorted(logs + noise, key=lambda log: (log.block_number, log.log_index)))
    assert history.blocks == ledger.history().blocks


def other(value: Any) -> Any:
    return bytes(32) if isinstance(value, bytes) else value ^ 1 if isinstance(value, int) else address(77)


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
        ("updates_root", "header.updatesRoot"), ("ballots_root", "header.ballotsRoot"),
        ("proposer", "header.proposer"),
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
