"""Rules M1 to M3 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

from federation_driver import make_config
from machine_stage import names, refusal

from minerva.protocol import actions as act
from minerva.protocol.events import (
    MinerLeaving,
    MinerReturned,
    RoundOpened,
)

# M1 and M2: miners


def test_a_miner_gets_the_lowest_free_index_and_is_a_member_at_once(stage):
    stage.found(make_config(stage.world.consensus.address))
    stage.join(0)
    stage.join(1, "https://one")
    stage.leave(0)
    contract = stage.join(2)
    assert [(m.index, m.owner, m.endpoint) for m in stage.world.miners(stage.federation)] == [
        (0, stage.owner(2), ""),
        (1, stage.owner(1), "https://one"),
    ]
    assert stage.state.members == 0b11
    assert stage.contract(2) == contract


def test_a_miner_counts_from_the_next_opening(stage):
    stage.open(miners=2)
    stage.join(2)
    assert stage.state.snapshot == 0b011
    assert RoundOpened(2, 0b111, 0b111, (), stage.now + 60) in list(stage.play_round())


def test_reverts_when_an_owner_joins_twice(stage):
    stage.open(miners=1)
    assert refusal(lambda: stage.join(0)) == ("FederationAlreadyMiner", stage.owner(0))


def test_reverts_when_no_index_is_free(stage):
    stage.open(miners=2, max_miners=2)
    assert refusal(lambda: stage.join(2)) == ("FederationMinersFull", 2)


def test_reverts_when_the_endpoint_is_too_long(stage):
    stage.open(miners=1)
    assert refusal(lambda: stage.join(1, "é" * 129)) == ("MinerEndpointTooLong", 258)
    change = act.SetEndpoint(stage.federation, stage.contract(0), "x" * 257)
    assert refusal(lambda: stage.perform(change, stage.owner(0))) == ("MinerEndpointTooLong", 257)
    assert stage.world.miners(stage.federation)[0].endpoint == ""


def test_only_the_owner_moves_the_endpoint(stage):
    stage.open(miners=1)
    change = act.SetEndpoint(stage.federation, stage.contract(0), "https://moved")
    expected = ("MinerOnlyOwner", stage.owner(1), stage.owner(0))
    assert refusal(lambda: stage.perform(change, stage.owner(1))) == expected
    stage.perform(change, stage.owner(0))
    assert stage.world.miners(stage.federation)[0].endpoint == "https://moved"


def test_a_leaving_miner_keeps_its_duties_until_the_round_ends(stage):
    stage.open(miners=3)
    assert stage.leave(1) == [MinerLeaving(1)]
    assert (stage.state.members, stage.state.leaving, stage.state.snapshot) == (0b111, 0b010, 0b111)
    events = list(stage.play_round())
    assert RoundOpened(2, 0b101, 0b101, (), stage.now + 60) in events
    assert (stage.state.members, stage.state.leaving) == (0b101, 0)
    stage.join(1)


def test_reverts_when_a_miner_leaves_twice_or_is_none(stage):
    stage.open(miners=2)
    stage.leave(1)
    assert refusal(lambda: stage.leave(1)) == ("FederationNotInSnapshot", stage.owner(1), 1)
    assert refusal(lambda: stage.leave(5)) == ("FederationNotInSnapshot", stage.owner(5), 1)
    assert refusal(lambda: stage.check_in(5)) == ("FederationNotInSnapshot", stage.owner(5), 1)


def test_a_miner_is_removed_at_once_on_waiting(stage):
    stage.found(make_config(stage.world.consensus.address))
    stage.join(0)
    assert stage.leave(0) == [MinerLeaving(0)]
    assert (stage.state.members, stage.state.leaving) == (0, 0)


def test_a_former_miners_contract_has_no_say_where_another_took_its_index(stage):
    stage.open(miners=2, min_miners=1)
    former = stage.contract(1)
    stage.leave(1)
    list(stage.play_round())
    successor = stage.join(5)
    stage.register(9, successor)
    list(stage.play_round())
    assert stage.state.snapshot == 0b11
    refused = refusal(lambda: stage.submit(1))
    assert refused == ("FederationNotInSnapshot", former, stage.state.round)
    assert refusal(lambda: stage.register(8, former)) == ("FederationOnlyMiner", former)
    # Its devices are not held there.
    stage.register(1, successor)
    assert stage.world.device(stage.federation, stage.device(1)).miner == successor


# M3: dormant miners


def silence(stage, absent):
    """Close Verification without the votes of ``absent``, at its deadline."""
    stage.to_verification()
    for miner in {0, 1, 2, 3} - absent:
        stage.vote(miner)
    stage.wait_until_late()
    return stage.tick()


def test_a_miner_that_does_not_vote_is_dormant_until_it_checks_in(stage):
    stage.open(miners=4)
    closed = silence(stage, {3})[0]
    assert (closed.voted, closed.absent, stage.state.dormant) == (0b0111, 0b1000, 0b1000)
    stage.propose(0)
    stage.attest(1)
    events = stage.attest(2)
    assert RoundOpened(2, 0b0111, 0b0111, (), stage.now + 60) in events
    assert stage.check_in(3) == [MinerReturned(3)]
    assert stage.check_in(3) == []
    assert RoundOpened(3, 0b1111, 0b1111, (), stage.now + 60) in list(stage.play_round())


def test_attesting_wakes_a_dormant_miner(stage):
    stage.open(miners=4)
    silence(stage, {3})
    stage.propose(0)
    assert names(stage.attest(3)) == ["MinerReturned", "Attested"]
    assert stage.state.dormant == 0


def test_proposing_wakes_a_dormant_miner(stage):
    stage.open(miners=4)
    silence(stage, {3})
    assert names(stage.propose(3)) == ["MinerReturned", "BlockProposed"]
    assert stage.state.dormant == 0


def test_non_voters_are_dormant_after_a_skip_too(stage):
    stage.open(miners=4, max_extensions=0)
    assert names(silence(stage, {1, 2, 3})) == ["RoundSkipped", "RoundOpened"]
    assert (stage.state.dormant, stage.state.snapshot) == (0b1110, 0b0001)
