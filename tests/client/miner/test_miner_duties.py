"""What a miner has to do follows from where the federation stands and what the miner has ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from federation_driver import REQUESTER, Driver, make_config, pow_parameters

from minerva.chain.memory import MemoryChain
from minerva.miner.duties import Duties, Duty, Readiness
from minerva.miner.settings import MinerSettings
from minerva.miner.situation import Situation
from minerva.protocol import actions as act
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.reward_actions import Fund
from minerva.protocol.state import NO_REWARDS, Phase, RewardTerms
from minerva.verification.earnings import require_escrow

SETTINGS = MinerSettings(Path("unused"), tick_delay_seconds=1.0)
READY = Readiness(prepared=True)


class Case:
    """A federation of three miners and three devices, and the duties of each miner."""

    def __init__(self, rewards: RewardTerms = NO_REWARDS, **config: Any) -> None:
        self.chain = MemoryChain()
        self.driver = Driver(self._perform, self.chain)
        options: dict[str, Any] = {"consensus_parameters": pow_parameters(2, 1), "min_devices": 3, **config}
        self.federation = self.driver.found(make_config(self.chain.proof_of_work, **options), rewards)
        self.driver.populate(3)

    def _perform(self, action: Any, sender: str) -> Any:
        return [log.event for log in self.chain.actor(sender).send(action).logs]

    def duty(self, miner: int = 0, ready: Readiness = READY, *, later: float = 0.0) -> Duty:
        config, escrow = self.chain.config(self.federation), self.chain.escrow(self.federation)
        situation = Situation(self.federation, config, escrow=escrow)
        situation.apply(self.chain.logs(self.federation))
        return Duties(situation, self.driver.owner(miner), SETTINGS).next(ready, self.chain.now() + later)

    def opened(self) -> Case:
        self.driver.tick()
        return self


@pytest.fixture
def case() -> Case:
    return Case()


def idle(duty: Duty) -> bool:
    return duty.action is None and not duty.vote


def test_the_opening_is_everybodys_in_turn(case: Case) -> None:
    actions = [case.duty(miner, later=later).action for later in (0, 1, 2) for miner in range(3)]
    assert [isinstance(action, act.Tick) for action in actions] == [
        True,
        False,
        False,
        True,
        True,
        False,
        True,
        True,
        True,
    ]
    assert case.duty(2).look_at == case.chain.now() + 2


@pytest.mark.parametrize(
    ("change", "words"),
    [({"min_miners": 5, "max_miners": 8}, "2 more miners"), ({"min_devices": 7}, "4 more devices")],
)
def test_an_opening_that_cannot_be_is_waited_for(change: dict[str, Any], words: str) -> None:
    duty = Case(**change).duty()
    assert idle(duty) and duty.waiting.what == words and duty.waiting.until is None


def test_an_escrow_is_waited_for_without_a_tick() -> None:
    """Y2: a tick would be refused until it is full, and cost a call each time."""
    case = Case(RewardTerms(ZERO_ADDRESS, 10**16, 5_000, 1_500, 2_500, 1_000, 30 * 86_400), rounds=5)
    duty = case.duty(later=1000)
    assert idle(duty) and duty.look_at is None
    assert duty.waiting.what == "its escrow, which lacks 0.05 ether"
    vault = require_escrow(case.chain, case.federation).vault
    case._perform(Fund(case.federation, vault, 2 * 10**16, ZERO_ADDRESS, 1), REQUESTER)
    assert case.duty().waiting.what == "its escrow, which lacks 0.03 ether"
    case._perform(Fund(case.federation, vault, 3 * 10**16, ZERO_ADDRESS, 2), REQUESTER)
    assert isinstance(case.duty().action, act.Tick)
    assert case.opened().duty().waiting.what == "3 of 3 devices"


def test_training_waits_for_devices_until_the_deadline(case: Case) -> None:
    case.opened().driver.submit(0)
    duty = case.duty()
    assert idle(duty) and duty.waiting.what == "2 of 3 devices"
    assert duty.waiting.until == duty.look_at == case.driver.state.deadline


def test_with_all_updates_judged_every_miner_votes(case: Case) -> None:
    case.opened().driver.submit_all()
    assert all(case.duty(miner).vote for miner in range(3))


def test_with_content_missing_training_is_closed_for_the_fetch_deadline(case: Case) -> None:
    case.opened().driver.submit_all()
    lacking = Readiness(prepared=True, pending=1, closable_since=float(case.chain.now()))
    first = next(m for m in range(3) if case.duty(m, lacking, later=1).action)  # miners take turns by round
    assert idle(case.duty(first, lacking)) and "content of 1" in case.duty(first, lacking).waiting.what
    assert isinstance(case.duty(first, lacking, later=1).action, act.Tick)
    assert sum(case.duty(m, lacking, later=1).action is not None for m in range(3)) == 1


def test_the_deadline_with_enough_updates_needs_no_tick(case: Case) -> None:
    case.opened().driver.submit(0)
    assert case.duty(later=60).vote


def test_the_deadline_without_updates_does(case: Case) -> None:
    case.opened()
    ticks = [isinstance(case.duty(m, later=60).action, act.Tick) for m in range(3)]
    assert sum(ticks) == 1 and all(isinstance(case.duty(m, later=62).action, act.Tick) for m in range(3))


def test_without_the_parents_model_nothing_is_voted(case: Case) -> None:
    case.opened().driver.to_verification()
    duty = case.duty(ready=Readiness(working="the parent's model"))
    assert idle(duty) and "parent's model" in duty.waiting.what


def test_content_is_waited_for_until_the_fetch_deadline(case: Case) -> None:
    case.opened().driver.to_verification()
    lacking = Readiness(prepared=True, pending=2)
    duty = case.duty(ready=lacking)
    assert idle(duty) and duty.waiting.until == duty.look_at == case.chain.now() + 20
    assert case.duty(ready=lacking, later=20).vote


def test_one_ballot_is_enough(case: Case) -> None:
    case.opened().driver.to_verification()
    case.driver.vote(0)
    duty = case.duty(0)
    assert idle(duty) and duty.waiting.what == "the ballots of 2 miners"
    assert case.duty(1).vote


def test_the_deadline_with_a_quorum_is_ticked_not_voted(case: Case) -> None:
    case.opened().driver.to_verification()
    case.driver.vote(0)
    case.driver.vote(1)
    assert not case.duty(2, later=42).vote and isinstance(case.duty(2, later=42).action, act.Tick)


def test_the_deadline_without_a_quorum_is_still_voted(case: Case) -> None:
    case.opened().driver.to_verification()
    assert case.duty(2, later=42).vote


def test_mining_proposes_what_is_ready(case: Case) -> None:
    case.opened().driver.to_mining()
    header = case.driver.header(0)
    assert idle(case.duty(0, Readiness(prepared=True, working="a nonce")))
    assert case.duty(0, Readiness(prepared=True, candidate=header)).action == act.Propose(
        case.federation, header
    )
    assert isinstance(case.duty(0, Readiness(prepared=True, candidate=header), later=99).action, act.Propose)


def test_a_barred_miner_proposes_no_more(case: Case) -> None:
    case.opened().driver.to_attestation(0)
    case.driver.attest(1, approve=False)
    case.driver.attest(2, approve=False)
    duty = case.duty(0, Readiness(prepared=True, candidate=case.driver.header(0)))
    assert idle(duty) and "rejected" in duty.waiting.what
    assert not idle(case.duty(1, Readiness(prepared=True, candidate=case.driver.header(1))))


@pytest.mark.parametrize("agrees", [True, False])
def test_a_candidate_is_attested_as_it_compares(case: Case, agrees: bool) -> None:
    case.opened().driver.to_attestation(0)
    action = case.duty(1, Readiness(prepared=True, agrees=agrees)).action
    assert action == act.Attest(case.federation, 1, case.driver.state.candidate, agrees)
    assert idle(case.duty(0, Readiness(prepared=True, agrees=agrees)))


def test_who_cannot_tell_abstains_and_says_so(case: Case) -> None:
    case.opened().driver.to_attestation(0)
    duty = case.duty(1, Readiness(prepared=True, working="the content of an accepted update"))
    assert idle(duty) and duty.waiting.what == "the content of an accepted update; until then it abstains"
    assert any(
        isinstance(case.duty(m, Readiness(prepared=True), later=20).action, act.Tick) for m in range(3)
    )


def test_a_dormant_miner_checks_in(case: Case) -> None:
    case.opened().driver.to_verification()
    case.driver.vote(0)
    case.driver.vote(1)
    case.chain.advance(40)
    case.driver.tick()
    assert case.driver.state.phase is Phase.MINING
    assert case.duty(2).action == act.CheckInMiner(case.federation, 1)
    assert idle(case.duty(0, Readiness(prepared=True)))


def test_a_newcomer_waits_for_the_next_opening(case: Case) -> None:
    case.opened().driver.join(3)
    duty = case.duty(3)
    assert idle(duty) and "next opening" in duty.waiting.what
    assert isinstance(case.duty(3, later=99).action, act.Tick)  # should all of the snapshot be gone


def test_a_stranger_waits_for_its_registration(case: Case) -> None:
    assert "registration" in case.opened().duty(7).waiting.what


def test_a_pause_ends_when_it_is_used_up(case: Case) -> None:
    case.opened().chain.actor(REQUESTER).send(act.Pause(case.federation, case.chain.now()))
    duty = case.duty()
    assert idle(duty) and duty.waiting.until == case.chain.now() + 100
    assert isinstance(case.duty(later=103).action, act.Unpause)


def test_a_closed_federation_has_no_duties(case: Case) -> None:
    case.chain.actor(REQUESTER).send(act.Close(case.federation))
    assert idle(case.duty(later=1e6)) and "closed" in case.duty().waiting.what
