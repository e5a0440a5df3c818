"""What a miner has at stake: put up before it joins, lost, and what it says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from federation_driver import REQUESTER, Driver, address, make_config, pow_parameters
from miner_scene import Scene, eventually

from minerva.chain.memory import POLICIES, MemoryChain
from minerva.errors import ConfigError, ContractReverted, InsufficientFunds, UserError
from minerva.miner.duties import Duties, Readiness
from minerva.miner.service import register
from minerva.miner.settings import MinerSettings
from minerva.miner.situation import Situation
from minerva.miner.stake import put_up
from minerva.protocol import actions as act
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.stake_actions import Deposit
from minerva.protocol.state import NO_STAKE
from minerva.staking import deposit, require_stakes

TERMS = StakeTerms(
    minimum=1000, unit=10, evidence_seconds=50, rejected_bps=1000, equivocation_bps=5000, absence_bps=400,
    absences=2, reporter_bps=2500,
)  # fmt: skip
TOKEN = address(0x70)


class Case:
    """A federation whose miners stake."""

    def __init__(self, folder: Any, terms: StakeTerms = TERMS, **changes: Any) -> None:
        tokens = {TOKEN: {Driver.owner(0): 5000}}
        self.chain, self.folder = MemoryChain(tokens=tokens), folder
        self.driver = Driver(self._perform, self.chain)
        config = make_config(
            self.chain.proof_of_work, consensus_parameters=pow_parameters(2, 1), min_devices=3, **changes
        )
        self.federation = self.driver.found(config, stake=terms)

    def _perform(self, action: Any, sender: Address) -> Any:
        return [log.event for log in self.chain.actor(sender).send(action).logs]

    def actor(self, number: int = 0) -> Any:
        return self.chain.actor(self.driver.owner(number))

    def bonded(self, number: int = 0) -> int:
        return self.chain.stake_of(self.federation, self.driver.owner(number)).bonded

    def situation(self) -> Situation:
        stakes = self.chain.stakes(self.federation)
        made = Situation(self.federation, self.chain.config(self.federation), stakes)
        made.apply(self.chain.logs(self.federation))
        return made

    def duty(self, number: int = 0) -> Any:
        settings = MinerSettings(self.folder, tick_delay_seconds=1.0)
        duties = Duties(self.situation(), self.driver.owner(number), settings)
        return duties.next(Readiness(prepared=True), self.chain.now())

    def top_up(self, amount: int, number: int = 0) -> None:
        deposit(
            self.chain, self.actor(number), self.federation, require_stakes(self.chain, self.federation),
            self.driver.owner(number), amount,
        )  # fmt: skip

    def slash(self) -> None:
        """Two of three miners reject the first one's block."""
        for number in range(3):
            put_up(self.chain, self.actor(number), self.federation)
        self.driver.populate(3)
        self.driver.tick()
        self.driver.to_attestation(0)
        self.driver.attest(1, approve=False)
        self.driver.attest(2, approve=False)


@pytest.fixture
def case(tmp_path: Any) -> Case:
    return Case(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "bonded"), [("", 1000), (1500, 1500), ("1000", 1000), ("0", 0), ("none", 0)]
)
def test_it_puts_up_what_is_missing(case: Case, wanted: int | str, bonded: int) -> None:
    put_up(case.chain, case.actor(), case.federation, wanted)
    assert case.bonded() == bonded
    put_up(case.chain, case.actor(), case.federation, wanted)
    assert case.bonded() == bonded, "nothing is missing any more"


def test_it_puts_up_no_more_than_is_missing(case: Case) -> None:
    case.top_up(600)
    put_up(case.chain, case.actor(), case.federation)
    assert case.bonded() == 1000


def test_a_sum_that_it_could_not_join_with_is_not_put_up(case: Case) -> None:
    with pytest.raises(ConfigError, match=r"miner\.stake is less than a miner needs here: .*0007 ether of 0"):
        put_up(case.chain, case.actor(), case.federation, "700")
    assert case.bonded() == 0
    case.top_up(1000)
    put_up(case.chain, case.actor(), case.federation, "700")
    assert case.bonded() == 1000


