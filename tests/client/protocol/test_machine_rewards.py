"""Section Y in a federation (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from federation_driver import REQUESTER, address, make_config
from machine_stage import names, refusal

from minerva.protocol import reward_actions as pay
from minerva.protocol.reward_events import (
    AttestationCredited,
    RewardsClaimed,
    RewardsClosing,
    RewardsFunded,
    RewardsGranted,
    RewardsReturned,
)
from minerva.protocol.rewards import CumulativeTable, claim_to_digest
from minerva.protocol.state import RewardTerms, Status

DAY = 86_400
TERMS = RewardTerms(per_round=1_000, data_bps=5_000, proposer_bps=1_000, ballot_bps=2_000, attester_bps=2_000,
                    claim_seconds=DAY)  # fmt: skip
"""A budget of 800, and 25 for each attestation of at most eight."""
KEY = Account.from_key(b"\7" * 32)


@pytest.fixture
def paid(stage):
    """A federation of two rounds with two miners, that waits for its escrow of 2,000."""
    stage.found(make_config(stage.world.consensus.address, rounds=2), TERMS)
    stage.populate(2)
    stage.vault = stage.world.reward_vault(stage.federation)
    return stage


def fund(stage, amount=2_000, **changes):
    action = replace(pay.Fund(stage.federation, stage.vault.address, amount, at=stage.now), **changes)
    return stage.perform(action, REQUESTER)


def candidate(stage, earned, total):
    """Miner 0 proposes a block whose table says this."""
    stage.to_mining()
    header = stage.header(0, rewards_root=CumulativeTable(earned).root, rewards_total=total)
    stage.propose(0, **{name: getattr(header, name) for name in header.__slots__})
    return header


def block(stage, earned, total=None):
    """The same, and the block is final."""
    header = candidate(stage, earned, sum(earned.values()) if total is None else total)
    stage.attest(1)
    return header


def claim(stage, header, earned, account, sender=REQUESTER, **changes):
    table = CumulativeTable(earned)
    entry = (header, account, earned[account], tuple(table.proof(account)))
    return stage.perform(replace(pay.Claim(stage.federation, stage.vault.address, *entry), **changes), sender)


def test_the_first_round_waits_for_the_whole_escrow(paid):
    """Y2."""
    assert refusal(paid.tick) == ("FederationNothingDue", 0, 0, 0)
    assert fund(paid, 1_999) == [RewardsFunded(REQUESTER, 1_999, 1_999)]
    assert refusal(paid.tick)[0] == "FederationNothingDue"
    assert refusal(lambda: fund(paid, 2)) == ("RewardVaultOverfunded", 1, 2)
    assert refusal(lambda: fund(paid, 0)) == ("RewardVaultOverfunded", 1, 0)
    fund(paid, 1)
    assert names(paid.tick()) == ["RoundOpened"]


def test_ether_and_sum_are_the_same(paid):
    """Y2."""
    assert refusal(lambda: fund(paid, 5, token=address(0x99))) == ("RewardVaultUnexpectedAmount", 5, 0)


def test_approvals_are_credited_and_the_block_grants_after_it_is_final(paid):
    """Y6 and E2."""
    fund(paid)
    paid.tick()
    paid.to_mining()
    header = paid.header(0, rewards_root=b"\1" * 32, rewards_total=800)
    proposed = paid.propose(0, **{name: getattr(header, name) for name in header.__slots__})
    assert names(proposed) == ["BlockProposed", "AttestationCredited"]
    assert proposed[1] == AttestationCredited(paid.owner(0), 1, header.hash())
    final = paid.attest(1)
    assert names(final)[:3] == ["Attested", "AttestationCredited", "BlockFinalized"]
    assert names(final)[-2:] == ["RewardsGranted", "RoundOpened"]
    assert final[-2] == RewardsGranted(1, 800, 800)
    assert paid.vault.account_of(paid.owner(1)) == (0, 25)


def test_a_rejection_earns_nothing(paid):
    """Y6."""
    fund(paid)
    paid.tick()
    candidate(paid, {}, 0)
    assert "AttestationCredited" not in names(paid.attest(1, approve=False))
    assert paid.vault.account_of(paid.owner(1)) == (0, 0)


def test_no_table_grants_more_than_the_budget_and_a_refused_candidate_leaves_nothing(paid):
    """Y3."""
    fund(paid)
    paid.tick()
    paid.to_mining()
    before = (paid.state, paid.vault.state)
    header = paid.header(0, rewards_total=801)
    changes = {name: getattr(header, name) for name in header.__slots__}
    assert refusal(lambda: paid.propose(0, **changes)) == ("RewardVaultOverBudget", 800, 801)
    assert (paid.state, paid.vault.state) == before


def test_a_federation_without_rewards_has_no_tables(stage):
    """Y3."""
    stage.open(miners=1)
    stage.to_mining()
    assert refusal(lambda: stage.propose(0, rewards_root=b"\1" * 32)) == ("FederationHeaderMismatch", 8)
    assert refusal(lambda: stage.propose(0, rewards_total=1)) == ("FederationHeaderMismatch", 9)


def test_a_claim_pays_the_table_and_the_attestations_once(paid):
    """Y7."""
    fund(paid)
    paid.tick()
    owner, other = paid.owner(0), paid.owner(1)
    earned = {owner: 300, other: 500}
    header = candidate(paid, earned, 800)
    wrong = refusal(lambda: claim(paid, header, earned, owner))
    assert wrong == ("RewardVaultUnknownBlock", 1, header.hash())
    paid.attest(1)
    assert claim(paid, header, earned, owner) == [RewardsClaimed(owner, owner, 300, 25)]
    assert refusal(lambda: claim(paid, header, earned, owner)) == ("RewardVaultNothingToClaim", owner)
    higher = refusal(lambda: claim(paid, header, earned, other, cumulative=501))
    assert higher == ("RewardVaultInvalidProof", other, 501)
    attested = pay.ClaimAttestations(paid.federation, paid.vault.address, other)
    assert paid.perform(attested, owner) == [RewardsClaimed(other, other, 0, 25)]
    assert claim(paid, header, earned, other) == [RewardsClaimed(other, other, 500, 0)]
    assert paid.vault.state.held == 2_000 - 850


def test_a_later_block_pays_earlier_rounds_too(paid):
    """Y7."""
    fund(paid)
    paid.tick()
    owner = paid.owner(0)
    block(paid, {owner: 300})
    header = block(paid, {owner: 700}, total=400)
    assert claim(paid, header, {owner: 700}, owner) == [RewardsClaimed(owner, owner, 700, 50)]


def test_no_more_is_claimed_than_was_granted(paid):
    """Y7."""
    fund(paid)
    paid.tick()
    owner = paid.owner(0)
    header = block(paid, {owner: 800}, total=700)
    assert refusal(lambda: claim(paid, header, {owner: 800}, owner)) == ("RewardVaultExceedsGrants", 700, 800)


def test_another_recipient_needs_the_accounts_signature(paid):
    """Y7."""
    fund(paid)
    paid.tick()
    account, to, earned = KEY.address, paid.owner(1), {KEY.address: 300}
    header = block(paid, earned)
    digest = claim_to_digest(paid.world.chain_id, paid.vault.address, account, to, 300, 0)
    signature = bytes(KEY.unsafe_sign_hash(digest).signature)
    entry = (header, account, 300, ())
    signed = pay.ClaimTo(paid.federation, paid.vault.address, *entry, to, signature)
    elsewhere = replace(signed, to=paid.owner(0))
    assert refusal(lambda: paid.perform(elsewhere, to)) == ("RewardVaultInvalidSignature", account)
    assert paid.perform(signed, REQUESTER) == [RewardsClaimed(account, to, 300, 0)]
    assert refusal(lambda: paid.perform(signed, to)) == ("RewardVaultInvalidSignature", account)


def test_after_the_end_earnings_wait_and_the_rest_returns(paid):
    """Y8 and E2."""
    fund(paid)
    paid.tick()
    reclaim = pay.Reclaim(paid.federation, paid.vault.address)
    assert refusal(lambda: paid.perform(reclaim, REQUESTER)) == ("RewardVaultNotOver", 0)
    paid.close()
    owner = paid.owner(0)
    header = candidate(paid, {owner: 300}, 300)
    ended = paid.attest(1)
    until = paid.now + DAY
    assert paid.state.status is Status.CLOSED
    assert names(ended)[-3:] == ["RewardsGranted", "FederationClosed", "RewardsClosing"]
    assert ended[-1] == RewardsClosing(until)
    assert refusal(lambda: fund(paid, 1)) == ("RewardVaultOverfunded", 0, 1)
    assert paid.perform(reclaim, paid.owner(1)) == [RewardsReturned(REQUESTER, 2_000 - 300 - 200)]
    assert refusal(lambda: paid.perform(reclaim, REQUESTER)) == ("RewardVaultNotOver", until)
    paid.wait(DAY - 1)
    assert claim(paid, header, {owner: 300}, owner) == [RewardsClaimed(owner, owner, 300, 25)]
    paid.wait(1)
    late = pay.ClaimAttestations(paid.federation, paid.vault.address, paid.owner(1))
    assert refusal(lambda: paid.perform(late, owner)) == ("RewardVaultOver", until)
    assert paid.perform(reclaim, owner) == [RewardsReturned(REQUESTER, 175)]
    assert refusal(lambda: paid.perform(reclaim, owner)) == ("RewardVaultNothingToClaim", REQUESTER)


def test_whoever_closes_before_round_1_has_all_of_it_back(paid):
    """Y8."""
    fund(paid, 500)
    assert names(paid.close()) == ["FederationClosing", "FederationClosed", "RewardsClosing"]
    reclaim = pay.Reclaim(paid.federation, paid.vault.address)
    assert paid.perform(reclaim, REQUESTER) == [RewardsReturned(REQUESTER, 500)]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"token": address(0x99)}, (0, 0x99)),
        ({"per_round": 0}, (1, 0)),
        ({"per_round": 1 << 127}, (1, 1 << 127)),
        ({"data_bps": 5_001}, (2, 10_001)),
        ({"claim_seconds": DAY - 1}, (6, DAY - 1)),
        ({"claim_seconds": 730 * DAY + 1}, (6, 730 * DAY + 1)),
    ],
)
def test_terms_out_of_bounds_are_refused_before_the_configuration(stage, changes, refused):
    """Y1."""
    config = make_config(stage.world.consensus.address, rounds=2, min_miners=9)
    found = refusal(lambda: stage.found(config, replace(TERMS, **changes)))
    assert found == ("RewardVaultInvalidTerms", *refused)
