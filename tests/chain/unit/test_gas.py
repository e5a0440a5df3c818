"""What the transactions cost: gas is deterministic, so the budget is a test. The chain has mainnet's rules (Osaka)."""

from __future__ import annotations

import pytest
from support.crowd import Crowd
from support.scene import Scene

LIMIT = 2**24
"""Most that EIP-7825 lets one transaction use."""


def test_create_federation(deployed, requester, chain):
    Scene.create(deployed, requester)
    assert chain[-1]["gasUsed"] <= 1_500_000


def test_two_rounds_of_256_updates(deployed, requester):
    """At most 55,000 for an update (75,000 for a pool's first ever), 80,000 for a ballot or an attestation, 160,000
    where it also closes a phase or opens the next round, 150,000 for a candidate. Round 1 writes new storage: there
    the ballot that closes Training may cost 20,000 more.
    """
    crowd = Crowd(deployed, requester, miners=4, devices=256)
    crowd.tick()
    for first_in_pool, closing_training in ((75_000, 180_000), (55_000, 160_000)):
        updates = crowd.submit()
        assert max(updates[:4]) <= first_in_pool
        assert max(updates[4:]) <= 55_000
        first, *others, last = crowd.vote()
        assert first <= closing_training
        assert max(others) <= 80_000
        assert last <= 160_000
        assert crowd.propose() <= 150_000
        *others, last = crowd.attest()
        assert max(others) <= 80_000
        assert last <= 160_000
    assert crowd.scene.round == 3


def test_sixty_four_miners(deployed, requester):
    """P1 to P6 at the bound of every loop: nothing comes near the limit of a transaction."""
    crowd = Crowd(deployed, requester, miners=64, devices=64)
    assert crowd.tick() < LIMIT // 16
    crowd.submit()
    assert max(crowd.vote()) < LIMIT // 16
    crowd.propose()
    assert max(crowd.attest()) < LIMIT // 16
    assert crowd.scene.round == 2


@pytest.mark.parametrize(
    "name", ["Federation", "FederationExtension", "Miner", "FederationFactory", "ProofOfWork"]
)
def test_code_fits(name, request):
    """EIP-170."""
    code = request.getfixturevalue(name)._build["deployedBytecode"]
    assert len(code) // 2 <= 24_576
