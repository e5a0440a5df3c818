"""What a block makes of the miners' weights (K8 and K9)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.ballots import Outcome
from minerva.protocol.cid import Cid
from minerva.protocol.lanes import unpack
from minerva.protocol.records import ZERO_ADDRESS, Update
from minerva.protocol.weights import (
    FIRST_RANK,
    ReputationTerms,
    agreement,
    committee_after,
    committee_scores,
    committee_size,
    reputations_after,
)

TERMS = ReputationTerms(start=100, cap=1000, decay_permille=900, presence=5, ballot=20, block=10)
ACCEPTED, REFUSED = Outcome(True, 100, 0), Outcome(False, 0, 20)
OUTCOMES = [ACCEPTED, ACCEPTED, REFUSED]
PARENT = b"\x07" * 32


def after(reputation, verdicts, *, proposer=False, terms=TERMS):
    return unpack(reputations_after({3: reputation}, {3: verdicts}, OUTCOMES, 3 if proposer else 0, terms))[3]


@pytest.mark.parametrize(
    ("verdicts", "points"),
    [
        (None, 0),
        (bytes([255, 64, 20]), 5 + 20),
        (bytes([255, 64, 21]), 5 + 20),  # another reason, the same word
        (bytes([255, 20, 255]), 5 + 6),
        (bytes([20, 20, 255]), 5),
        (bytes([1, 64, 255]), 5 + 10),
        (bytes([1, 1, 20]), 5 + 20),
        (bytes([1, 1, 1]), 5),
    ],
)
def test_reputation_follows_the_ballot(verdicts, points):
    """K8: a verdict that says unavailable is none."""
    assert after(101, verdicts) == 90 + points
    assert after(101, verdicts, proposer=True) == 90 + points + 10


def test_reputation_stays_within_one_and_the_cap():
    assert after(1000, bytes([255, 255, 20]), proposer=True) == 935
    assert after(1000, bytes([255, 255, 20]), terms=replace(TERMS, decay_permille=1000)) == 1000
    assert after(1, None) == 1
    assert after(1000, None, terms=replace(TERMS, decay_permille=0)) == 1


def test_a_round_without_updates_judges_nothing():
    assert unpack(reputations_after({0: 100}, {0: b""}, [], 0, TERMS)) == {0: 90 + 5 + 10}


def test_everybody_in_the_snapshot_has_a_lane_and_nobody_else():
    before = {0: 100, 17: 200, 63: 1}
    assert list(unpack(reputations_after(before, {0: b""}, [], 17, TERMS))) == [0, 17, 63]


def test_unavailable_is_no_judgement():
    assert agreement(bytes([255, 1, 2]), OUTCOMES) == (2, 2)
    assert agreement(bytes([63, 1, 64]), OUTCOMES) == (0, 2)
    assert agreement(bytes([255, 33, 2]), OUTCOMES) == agreement(bytes([255, 1, 2]), OUTCOMES)


@given(st.builds(ReputationTerms, *[st.integers(0, 2**16 - 1)] * 6))
def test_terms_are_read_as_they_are_written_or_not_at_all(terms):
    sound = 1 <= terms.start <= terms.cap <= 32_767 and terms.decay_permille <= 1000
    sound = sound and max(terms.presence, terms.ballot, terms.block) <= terms.cap
    assert ReputationTerms.decode(terms.encode()) == (terms if sound else None)


@pytest.mark.parametrize("data", [b"", bytes(191), TERMS.encode() + b"\0", b"\xff" * 192])
def test_what_is_no_terms_is_not_read(data):
    assert ReputationTerms.decode(data) is None


def test_the_best_are_the_committee_and_the_others_stand_by_in_order():
    """K9."""
    lanes = unpack(committee_after({0: 10, 1: 40, 2: 20, 17: 30}, PARENT, 2))
    assert lanes == {0: FIRST_RANK + 1, 1: 1, 2: FIRST_RANK, 17: 1}


def test_a_committee_of_all():
    assert unpack(committee_after({0: 10, 1: 40}, PARENT, 2)) == {0: 1, 1: 1}
    assert unpack(committee_after({0: 10, 1: 40}, PARENT, 64)) == {0: 1, 1: 1}


def test_ties_go_by_the_parent():
    """K9: nobody knows them before the last block, and no place is always first."""
    scores = dict.fromkeys(range(6), 5)
    members = {
        tuple(i for i, lane in unpack(committee_after(scores, bytes([n]) * 32, 2)).items() if lane == 1)
        for n in range(60)
    }
    assert len(members) > 5
    assert committee_after(scores, PARENT, 2) == committee_after(dict(reversed(scores.items())), PARENT, 2)


@given(st.dictionaries(st.integers(0, 63), st.integers(0, 192), min_size=1), st.integers(1, 64))
def test_a_committee_has_its_size_and_every_rank_once(scores, size):
    lanes = unpack(committee_after(scores, PARENT, size))
    members = [i for i, lane in lanes.items() if lane == 1]
    assert sorted(lanes) == sorted(scores) and len(members) == min(size, len(scores))
    ranks = sorted(lane - FIRST_RANK for lane in lanes.values() if lane != 1)
    assert ranks == list(range(len(scores) - len(members)))
    assert min(scores[i] for i in members) >= max((scores[i] for i in scores if i not in members), default=0)


def test_scores_are_the_owners_best_accepted_updates():
    """K9: a miner that trained nothing has none, whoever trains for it."""
    alice, bob, carol = ("0x" + f"{n:02x}" * 20 for n in (1, 2, 3))
    devices = (alice, bob, alice, bob, "0x" + "04" * 20)
    updates = [Update(ZERO_ADDRESS, 1, d, ZERO_ADDRESS, Cid(b"\2" * 32), 1, 1, 1, 0, 0) for d in devices]
    outcomes = [Outcome(True, 7, 0), Outcome(True, 0, 0), Outcome(True, 9, 0), REFUSED, Outcome(True, 191, 0)]
    assert committee_scores({0: alice, 1: bob, 2: carol}, updates, outcomes) == {0: 10, 1: 1, 2: 0}


@pytest.mark.parametrize(("value", "size"), [(0, None), (1, 1), (64, 64), (65, None), (257, None)])
def test_a_size_is_read_within_its_bounds(value, size):
    assert committee_size(value.to_bytes(32, "big")) == size
    assert committee_size(value.to_bytes(31, "big")) is None
