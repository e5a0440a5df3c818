"""Y3 to Y5: who earns what by a block, exactly, and never more than there is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.ballots import Outcome, tally
from minerva.protocol.cid import RAW, Cid
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, Update
from minerva.protocol.rewards import CumulativeTable, RewardTable, RoundFacts
from minerva.protocol.state import RewardTerms

TERMS = RewardTerms(ZERO_ADDRESS, 10_000, 5_000, 1_000, 2_000, 2_000, 86_400)
"""Pools of 5,000, 1,000 and 2,000."""
UNAVAILABLE, REFUSE, NOT_OPENED, ACCEPT = 1, 20, 33, 255


def account(number):
    return to_checksum_address(number.to_bytes(20, "big"))


DEVICES, OWNERS = [account(0xD00 + n) for n in range(8)], [account(0xA00 + n) for n in range(8)]


def update(number, samples, epochs=1):
    return Update(ZERO_ADDRESS, 1, DEVICES[number], OWNERS[0], Cid(ZERO32, RAW), samples, epochs, 1, 0, 0)


def facts(samples, ballots, /, cap=4, weights=None, **changes):
    """A round: samples of each update, verdicts of each voter (None: no ballot); voter 0 proposes."""
    cast = {index: bytes(verdicts) for index, verdicts in enumerate(ballots) if verdicts is not None}
    given = RoundFacts(
        round=1,
        updates=tuple(update(number, count) for number, count in enumerate(samples)),
        outcomes=tuple(tally(cast, weights or dict.fromkeys(cast, 1), len(samples))),
        sample_cap=cap,
        voters=dict(enumerate(OWNERS[: len(ballots)])),
        ballots={index: cast.get(index) for index in range(len(ballots))},
        proposer=OWNERS[0],
    )
    return replace(given, **changes)


def amounts(table):
    """Of devices and of owners, those that earn anything."""
    grants = table.grants
    return (
        {n: grants[a] for n, a in enumerate(DEVICES) if a in grants},
        {n: grants[a] for n, a in enumerate(OWNERS) if a in grants},
    )


# What the parts are


def test_all_accepted_and_all_agreed_pays_all_pools():
    """Y4: data by samples, the whole of the proposer's pool, the ballots' in equal parts."""
    table = RewardTable(facts([10, 30], [[ACCEPT] * 2] * 2), TERMS)
    assert amounts(table) == ({0: 1_250, 1: 3_750}, {0: 1_000 + 1_000, 1: 1_000})
    assert table.total == TERMS.budget == 8_000


def test_data_is_paid_by_samples_times_quality():
    """Y4: 10 × 100 and 30 × 20 of 1,600."""
    table = RewardTable(facts([10, 30], [[64 + 100, 64 + 20]]), TERMS)
    assert amounts(table)[0] == {0: 3_125, 1: 1_875}


def test_samples_above_the_cap_pay_no_more():
    """V5: the lower median is 10, so 1,000 counts as 20."""
    table = RewardTable(facts([10, 10, 1_000], [[ACCEPT] * 3], cap=2), TERMS)
    assert amounts(table)[0] == {0: 1_250, 1: 1_250, 2: 2_500}


def test_a_refused_update_is_not_paid_and_lowers_the_proposers_share():
    """Y4: of 10 + 10 samples offered, 10 are in the block."""
    table = RewardTable(facts([10, 10], [[ACCEPT, REFUSE]]), TERMS)
    assert amounts(table) == ({0: 5_000}, {0: 500 + 2_000})


def test_what_a_refused_update_claims_counts_up_to_the_cap_alone():
    """Y4: 2^32 − 1 samples that nobody had count as 4 × 10, so that a cheat costs the proposer little."""
    table = RewardTable(facts([10, 2**32 - 1], [[ACCEPT, REFUSE]]), TERMS)
    assert amounts(table)[1] == {0: 1_000 // 5 + 2_000}


def test_an_update_without_work_is_offered_nothing():
    """Y4: work ≥ 1."""
    idle = facts([10, 10], [[ACCEPT, REFUSE]])
    idle = replace(idle, updates=(idle.updates[0], replace(idle.updates[1], epochs=0)))
    assert amounts(RewardTable(idle, TERMS))[1] == {0: 1_000 + 2_000}


def test_a_ballot_is_paid_by_the_verdicts_that_agree():
    """Y4 and K8: of 2 × 3 verdicts, 2, 1 and 0 agree with the outcomes, accept and refuse."""
    ballots = [[ACCEPT, REFUSE], [ACCEPT, 64], [REFUSE, 64]]
    table = RewardTable(
        facts([10, 10], ballots, outcomes=(Outcome(True, 191, 0), Outcome(False, 0, 20))), TERMS
    )
    assert amounts(table)[1] == {0: 500 + 2_000 * 2 // 6, 1: 2_000 // 6}


@pytest.mark.parametrize("neutral", [UNAVAILABLE, NOT_OPENED])
def test_any_reason_agrees_with_a_refusal_but_that_it_could_not_be_read(neutral):
    """K8, Q6: which says that the miner did not look."""
    ballots = [[20], [21], [neutral]]
    table = RewardTable(facts([10], ballots), TERMS)
    assert amounts(table) == ({}, {0: 666, 1: 666})


def test_a_voter_without_a_ballot_leaves_its_part():
    """Y4: nobody else gets it."""
    table = RewardTable(facts([10], [[ACCEPT], None]), TERMS)
    assert amounts(table)[1] == {0: 1_000 + 1_000}


def test_weights_of_voters_do_not_count():
    """Y4: a heavy voter decides the outcome, and is paid as any other that agrees with it."""
    table = RewardTable(facts([10], [[ACCEPT], [REFUSE], [ACCEPT]], weights={0: 5, 1: 1, 2: 1}), TERMS)
    assert amounts(table)[1] == {0: 1_000 + 666, 2: 666}


def test_parts_of_one_account_add_up():
    """A miner's owner may be a device as well."""
    round = facts([10], [[ACCEPT]], voters={0: DEVICES[0]}, proposer=DEVICES[0])
    assert RewardTable(round, TERMS).grants == {DEVICES[0]: 8_000}


