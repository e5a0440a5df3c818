"""The contracts do what the executable specification does: same refusals, events and state at every step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from cast import Cast, some_config, some_list, some_module, some_stake, some_terms
from eth_abi import encode
from eth_account import Account
from federation_driver import address
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from side_by_side import Coverage, SideBySide
from spoil import codec_cid
from walk import Walk

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol import events
from minerva.protocol.cid import Cid
from minerva.protocol.machine import World
from minerva.protocol.state import NO_STAKE

STEPS = 300
SEEDS = (190, 136, 25, 138, 34, 86)
"""Of two hundred, those that make every move several times between them."""
COVERAGE = Coverage()
CAST = Cast(
    address(0x1001),
    address(0x1002),
    tuple(map(address, range(0xA0, 0xA6))),
    tuple(map(address, range(0xD0, 0xD9))),
    Account.from_key(b"\x51" * 32),
)

DAY = 86_400
BOUNDS = {
    "rounds": (1, 1_000_000), "max_miners": (1, 64), "min_miners": (1, 5), "max_devices": (1, 60_000),
    "min_devices": (1, 10), "min_updates": (1, 10), "max_joins": (1, 10), "silent_rounds": (1, 7),
    "training_seconds": (1, 30 * DAY), "verification_seconds": (2, 30 * DAY), "fetch_seconds": (1, 10),
    "mining_seconds": (1, 30 * DAY), "attestation_seconds": (1, 30 * DAY), "max_extensions": (0, 10),
    "max_candidates": (1, 64), "max_pause_seconds": (0, 365 * DAY), "max_model_bytes": (1, 1 << 31),
    "confirmations": (0, 64),
}  # fmt: skip

MOVES = {
    "PENDING → TRAINING", "TRAINING → VERIFICATION", "TRAINING → SKIPPED", "TRAINING → TRAINING",
    "VERIFICATION → MINING", "VERIFICATION → SKIPPED", "VERIFICATION → TRAINING", "MINING → ATTESTATION",
    "MINING → SKIPPED", "MINING → TRAINING", "ATTESTATION → MINING", "ATTESTATION → FINALIZED",
    "ATTESTATION → SKIPPED", "ATTESTATION → TRAINING", "SKIPPED → TRAINING", "FINALIZED → TRAINING",
}  # fmt: skip
"""From phase to phase by one call; TRAINING as an end is a new round that opened at once."""
REFUSALS_OF_MONEY = {
    "RewardVaultOverfunded", "RewardVaultUnexpectedAmount", "RewardVaultOverBudget", "RewardVaultUnknownBlock",
    "RewardVaultInvalidProof", "RewardVaultInvalidSignature", "RewardVaultNothingToClaim", "RewardVaultNotOver",
    "RewardVaultOver",
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_walk_agrees(contracts, seed):
    random, both, walk, after_the_end = Random(seed), None, None, 0
    for step in range(STEPS):
        if both is None or after_the_end > 5:
            both, walk = found(contracts, random, salt=f"{seed}/{step}")
            after_the_end = 0
        do_a_step(both, walk, random)
        after_the_end += both.closed


def test_walks_that_hypothesis_shortens_agree(contracts):
    class Agreement(RuleBasedStateMachine):
        @initialize(random=st.randoms(use_true_random=False))
        def found(self, random):
            self.both, self.walk = found(contracts, random, salt="hypothesis")

        @rule(random=st.randoms(use_true_random=False))
        def step(self, random):
            do_a_step(self.both, self.walk, random)

    few = settings(
        max_examples=10, stateful_step_count=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=HealthCheck.all(),
    )  # fmt: skip
    run_state_machine_as_test(Agreement, settings=few)


def test_the_walks_met_every_event_and_every_move():
    """Agreement means little where nothing happens. The walks are seeded, so this is no matter of luck."""
    kinds = {kind.__name__ for kind in events.Event.__args__}
    assert kinds - COVERAGE.events.keys() == set()
    assert MOVES - COVERAGE.moves.keys() == set()
    assert REFUSALS_OF_MONEY - COVERAGE.errors.keys() == set()


def found(contracts, random, salt):
    contracts.endow((*CAST.everyone, CAST.signer.address), 10**24)
    both = SideBySide(contracts, CAST.devices, COVERAGE, people=CAST.people, stakers=CAST.everyone)
    stake = some_stake(random, contracts.token)
    modules = {"pow": contracts.proof_of_work, **contracts.modules}
    module, parameters = some_module(random, modules, staked=stake != NO_STAKE)
    config = replace(some_config(random, module), consensus_parameters=parameters)
    terms = some_terms(random, contracts.token)
    allowed = some_list(random, CAST)
    if random.random() < 0.4:
        policy = contracts.policies["allow-list"]
        config = replace(config, policy=policy, policy_parameters=allowed.root)
    creation = act.CreateFederation(contracts.factory, config, "one", stake, terms)
    both.perform(creation, CAST.requester)
    modules["refusing"] = contracts.refusing
    return both, Walk(both.world, both.federation, CAST, salt, both.miners, modules, allowed)


def do_a_step(both, walk, random):
    with suppress(ContractReverted):
        both.perform(*walk.step(random, both.now))


@pytest.fixture
def refusal(contracts):
    """How both refuse a configuration, None when they take it; they must agree."""
    world = World(contracts.chain_id, contracts.factory, contracts.proof_of_work)
    base = replace(
        some_config(Random(0), contracts.proof_of_work), max_miners=5, min_miners=1, max_devices=10,
        min_devices=1, min_updates=1, max_joins=10, verification_seconds=20,
    )  # fmt: skip

    def answer(**changes):
        action = act.CreateFederation(contracts.factory, replace(base, **changes), "one")
        theirs = ours = None
        try:
            contracts.attempt(action, CAST.requester, contracts.latest())
        except ContractReverted as error:
            theirs = (error.name, error.arguments)
        try:
            world.apply(action, CAST.requester, contracts.latest())
        except ContractReverted as error:
            ours = (error.name, error.arguments)
        assert theirs == ours
        return ours

    return answer


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_of_the_configuration_agree(refusal, name):
    low, high = BOUNDS[name]
    # Upper bounds of others that a small maximum would break are met by making those small as well.
    small = {
        "max_miners": {"min_miners": 1},
        "max_devices": {"min_devices": 1, "min_updates": 1, "max_joins": 1},
    }
    assert refusal(**{name: low, **small.get(name, {}), **({"fetch_seconds": 1} if low == 2 else {})}) is None
    assert refusal(**{name: high, **small.get(name, {})}) is None
    assert refusal(**{name: high + 1})[0] == "FederationInvalidConfig"
    if low:
        assert refusal(**{name: low - 1})[0] == "FederationInvalidConfig"


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest": codec_cid(0x71)},
        {"model": codec_cid(0)},
        {"manifest": Cid(bytes(32))},
        {"model": Cid(bytes(32))},
        {"consensus": "0x" + "00" * 19 + "99"},
        {"max_miners": 0, "min_miners": 9, "rounds": 0},
    ],
)
def test_other_configurations_are_refused_alike(refusal, changes):
    assert refusal(**changes)[0] == "FederationInvalidConfig"


@pytest.mark.parametrize(
    ("types", "values", "sound"),
    [
        (("uint64", "uint32"), (1, 1), True),
        (("uint64", "uint32"), (1 << 48, DAY), True),
        (("uint64", "uint32"), (0, 1), False),
        (("uint64", "uint32"), (1, 0), False),
        (("uint64", "uint32"), ((1 << 48) + 1, 1), False),
        (("uint64", "uint32"), (1, DAY + 1), False),
        (("uint256", "uint256"), (1 << 200, 1), False),
        (("uint256",), (1,), False),
        (("uint64", "uint32", "bool"), (1, 1, True), False),
    ],
)
def test_parameters_of_the_proof_of_work_agree(refusal, types, values, sound):
    parameters = encode(types, values)
    expected = None if sound else ("ConsensusInvalidParameters", (parameters,))
    assert refusal(consensus_parameters=parameters) == expected
