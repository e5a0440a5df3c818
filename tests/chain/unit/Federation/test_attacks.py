"""Given somebody who wants another's block, or none at all, when it tries, the round goes on without it."""

from __future__ import annotations

from eth_utils import keccak
from support import clock
from support.crowd import Crowd
from support.errors import reverts
from support.scene import plain

from minerva.protocol.cid import RAW, Cid
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.state import Drop, Phase


def seed_of(scene, number, **changes):
    """What the miner's nonce has to fit; with changes, elsewhere or in another round."""
    s = scene.state
    chain_id, federation = changes.pop("chain_id", 31337), changes.pop("federation", scene.federation.address)
    miner = scene.miners[number].address
    values = {"round": s.round, "parent": bytes(s.head)} | changes
    claim = Claim(values["round"], values["parent"], bytes(s.updatesRoot), bytes(s.ballotsRoot), miner)
    return pow_seed(chain_id, federation, claim)


def nonce(wanted, *refused, difficulty=4):
    """The least that fits the first seed, and none of the others."""
    fits = (n for n in range(1 << 20) if meets(wanted, n, difficulty))
    return next(n for n in fits if not any(meets(seed, n, difficulty) for seed in refused))


def proof(number):
    return number.to_bytes(32, "big")


# Front-running


def test_front_running_a_candidate_word_for_word(mining, stranger):
    """R9: who sees a candidate on its way cannot send it first; it arrives as if nobody had tried."""
    seen = mining.header(0)
    with reverts("FederationHeaderMismatch", 11):
        mining.federation.propose(plain(seen), {"from": mining.owners[1]})
    with reverts("FederationNotInSnapshot", stranger, 1):
        mining.federation.propose(plain(seen), {"from": stranger})
    mining.federation.propose(plain(seen), {"from": mining.owners[0]})
    assert (mining.state.proposer, bytes(mining.state.candidate)) == (0, seen.hash())


def test_front_running_a_nonce(mining):
    """W1: another's nonce does not entitle to the same block under one's own name."""
    work = nonce(seed_of(mining, 0), seed_of(mining, 1))
    seen = mining.header(0, proof=proof(work))
    with reverts("ConsensusInvalidProof", 1, mining.miners[1]):
        mining.propose(1, proof=seen.proof, body=seen.body, model=seen.model)
    mining.federation.propose(plain(seen), {"from": mining.owners[0]})
    assert mining.state.proposer == 0


def test_front_running_an_attestation_with_another_candidate(attestation):
    """P11: an approval names its candidate; it does not count for one that came in its place."""
    approved = bytes(attestation.state.candidate)
    attestation.expire()
    attestation.propose(1)
    other = bytes(attestation.state.candidate)
    assert other != approved
    with reverts("FederationUnexpectedCandidate", other, approved):
        attestation.federation.attest(1, approved, True, {"from": attestation.owners[2]})


# Replay


def test_replay_of_a_candidate_in_another_round(training):
    """P8 and P11: neither its header nor its nonce is worth anything after its round."""
    training.close_training()
    training.vote_all()
    old = training.header(0)
    # Soon after Mining opened, so that the puzzle gets harder.
    clock.next_block_at(training.state.deadline - training.config.mining_seconds + 1)
    training.propose(0)
    training.attest(1)
    training.close_training()
    training.vote_all()
    with reverts("FederationUnexpectedRound", 2, 1):
        training.federation.propose(plain(old), {"from": training.owners[0]})
    first = {"round": 1, "parent": old.parent}
    stale = nonce(seed_of(training, 0, **first), seed_of(training, 0))
    with reverts("ConsensusInvalidProof", 2, training.miners[0]):
        training.propose(0, proof=proof(stale))


def test_replay_of_a_nonce_in_another_federation_or_chain(mining, requester):
    """W1: the seed names the federation and the chain."""
    own = seed_of(mining, 0)
    for elsewhere in ({"federation": requester.address}, {"chain_id": 1}):
        foreign = nonce(seed_of(mining, 0, **elsewhere), own)
        with reverts("ConsensusInvalidProof", 1, mining.miners[0]):
            mining.propose(0, proof=proof(foreign))


def test_replay_of_an_update_in_another_round(training):
    """P8: a record names its round."""
    old = training.claim(0)
    training.submit(0)
    with reverts("MinerDuplicateUpdate", training.devices[0], 1):
        training.miners[0].submitUpdate(old, {"from": training.devices[0]})
    training.submit(1, 2, 3)
    training.tick()
    training.vote_all()
    training.propose(0)
    training.attest(1)
    with reverts("FederationUnexpectedRound", 2, 1):
        training.miners[0].submitUpdate(old, {"from": training.devices[0]})


def test_replay_of_a_ballot_or_an_attestation(verification):
    """P8: both name their round, and each counts once."""
    ballot = (1, verification.state.updatesRoot, verification.verdicts())
    verification.vote(0)
    with reverts("FederationAlreadyVoted", 1, 0):
        verification.federation.vote(*ballot, {"from": verification.owners[0]})
    verification.vote(1, 2)
    verification.propose(0)
    candidate = verification.state.candidate
    with reverts("FederationAlreadyAttested", 1, 0):
        verification.attest(0)
    verification.attest(1)
    with reverts("FederationUnexpectedRound", 2, 1):
        verification.federation.vote(*ballot, {"from": verification.owners[0]})
    with reverts("FederationUnexpectedRound", 2, 1):
        verification.federation.attest(1, candidate, True, {"from": verification.owners[2]})


# Withholding


def test_a_proposer_that_withholds_its_body_is_passed_over(attestation):
    """P5: nobody can derive the candidate, so nobody approves; another proposes, and the round has its block."""
    attestation.expire()
    transaction = attestation.tick()
    assert transaction.events["CandidateDropped"]["reason"] == Drop.TIMED_OUT
    assert attestation.state.phase == Phase.MINING
    attestation.propose(1, body=Cid(keccak(text="there"), RAW))
    attestation.attest(2)
    assert (attestation.state.height, attestation.round) == (1, 2)


def test_a_proposer_that_withholds_again_and_again_ends_the_round_at_most(mining):
    """P5: after `maxCandidates` of them the round is skipped; the next one is open, and nobody is out of it."""
    for _ in range(2):
        mining.propose(0)
        mining.expire()
        mining.tick()
    assert mining.federation.phase(1) == Phase.SKIPPED
    assert (mining.round, mining.state.snapshot) == (2, 0b111)


def test_miners_that_withhold_all_candidates_end_the_round_at_most(mining):
    """P4: nobody proposes; Mining opens again with less work, and then the round is over."""
    for _ in range(2):
        mining.expire()
        mining.tick()
    assert mining.federation.phase(1) == Phase.SKIPPED
    assert mining.round == 2


# A crowd


def test_a_thousand_devices_in_one_pool(deployed, requester):
    """R2: the last update costs what the second does, and the round its block, within what one transaction may use."""
    crowd = Crowd(deployed, requester, miners=1, devices=1000)
    crowd.tick()
    _, second, *others = crowd.submit()
    assert max(others) <= second + 100
    assert crowd.miners[0].pool(1)[1] == 1000
    (ballot,) = crowd.vote()
    assert ballot <= 500_000
    crowd.propose()
    assert (crowd.scene.state.height, crowd.scene.round) == (1, 2)
