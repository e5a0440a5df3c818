"""Given somebody who wants more than its due, or others to have less, when it tries, nothing comes of it."""

from __future__ import annotations

import pytest
from eth_account import Account as Key
from eth_utils import keccak
from support import clock
from support.errors import reverts
from support.stake import CHAIN_ID, MINER, NOBODY, OTHER, ROUND, UNBONDING, account_of

REENTERED = "0x" + keccak(text="ReentrancyGuardReentrantCall()")[:4].hex()
CALLS = {
    "deposit": lambda v, s: v.deposit.encode_input(s, 1),
    "unbond": lambda v, s: v.unbond.encode_input(1),
    "withdraw": lambda v, s: v.withdraw.encode_input(s),
    "burn": lambda v, s: v.burn.encode_input(),
}


def is_solvent(stakes, *accounts):
    """The vault has what it owes, and nothing else."""
    owed = sum(sum(stakes.books(account)) for account in accounts) + stakes.vault.slashed()
    return stakes.wealth(stakes.vault) == owed


@pytest.fixture
def leaving(stranger, smart):
    """A contract has 500 staked and 300 released, and something is to be burned."""

    def prepare(stakes):
        stakes.deposit(smart, 800)
        stakes.deposit(stranger, 5000)
        stakes.vault.punish(stranger, ROUND, 0, stakes.by_federation)
        stakes.vault.unbond(300, {"from": account_of(smart)})
        return stakes

    return prepare


def tried(smart):
    """The contract tried once, and was refused by the guard."""
    return smart.attempts() == 1 and str(smart.refusal()) == REENTERED