@pytest.mark.parametrize(
    "round",
    [
        facts([], [[]]),
        facts([10, 10], [[REFUSE, REFUSE]], ballots={}),
        facts([10], [[64]], ballots={}, proposer=OWNERS[1]),
    ],
    ids=["no update", "none accepted, no ballot", "no quality"],
)
def test_without_weight_data_pays_nothing(round):
    """Y4: nothing is divided by zero."""
    table = RewardTable(round, TERMS)
    assert amounts(table)[0] == {}
    assert CumulativeTable().add(table.grants).earned == table.grants


# What holds for all

verdicts = st.sampled_from([UNAVAILABLE, REFUSE, 64, 65, 200, ACCEPT])


@st.composite
def rounds(draw):
    samples = draw(st.lists(st.integers(1, 2**32 - 1) | st.integers(1, 50), min_size=1, max_size=6))
    one = st.lists(verdicts, min_size=len(samples), max_size=len(samples))
    ballots = draw(st.lists(st.none() | one, min_size=1, max_size=6))
    return facts(samples, ballots, cap=draw(st.integers(1, 5)))


terms = st.builds(
    lambda per_round, cuts: RewardTerms(
        ZERO_ADDRESS, per_round, cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], 10_000 - cuts[2], 86_400
    ),
    st.integers(1, 2**128 - 1) | st.integers(1, 20),
    st.lists(st.integers(0, 10_000), min_size=3, max_size=3).map(sorted),
)


@given(rounds(), terms)
def test_never_grants_more_than_the_budget(round, terms):
    """Y3: nor does any part more than its pool."""
    table = RewardTable(round, terms)
    receipts = [table.receipt(a) for a in {*DEVICES, *OWNERS}]
    assert table.total <= terms.budget
    assert sum(r.data.amount for r in receipts if r.data) <= terms.pool(terms.data_bps)
    assert sum(r.ballots.amount for r in receipts if r.ballots) <= terms.pool(terms.ballot_bps)
    assert sum(r.proposer.amount for r in receipts if r.proposer) <= terms.pool(terms.proposer_bps)
    assert all(amount > 0 for amount in table.grants.values())


