"""`tick` in Mining: given the deadline, when anybody ticks, the proof gets easier, and at last the round is skipped."""

from __future__ import annotations

from eth_abi import encode
from support import clock
from support.errors import reverts
from support.scene import names

from minerva.protocol.state import Phase


def test_reverts_before_the_deadline(mining):
    """P4 and P7."""
    assert not mining.federation.due()
    mining.expire(late=-1)
    with reverts("FederationNothingDue", 1, Phase.MINING, mining.state.deadline):
        mining.tick()


def test_reopens_with_an_easier_proof(mining):
    """P4, W4 and E2."""
    deadline = mining.state.deadline
    clock.next_block_at(deadline + 2)
    transaction = mining.tick()
    assert names(transaction) == ["DifficultyChanged", "MiningReopened"]
    assert transaction.events["DifficultyChanged"]["difficulty"] == 1
    assert transaction.events["MiningReopened"] == {"round": 1, "deadline": deadline + 502}
    assert (mining.state.phase, mining.state.extensions) == (Phase.MINING, 1)


def test_skips_after_max_extensions(mining):
    """P4 and E2: the module is told each time, the last one included."""
    mining.expire()
    mining.tick()
    mining.expire()
    transaction = mining.tick()
    assert names(transaction) == ["RoundSkipped", "RoundOpened"]
    assert mining.federation.phase(1) == Phase.SKIPPED


def test_the_last_time_out_eases_too(make):
    """P4 and E2: else a puzzle too hard would be so for ever."""
    scene = make(max_extensions=0, consensus_parameters=encode(["uint64", "uint32"], [64, 10]))
    scene.tick()
    scene.close_training()
    scene.vote_all()
    scene.expire()
    transaction = scene.tick()
    assert names(transaction) == ["DifficultyChanged", "RoundSkipped", "RoundOpened"]
    assert scene.deployed.proof_of_work.difficulty(scene.federation) == 16


def test_extensions_count_on_through_drops(mining):
    """P7 and E6."""
    mining.expire()
    mining.tick()
    mining.propose(0)
    assert mining.state.extensions == 1
    mining.expire()
    mining.tick()
    assert (mining.state.phase, mining.state.extensions, mining.state.candidates) == (Phase.MINING, 1, 1)
    mining.expire()
    assert names(mining.tick())[0] == "RoundSkipped"


def test_the_model_is_carried_over(mining):
    """P6."""
    model = mining.state.model
    for _ in range(2):
        mining.expire()
        mining.tick()
    s = mining.state
    assert (s.round, s.height, s.model, s.head) == (2, 0, model, mining.federation.genesis())
