"""Rules P9 and P10 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

from federation_driver import REQUESTER, pow_parameters
from machine_stage import names, refusal

from minerva.protocol import actions as act
from minerva.protocol.events import (
    ConsensusChangeAnnounced,
    ConsensusChanged,
    ConsensusChangeFailed,
    FederationClosing,
    FederationPaused,
    FederationUnpaused,
    MinerExpelled,
    RoleGranted,
    RoleRevoked,
)
from minerva.protocol.governance import ADMIN, GOVERNOR, PAUSER
from minerva.protocol.state import Status

JUNK = b"\7" * 32

# P9: pauses


def test_a_pause_stops_the_deadlines(stage):
    stage.open(miners=1)
    opened, deadline = stage.state.opened_at, stage.state.deadline
    stage.wait(5)
    assert stage.pause() == [FederationPaused(stage.now)]
    stage.wait(70)
    assert not stage.world.due(stage.federation, stage.now)
    assert stage.unpause() == [FederationUnpaused(stage.now, deadline + 70)]
    s = stage.state
    assert (s.status, s.opened_at, s.deadline) == (Status.RUNNING, opened + 70, deadline + 70)
    assert (s.paused_at, s.paused_seconds) == (0, 70)


def test_a_pause_is_worth_no_more_than_is_left_and_then_anybody_ends_it(stage):
    stage.open(miners=1, max_pause_seconds=100)
    deadline = stage.state.deadline
    stage.pause()
    stage.wait(99)
    assert refusal(lambda: stage.unpause(stage.owner(0))) == (
        "AccessControlUnauthorizedAccount",
        stage.owner(0),
        PAUSER,
    )
    stage.wait(200)
    assert stage.unpause(stage.owner(0)) == [FederationUnpaused(stage.now, deadline + 100)]
    assert refusal(stage.pause) == ("FederationPauseExhausted", 100)


def test_nothing_but_unpause_works_while_paused(stage):
    stage.open(miners=2)
    stage.pause()
    paused = ("FederationUnexpectedStatus", Status.PAUSED)
    for call in (
        stage.tick, stage.pause, stage.close, stage.submit_all, lambda: stage.vote(0),
        lambda: stage.attest(0), lambda: stage.propose(0), lambda: stage.join(2), lambda: stage.leave(0),
        lambda: stage.check_in(0), lambda: stage.register(7, stage.contract(0)),
        lambda: stage.check_in_device(0),
        lambda: stage.leave_device(0), lambda: set_endpoint(stage),
    ):  # fmt: skip
        assert refusal(call) == paused
    stage.unpause()
    assert refusal(stage.unpause) == ("FederationUnexpectedStatus", Status.RUNNING)


def test_a_pause_on_waiting_ends_on_waiting(stage):
    stage.open(miners=1, max_extensions=0, silent_rounds=1)
    stage.wait_until_late()
    stage.tick()
    stage.pause()
    stage.wait(3)
    stage.unpause()
    assert stage.state.status is Status.WAITING


def test_only_the_requester_pauses_and_closes(stage):
    stage.open(miners=1)
    stranger = stage.owner(0)
    refused = ("AccessControlUnauthorizedAccount", stranger)
    assert refusal(lambda: stage.do(act.Pause, stranger, 0)) == (*refused, PAUSER)
    assert refusal(lambda: stage.do(act.Close, stranger)) == (*refused, GOVERNOR)
    assert refusal(lambda: stage.do(act.Expel, stranger, 0, 0)) == (*refused, GOVERNOR)
    change = (act.ChangeConsensus, stranger, stage.world.consensus.address, pow_parameters(2, 1), 0)
    assert refusal(lambda: stage.do(*change)) == (*refused, GOVERNOR)


def test_an_expelled_miner_leaves_after_the_next_round(stage):
    """A3."""
    stage.open(miners=3, min_miners=1)
    assert refusal(lambda: stage.do(act.Expel, REQUESTER, 3, 0)) == ("FederationNoMiner", 3)
    assert refusal(lambda: stage.do(act.Expel, REQUESTER, 64, 0)) == ("FederationNoMiner", 64)
    assert stage.do(act.Expel, REQUESTER, 2, 0) == [MinerExpelled(2)]
    assert refusal(lambda: stage.do(act.Expel, REQUESTER, 2, 0)) == ("FederationNoMiner", 2)
    list(stage.play_round())
    assert stage.state.snapshot == 0b111
    list(stage.play_round())
    assert (stage.state.snapshot, stage.state.members) == (0b011, 0b011)


def test_an_announced_module_takes_over_a_round_later(stage):
    """K10: here the same one with another puzzle."""
    stage.open(miners=2)
    module, parameters = stage.world.consensus.address, pow_parameters(2, 1)
    refused = refusal(lambda: stage.do(act.ChangeConsensus, REQUESTER, module, b"", 1))
    assert refused == ("ConsensusInvalidParameters", b"")
    announced = stage.do(act.ChangeConsensus, REQUESTER, module, parameters, 1)
    assert announced == [ConsensusChangeAnnounced(module, parameters, 3)]
    assert ConsensusChanged(2, module) not in list(stage.play_round())
    assert ConsensusChanged(3, module) in list(stage.play_round())
    assert stage.views.difficulty(stage.federation) == 2
    assert stage.world.config(stage.federation).consensus_parameters == parameters


def test_a_module_that_refuses_is_left_out(stage):
    """K10."""
    stage.open(miners=2)
    module, refusing = stage.world.consensus.address, stage.actors.refusing
    stage.do(act.ChangeConsensus, REQUESTER, refusing, b"any", 1)
    assert not [e for e in stage.play_round() if isinstance(e, ConsensusChangeFailed)]
    assert ConsensusChangeFailed(3, refusing) in list(stage.play_round())
    assert stage.world.config(stage.federation).consensus == module
    assert "BlockFinalized" in names(stage.play_round())


# A2: roles


def test_who_is_given_a_role_may_do_what_it_is_for(stage):
    stage.open(miners=2)
    helper, stranger = stage.owner(0), stage.owner(1)
    granted = stage.do(act.GrantRole, REQUESTER, PAUSER, helper)
    assert granted == [RoleGranted(PAUSER, helper, REQUESTER)]
    assert stage.do(act.GrantRole, REQUESTER, PAUSER, helper) == []
    assert stage.do(act.Pause, helper, 0) == [FederationPaused(stage.now)]
    assert stage.unpause(helper)
    assert refusal(lambda: stage.do(act.Close, helper))[0] == "AccessControlUnauthorizedAccount"
    refused = refusal(lambda: stage.do(act.GrantRole, helper, GOVERNOR, stranger))
    assert refused == ("AccessControlUnauthorizedAccount", helper, ADMIN)
    revoked = stage.do(act.RevokeRole, REQUESTER, PAUSER, helper)
    assert revoked == [RoleRevoked(PAUSER, helper, REQUESTER)]
    assert stage.do(act.RevokeRole, REQUESTER, PAUSER, helper) == []
    assert refusal(lambda: stage.do(act.Pause, helper, 0))[0] == "AccessControlUnauthorizedAccount"


def test_an_admin_may_hand_all_over(stage):
    stage.open(miners=2)
    heir = stage.owner(0)
    for role in (GOVERNOR, ADMIN):
        stage.do(act.GrantRole, REQUESTER, role, heir)
    for role in (GOVERNOR, ADMIN):
        stage.do(act.RevokeRole, heir, role, REQUESTER)
    assert refusal(stage.close)[0] == "AccessControlUnauthorizedAccount"
    assert names(stage.do(act.Close, heir)) == ["FederationClosing"]


# P10: closing


def test_a_closing_federation_finishes_its_round(stage):
    stage.open(miners=1)
    assert stage.close() == [FederationClosing(1)]
    assert refusal(stage.close) == ("FederationUnexpectedStatus", Status.RUNNING)
    assert refusal(lambda: stage.do(act.Close, stage.owner(0)))[0] == "AccessControlUnauthorizedAccount"  # E5
    assert names(stage.play_round())[-1] == "FederationClosed"
    assert (stage.state.status, stage.state.height, stage.state.closing) == (Status.CLOSED, 1, True)


def test_a_waiting_federation_closes_at_once(stage):
    stage.open(miners=1, max_extensions=0, silent_rounds=1)
    stage.wait_until_late()
    stage.tick()
    assert names(stage.close()) == ["FederationClosing", "FederationClosed"]
    closed = ("FederationUnexpectedStatus", Status.CLOSED)
    for call in (
        stage.tick, stage.pause, stage.unpause, stage.close, lambda: stage.submit(0), lambda: stage.vote(0),
        lambda: stage.join(2), lambda: stage.leave(0), lambda: stage.check_in(0), lambda: set_endpoint(stage),
        lambda: stage.register(7, stage.contract(0)), lambda: stage.check_in_device(0),
        lambda: stage.leave_device(0),
    ):  # fmt: skip
        assert refusal(call) == closed


def set_endpoint(stage):
    stage.perform(act.SetEndpoint(stage.federation, stage.contract(0), ""), stage.owner(0))
