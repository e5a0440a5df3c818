"""`report`: given two statements that contradict each other, when anybody shows them, their signer pays (S7)."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from eth_account import Account as Key
from support.errors import reverts
from support.scene import names
from support.stake import CHAIN_ID, MINER, ONE, OTHER, ROUND

from minerva.protocol.statements import recover_signer

PROPOSED, APPROVED, REJECTED = range(3)


@pytest.fixture
def staked(either):
    """The miner with the key has 2,000, and a place."""
    either.join(MINER.address, 6)
    return either


def test_takes_the_share_and_rewards_the_reporter(staked, stranger):
    """50%, of which a quarter; the rest is burned."""
    transaction = staked.report(stranger)
    assert names(transaction) == ["StakeSlashed", "Slashed"]
    assert transaction.events["StakeSlashed"] == {
        "account": MINER.address, "round": ROUND, "offence": 1, "amount": 1000, "bonded": 1000,
        "reporter": stranger, "reward": 250,
    }  # fmt: skip
    assert staked.books(MINER.address) == (1000, 0, 0)
    assert staked.books(stranger) == (0, 0, 250)
    assert (staked.vault.slashed(), staked.lane(6)) == (750, 10)


def test_tells_the_federation(staked, stranger):
    """S6: after the stake was taken."""
    transaction = staked.report(stranger)
    assert transaction.events["Slashed"] == {
        "vault": staked.vault.address, "owner": MINER.address, "round": ROUND,
    }  # fmt: skip


def test_takes_from_what_unbonds_first(staked, stranger, miner):
    staked.vault.unbond(1000, {"from": miner})
    staked.report(stranger)
    assert staked.books(MINER.address) == (1000, 0, 0)


@pytest.mark.parametrize("kinds", [(APPROVED, REJECTED), (REJECTED, APPROVED)])
def test_takes_an_approval_and_a_rejection_of_one_candidate(staked, stranger, kinds):
    evidence = staked.evidence(*(staked.say(kind) for kind in kinds))
    staked.vault.report(MINER.address, *evidence, {"from": stranger})
    assert staked.books(MINER.address) == (1000, 0, 0)


def test_takes_a_past_rounds(staked, stranger):
    """Evidence may come late."""
    staked.report(stranger, round=1)
    assert staked.books(MINER.address) == (1000, 0, 0)


def refuse(stakes, stranger, evidence, account=MINER.address):
    """The evidence is none, and nothing changes."""
    before = stakes.books(account)
    with reverts("StakeVaultNoEvidence", account):
        stakes.vault.report(account, *evidence, {"from": stranger})
    assert (stakes.books(account), stakes.books(stranger)) == (before, (0, 0, 0))


@pytest.mark.parametrize(
    "said",
    [
        [(PROPOSED, ONE), (PROPOSED, ONE)],
        [(PROPOSED, ONE), (APPROVED, ONE)],
        [(PROPOSED, ONE), (REJECTED, ONE)],
        [(APPROVED, ONE), (APPROVED, OTHER)],
        [(APPROVED, ONE), (REJECTED, OTHER)],
        [(REJECTED, ONE), (REJECTED, OTHER)],
        [(PROPOSED, ONE), (REJECTED, OTHER)],
        [(APPROVED, ONE), (APPROVED, ONE)],
    ],
)
def test_reverts_when_the_statements_agree(staked, stranger, said):
    """S7: what an honest miner may say in one round, after a candidate was dropped."""
    refuse(staked, stranger, staked.evidence(*(staked.say(*each) for each in said)))


def test_reverts_for_a_kind_that_there_is_not(ether, stranger):
    ether.join(MINER.address)
    one, other = ether.say(PROPOSED), ether.say(PROPOSED, OTHER)
    forged = [(*astuple(said)[:-1], 3) for said in (one, other)]
    refuse(ether, stranger, (forged[0], ether.sign(one), forged[1], ether.sign(other)))


@pytest.mark.parametrize("field", ["parent", "updates_root", "ballots_root"])
def test_reverts_when_the_branches_differ(staked, stranger, field):
    """S7: after a re-org that changed a root, a miner says something else in good faith."""
    other = {field: b"\x99" * 32}
    refuse(staked, stranger, staked.evidence(staked.say(PROPOSED), staked.say(PROPOSED, OTHER, **other)))
    refuse(staked, stranger, staked.evidence(staked.say(APPROVED), staked.say(REJECTED, **other)))


def test_reverts_when_the_rounds_differ(staked, stranger):
    """A statement cannot be replayed against one of another round."""
    first, second = staked.say(PROPOSED, round=ROUND - 1), staked.say(PROPOSED, OTHER)
    refuse(staked, stranger, staked.evidence(first, second))
    refuse(staked, stranger, staked.evidence(second, first))


def test_reverts_when_the_statements_are_another_federations(staked, stranger):
    elsewhere = {"federation": stranger.address}
    refuse(staked, stranger, staked.two_proposals(**elsewhere))
    mixed = staked.evidence(staked.say(PROPOSED), staked.say(PROPOSED, OTHER, **elsewhere))
    refuse(staked, stranger, mixed)


def test_reverts_when_signed_for_another_vault(staked, stranger, make):
    """Replay across federations: the vault's address is in the domain."""
    said = staked.say(PROPOSED), staked.say(PROPOSED, OTHER)
    refuse(staked, stranger, staked.evidence(*said, vault=make().vault.address))


