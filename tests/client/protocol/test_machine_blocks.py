"""Rules P4 to P6 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

from dataclasses import replace

from machine_stage import names, refusal

from minerva.protocol.events import (
    BlockFinalized,
    CandidateDropped,
    FederationClosed,
    MiningReopened,
    RoundSkipped,
)
from minerva.protocol.records import ZERO32
from minerva.protocol.state import Drop, Phase, Status

# P4: Mining


def test_mining_starts_again_with_an_easier_proof_and_then_the_round_is_skipped(stage):
    stage.open(miners=2, max_extensions=1)
    stage.to_mining()
    assert stage.world.difficulty(stage.federation) == 8
    stage.wait_until_late()
    events = stage.tick()
    assert names(events) == ["DifficultyChanged", "MiningReopened"]
    assert events[1] == MiningReopened(1, stage.now + 30)
    stage.wait_until_late()
    assert names(stage.tick()) == ["DifficultyChanged", "RoundSkipped", "RoundOpened"]
    assert stage.world.difficulty(stage.federation) == 1


def test_mining_has_its_own_extensions(stage):
    stage.open(miners=3, max_extensions=1)
    stage.wait_until_late()
    stage.tick()
    stage.to_verification()
    stage.vote(0)
    stage.wait_until_late()
    stage.tick()
    stage.vote(1)
    stage.vote(2)
    assert stage.state.extensions == 0
    stage.wait_until_late()
    assert names(stage.tick())[-1] == "MiningReopened"


def test_minings_extensions_count_on_through_drops(stage):
    stage.open(miners=2, max_extensions=1)
    stage.to_mining()
    stage.wait_until_late()
    stage.tick()
    stage.propose(0)
    stage.wait_until_late()
    assert names(stage.tick()) == ["CandidateDropped", "MiningReopened"]
    assert stage.state.extensions == 1
    stage.wait_until_late()
    assert "RoundSkipped" in names(stage.tick())


# P5: Attestation


def test_a_majority_finalises(stage):
    stage.open(miners=3)
    stage.to_attestation()
    candidate, height = stage.state.candidate, stage.state.height
    events = stage.attest(2)
    assert names(events) == ["Attested", "BlockFinalized", "DifficultyChanged", "RoundOpened"]
    assert events[1] == BlockFinalized(1, height + 1, candidate, 0b101)
    assert (stage.state.head, stage.state.height) == (candidate, 1)
    assert stage.world.block_of(stage.federation, 1) == candidate
    assert stage.world.phase(stage.federation, 1) is Phase.FINALIZED


def test_the_next_block_builds_on_the_last_and_carries_its_model(stage):
    stage.open(miners=1)
    stage.to_mining()
    first = stage.header(0)
    stage.propose(0)
    assert stage.state.model == first.model
    stage.to_mining()
    assert stage.header(0).parent == first.hash()


def test_in_a_snapshot_of_one_proposing_finalises(stage):
    stage.open(miners=1)
    events = stage.to_attestation()
    assert names(events) == ["BlockProposed", "BlockFinalized", "DifficultyChanged", "RoundOpened"]


def test_a_rejected_candidate_is_dropped_and_its_proposer_barred(stage):
    stage.open(miners=3)
    stage.to_attestation(proposer=1)
    candidate = stage.state.candidate
    stage.attest(0, approve=False)
    events = stage.attest(2, approve=False)
    assert events[1:] == [
        CandidateDropped(1, 1, candidate, Drop.REJECTED),
        MiningReopened(1, stage.now + 30),
    ]
    s = stage.state
    assert (s.phase, s.barred, s.candidates, s.candidate) == (Phase.MINING, 0b010, 1, ZERO32)
    assert (s.approvals, s.rejections, s.proposer) == (0, 0, 0)
    assert refusal(lambda: stage.propose(1)) == ("FederationProposerBarred", 1, 1)
    stage.propose(2)


def test_a_tie_is_undecided_and_bars_nobody(stage):
    stage.open(miners=4)
    stage.to_attestation()
    candidate = stage.state.candidate
    stage.attest(1, approve=False)
    stage.attest(2)
    assert stage.state.phase is Phase.ATTESTATION
    events = stage.attest(3, approve=False)
    assert events[1] == CandidateDropped(1, 0, candidate, Drop.UNDECIDED)
    assert stage.state.barred == 0
    stage.propose(0)


def test_a_candidate_without_a_majority_in_time_is_dropped(stage):
    stage.open(miners=3)
    stage.to_attestation()
    candidate = stage.state.candidate
    stage.wait_until_late()
    assert stage.tick() == [
        CandidateDropped(1, 0, candidate, Drop.TIMED_OUT),
        MiningReopened(1, stage.now + 30),
    ]
    assert stage.state.barred == 0


def test_the_last_candidate_dropped_skips_the_round(stage):
    stage.open(miners=3, max_candidates=2)
    stage.to_attestation()
    stage.wait_until_late()
    stage.tick()
    stage.propose(0)
    stage.wait_until_late()
    events = stage.tick()
    assert names(events) == ["CandidateDropped", "RoundSkipped", "RoundOpened"]
    assert events[1] == RoundSkipped(1, Phase.ATTESTATION)
    assert stage.world.block_of(stage.federation, 1) == ZERO32


def test_the_round_is_skipped_when_all_are_barred(stage):
    stage.open(miners=3, max_candidates=64)
    stage.to_mining()
    for proposer in range(3):
        stage.propose(proposer)
        others = [miner for miner in range(3) if miner != proposer]
        stage.attest(others[0], approve=False)
        events = stage.attest(others[1], approve=False)
    assert names(events) == ["Attested", "CandidateDropped", "RoundSkipped", "RoundOpened"]
    assert stage.state.barred == 0


# P6: the end


def test_the_last_round_closes_the_federation(stage):
    stage.open(miners=1, rounds=2)
    list(stage.play_round())
    events = list(stage.play_round())
    assert events[-1] == FederationClosed(2, 2, stage.state.head)
    assert stage.state.status is Status.CLOSED
    assert refusal(stage.tick) == ("FederationUnexpectedStatus", Status.CLOSED)
    assert not stage.world.due(stage.federation, stage.now + 10_000)


def test_a_skipped_last_round_closes_the_federation_and_carries_the_model_over(stage):
    stage.open(miners=1, rounds=1, max_extensions=0)
    stage.leave(0)
    stage.wait_until_late()
    genesis = stage.state.head
    assert stage.tick() == [RoundSkipped(1, Phase.TRAINING), FederationClosed(1, 0, genesis)]
    assert (stage.state.members, stage.state.leaving) == (0, 0)


def test_what_a_round_left_is_gone_at_the_next_opening(stage):
    stage.open(miners=2)
    list(stage.play_round())
    s = stage.state
    empty = replace(
        s, extensions=0, candidates=0, voted=0, barred=0, approvals=0, rejections=0, updates=0,
        updates_root=ZERO32, ballots_root=ZERO32, candidate=ZERO32, proposer=0, joins=0,
    )  # fmt: skip
    assert s == empty
    assert stage.world.ballot_of(stage.federation, 0) == ZERO32