@pytest.mark.parametrize(("needs", "bonded"), [(1700, 1700), (300, 1000)])
@pytest.mark.parametrize("policy", ["stake", "allow-list-and-stake"])
def test_it_puts_up_what_the_policy_wants_of_a_miner(
    tmp_path: Any, policy: str, needs: int, bonded: int
) -> None:
    """A1 and S4: the greater of both."""
    allowed = AllowList([(Driver.owner(0), Role.MINER)])
    parameters = (allowed.root if policy != "stake" else b"") + needs.to_bytes(32) + (9999).to_bytes(32)
    case = Case(tmp_path, policy=POLICIES[policy], policy_parameters=parameters)
    shown = allowed.evidence(Driver.owner(0), Role.MINER) if policy != "stake" else b""
    register(case.chain, case.actor(), case.federation, "", evidence=lambda: shown)
    assert case.bonded() == bonded and case.driver.state.members == 1


@pytest.mark.parametrize("obstacle", ["full", "closed", "paused", "not on the list"])
def test_nothing_is_staked_where_it_cannot_join(tmp_path: Any, obstacle: str) -> None:
    case = Case(tmp_path, max_miners=1)
    requester, evidence = case.chain.actor(REQUESTER), bytes
    match obstacle:
        case "full":
            register(case.chain, case.actor(1), case.federation, "")
        case "closed":
            requester.send(act.Close(case.federation))
        case "paused":
            requester.send(act.Pause(case.federation, 1))
        case _:

            def evidence() -> bytes:
                return AllowList([]).evidence(Driver.owner(0), Role.MINER)

    words = "as many miners as it takes: 1" if obstacle == "full" else obstacle
    with pytest.raises(UserError, match=words.replace("not on the list", "not on the allow-list")):
        register(case.chain, case.actor(), case.federation, "", evidence=evidence)
    assert case.bonded() == 0


def test_where_nothing_is_staked_it_joins_as_ever(tmp_path: Any) -> None:
    case = Case(tmp_path, NO_STAKE)
    register(case.chain, case.actor(), case.federation, "", "1 ether")
    assert case.chain.stakes(case.federation) is None and case.bonded() == 0


def test_restarted_while_its_stake_is_under_way_it_puts_up_no_more(case: Case) -> None:
    put_up(case.chain, case.actor(), case.federation)
    case.chain.reorg(1, keep=lambda _: False)
    case.chain.advance(5)
    assert register(case.chain, case.actor(), case.federation, "").index == 0
    case.actor().recover()
    assert case.bonded() == 1000


def test_restarted_while_it_is_about_to_join_it_has_joined(case: Case) -> None:
    """What was under way may make it a member, of whom nothing more is asked."""
    register(case.chain, case.actor(), case.federation, "", "1500")
    case.chain.reorg(1, keep=lambda _: False)
    case.chain.advance(5)
    assert register(case.chain, case.actor(), case.federation, "", "2500").index == 0
    assert case.bonded() == 1500


def test_a_member_is_not_topped_up_by_itself(case: Case) -> None:
    """Slashed stake comes back when a person decides so."""
    case.slash()
    register(case.chain, case.actor(), case.federation, "http://elsewhere")
    assert case.bonded() == 900


def test_a_setting_that_is_no_sum_is_named(case: Case) -> None:
    with pytest.raises(ConfigError, match=r"miner\.stake: not a sum of money: 'plenty'"):
        put_up(case.chain, case.actor(), case.federation, "plenty")


