"""Rules S1 to S8 in the executable specification. tests/chain/stateful compares it with the contract."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from eth_account import Account
from federation_driver import address

from minerva.errors import ContractReverted
from minerva.protocol.machine.stake import StakeVaultMachine
from minerva.protocol.machine.stake_terms import check_terms
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.stake import BURNED_TO, Offence, StakeTerms, weight_of
from minerva.protocol.stake_events import (
    StakeAbsence,
    StakeBurned,
    StakeDeposited,
    StakeSlashed,
    StakeUnbonding,
    StakeWithdrawn,
)
from minerva.protocol.statements import Statement, StatementKind, sign_statement

VAULT, FEDERATION, OTHER, REPORTER = map(address, (0x5A, 0xFED, 0xA2, 0xA3))
KEY = Account.from_key(b"\x07" * 32)
MINER = KEY.address
TERMS = StakeTerms(
    token=ZERO_ADDRESS, minimum=1000, unit=100, evidence_seconds=3600, rejected_bps=1000, equivocation_bps=5000,
    absence_bps=400, absences=2, reporter_bps=2500,
)  # fmt: skip
RELEASED = 3600 + 500


@dataclass
class Listening:
    """A federation in round 7 that hears of offences."""

    address: str = FEDERATION
    round: int = 7
    closed: bool = False
    heard: list = field(default_factory=list)

    def current_round(self):
        return self.round

    def is_closed(self):
        return self.closed

    def on_slashed(self, owner, round):
        self.heard.append((owner, round))


class Vault:
    """The machine with everybody's money and its events."""

    def __init__(self, **changes):
        self.balances = dict.fromkeys((MINER, OTHER, REPORTER), 10_000)
        self.federation, self.events = Listening(), []
        terms = replace(TERMS, **changes)
        self.machine = StakeVaultMachine(
            VAULT, 31337, self.federation, terms, 500, self.balances, self.events.append
        )

    def deposit(self, account, amount):
        self.machine.deposit(account, account, amount, amount)

    def join(self, account, index=0, amount=2000):
        self.deposit(account, amount)
        self.machine.enter(FEDERATION, account, index)

    def report(
        self, reporter=REPORTER, round=7, kinds=(0, 0), candidates=(b"\x01" * 32, b"\x02" * 32), key=KEY
    ):
        roots = (b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32)
        given = []
        for kind, candidate in zip(kinds, candidates, strict=True):
            said = Statement(FEDERATION, round, *roots, candidate, StatementKind(kind))
            given += [said, sign_statement(said, key, 31337, VAULT)]
        self.machine.report(reporter, MINER, *given)

    def books(self, account):
        unbonding, _ = self.machine.unbonding_of(account)
        return (self.machine.stake_of(account), unbonding, self.machine.bounty_of(account))


@pytest.fixture
def vault():
    return Vault()


def refused(call, *arguments):
    """How the machine refuses, as a tuple of the error's name and its values."""
    with pytest.raises(ContractReverted) as caught:
        call(*arguments)
    return (caught.value.name, *caught.value.arguments)


def test_a_deposit_moves_the_money(vault):
    vault.machine.deposit(OTHER, MINER, 300, 300)
    assert (vault.balances[OTHER], vault.balances[VAULT]) == (9700, 300)
    assert vault.events == [StakeDeposited(MINER, OTHER, 300, 300)]
    assert vault.books(MINER) == (300, 0, 0)


def test_a_deposit_is_exact():
    """S3: in ether, in a token, and without the money."""
    ether, token = Vault(), Vault(token=address(0x70))
    deposit = token.machine.deposit
    assert refused(ether.machine.deposit, MINER, MINER, 0, 0) == ("StakeVaultNothing",)
    assert refused(ether.machine.deposit, MINER, MINER, 5, 4) == ("StakeVaultUnexpectedAmount", 5, 4)
    assert refused(deposit, MINER, MINER, 5, 5) == ("StakeVaultUnexpectedAmount", 5, 2**256 - 1)
    assert refused(deposit, MINER, MINER, 10_001) == ("ERC20InsufficientBalance", MINER, 10_000, 10_001)
    too_much = ("SafeCastOverflowedUintDowncast", 128, 2**128)
    assert refused(deposit, MINER, MINER, 2**128) == too_much
    assert token.balances[MINER] == 10_000


def test_stake_leaves_after_a_time(vault):
    """S5."""
    vault.deposit(MINER, 1000)
    vault.machine.unbond(MINER, 400, now=50)
    assert vault.events[-1] == StakeUnbonding(MINER, 400, 400, 50 + RELEASED)
    early = 49 + RELEASED
    assert refused(vault.machine.withdraw, MINER, OTHER, early) == (
        "StakeVaultNotReleased",
        MINER,
        50 + RELEASED,
    )
    vault.machine.withdraw(MINER, OTHER, now=50 + RELEASED)
    assert vault.events[-1] == StakeWithdrawn(MINER, OTHER, 400)
    assert (vault.balances[OTHER], vault.books(MINER)) == (10_400, (600, 0, 0))


