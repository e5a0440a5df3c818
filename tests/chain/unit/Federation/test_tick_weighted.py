"""`tick` where a module says who votes and what they weigh: what the federation takes from it, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.errors import reverts
from support.scene import Scene, mask, names
from support.stake import TERMS

from brownie import Contract, MockWeights, StakeVault
from minerva.protocol.state import NO_STAKE, Phase, Status


def lanes(*weights):
    """Weights of the miners 0, 1, … as one word."""
    return [sum(weight << 16 * index for index, weight in enumerate(weights))]


@pytest.fixture
def module(requester):
    return MockWeights.deploy({"from": requester})


@pytest.fixture
def weighted(deployed, requester, owners, devices, module):
    """Makes a federation of three miners whose module says this at its opening; they have staked ``minima`` times the least."""

    def make(voters, weights, stake=NO_STAKE, minima=4, **changes):
        scene = Scene.create(deployed, requester, consensus=module, stake=stake, **changes)
        for owner in owners[:3] if stake.unit else ():
            sum_ = minima * stake.minimum
            vault_of(scene).deposit(owner, sum_, {"from": requester, "value": sum_})
        scene.join(*owners[:3])
        scene.register(*devices[:4])
        say(scene, voters, weights)
        scene.tick()
        return scene

    return make


def vault_of(scene):
    return Contract.from_abi("StakeVault", scene.federation.stakeVault(), StakeVault.abi, persist=False)


def say(scene, voters, weights):
    MockWeights.at(scene.federation.config()["consensus"]).say(
        mask(voters), weights, {"from": scene.requester}
    )


# Opening


@pytest.mark.parametrize("voters", [(), (0, 1, 2, 9)], ids=["nobody", "one who is no miner"])
def test_without_voters_of_its_own_no_round_opens(weighted, voters):
    """K1: it waits, until the module says otherwise."""
    with reverts("FederationNothingDue", 0, Phase.PENDING, 0):
        weighted(voters, lanes(1, 1, 1))


def test_the_voters_are_the_modules(weighted):
    scene = weighted((0, 2), lanes(1, 0, 1))
    assert (scene.state.snapshot, scene.state.voters) == (0b111, 0b101)


# Verification


def test_what_the_module_says_they_weigh_decides(weighted):
    """P3: 5 of 7 are two thirds and more; one of three would not be."""
    scene = weighted((0, 1, 2), lanes(5, 1, 1))
    scene.close_training()
    scene.vote(0)
    scene.expire()
    assert names(scene.tick()) == ["VerificationClosed"]
    assert scene.state.dormant == 0b110


def test_who_is_silent_gives_way_to_who_stands_by(weighted):
    """K8: the others stay, and who went is dormant."""
    scene = weighted((0, 1), lanes(1, 1))
    scene.close_training()
    say(scene, (1, 2), lanes(0, 1, 3))
    scene.expire()
    transaction = scene.tick()
    assert names(transaction) == ["PhaseExtended", "VotersReplaced"]
    assert transaction.events["VotersReplaced"]["silent"] == 0b001
    assert (scene.state.voters, scene.state.dormant) == (0b110, 0b001)
    scene.vote(2)
    scene.expire()
    assert names(scene.tick()) == ["VerificationClosed"], "3 of 4"


@pytest.mark.parametrize(
    ("voters", "why"),
    [((0, 1, 2), "nobody went"), ((0, 2), "one who had voted went"), ((1, 2, 9), "one who is no miner came")],
)
def test_a_replacement_that_is_none_changes_nothing(weighted, voters, why):
    """K8."""
    scene = weighted((0, 1, 2), lanes(1, 1, 1))
    scene.close_training()
    scene.vote(1)
    say(scene, voters, lanes(1, 1, 1))
    scene.expire()
    assert names(scene.tick()) == ["PhaseExtended"], why
    assert (scene.state.voters, scene.state.dormant) == (0b111, 0)


def test_without_a_majority_in_the_end_the_silent_are_absent(weighted):
    """P3: and the round is skipped."""
    scene = weighted((0, 1, 2), lanes(1, 1, 1), max_extensions=0)
    scene.close_training()
    scene.vote(0)
    scene.expire()
    transaction = scene.tick()
    assert names(transaction)[0] == "RoundSkipped"
    assert scene.state.dormant == 0b110 and scene.state.status == Status.WAITING


# Attestation


def test_who_does_not_attest_gives_way(weighted):
    """P5 and K8."""
    scene = weighted((0, 1), lanes(1, 1))
    scene.close_training()
    scene.vote(0, 1)
    scene.propose(0)
    say(scene, (0, 2), lanes(1, 0, 1))
    scene.expire()
    transaction = scene.tick()
    assert names(transaction) == ["CandidateDropped", "MiningReopened", "VotersReplaced"]
    assert (scene.state.voters, scene.state.dormant, scene.state.phase) == (0b101, 0b010, Phase.MINING)


def test_at_the_last_candidate_the_silent_are_absent(weighted):
    """P5: nobody can take their place any more."""
    scene = weighted((0, 1, 2), lanes(1, 1, 1), max_candidates=1)
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    scene.expire()
    transaction = scene.tick()
    assert names(transaction)[:2] == ["CandidateDropped", "RoundSkipped"]
    assert scene.state.dormant == 0b110


# Stake


def test_an_absence_too_many_costs_stake_and_the_module_hears(weighted):
    """S6: each absence is counted for whom it is, and only theirs."""
    terms = replace(TERMS, absences=1)
    scene = weighted((0, 1, 2), lanes(5, 1, 1), stake=terms)
    scene.close_training()
    scene.vote(0, 1)
    scene.expire()
    transaction = scene.tick()
    assert transaction.events["Slashed"]["index"] == 2 and len(transaction.events["Slashed"]) == 1
    left = 4 * terms.minimum * (10_000 - terms.absence_bps) // 10_000
    vault = vault_of(scene)
    assert [vault.stakeOf(owner) for owner in scene.owners] == [4 * terms.minimum] * 2 + [left]


def test_an_absence_below_the_limit_costs_nothing(weighted):
    scene = weighted((0, 1, 2), lanes(5, 1, 1), stake=TERMS)
    scene.close_training()
    scene.vote(0)
    scene.expire()
    assert "Slashed" not in scene.tick().events
    assert [vault_of(scene).stakeOf(owner) for owner in scene.owners] == [4 * TERMS.minimum] * 3


def test_a_rejected_candidate_costs_its_proposer(weighted):
    """S6: who still has the minimum stays awake."""
    scene = weighted((0, 1, 2), lanes(1, 1, 1), stake=TERMS)
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    transaction = scene.attest(1, 2, approve=False)
    assert transaction.events["Slashed"]["index"] == 0
    left = 4 * TERMS.minimum * (10_000 - TERMS.rejected_bps) // 10_000
    assert vault_of(scene).stakeOf(scene.owners[0]) == left and scene.state.dormant == 0


def test_who_lacks_the_minimum_after_it_is_dormant_until_it_tops_up(weighted):
    """S6 and M6."""
    scene = weighted((0, 1, 2), lanes(1, 1, 1), stake=TERMS, minima=1)
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    scene.attest(1, 2, approve=False)
    assert scene.state.dormant == 0b001
    with reverts("StakeVaultTooLow", scene.owners[0], 900, 1000):
        scene.federation.checkIn({"from": scene.owners[0]})
    scene.propose(1)
    scene.attest(0)
    assert scene.state.dormant == 0b001, "its word counted, and does not wake it"
    vault_of(scene).deposit(scene.owners[0], TERMS.minimum, {"from": scene.requester, "value": TERMS.minimum})
    scene.federation.checkIn({"from": scene.owners[0]})
    assert scene.state.dormant == 0
