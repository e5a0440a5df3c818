"""Rules P7, P8, P11 and E5 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from federation_driver import REQUESTER, address, codec_cid, misfit, pow_parameters, solve
from machine_stage import names, refusal

from minerva.protocol import actions as act
from minerva.protocol.events import (
    BallotCast,
)
from minerva.protocol.machine import Claim, pow_seed
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, hash_list
from minerva.protocol.state import Phase, Status

JUNK = b"\7" * 32

# P7: what is due is done first


def test_a_vote_closes_training_first(stage):
    stage.open(miners=2)
    stage.submit_all()
    root = hash_list(stage.world.pool(stage.contract(i), 1).head for i in (0, 1))
    events = stage.vote(0, updates_root=root, verdicts=b"\xff\xff")
    assert names(events) == ["TrainingClosed", "BallotCast"]
    assert events[1] == BallotCast(1, 0, root, b"\xff\xff")


def test_a_proposal_closes_verification_first(stage):
    stage.open(miners=3)
    stage.to_verification()
    stage.vote(0)
    stage.vote(1)
    stage.wait_until_late()
    root = hash_list(stage.world.ballot_of(stage.federation, i) for i in range(3))
    events = stage.propose(0, ballots_root=root, proof=proof(stage, 0, root))
    assert names(events) == ["VerificationClosed", "BlockProposed"]


def test_a_proposal_after_minings_deadline_starts_it_again_first(stage):
    stage.open(miners=2)
    stage.to_mining()
    stage.wait_until_late()
    assert names(stage.propose(0)) == ["DifficultyChanged", "MiningReopened", "BlockProposed"]


def test_an_attestation_after_the_deadline_is_undone_with_what_was_due(stage):
    stage.open(miners=3)
    stage.to_attestation()
    before = stage.state
    stage.wait_until_late()
    expected = ("FederationUnexpectedPhase", 1, Phase.MINING, Phase.ATTESTATION)
    assert refusal(lambda: stage.attest(1)) == expected
    assert stage.state == before


def test_a_vote_for_a_round_that_just_ended_names_the_new_one(stage):
    stage.open(miners=4, max_extensions=0)
    stage.to_verification()
    stage.vote(0)
    before = stage.state
    stage.wait_until_late()
    assert refusal(lambda: stage.vote(1)) == ("FederationUnexpectedRound", 2, 1)
    assert stage.state == before
    assert stage.world.ballot_of(stage.federation, 0) != ZERO32


def test_anybody_may_tick(stage):
    stage.open(miners=1)
    stage.wait_until_late()
    assert names(stage.tick(address(0x5EED))) == ["PhaseExtended"]


# P8 and P11: rounds, phases, places


def test_reverts_when_the_round_is_another(stage):
    stage.open(miners=2)
    assert refusal(lambda: stage.submit(0, round=2)) == ("FederationUnexpectedRound", 1, 2)
    assert refusal(lambda: stage.vote(0, round=0)) == ("FederationUnexpectedRound", 1, 0)
    assert refusal(lambda: stage.propose(0, round=2)) == ("FederationUnexpectedRound", 1, 2)
    assert refusal(lambda: stage.attest(0, round=9)) == ("FederationUnexpectedRound", 1, 9)


def test_reverts_when_the_phase_is_another(stage):
    stage.open(miners=2)
    wrong = "FederationUnexpectedPhase"
    assert refusal(lambda: stage.vote(0)) == (wrong, 1, Phase.TRAINING, Phase.VERIFICATION)
    assert refusal(lambda: stage.propose(0)) == (wrong, 1, Phase.TRAINING, Phase.MINING)
    assert refusal(lambda: stage.attest(0)) == (wrong, 1, Phase.TRAINING, Phase.ATTESTATION)
    stage.to_verification()
    assert refusal(lambda: stage.submit(0)) == (wrong, 1, Phase.VERIFICATION, Phase.TRAINING)


def test_reverts_when_the_sender_is_not_in_the_snapshot(stage):
    stage.open(miners=2)
    stage.join(2)
    stage.register(7, stage.contract(2))
    stage.to_verification()
    assert refusal(lambda: stage.vote(2)) == ("FederationNotInSnapshot", stage.owner(2), 1)
    assert refusal(lambda: stage.vote(5)) == ("FederationNotInSnapshot", stage.owner(5), 1)
    stage.vote(0)
    stage.vote(1)
    assert refusal(lambda: stage.propose(2)) == ("FederationNotInSnapshot", stage.owner(2), 1)
    stage.propose(0)
    assert refusal(lambda: stage.attest(2)) == ("FederationNotInSnapshot", stage.owner(2), 1)


def test_reverts_when_no_round_is_open(stage):
    stage.open(miners=1, max_extensions=0, silent_rounds=1)
    stage.wait_until_late()
    stage.tick()
    waiting = ("FederationUnexpectedStatus", Status.WAITING)
    assert refusal(lambda: stage.submit(0)) == waiting
    assert refusal(lambda: stage.vote(0)) == waiting
    assert refusal(lambda: stage.propose(0)) == waiting
    assert refusal(lambda: stage.attest(0)) == waiting


def test_reverts_when_the_update_is_a_duplicate_or_of_another_codec(stage):
    stage.open(miners=1, devices_each=2)
    assert refusal(lambda: stage.submit(1, cid=codec_cid(0x71))) == ("MinerInvalidCodec", 0x71)
    stage.submit(0)
    assert refusal(lambda: stage.submit(0)) == ("MinerDuplicateUpdate", stage.device(0), 1)
    assert stage.world.pool(stage.contract(0), 1).count == 1


def test_reverts_when_a_ballot_is_wrong(stage):
    stage.open(miners=3)
    stage.to_verification()
    expected, updates = stage.state.updates_root, stage.state.updates
    wrong_root = refusal(lambda: stage.vote(0, updates_root=JUNK, verdicts=b""))
    assert wrong_root == ("FederationUnexpectedUpdatesRoot", expected, JUNK)
    wrong_length = refusal(lambda: stage.vote(0, verdicts=b"\xff"))
    assert wrong_length == ("FederationBallotLength", updates, 1)
    stage.vote(0)
    assert refusal(lambda: stage.vote(0, updates_root=JUNK)) == ("FederationAlreadyVoted", 1, 0)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        (0, {"number": 2, "parent": JUNK}),
        (1, {"parent": JUNK, "updates_root": JUNK}),
        (3, {"updates_root": JUNK, "ballots_root": JUNK}),
        (4, {"ballots_root": JUNK, "body": codec_cid(1)}),
        (6, {"body": codec_cid(0x71), "model": codec_cid(1)}),
        (7, {"model": codec_cid(0), "proposer": ZERO_ADDRESS}),
        (8, {"rewards_root": JUNK, "rewards_total": 1}),
        (9, {"rewards_total": 1, "proposer": ZERO_ADDRESS}),
        (11, {"proposer": ZERO_ADDRESS, "proof": b"", "weights": (1,)}),
    ],
)
def test_reverts_when_a_field_of_the_header_is_wrong(stage, field, changes):
    stage.open(miners=2)
    stage.to_mining()
    assert refusal(lambda: stage.propose(0, **changes)) == ("FederationHeaderMismatch", field)
    stage.propose(0, accepted_root=JUNK)


@pytest.mark.parametrize("make", [lambda p: b"", lambda p: p[:31], lambda p: p + b"\0", lambda p: None])
def test_reverts_when_the_proof_does_not_fit(stage, make):
    stage.open(miners=2)
    stage.to_mining()
    right = stage.header(0).proof
    wrong = make(right)
    if wrong is None:
        seed = pow_seed(stage.world.chain_id, stage.federation, claim(stage, 0, stage.state.ballots_root))
        wrong = encode(("uint256",), (misfit(seed, 8),))
    refused = refusal(lambda: stage.propose(0, proof=wrong))
    assert refused == ("ConsensusInvalidProof", 1, stage.contract(0))


def test_reverts_when_a_proof_is_another_miners(stage):
    stage.open(miners=2, consensus_parameters=pow_parameters(4096, 5))
    stage.to_mining()
    others = stage.header(1).proof
    refused = refusal(lambda: stage.propose(0, proof=others))
    assert refused == ("ConsensusInvalidProof", 1, stage.contract(0))


def test_reverts_when_an_attestation_is_wrong(stage):
    stage.open(miners=5)
    stage.to_attestation()
    candidate = stage.state.candidate
    refused = refusal(lambda: stage.attest(0, candidate=JUNK))
    assert refused == ("FederationUnexpectedCandidate", candidate, JUNK)
    assert refusal(lambda: stage.attest(0)) == ("FederationAlreadyAttested", 1, 0)
    stage.attest(1, approve=False)
    assert refusal(lambda: stage.attest(1)) == ("FederationAlreadyAttested", 1, 1)


def test_reverts_when_the_federation_is_unknown(stage):
    stage.open(miners=1)
    nowhere = act.RegisterMiner(stage.world.factory, REQUESTER, "")
    refused = refusal(lambda: stage.perform(nowhere, stage.owner(5)))
    assert refused == ("FactoryUnknownFederation", REQUESTER)


def claim(stage, miner, ballots_root):
    s = stage.state
    return Claim(s.round, s.head, s.updates_root, ballots_root, stage.contract(miner))


def proof(stage, miner, ballots_root):
    seed = pow_seed(stage.world.chain_id, stage.federation, claim(stage, miner, ballots_root))
    return encode(("uint256",), (solve(seed, stage.world.difficulty(stage.federation)),))
