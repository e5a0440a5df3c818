"""What the transactions cost: gas is deterministic, so the budget is a test. The chain has mainnet's rules (Osaka)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from support.crowd import Crowd
from support.gas import measure

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import costs  # noqa: E402
import snapshot  # noqa: E402


@pytest.fixture(scope="session")
def figures(deployed, requester, ProofOfStake, ProofOfReputation, CommitteeConsensus):
    """All figures, measured once; `benchmarks/gas.py` says where it wants them."""
    modules = {"pos": ProofOfStake, "por": ProofOfReputation, "committee": CommitteeConsensus}
    found = measure(deployed, requester, {name: m.deploy({"from": requester}) for name, m in modules.items()})
    if "MINERVA_GAS_FILE" in os.environ:
        Path(os.environ["MINERVA_GAS_FILE"]).write_text(json.dumps(found))
    return found


def test_no_measured_figure_grew(figures):
    lines = snapshot.complaints(figures, snapshot.load())
    advice = f"make it cheaper, or keep the new figures: {snapshot.RENEW}"
    assert not lines, "\n".join([*lines, advice])


def test_no_transaction_comes_near_the_limit(figures):
    assert max(snapshot.flat(figures).values()) < snapshot.LIMIT // 8


def test_costs_are_the_snapshots():
    """docs/costs.md."""
    advice = "docs/costs.md is not what benchmarks/gas.json gives: tools/run python benchmarks/gas.py --costs"
    assert costs.PAGE.read_text() == costs.page(snapshot.load()), advice


@pytest.mark.parametrize("grown", [0, 100, 500, 521])
def test_two_percent_is_the_most(grown):
    """Of 26,000; and the line names the figure."""
    lines = snapshot.complaints({"a": {"vote": 26_000 + grown}}, {"a": {"vote": 26_000}})
    assert lines == (["a.vote grew from 26,000 to 26,521 gas (+2.0%)"] if grown == 521 else [])


def test_a_figure_must_be_in_both():
    lines = snapshot.complaints({"vote": 1, "tick": 1}, {"vote": 1, "claim": 1})
    assert lines == [
        "claim is in the snapshot, but was not measured",
        "tick was measured, but is not in the snapshot",
    ]


def test_sixty_four_miners(deployed, requester):
    """P1 to P6 at the bound of every loop: nothing comes near the limit of a transaction."""
    crowd = Crowd(deployed, requester, miners=64, devices=64)
    assert crowd.tick() < snapshot.LIMIT // 16
    crowd.submit()
    assert max(crowd.vote()) < snapshot.LIMIT // 16
    crowd.propose()
    assert max(crowd.attest()) < snapshot.LIMIT // 16
    assert crowd.scene.round == 2


@pytest.mark.parametrize(
    "name", ["Federation", "FederationExtension", "Miner", "FederationFactory", "ProofOfWork"]
)
def test_code_fits(name, request):
    """EIP-170."""
    code = request.getfixturevalue(name)._build["deployedBytecode"]
    assert len(code) // 2 <= 24_576
