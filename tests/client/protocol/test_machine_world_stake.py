"""A federation whose miners stake: what it does with its vault, and the vault with it (S and K7)."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from federation_driver import REQUESTER, Driver, address, cid, make_config

from minerva.errors import ContractReverted, WrongChain
from minerva.protocol import actions as act
from minerva.protocol import stake_actions as bond
from minerva.protocol.events import CandidateDropped, MinerReturned, RoundOpened
from minerva.protocol.header import Header
from minerva.protocol.lanes import unpack
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO32, ZERO_ADDRESS
from minerva.protocol.reward_actions import Approve
from minerva.protocol.stake import BURNED_TO, Offence, StakeTerms
from minerva.protocol.stake_events import StakeAbsence, StakeSlashed

TERMS = StakeTerms(
    minimum=1000, unit=100, evidence_seconds=50, rejected_bps=1000, equivocation_bps=5000, absence_bps=400,
    absences=2, reporter_bps=2500,
)  # fmt: skip
POW, POS, TOKEN = address(0x90), address(0x93), address(0x70)


@contextmanager
def refused(name, *arguments):
    with pytest.raises(ContractReverted) as caught:
        yield
    assert (caught.value.name, caught.value.arguments) == (name, arguments)


class Staked:
    """A federation on its own world, and what its people do with their money."""

    def __init__(self, terms=TERMS, module=POW, **config):
        wealth = {address(0xA0 + n): 10_000 for n in range(4)}
        self.world = World(31337, address(0xFA), POW, modules={"pos": POS}, tokens={TOKEN: wealth})
        self.now = 1000
        self.driver = Driver(self.perform, self.world)
        self.driver.found(make_config(module, **{"min_miners": 2, **config}), stake=terms)
        self.federation = self.driver.federation
        self.vault = self.world.stakes(self.federation)

    def perform(self, action, sender):
        return [event for _, event in self.world.apply(action, sender, self.now)]

    def deposit(self, number, amount, *, by=None, value=None):
        ether = self.vault.terms.token == ZERO_ADDRESS
        value = (amount if ether else 0) if value is None else value
        owner = self.driver.owner(number)
        action = bond.Deposit(self.federation, self.vault.address, owner, amount, value, self.now)
        return self.perform(action, owner if by is None else self.driver.owner(by))

    def bonded(self, number):
        return self.vault.stake_of(self.driver.owner(number))

    def dormant(self, number):
        return bool(self.driver.state.dormant >> number & 1)

    def check_in(self, number):
        return self.perform(act.CheckInMiner(self.federation, 1), self.driver.owner(number))

    def populate(self, *stakes):
        for number, stake in enumerate(stakes):
            self.deposit(number, stake)
        self.driver.populate(len(stakes))
        self.driver.tick()
        return self


def test_a_miner_joins_once_it_has_the_minimum():
    """S4."""
    staked = Staked()
    staked.deposit(0, 999)
    with refused("StakeVaultTooLow", staked.driver.owner(0), 999, 1000):
        staked.driver.join(0)
    staked.deposit(0, 1, by=1)
    staked.driver.join(0)
    assert unpack(staked.vault.lanes()) == {0: 10}


def test_a_rejected_candidate_is_slashed_and_its_miner_out_below_the_minimum():
    """S6 and S4."""
    staked = Staked().populate(1000, 3000, 3000)
    staked.driver.to_attestation(0)
    staked.driver.attest(1, approve=False)
    (slashed,) = [e for e in staked.driver.attest(2, approve=False) if isinstance(e, StakeSlashed)]
    assert slashed == StakeSlashed(
        staked.driver.owner(0), 1, Offence.REJECTED_CANDIDATE, 100, 900, ZERO_ADDRESS, 0
    )
    assert staked.dormant(0) and staked.bonded(0) == 900
    with refused("StakeVaultTooLow", staked.driver.owner(0), 900, 1000):
        staked.check_in(0)
    staked.deposit(0, 100)
    assert staked.dormant(0), "a deposit alone brings nobody back"
    assert staked.check_in(0) == [MinerReturned(0)]
    assert not staked.dormant(0)


def test_who_is_slashed_and_keeps_the_minimum_stays():
    """S6."""
    staked = Staked().populate(2000, 3000, 3000)
    staked.driver.to_attestation(0)
    staked.driver.attest(1, approve=False)
    staked.driver.attest(2, approve=False)
    assert staked.bonded(0) == 1800 and not staked.dormant(0)


def test_repeated_absence_is_slashed():
    """S6: counted at each, punished at the second."""
    staked = Staked(rounds=20).populate(2000, 3000, 3000)
    events = []
    for _ in range(2):
        if staked.dormant(2):
            staked.check_in(2)
            staked.driver.to_attestation(0)
            staked.driver.attest(1)
        while staked.dormant(2) is False:
            staked.driver.to_verification()
            staked.driver.vote(0)
            staked.driver.vote(1)
            staked.now = staked.driver.state.deadline
            events += staked.driver.tick()
        staked.driver.propose(0)
        staked.driver.attest(1)
    owner = staked.driver.owner(2)
    absences = [e for e in events if isinstance(e, StakeAbsence)]
    assert [(e.account, e.absences) for e in absences] == [(owner, 1), (owner, 2)]
    (slashed,) = [e for e in events if isinstance(e, StakeSlashed)]
    assert (slashed.account, slashed.offence, slashed.amount) == (owner, Offence.ABSENCE, 120)


def test_a_refused_action_takes_its_slashing_back():
    """What is due slashes first, and is undone with the vote that comes too late."""
    staked = Staked(replace(TERMS, absences=1)).populate(2000, 3000, 3000)
    staked.driver.to_verification()
    staked.driver.vote(0)
    staked.driver.vote(1)
    staked.now = staked.driver.state.deadline
    before, state = staked.bonded(2), staked.driver.state
    with pytest.raises(ContractReverted, match="FederationUnexpectedPhase"):
        staked.driver.vote(2)
    assert (staked.bonded(2), staked.driver.state) == (before, state)
    staked.driver.tick()
    assert staked.bonded(2) < before


def test_who_left_has_no_lane_and_takes_its_stake_out():
    """S2 and S5."""
    staked = Staked().populate(1000, 3000, 3000)
    owner = staked.driver.owner(0)
    take = bond.Unbond(staked.federation, staked.vault.address, 1000, staked.now)
    with refused("StakeVaultInUse", owner, 0, 1000):
        staked.perform(take, owner)
    staked.perform(act.LeaveMiner(staked.federation, 1), owner)
    list(staked.driver.play_round())
    assert unpack(staked.vault.lanes()) == {1: 30, 2: 30}
    staked.perform(take, owner)
    out = bond.Withdraw(staked.federation, staked.vault.address, REQUESTER, staked.now)
    with refused("StakeVaultNotReleased", owner, staked.now + staked.vault.unbonding_seconds):
        staked.perform(out, owner)
    staked.now += staked.vault.unbonding_seconds
    staked.perform(out, owner)
    money = staked.world.money
    assert (money.balance(owner), money.balance(REQUESTER)) == (-1000, 1000)
    assert money.balance(staked.vault.address) == 6000


def test_the_unbonding_time_outlasts_every_round():
    """S5: (1 + 1) × (60 + 40 + 30) + 3 × (30 + 20) + 100, and 50 for evidence."""
    assert Staked().vault.unbonding_seconds == 560


def test_what_was_slashed_is_burned_by_anybody():
    """S8."""
    staked = Staked().populate(1000, 3000, 3000)
    staked.driver.to_attestation(0)
    staked.driver.attest(1, approve=False)
    staked.driver.attest(2, approve=False)
    burn = bond.Burn(staked.federation, staked.vault.address, staked.now)
    staked.perform(burn, REQUESTER)
    assert staked.world.money.balance(BURNED_TO) == 100
    with refused("StakeVaultNothing"):
        staked.perform(burn, REQUESTER)


def test_tokens_are_allowed_and_had_before_they_are_staked():
    """S3."""
    staked = Staked(replace(TERMS, token=TOKEN))
    owner, vault = staked.driver.owner(0), staked.vault.address
    with refused("ERC20InsufficientAllowance", vault, 0, 1000):
        staked.deposit(0, 1000)
    assert staked.bonded(0) == 0, "what is refused leaves nothing"
    staked.perform(Approve(staked.federation, TOKEN, vault, 20_000), owner)
    with refused("ERC20InsufficientBalance", owner, 10_000, 20_000):
        staked.deposit(0, 20_000)
    staked.deposit(0, 4000)
    money = staked.world.money
    assert (money.balance(owner, TOKEN), money.balance(vault, TOKEN)) == (6000, 4000)
    assert money.allowance(TOKEN, owner, vault) == 16_000


def test_another_value_than_the_sum_is_refused():
    """S3."""
    staked = Staked()
    with refused("StakeVaultUnexpectedAmount", 1000, 999):
        staked.deposit(0, 1000, value=999)
    assert staked.world.money.balance(staked.vault.address) == 0


def test_proof_of_stake_weighs_by_stake():
    """K7 and S2."""
    staked = Staked(module=POS, consensus_parameters=b"")
    staked.deposit(0, 1000)
    staked.deposit(1, 4999)
    staked.driver.populate(2)
    (opened,) = [e for e in staked.driver.tick() if isinstance(e, RoundOpened)]
    assert unpack(opened.lanes) == {0: 10, 1: 49}
    staked.deposit(0, 9000)
    assert staked.world.module(staked.federation).weigh(staked.federation, 1) == 10, "from the next opening"


def test_who_lets_the_last_candidate_time_out_is_not_in_the_next_round():
    """K3: nobody can take their place in this round, and the next would be theirs again."""
    staked = Staked(module=POS, consensus_parameters=b"", max_candidates=1).populate(2000, 2000, 2000)
    driver = staked.driver
    driver.to_mining()
    s = driver.state
    for proposer in range(3):
        roots = (s.updates_root, s.ballots_root, ZERO32)
        header = Header(
            1, s.head, s.round, *roots, cid("body"), cid("model"), ZERO32, 0, (), driver.contract(proposer), b""
        )  # fmt: skip
        with suppress(ContractReverted):
            driver.perform(act.Propose(driver.federation, header), driver.owner(proposer))
            break
    silent = [index for index in range(3) if index != proposer]
    staked.now = driver.state.deadline
    names = [type(event) for event in driver.tick()]
    assert names.index(StakeAbsence) < names.index(CandidateDropped)
    assert [staked.dormant(index) for index in silent] == [True, True]
    assert not staked.dormant(proposer)


def test_proof_of_stake_needs_a_vault():
    """K7."""
    world = World(31337, address(0xFA), POW, modules={"pos": POS})
    config = make_config(POS, consensus_parameters=b"")
    with refused("ConsensusInvalidParameters", b""):
        world.apply(act.CreateFederation(world.factory, config, "one"), REQUESTER, 1)
    world.apply(act.CreateFederation(world.factory, config, "one", TERMS), REQUESTER, 1)


def test_terms_out_of_bounds_create_nothing():
    """S1: they are looked at before the configuration."""
    world = World(31337, address(0xFA), POW)
    for terms, field, value in (
        (replace(TERMS, token=TOKEN), 0, int(TOKEN, 16)),
        (replace(TERMS, unit=0), 2, 0),
        (replace(TERMS, absences=101), 7, 101),
    ):
        action = act.CreateFederation(world.factory, make_config(POW, rounds=0), "one", terms)
        with refused("StakeVaultInvalidTerms", field, value):
            world.apply(action, REQUESTER, 1)
    assert world.federations() == ()


def test_a_vault_that_is_not_the_federations_is_no_place():
    staked = Staked()
    with pytest.raises(WrongChain):
        staked.perform(bond.Burn(staked.federation, REQUESTER, 1), REQUESTER)