def test_a_place_keeps_the_minimum(vault):
    """S5, in the order of the checks."""
    vault.join(MINER)
    unbond = vault.machine.unbond
    assert refused(unbond, MINER, 0, 0) == ("StakeVaultNothing",)
    assert refused(unbond, MINER, 2001, 0) == ("StakeVaultInsufficient", MINER, 2000, 2001)
    assert refused(unbond, MINER, 1001, 0) == ("StakeVaultInUse", MINER, 999, 1000)
    vault.machine.exit(FEDERATION, MINER)
    unbond(MINER, 2000, 0)
    assert vault.books(MINER) == (0, 2000, 0)


def test_a_closed_federation_keeps_no_minimum(vault):
    """S5: nobody can leave it any more."""
    vault.join(MINER)
    vault.federation.closed = True
    vault.machine.unbond(MINER, 2000, 0)
    assert vault.books(MINER) == (0, 2000, 0)


@pytest.mark.parametrize("to", [ZERO_ADDRESS, VAULT])
def test_money_goes_nowhere_where_it_is_lost(vault, to):
    vault.deposit(MINER, 10)
    vault.machine.unbond(MINER, 10, now=0)
    assert refused(vault.machine.withdraw, MINER, to, RELEASED) == ("StakeVaultTransferFailed", to, 10)


def test_a_miner_needs_the_minimum(vault):
    """S4."""
    vault.deposit(MINER, 999)
    assert refused(vault.machine.enter, FEDERATION, MINER, 0) == ("StakeVaultTooLow", MINER, 999, 1000)
    assert refused(vault.machine.enter, OTHER, MINER, 0) == ("StakeVaultOnlyFederation", OTHER)


def test_slashing_begins_with_what_unbonds(vault):
    """S6: 10% of 2,000."""
    vault.join(MINER, 3)
    vault.machine.unbond(MINER, 150, now=0)
    assert vault.machine.punish(FEDERATION, MINER, 7, Offence.REJECTED_CANDIDATE)
    assert vault.books(MINER) == (1800, 0, 0)
    expected = StakeSlashed(MINER, 7, Offence.REJECTED_CANDIDATE, 200, 1800, ZERO_ADDRESS, 0)
    assert vault.events[-1] == expected
    assert vault.machine.lanes() == [18 << 48, 0, 0, 0]


def test_every_second_absence_is_punished(vault):
    """S6: 4% of 1,020 leaves too little."""
    vault.join(MINER, 0, 1020)
    assert vault.machine.miss(FEDERATION, MINER, 7) == (False, True)
    assert vault.machine.miss(FEDERATION, MINER, 8) == (True, False)
    assert vault.events[-2] == StakeAbsence(MINER, 8, 2)
    assert (vault.books(MINER), vault.machine.absences_of(MINER)) == ((980, 0, 0), 0)


def test_a_report_slashes_rewards_and_is_told(vault):
    """S7."""
    vault.join(MINER)
    vault.report()
    assert vault.books(MINER) == (1000, 0, 0)
    assert vault.books(REPORTER) == (0, 0, 250)
    assert vault.federation.heard == [(MINER, 7)]
    assert refused(vault.report) == ("StakeVaultPunishedAlready", MINER, 7)
    vault.machine.withdraw(REPORTER, REPORTER, now=0)
    assert vault.balances[REPORTER] == 10_250


@pytest.mark.parametrize(
    "evidence",
    [
        {"reporter": MINER},
        {"round": 8},
        {"kinds": (1, 1)},
        {"kinds": (1, 2)},
        {"candidates": (b"\x01" * 32, b"\x01" * 32)},
        {"key": Account.from_key(b"\x08" * 32)},
    ],
)
def test_a_report_needs_evidence(vault, evidence):
    """S7."""
    vault.join(MINER)
    assert refused(lambda: vault.report(**evidence)) == ("StakeVaultNoEvidence", MINER)
    assert vault.books(MINER) == (2000, 0, 0)


def test_what_is_slashed_is_burned(vault):
    """S8."""
    vault.join(MINER)
    assert refused(vault.machine.burn) == ("StakeVaultNothing",)
    vault.report()
    vault.machine.burn()
    assert vault.events[-1] == StakeBurned(750)
    assert (vault.balances[BURNED_TO], vault.machine.slashed) == (750, 0)


@pytest.mark.parametrize(
    ("stake", "weight"), [(0, 1), (99, 1), (199, 1), (200, 2), (6_553_599, 65_535), (2**128, 65_535)]
)
def test_a_stake_weighs_its_units(stake, weight):
    """S2."""
    assert weight_of(stake, 100) == weight


def test_restore_undoes_what_came_after(vault):
    vault.join(MINER)
    saved = vault.machine.save()
    vault.machine.miss(FEDERATION, MINER, 7)
    vault.report()
    vault.machine.restore(saved)
    assert vault.books(MINER) == (2000, 0, 0)
    assert (vault.machine.absences_of(MINER), vault.machine.slashed) == (0, 0)
    vault.report()
    assert vault.books(REPORTER) == (0, 0, 250)


def test_terms_have_bounds():
    """S1: test_initialize.py has all of them."""
    check_terms(TERMS, token_has_code=False)
    in_tokens = replace(TERMS, token=address(0x70))
    assert refused(lambda: check_terms(in_tokens, token_has_code=False)) == (
        "StakeVaultInvalidTerms",
        0,
        0x70,
    )
    ratio = replace(TERMS, minimum=6_553_600)
    assert refused(lambda: check_terms(ratio, token_has_code=True)) == ("StakeVaultInvalidTerms", 2, 65_536)
