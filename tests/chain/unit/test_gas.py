"""What the transactions cost: gas is deterministic, so the budget is a test. The chain has mainnet's rules (Osaka)."""

from __future__ import annotations

import pytest
from support.crowd import Crowd
from support.scene import CONFIG, Scene

LIMIT = 2**24
"""Most that EIP-7825 lets one transaction use."""


@pytest.fixture
def hundreds(deployed, requester):
    """Four miners, 256 devices, round 1 in Training."""
    crowd = Crowd(deployed, requester, miners=4, devices=256)
    crowd.tick()
    return crowd


def test_create_federation(deployed, requester, chain):
    Scene.create(deployed, requester)
    used = chain[-1]["gasUsed"]
    assert used <= 1_500_000


def test_submissions(hundreds):
    """At most 75,000 for a pool's first ever, 55,000 for any other, first of its round or not."""
    first_round = hundreds.submit()
    assert max(first_round[:4]) <= 75_000
    assert max(first_round[4:]) <= 55_000
    hundreds.vote(), hundreds.propose(), hundreds.attest()
    assert hundreds.scene.round == 2
    assert max(hundreds.submit()) <= 55_000


def test_a_round_of_256_updates(hundreds):
    """At most 80,000 for a ballot or an attestation, 160,000 where it also closes a phase and opens the next round,
    150,000 for a candidate. In round 1, whose storage is new, the ballot that closes Training costs 35,000 more."""
    limits = [(195_000, 135_000, 150_000), (160_000, 105_000, 130_000)]
    for closing_training, closing_verification, proposing in limits:
        hundreds.submit()
        first, *others, last = hundreds.vote()
        assert first <= closing_training
        assert max(others) <= 80_000
        assert last <= closing_verification
        assert hundreds.propose() <= proposing
        *others, last = hundreds.attest()
        assert max(others) <= 80_000
        assert last <= 160_000


def test_sixty_four_miners(deployed, requester):
    """P1 to P6 at the bound of every loop: nothing comes near the limit of a transaction."""
    crowd = Crowd(deployed, requester, miners=64, devices=64)
    assert crowd.tick() < LIMIT // 16
    crowd.submit()
    assert max(crowd.vote()) < LIMIT // 16
    crowd.propose()
    assert max(crowd.attest()) < LIMIT // 16
    assert crowd.scene.round == 2


def test_registration_does_not_cost_more_with_more_devices(hundreds):
    assert max(hundreds.register) - min(hundreds.register[4:]) < 100
    assert CONFIG.max_devices < 256


@pytest.mark.parametrize("name", ["Federation", "Miner", "FederationFactory", "ProofOfWork"])
def test_code_fits(name, request):
    """EIP-170."""
    code = request.getfixturevalue(name)._build["deployedBytecode"]
    assert len(code) // 2 <= 24_576
