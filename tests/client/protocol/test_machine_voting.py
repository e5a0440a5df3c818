"""Rules P1 to P3 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from federation_driver import make_config
from machine_stage import names, refusal

from minerva.protocol.events import (
    PhaseExtended,
    RoundOpened,
    RoundSkipped,
    TrainingClosed,
    VerificationClosed,
)
from minerva.protocol.records import ZERO32, Update, extend_pool, hash_list
from minerva.protocol.state import Phase, Status

# P1: opening


def test_a_round_opens_when_miners_and_devices_are_there(stage):
    stage.found(make_config(stage.world.consensus.address, min_miners=2, min_devices=2))
    contract = stage.join(0)
    stage.register(0, contract)
    stage.register(1, contract)
    assert refusal(stage.tick) == ("FederationNothingDue", 0, Phase.PENDING, 0)
    stage.join(1)
    assert stage.world.due(stage.federation, stage.now)
    assert stage.tick() == [RoundOpened(1, 0b11, 0b11, (), stage.now + 60)]
    s = stage.state
    assert (s.status, s.phase, s.round, s.opened_at) == (Status.RUNNING, Phase.TRAINING, 1, stage.now)
    assert (s.joins, s.devices) == (0, 2)


def test_devices_of_dormant_and_leaving_miners_do_not_open_a_round(stage):
    stage.open(miners=2, min_devices=2)
    stage.leave(1)
    list(stage.play_round())
    assert stage.state.status is Status.WAITING
    assert refusal(stage.tick)[0] == "FederationNothingDue"


# P2: Training


def test_training_closes_once_all_counting_devices_submitted(stage):
    stage.open(miners=2)
    stage.submit(0)
    assert refusal(stage.tick) == ("FederationNothingDue", 1, Phase.TRAINING, stage.state.deadline)
    stage.submit(1)
    pools = [stage.world.pool(stage.contract(i), 1).head for i in (0, 1)]
    assert stage.tick() == [TrainingClosed(1, hash_list(pools), 2, stage.now + 40)]
    s = stage.state
    assert (s.phase, s.updates, s.updates_root) == (Phase.VERIFICATION, 2, hash_list(pools))


def test_a_pool_is_the_running_hash_of_its_leaves(stage):
    stage.open(miners=1, devices_each=2)
    head = ZERO32
    for device in (1, 0):
        event = stage.submit(device)[0]
        measured = (event.samples, event.epochs, event.compute_us, event.loss_before, event.loss_after)
        update = Update(stage.federation, 1, event.device, stage.contract(0), event.cid, *measured)
        head = extend_pool(head, update.leaf())
        assert event.index == stage.world.pool(stage.contract(0), 1).count - 1
    assert stage.world.pool(stage.contract(0), 1).head == head


def test_training_closes_at_the_deadline_with_enough_updates(stage):
    stage.open(miners=1, devices_each=3, min_updates=2)
    stage.submit(0)
    stage.submit(1)
    stage.wait_until_late()
    assert names(stage.tick()) == ["TrainingClosed"]


def test_training_is_extended_and_then_skipped(stage):
    stage.open(miners=1, devices_each=2, min_updates=2, max_extensions=2)
    stage.submit(0)
    for extension in (1, 2):
        stage.wait_until_late()
        assert stage.tick() == [PhaseExtended(1, Phase.TRAINING, stage.now + 60)]
        assert stage.state.extensions == extension
    stage.wait_until_late()
    assert stage.tick() == [RoundSkipped(1, Phase.TRAINING), RoundOpened(2, 0b1, 0b1, (), stage.now + 60)]
    assert stage.world.phase(stage.federation, 1) is Phase.SKIPPED
    assert stage.state.model == stage.world.config(stage.federation).model


def test_an_update_in_time_closes_training_although_it_was_extended(stage):
    stage.open(miners=1)
    stage.wait_until_late()
    stage.tick()
    stage.submit(0)
    assert names(stage.tick()) == ["TrainingClosed"]
    assert stage.state.extensions == 0


def test_reverts_when_an_update_comes_at_the_deadline(stage):
    stage.open(miners=1)
    stage.wait_until_late()
    expected = ("FederationUnexpectedPhase", 1, Phase.TRAINING, Phase.TRAINING)
    assert refusal(lambda: stage.submit(0)) == expected


# P3: Verification


def test_verification_closes_once_all_voted(stage):
    stage.open(miners=3)
    stage.to_verification()
    ballots = [b"\x01\x40\xff", b"\xff\xff\xff", b"\xff\x14\x14"]
    stage.vote(2, verdicts=ballots[2])
    stage.vote(0, verdicts=ballots[0])
    events = stage.vote(1, verdicts=ballots[1])
    root = hash_list(map(keccak, ballots))
    assert names(events) == ["BallotCast", "VerificationClosed"]
    assert events[1] == VerificationClosed(1, root, 0b111, 0, stage.now + 30)
    assert (stage.state.phase, stage.state.ballots_root) == (Phase.MINING, root)


@pytest.mark.parametrize(
    ("miners", "votes", "first", "last"),
    [
        (3, 2, "VerificationClosed", None),  # two thirds are a quorum
        (5, 3, "PhaseExtended", "VerificationClosed"),  # below it a majority suffices in the end
        (4, 2, "PhaseExtended", "RoundSkipped"),  # a half is no majority
        (2, 0, "PhaseExtended", "RoundSkipped"),
    ],
)
def test_verification_at_the_deadline(stage, miners, votes, first, last):
    stage.open(miners=miners, max_extensions=1)
    stage.to_verification()
    for miner in range(votes):
        stage.vote(miner)
    stage.wait_until_late()
    assert names(stage.tick())[0] == first
    if last:
        stage.wait_until_late()
        assert names(stage.tick())[0] == last
        assert stage.state.dormant == (1 << miners) - (1 << votes)


def test_a_missing_ballot_is_zero_in_the_root(stage):
    stage.open(miners=3)
    stage.to_verification()
    stage.vote(0)
    stage.vote(2)
    stage.wait_until_late()
    stage.tick()
    cast = keccak(b"\xff" * 3)
    assert stage.state.ballots_root == hash_list([cast, ZERO32, cast])