def test_tokens_are_allowed_exactly(tmp_path: Any) -> None:
    case = Case(tmp_path, replace(TERMS, token=TOKEN))
    put_up(case.chain, case.actor(), case.federation, 1200)
    vault, owner = require_stakes(case.chain, case.federation).vault, case.driver.owner(0)
    assert (case.bonded(), case.chain.tokens(TOKEN, vault), case.chain.tokens(TOKEN, owner)) == (
        1200,
        1200,
        3800,
    )
    assert case.chain.allowance(TOKEN, owner, vault) == 0
    with pytest.raises(InsufficientFunds, match="has 3800 of .*, needs 9000 of"):
        case.top_up(9000)
    with pytest.raises(InsufficientFunds):
        put_up(case.chain, case.actor(1), case.federation)


def test_slashed_below_the_minimum_it_waits_for_a_deposit_and_comes_back(case: Case) -> None:
    """S4 and S6."""
    case.slash()
    situation = case.situation()
    assert situation.now.dormant == case.driver.state.dormant == 1
    assert "minerva stake deposit" in situation.bonds.lack(case.driver.owner(0))
    assert case.duty().action is None, "its word counts in this round still, and it has attested by proposing"
    case.driver.propose(1)
    case.driver.attest(2)
    assert case.situation().eligible == 0b110
    waiting = case.duty().waiting.what
    assert "its stake of 0.0000000000000009 ether is below the minimum" in waiting
    case.top_up(100)
    assert isinstance(case.duty().action, act.CheckInMiner)
    case._perform(case.duty().action, case.driver.owner(0))
    assert case.driver.state.dormant == 0 == case.situation().now.dormant


def test_it_comes_back_twice_in_a_round(case: Case) -> None:
    """M3 and S6: it voted too late, and then its block is rejected."""

    def come_back() -> None:
        check_in = case.duty(2).action
        assert isinstance(check_in, act.CheckInMiner) and case.driver.state.dormant == 0b100
        case._perform(check_in, case.driver.owner(2))
        assert case.driver.state.dormant == 0 == case.situation().now.dormant

    for number in range(3):
        put_up(case.chain, case.actor(number), case.federation)
    case.driver.populate(3)
    case.driver.tick()
    case.driver.to_verification()
    case.driver.vote(0)
    case.driver.vote(1)
    case.chain.advance(40)
    case.driver.tick()
    come_back()
    case.driver.propose(2)
    case.driver.attest(0, approve=False)
    case.driver.attest(1, approve=False)
    case.top_up(1000 - case.bonded(2), 2)
    come_back()


def test_it_votes_on_in_the_round_in_which_it_was_slashed(case: Case) -> None:
    case.slash()
    case.driver.propose(1)
    assert "attest" in case.duty().waiting.what or case.duty().action is None
    assert "deposit" not in case.duty().waiting.what


def test_its_stake_by_the_logs_is_the_chains(case: Case) -> None:
    case.slash()
    case.top_up(700)
    for number in range(3):
        owner = case.driver.owner(number)
        status = case.situation().bonds.status(owner)
        assert status is not None and int(status.bonded) == case.bonded(number)
    assert case.situation().bonds.lack(case.driver.owner(0)) == ""


def test_a_deposit_that_was_refused_is_no_deposit(case: Case) -> None:
    vault, owner = require_stakes(case.chain, case.federation).vault, case.driver.owner(0)
    before = case.chain.balance(owner)
    with pytest.raises(ContractReverted):
        case._perform(Deposit(case.federation, vault, owner, 0, 0, 1), owner)
    assert (case.chain.balance(owner), case.chain.balance(vault)) == (before, 0)


def test_the_status_tells_of_the_stake(tmp_path: Any) -> None:
    scene = Scene(tmp_path, miners=1, stake=replace(TERMS, minimum=0))
    try:
        miner = scene.start(0)
        status = eventually(lambda: miner.status.stake and miner.status.document())
        assert status["stake"] == {
            "token": ZERO_ADDRESS, "minimum": "0", "bonded": "0", "absences": 0, "sufficient": True,
        }  # fmt: skip
    finally:
        scene.close()
