"""Rules W3 and W4 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

import pytest
from federation_driver import pow_parameters
from machine_stage import names


def mine_after(stage, seconds):
    """One round whose candidate comes ``seconds`` after Mining opened; return the difficulty after it."""
    stage.to_mining()
    stage.wait(seconds)
    stage.propose(0)
    return stage.world.difficulty(stage.federation)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, 64), (1, 64), (2, 64), (4, 40), (5, 32), (10, 16), (16, 10), (20, 8), (25, 6), (29, 5)],
)
def test_the_difficulty_follows_the_interval(stage, seconds, expected):
    stage.open(miners=1, consensus_parameters=pow_parameters(16, 10))
    assert mine_after(stage, seconds) == expected


def test_one_block_changes_the_difficulty_by_at_most_a_factor_of_four(stage):
    stage.open(miners=1, consensus_parameters=pow_parameters(64, 2), mining_seconds=1000)
    assert mine_after(stage, 999) == 16
    assert mine_after(stage, 0) == 32
    stage.open(miners=1, consensus_parameters=pow_parameters(64, 100), mining_seconds=1000)
    assert mine_after(stage, 0) == 256


def test_the_difficulty_is_never_zero(stage):
    stage.open(miners=1, consensus_parameters=pow_parameters(1, 1))
    assert mine_after(stage, 20) == 1
    stage.to_mining()
    stage.wait_until_late()
    assert names(stage.tick()) == ["MiningReopened"]
    assert stage.world.difficulty(stage.federation) == 1


def test_an_unchanged_difficulty_is_no_event(stage):
    stage.open(miners=1, consensus_parameters=pow_parameters(8, 5))
    stage.to_mining()
    stage.wait(5)
    assert "DifficultyChanged" not in names(stage.propose(0))


def test_time_paused_does_not_count_as_mining(stage):
    stage.open(miners=1, consensus_parameters=pow_parameters(16, 10))
    stage.to_mining()
    stage.wait(4)
    stage.pause()
    stage.wait(50)
    stage.unpause()
    stage.wait(1)
    stage.propose(0)
    assert stage.world.difficulty(stage.federation) == 32


def test_time_in_attestation_does_not_count_as_mining(stage):
    stage.open(miners=2, consensus_parameters=pow_parameters(16, 10))
    stage.to_mining()
    stage.wait(10)
    stage.propose(0)
    stage.wait(15)
    stage.attest(1)
    assert stage.world.difficulty(stage.federation) == 16


def test_mining_counts_from_its_last_opening(stage):
    stage.open(miners=2, consensus_parameters=pow_parameters(64, 10))
    stage.to_mining()
    stage.wait_until_late()
    stage.tick()
    stage.wait(5)
    stage.propose(0)
    stage.attest(1)
    assert (
        stage.world.difficulty(stage.federation) == 32
    )  # 64 / 4 at the time-out, then twice as fast as wished