@pytest.mark.parametrize("call", CALLS)
def test_reentry_through_a_receiver(ether, leaving, smart, stranger, call):
    stakes = leaving(ether)
    smart.setCallback(stakes.vault, CALLS[call](stakes.vault, smart), {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    stakes.vault.withdraw(smart, {"from": account_of(smart)})
    assert tried(smart)
    assert (stakes.wealth(smart), stakes.books(smart)) == (300, (500, 0, 0))
    assert is_solvent(stakes, smart, stranger)


@pytest.mark.parametrize("during", ["withdraw", "deposit", "burn"])
@pytest.mark.parametrize("call", CALLS)
def test_reentry_through_a_token(token, leaving, smart, stranger, during, call):
    stakes = leaving(token)
    inner = smart.attempt.encode_input(stakes.vault, CALLS[call](stakes.vault, smart))
    stakes.give(stranger, 10)
    stakes.token.setCallback(smart, inner, {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    {
        "withdraw": lambda: stakes.vault.withdraw(smart, {"from": account_of(smart)}),
        "deposit": lambda: stakes.vault.deposit(smart, 10, {"from": stranger}),
        "burn": lambda: stakes.vault.burn({"from": stranger}),
    }[during]()
    assert tried(smart)
    expected = {"withdraw": (500, 0, 0), "deposit": (510, 300, 0), "burn": (500, 300, 0)}
    assert stakes.books(smart) == expected[during]
    assert is_solvent(stakes, smart, stranger)


def test_reentry_through_the_federation(ether, leaving, smart, stranger):
    """The consensus module is told of an offence, and is anybody's code."""
    stakes = leaving(ether)
    stakes.join(MINER.address)
    for call in CALLS.values():
        stakes.federation.setCallback(stakes.vault, call(stakes.vault, smart), {"from": stranger})
        with reverts("ReentrancyGuardReentrantCall"):
            stakes.report(stranger)
    again = stakes.vault.report.encode_input(MINER.address, *stakes.two_proposals(round=1))
    stakes.federation.setCallback(stakes.vault, again, {"from": stranger})
    with reverts("ReentrancyGuardReentrantCall"):
        stakes.report(stranger)
    assert stakes.books(MINER.address) == (2000, 0, 0)


def test_a_receiver_that_refuses_holds_nobody_up(ether, smart, stranger):
    """Griefing: it is owed a bounty, and neither slashing nor burning nor anybody's withdrawal waits for it."""
    ether.join(MINER.address)
    ether.deposit(stranger, 100)
    ether.vault.unbond(100, {"from": stranger})
    smart.setRefuses(True, {"from": stranger})
    ether.report(account_of(smart))
    assert ether.books(smart) == (0, 0, 250)
    with reverts("StakeVaultTransferFailed", smart, 250):
        ether.vault.withdraw(smart, {"from": account_of(smart)})
    before = ether.wealth(NOBODY)
    ether.vault.burn({"from": stranger})
    assert ether.wealth(NOBODY) - before == 750
    clock.next_block_at(clock.now() + UNBONDING)
    ether.vault.withdraw(stranger, {"from": stranger})
    assert is_solvent(ether, MINER.address, smart, stranger)


@pytest.mark.parametrize("late", [-1, 0, 10**6])
def test_stake_on_its_way_out_is_slashed(ether, miner, stranger, late):
    """S5: who leaves right after an offence pays, until the money is out of the vault."""
    ether.join(MINER.address)
    ether.vault.exit(MINER.address, ether.by_federation)
    ether.vault.unbond(2000, {"from": miner})
    clock.next_block_at(clock.now() + UNBONDING + late)
    ether.report(stranger)
    assert ether.books(MINER.address) == (0, 1000, 0)
    assert ether.books(stranger) == (0, 0, 250)


def test_stake_withdrawn_before_is_gone(ether, miner, stranger):
    """S5: evidence that comes later than agreed on finds nothing, and takes nothing from others."""
    ether.join(MINER.address)
    ether.deposit(stranger, 5000)
    ether.vault.exit(MINER.address, ether.by_federation)
    ether.vault.unbond(2000, {"from": miner})
    clock.next_block_at(clock.now() + UNBONDING)
    ether.vault.withdraw(miner, {"from": miner})
    ether.report(stranger)
    assert ether.books(stranger) == (5000, 0, 0)
    assert is_solvent(ether, MINER.address, stranger)


def test_an_accomplice_cannot_punish_ahead(ether, miner, stranger):
    """S7: with nothing at stake, so that offences to come would have been punished already."""
    with reverts("StakeVaultNoEvidence", MINER.address):
        ether.report(stranger, round=ROUND + 1)
    ether.join(MINER.address)
    ether.federation.setCurrentRound(ROUND + 1, {"from": stranger})
    ether.report(stranger, round=ROUND + 1)
    assert ether.books(MINER.address) == (1000, 0, 0)


def test_evidence_is_not_replayed(ether, make, stranger):
    """Across rounds, federations and chains: S7's domain, federation and round."""
    ether.join(MINER.address)
    evidence = ether.two_proposals()
    ether.vault.report(MINER.address, *evidence, {"from": stranger})
    with reverts("StakeVaultPunishedAlready", MINER.address, ROUND):
        ether.vault.report(MINER.address, *evidence, {"from": stranger})
    later = [(*said[:1], ROUND - 1, *said[2:]) for said in evidence[::2]]
    with reverts("StakeVaultNoEvidence", MINER.address):
        ether.vault.report(MINER.address, later[0], evidence[1], later[1], evidence[3], {"from": stranger})
    other = make()
    other.join(MINER.address)
    theirs = [(other.federation.address, *said[1:]) for said in evidence[::2]]
    for statements in (evidence[::2], theirs):
        with reverts("StakeVaultNoEvidence", MINER.address):
            other.vault.report(
                MINER.address, statements[0], evidence[1], statements[1], evidence[3], {"from": stranger}
            )
    assert other.books(MINER.address) == (2000, 0, 0)


def test_evidence_of_a_chain_that_was_left_is_worth_nothing(ether, stranger, web3):
    """S7: after a fork to another chain id, the domain is the new chain's."""
    ether.join(MINER.address)
    said = ether.say(0), ether.say(0, OTHER)
    former, present = (ether.evidence(*said, chain_id=chain) for chain in (CHAIN_ID, 99))
    web3.provider.make_request("anvil_setChainId", [99])
    try:
        with reverts("StakeVaultNoEvidence", MINER.address):
            ether.vault.report(MINER.address, *former, {"from": stranger})
        ether.vault.report(MINER.address, *present, {"from": stranger})
    finally:
        web3.provider.make_request("anvil_setChainId", [CHAIN_ID])
    assert ether.books(MINER.address) == (1000, 0, 0)


def test_an_account_that_is_given_code_is_bound_by_what_it_signed(ether, stranger, web3, MockAccount):
    """EIP-7702: an offender cannot make its signatures worthless by delegating to code that knows none."""
    ether.join(MINER.address)
    forgetful = MockAccount.deploy(Key.from_key(b"\x05" * 32).address, {"from": stranger})
    delegated = "0xef0100" + forgetful.address[2:]
    web3.provider.make_request("anvil_setCode", [MINER.address, delegated])
    assert web3.eth.get_code(MINER.address).hex().removeprefix("0x") == delegated[2:].lower()
    ether.report(stranger)
    assert ether.books(MINER.address) == (1000, 0, 0)


def test_a_gift_does_not_shield_what_unbonds(ether, miner, stranger):
    """S5: neither is it released sooner, nor slashed less."""
    ether.deposit(MINER.address, 2000)
    ether.vault.unbond(2000, {"from": miner})
    release_at = ether.vault.unbondingOf(MINER.address)[1]
    ether.deposit(MINER.address, 1, stranger)
    assert ether.vault.unbondingOf(MINER.address) == (2000, release_at)
    ether.report(stranger)
    assert ether.books(MINER.address) == (1, 1000, 0)


def test_huge_stakes_are_slashed_without_overflow(make, MockToken, accounts, stranger):
    """All of 2^128 - 1, bonded and unbonding, and half of it earned."""
    token = MockToken.deploy({"from": accounts[0]})
    stakes = make(token, minimum=0, unit=1, equivocation_bps=10_000, reporter_bps=5_000)
    most = 2**128 - 1
    stakes.join(MINER.address, 0, most)
    stakes.vault.unbond(most // 2, {"from": account_of(MINER.address)})
    stakes.report(stranger)
    assert stakes.books(MINER.address) == (0, 0, 0)
    assert stakes.books(stranger) == (0, 0, most // 2)
    assert stakes.vault.slashed() == most - most // 2
    stakes.deposit(MINER.address, most)
    stakes.report(stranger, round=1)
    assert stakes.books(stranger) == (0, 0, 2 * (most // 2))
    assert is_solvent(stakes, MINER.address, stranger)


@pytest.mark.parametrize(("stake", "taken"), [(1, 0), (2, 1), (9_999, 4_999), (10_001, 5_000)])
def test_dust_is_neither_slashed_twice_nor_lost(make, miner, stranger, stake, taken):
    """S6: shares are rounded down; what is left of a unit stays its owner's."""
    stakes = make(minimum=0)
    stakes.deposit(miner, stake)
    stakes.report(stranger)
    bounty = taken // 4
    assert stakes.books(miner) == (stake - taken, 0, 0)
    assert (stakes.vault.bountyOf(stranger), stakes.vault.slashed()) == (bounty, taken - bounty)
    assert is_solvent(stakes, miner, stranger)