@given(rounds(), terms, st.data())
def test_more_samples_never_earn_less(round, terms, data):
    """Y4: of an accepted update, all else as it was."""
    number = data.draw(st.integers(0, len(round.updates) - 1))
    more = data.draw(st.integers(round.updates[number].samples, 2**32 - 1))
    updates = list(round.updates)
    updates[number] = replace(updates[number], samples=more)
    after = RewardTable(replace(round, updates=tuple(updates)), terms).grants
    assert after.get(DEVICES[number], 0) >= RewardTable(round, terms).grants.get(DEVICES[number], 0)


@given(rounds(), terms, st.data())
def test_another_verdict_that_agrees_never_earns_less(round, terms, data):
    """Y4: the outcomes as they were."""
    cast = [index for index, ballot in round.ballots.items() if ballot]
    if not cast:
        return
    index, position = data.draw(st.sampled_from(cast)), data.draw(st.integers(0, len(round.updates) - 1))
    ballot = bytearray(round.ballots[index])
    ballot[position] = ACCEPT if round.outcomes[position].accepted else REFUSE
    after = RewardTable(replace(round, ballots={**round.ballots, index: bytes(ballot)}), terms)
    before = RewardTable(round, terms)
    assert after.grants.get(OWNERS[index], 0) >= before.grants.get(OWNERS[index], 0)


@given(rounds(), terms)
def test_receipts_explain_every_unit(round, terms):
    """They add up to the table, and are plain data."""
    table = RewardTable(round, terms)
    accounts = {*DEVICES, *OWNERS}
    assert {a: r for a in accounts if (r := table.receipt(a).amount)} == table.grants
    json.dumps([table.receipt(a).document() for a in accounts])


# Receipts and cumulative tables


def test_a_receipt_tells_how_it_was_reckoned():
    table = RewardTable(facts([10, 30], [[ACCEPT, REFUSE], [ACCEPT, REFUSE], [UNAVAILABLE, ACCEPT]]), TERMS)
    device, owner, dissenter = (table.receipt(a) for a in (DEVICES[0], OWNERS[0], OWNERS[2]))
    assert device.document() == {
        "round": 1,
        "account": DEVICES[0],
        "data": {
            "account": DEVICES[0], "samples": 10, "quality": 191, "total": 1_910, "pool": 5_000, "amount": 5_000,
        },
        "proposer": None,
        "ballots": None,
        "attestation": None,
        "amount": 5_000,
    }  # fmt: skip
    assert (owner.proposer.counted, owner.proposer.offered, owner.proposer.amount) == (10, 40, 250)
    assert (owner.ballots.agreed, owner.ballots.judged, owner.ballots.amount) == (2, 2, 666)
    assert (dissenter.ballots.agreed, dissenter.ballots.judged, dissenter.amount) == (0, 1, 0)


def test_a_receipt_takes_attestations_in():
    table = RewardTable(facts([10], [[ACCEPT]]), TERMS)
    receipt = table.receipt(OWNERS[3], attestation=500)
    assert (receipt.attestation.amount, receipt.amount) == (500, 500)


def test_tables_add_up_round_by_round():
    """Y5: an entry for everyone who ever earned, and none for others."""
    first = CumulativeTable().add({DEVICES[0]: 5, DEVICES[1]: 0})
    second = first.add({DEVICES[0]: 7, OWNERS[0]: 1})
    assert (first.earned, second.earned) == ({DEVICES[0]: 5}, {DEVICES[0]: 12, OWNERS[0]: 1})
    assert first.root != second.root
    assert len(second.proof(OWNERS[0])) == 1
    with pytest.raises(KeyError):
        second.proof(DEVICES[1])


def test_an_empty_table_has_no_root():
    """Y5."""
    assert CumulativeTable().root == CumulativeTable().add({}).root == ZERO32
