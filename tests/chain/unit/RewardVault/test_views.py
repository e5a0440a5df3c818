"""What a vault tells: all of it follows from the terms (Y2 and Y3)."""

from __future__ import annotations

import pytest
from support.rewards import Escrow


@pytest.mark.parametrize("per_round", [1, 9, 10_000, 12_345_678_901])
@pytest.mark.parametrize("max_miners", [1, 3, 64])
def test_sums_are_the_clients(world, per_round, max_miners):
    escrow = Escrow.create(
        world, per_round=per_round, max_miners=max_miners, data_bps=3_333, proposer_bps=1_667,
        ballot_bps=2_001, attester_bps=2_999,
    )  # fmt: skip
    assert escrow.vault.required() == 5 * per_round
    assert escrow.vault.budget() == escrow.terms.budget
    assert escrow.vault.attestationReward() == escrow.terms.attestation_reward(max_miners)


def test_the_attesters_never_cost_more_than_their_pool(world):
    """Y3: 64 miners of a pool of 63 get nothing, rather than one unit too much."""
    escrow = Escrow.create(
        world, per_round=63, max_miners=64, data_bps=0, proposer_bps=0, ballot_bps=0, attester_bps=10_000
    )
    assert escrow.vault.attestationReward() == 0


def test_strangers_have_nothing(escrow, stranger):
    assert escrow.vault.accountOf(stranger) == (0, 0)
    assert not escrow.vault.isFunded()