def test_reverts_when_signed_for_another_chain(staked, stranger):
    """Replay across chains: the chain id is in the domain."""
    said = staked.say(PROPOSED), staked.say(PROPOSED, OTHER)
    refuse(staked, stranger, staked.evidence(*said, chain_id=1))


@pytest.mark.parametrize("which", [0, 1])
def test_reverts_when_another_signed_one_of_them(staked, stranger, which):
    said = [staked.say(PROPOSED), staked.say(PROPOSED, OTHER)]
    keys = [MINER, MINER]
    keys[which] = Key.from_key(b"\x05" * 32)
    signatures = [staked.sign(each, key) for each, key in zip(said, keys, strict=True)]
    refuse(staked, stranger, (astuple(said[0]), signatures[0], astuple(said[1]), signatures[1]))


@pytest.mark.parametrize(
    "spoil", [lambda s: b"", lambda s: s[:-1], lambda s: s[:64] + b"\x00", lambda s: bytes(65)]
)
def test_reverts_when_a_signature_is_none(ether, stranger, spoil):
    """The client agrees that it is none."""
    ether.join(MINER.address)
    first, second = ether.say(PROPOSED), ether.say(PROPOSED, OTHER)
    spoilt = spoil(ether.sign(second))
    assert recover_signer(second, spoilt, CHAIN_ID, ether.vault.address) is None
    refuse(ether, stranger, (astuple(first), ether.sign(first), astuple(second), spoilt))


def test_reverts_for_nobodys_signature(ether, stranger):
    """A signature that recovers nothing is not the zero address's."""
    zero = "0x" + "00" * 20
    first, second = (astuple(ether.say(PROPOSED, candidate)) for candidate in (ONE, OTHER))
    refuse(ether, stranger, (first, bytes(65), second, bytes(65)), zero)


def test_reverts_when_the_account_reports_itself(staked, miner):
    """S7: it would get a share of its stake back."""
    with reverts("StakeVaultNoEvidence", miner):
        staked.report(miner)


def test_reverts_the_second_time(staked, stranger, accounts):
    """S7: once for each account and round, whatever the evidence."""
    staked.report(stranger)
    with reverts("StakeVaultPunishedAlready", MINER.address, ROUND):
        staked.report(accounts[1])
    other = staked.evidence(staked.say(APPROVED, b"\x33" * 32), staked.say(REJECTED, b"\x33" * 32))
    with reverts("StakeVaultPunishedAlready", MINER.address, ROUND):
        staked.vault.report(MINER.address, *other, {"from": stranger})
    staked.report(stranger, round=ROUND - 1)
    assert staked.books(MINER.address) == (500, 0, 0)


def test_reverts_for_a_round_to_come(staked, stranger):
    """S7: who stakes nothing yet could have all its later offences punished ahead, at no cost."""
    refuse(staked, stranger, staked.two_proposals(round=ROUND + 1))
    staked.federation.setCurrentRound(ROUND + 1, {"from": stranger})
    staked.report(stranger, round=ROUND + 1)
    assert staked.books(MINER.address) == (1000, 0, 0)


def test_reverts_when_the_federation_refuses(ether, stranger):
    """All or nothing."""
    ether.join(MINER.address)
    ether.federation.setRefuses(True, {"from": stranger})
    with reverts("Refused"):
        ether.report(stranger)
    assert ether.books(MINER.address) == (2000, 0, 0)


def test_an_account_without_stake_loses_nothing(ether, stranger):
    transaction = ether.report(stranger)
    assert transaction.events["StakeSlashed"]["amount"] == 0
    assert ether.books(stranger) == (0, 0, 0)


def test_takes_a_smart_accounts_statements(either, stranger, smart):
    """S7: ERC-1271."""
    either.join(smart)
    either.report(stranger, smart)
    assert either.books(smart) == (1000, 0, 0)


def test_reverts_when_a_smart_account_did_not_sign(ether, stranger, smart):
    ether.join(smart)
    refuse(ether, stranger, ether.two_proposals(Key.from_key(b"\x05" * 32)), smart.address)


def test_reverts_when_a_contract_knows_no_signatures(ether, stranger):
    ether.join(ether.federation)
    refuse(ether, stranger, ether.two_proposals(), ether.federation.address)


def test_rewards_the_share_of_the_terms(make, stranger):
    """S7: rounded down, of what was taken."""
    stakes = make(equivocation_bps=10_000, reporter_bps=3_333)
    stakes.join(MINER.address, 0, 1001)
    transaction = stakes.report(stranger)
    assert transaction.events["StakeSlashed"]["amount"] == 1001
    assert stakes.books(stranger) == (0, 0, 333)
    assert stakes.vault.slashed() == 668


def test_bounties_add_up(staked, stranger):
    staked.report(stranger)
    staked.report(stranger, round=1)
    assert staked.books(stranger) == (0, 0, 250 + 125)
