"""`punish`: given a rejected candidate, when the federation says so, a share of the stake is gone (S6)."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts, reverts_without_reason
from support.stake import ROUND, UNBONDING

from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.stake import Offence

REJECTED = Offence.REJECTED_CANDIDATE


def punish(stakes, account, offence=REJECTED):
    return stakes.vault.punish(account, ROUND, int(offence), stakes.by_federation)


def test_takes_the_share(either, stranger):
    either.join(stranger, 9, 2009)
    transaction = punish(either, stranger)
    assert either.books(stranger) == (1809, 0, 0)
    assert (either.vault.slashed(), either.lane(9)) == (200, 18)
    assert transaction.events["StakeSlashed"] == {
        "account": stranger, "round": ROUND, "offence": 0, "amount": 200, "bonded": 1809,
        "reporter": ZERO_ADDRESS, "reward": 0,
    }  # fmt: skip


def test_nobody_earns_by_it(either, stranger):
    """S8: all of it is burned."""
    either.join(stranger)
    punish(either, stranger)
    assert either.vault.bountyOf(ZERO_ADDRESS) == 0
    assert either.vault.bountyOf(either.federation) == 0
    assert either.vault.slashed() == 200


def test_takes_from_what_unbonds_first(ether, stranger):
    """S6: of both together; who leaves pays no less."""
    ether.join(stranger, 0, 2000)
    ether.vault.unbond(150, {"from": stranger})
    punish(ether, stranger)
    assert ether.books(stranger) == (1800, 0, 0)
    ether.vault.unbond(800, {"from": stranger})
    punish(ether, stranger)
    assert ether.books(stranger) == (1000, 620, 0)


def test_leaves_the_time_of_release(ether, stranger):
    ether.deposit(stranger, 2000)
    ether.vault.unbond(2000, {"from": stranger})
    release_at = ether.vault.unbondingOf(stranger)[1]
    punish(ether, stranger)
    assert ether.vault.unbondingOf(stranger) == (1800, release_at)


@pytest.mark.parametrize(("stake", "sufficient"), [(1000, False), (1111, True), (1110, False)])
def test_tells_whether_the_minimum_is_left(ether, stranger, stake, sufficient):
    """S6: 1,111 less 111 is the minimum; 1,110 less 111 is not."""
    ether.join(stranger, 0, max(stake, 1000))
    answer = ether.vault.punish.call(stranger, ROUND, 0, ether.by_federation)
    assert answer is sufficient
    punish(ether, stranger)
    assert ether.vault.isSufficient(stranger) is sufficient


@pytest.mark.parametrize(("offence", "taken"), [(0, 200), (1, 1000), (2, 80)])
def test_takes_each_offences_own_share(ether, stranger, offence, taken):
    ether.join(stranger)
    transaction = punish(ether, stranger, offence)
    assert transaction.events["StakeSlashed"]["amount"] == taken
    assert transaction.events["StakeSlashed"]["offence"] == offence


@pytest.mark.parametrize("stake", [0, 1, 9])
def test_dust_is_rounded_down(ether, stranger, stake):
    """S6: a share below 1 takes nothing, and is told of all the same."""
    if stake:
        ether.deposit(stranger, stake)
    transaction = punish(ether, stranger)
    assert transaction.events["StakeSlashed"]["amount"] == 0
    assert (ether.books(stranger), ether.vault.slashed()) == ((stake, 0, 0), 0)


def test_a_lane_is_never_below_one(make, stranger):
    """S2."""
    stakes = make(minimum=100, unit=100)
    stakes.join(stranger, 0, 100)
    punish(stakes, stranger)
    assert (stakes.books(stranger), stakes.lane(0)) == ((90, 0, 0), 1)


def test_stake_withdrawn_before_is_out_of_reach(ether, stranger):
    """S5: but not before unbondingSeconds have passed, and not what a place keeps."""
    ether.join(stranger, 0, 3000)
    ether.vault.unbond(2000, {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    ether.vault.withdraw(stranger, {"from": stranger})
    assert punish(ether, stranger).events["StakeSlashed"]["amount"] == 100


def test_reverts_for_an_offence_that_there_is_not(ether, stranger):
    with reverts_without_reason():
        punish(ether, stranger, 3)


def test_reverts_for_others_than_the_federation(ether, stranger):
    ether.join(stranger)
    with reverts("StakeVaultOnlyFederation", stranger):
        ether.vault.punish(stranger, ROUND, 0, {"from": stranger})
