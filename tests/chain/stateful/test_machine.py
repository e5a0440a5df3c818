"""The contracts do what the executable specification does: same refusals, same events, same state, step by step."""

from __future__ import annotations

from random import Random

import pytest
from adapter import Contracts
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from side_by_side import Coverage, SideBySide
from walk import Cast, some_config

COVERAGE = Coverage()
STEPS = 300


@pytest.fixture(scope="module")
def contracts(FederationFactory, Federation, Miner, ProofOfWork, accounts, web3):
    deployer = {"from": accounts[0], "silent": True}
    federation, miner = Federation.deploy(deployer), Miner.deploy(deployer)
    factory = FederationFactory.deploy(federation, miner, deployer)
    proof_of_work = ProofOfWork.deploy(deployer)
    abis = [FederationFactory.abi, Federation.abi, Miner.abi, ProofOfWork.abi]
    return Contracts(factory.address, proof_of_work.address, abis, web3.provider.endpoint_uri)


@pytest.fixture(scope="module")
def cast(accounts):
    names = [account.address for account in accounts]
    return Cast(names[1], names[2], tuple(names[3:9]), tuple(names[9:18]))


@pytest.mark.parametrize("seed", range(8))
def test_a_long_walk_agrees(contracts, cast, seed):
    random, both, closed = Random(seed), None, 0
    for step in range(STEPS):
        if both is None or closed > 8:
            config = some_config(random, contracts.proof_of_work)
            both, closed = SideBySide(contracts, cast, config, COVERAGE, f"{seed}/{step}"), 0
        both.step(random)
        closed += both.closed


def test_walks_that_hypothesis_shortens_agree(contracts, cast):
    class Agreement(RuleBasedStateMachine):
        @initialize(random=st.randoms(use_true_random=False))
        def found(self, random):
            config = some_config(random, contracts.proof_of_work)
            self.both = SideBySide(contracts, cast, config, COVERAGE, "hypothesis")

        @rule(random=st.randoms(use_true_random=False))
        def step(self, random):
            self.both.step(random)

    few = settings(
        max_examples=10, stateful_step_count=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=HealthCheck.all(),
    )  # fmt: skip
    run_state_machine_as_test(Agreement, settings=few)


def test_everything_happened():
    print(COVERAGE.events); print(COVERAGE.errors); print(COVERAGE.phases)
