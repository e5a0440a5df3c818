"""The modules with turns do what their executable specifications do, whatever a federation tells them."""

from __future__ import annotations

from dataclasses import astuple
from random import Random

import pytest
from eth_abi import encode
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from support.bulk import address
from support.modules import CHAIN_ID, EVERYBODY, NAMES, Seat, Sent, kit

from minerva.errors import ContractReverted
from minerva.protocol.events import (
    ConsensusConfigured,
    DifficultyChanged,
    LanesChanged,
    ScheduleSeeded,
    WeightChanged,
)
from minerva.protocol.lanes import pack, unpack, words_of
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.proof_of_reputation import ProofOfReputationMachine
from minerva.protocol.machine.proof_of_stake import ProofOfStakeMachine
from minerva.protocol.machine.proof_of_work import ProofOfWorkMachine
from minerva.protocol.records import ZERO_ADDRESS, indices
from minerva.protocol.weights import FIRST_RANK, ReputationTerms, committee_after

__all__ = ["kit"]

EVENTS = {
    kind.__name__: kind
    for kind in (ConsensusConfigured, DifficultyChanged, ScheduleSeeded, WeightChanged, LanesChanged)
}
PLACES = 20
"""More than one word has, few enough for miners to meet again."""
REFUSALS = {
    "ConsensusNotConfigured", "ConsensusInvalidParameters", "ConsensusInvalidProof", "ConsensusNotYourTurn",
    "ConsensusInvalidWeights",
}  # fmt: skip


class Pair:
    """One federation before a module and its specification: what the one does the other does, or this fails."""

    def __init__(self, seat: Seat, random: Random, met: set[str]) -> None:
        self.seat, self.random, self.met = seat, random, met
        self.emitted, self.stakes = [], (0, 0, 0, 0)
        plain = (seat.module.address, CHAIN_ID, self.emitted.append)
        self.machine = {
            "pos": lambda: ProofOfStakeMachine(*plain, lambda _: self.stakes),
            "por": lambda: ProofOfReputationMachine(*plain),
            "committee": lambda: CommitteeMachine(*plain),
        }[seat.name]()
        self.snapshot, self.voters = 0, 0

    def step(self) -> None:
        """Do something a federation might do, or might not."""
        moves = [
            self.open, self.open, self.propose, self.propose, self.propose, self.finalize, self.replace,
            self.join, self.slash, self.time_out, self.weigh, self.configure,
        ]  # fmt: skip
        self.random.choices(moves, [6] * (len(moves) - 1) + [1])[0]()

    # Moves

    def configure(self) -> None:
        random = self.random
        cap = random.choice([1, 300, 32_767, 32_768])
        bounded = [random.choice([0, 1, cap, random.randint(0, cap)]) for _ in range(4)]
        terms = ReputationTerms(bounded[0] or 1, cap, random.choice([0, 1000, 1001, 900]), *bounded[1:])
        size = random.choice([0, 1, 2, 3, 7, 64, 65])
        parameters = {"pos": b"", "por": terms.encode(), "committee": size.to_bytes(32, "big")}[
            self.seat.name
        ]
        if random.random() < 0.1:
            parameters += b"\x00"
        self.both("validate", "validate", (parameters,), chain=(self.seat.address, parameters))
        self.both("configure", "configure", (parameters,))
        self.voters = sum(1 << i for i in self.seat.order())

    def open(self) -> None:
        if self.seat.name == "pos":
            self.restake()
        self.snapshot = self.random.getrandbits(PLACES) & self.random.getrandbits(PLACES) or 1 << 63
        self.seat.round += 1
        head = self.random.randbytes(32)
        answer = self.both("open", "open", (self.seat.round, self.snapshot, head), seeded=True)
        if answer:
            self.voters = answer[0]
            assert self.voters and not self.voters & ~self.snapshot
            assert sorted(self.seat.order()) == indices(self.voters)

    def propose(self) -> None:
        random = self.random
        turn, eligible = random.randint(0, 70), random.getrandbits(64) | random.getrandbits(64)
        index, anybody = self.seat.call("proposer", self.seat.address, turn, eligible)
        assert anybody == bool(self.voters & eligible), "a turn is somebody's while anybody is eligible"
        assert not anybody or eligible & self.voters & 1 << index
        if random.random() < 0.1:
            index = random.randrange(PLACES)
        claim, proof = self.seat.claim(index, turn, eligible), b"" if random.random() < 0.95 else b"\x00"
        weights = self.weights()
        self.both("propose", "propose", (claim, proof, weights), chain=(astuple(claim), proof, list(weights)))

    def finalize(self) -> None:
        self.both("onFinalized", "on_finalized", (self.seat.round, 10))

    def replace(self) -> None:
        before = self.seat.weigh(EVERYBODY)
        silent = self.random.getrandbits(PLACES) & (self.voters or EVERYBODY)
        answer = self.both("replace", "replace", (self.seat.round, silent))
        if answer:
            self.voters = answer[0]
            assert self.seat.weigh(EVERYBODY) == before, "total weight is kept"

    def join(self) -> None:
        self.both("onJoined", "on_joined", (self.random.randrange(PLACES),))

    def slash(self) -> None:
        self.both("onSlashed", "on_slashed", (self.seat.round, self.random.randrange(PLACES)))

    def time_out(self) -> None:
        self.both("onTimeout", "on_timeout", (self.seat.round,))

    def weigh(self) -> None:
        self.both("weigh", "weigh", (self.random.getrandbits(64),))

    # What they have in common

    def restake(self) -> None:
        high = self.random.choice([0, 3, 65_535])
        weights = {i: self.random.randint(0, high) for i in range(64)}
        self.seat.stake(weights)
        self.stakes = (*pack(weights), 0, 0, 0, 0)[:4]

    def weights(self) -> tuple[int, ...]:
        """A header's lanes; now and then such as no header may have."""
        random, miners = self.random, indices(self.snapshot)
        if self.seat.name == "por":
            cap = random.choice([1, 300, 300, 32_767])
            lanes = {i: random.choice([1, cap, random.randint(1, cap)]) for i in miners}
        elif self.seat.name == "committee":
            known = self.machine._schedules.get(self.seat.address)
            scores = {i: random.randint(0, 3) for i in miners}
            lanes = unpack(committee_after(scores, random.randbytes(32), known.size if known else 3))
        else:
            lanes = {}
        if lanes and random.random() < 0.2:
            lanes[random.randrange(64)] = random.choice([0, 1, 2, 301, FIRST_RANK, FIRST_RANK + 1, 65_535])
        words = pack(lanes)
        if random.random() < 0.05:
            words = (words + (0,))[: random.randint(0, words_of(self.snapshot) + 1)]
        return words

    def both(self, function, name, values, chain=None, seeded=False):
        """Do it on the chain and in the specification: same answer, refusal and events, same views after it."""
        self.emitted.clear()
        saved = self.machine.save()
        sent = refused = None
        try:
            sent = self.seat.send(function, *(values if chain is None else chain))
        except ContractReverted as error:
            refused = (error.name, error.arguments)
            self.met.add(error.name)
        given = (*values, sent.randao if sent else 0) if seeded else values
        answer = None
        try:
            answer = getattr(self.machine, name)(self.seat.address, *given)
            assert refused is None, f"only the chain refuses {function}{values}: {refused}"
        except ContractReverted as error:
            assert (error.name, error.arguments) == refused, f"{function}{values}"
            assert self.machine.save() == saved
        if sent:
            theirs = [EVENTS[n](*v) for n, v in sent.events]
            assert theirs == self.emitted
            assert (
                answer if isinstance(answer, tuple) else () if answer is None else (answer,)
            ) == sent.result
        self.look()
        return answer

    def look(self) -> None:
        """What can be read."""
        if self.seat.address in self.machine._schedules:
            assert self.seat.lanes() == self.machine.lanes(self.seat.address)
            assert self.seat.order() == self.machine.order(self.seat.address)
            assert self.seat.weigh(EVERYBODY) == self.machine.weigh(self.seat.address, EVERYBODY)


@pytest.fixture(scope="module")
def met():
    """The refusals that were met."""
    return set()


@pytest.mark.parametrize("name", NAMES)
def test_a_long_walk_agrees(kit, met, name):
    """K2 to K9."""
    for seed in range(2):
        pair = Pair(kit.seat(name), Random(f"{name} {seed}"), met)
        pair.step()
        pair.configure()
        for _ in range(100):
            pair.step()


@pytest.mark.parametrize("name", NAMES)
def test_walks_that_hypothesis_shortens_agree(kit, met, name):
    class Agreement(RuleBasedStateMachine):
        @initialize(random=st.randoms(use_true_random=False))
        def found(self, random):
            self.pair = Pair(kit.seat(name), random, met)

        @rule(random=st.randoms(use_true_random=False))
        def step(self, random):
            self.pair.random = random
            self.pair.step()

    few = settings(
        max_examples=8, stateful_step_count=25, deadline=None, derandomize=True, database=None,
        suppress_health_check=HealthCheck.all(),
    )  # fmt: skip
    run_state_machine_as_test(Agreement, settings=few)


def test_the_walks_met_every_refusal(met):
    """Agreement means little where nothing is refused. The walks are seeded."""
    assert met == REFUSALS


def test_a_federation_without_a_vault_is_refused_alike(kit):
    """K7."""
    seat = kit.seat("pos")
    seat.stakes.setStakeVault(ZERO_ADDRESS, {"from": kit.deployer})
    pair = Pair(seat, Random(0), set())
    pair.stakes = None
    pair.both("validate", "validate", (b"",), chain=(seat.address, b""))
    pair.both("configure", "configure", (b"",))
    assert pair.met == {"ConsensusInvalidParameters"}


def test_the_proof_of_work_agrees(ProofOfWork, accounts, web3):
    """W1 to W4, K2 and K7."""
    web3.provider.make_request("anvil_autoImpersonateAccount", [True])
    for seed in range(3):
        random, emitted = Random(seed), []
        seat = Seat(ProofOfWork.deploy({"from": accounts[0]}), "pow", address(0xF00 + seed))
        machine = ProofOfWorkMachine(seat.module.address, CHAIN_ID, emitted.append)
        for _ in range(60):
            parameters = encode(["uint64", "uint32"], [random.choice([0, 1, 9, 2**48]), random.randint(0, 9)])
            claim, proof = seat.claim(random.randrange(3)), random.choice([b"", random.randbytes(32)])
            weights = random.choice([(), (), (), (1,)])
            function, name, values = random.choice([
                ("configure", "configure", (parameters,)),
                ("open", "open", (1, random.getrandbits(64), bytes(32))),
                ("weigh", "weigh", (random.getrandbits(64),)),
                ("replace", "replace", (1, random.getrandbits(64))),
                ("propose", "propose", (claim, proof, weights)),
                ("onFinalized", "on_finalized", (1, random.randint(0, 99))),
                ("onTimeout", "on_timeout", (1,)),
                ("onJoined", "on_joined", (3,)),
                ("onSlashed", "on_slashed", (1, 3)),
            ])  # fmt: skip
            emitted.clear()
            plain = (astuple(value) if value is claim else value for value in values)
            theirs = attempt(seat.send, function, *plain)
            randao = (0,) if name == "open" else ()
            ours = attempt(getattr(machine, name), seat.address, *values, *randao)
            if isinstance(theirs, Sent):
                events = [EVENTS[n](*v) for n, v in theirs.events]
                assert (events, theirs.result) == (
                    emitted,
                    ours if isinstance(ours, tuple) else () if ours is None else (ours,),
                )
            else:
                assert ours == theirs
            assert seat.call("difficulty", seat.address) == (machine.difficulty(seat.address),)


def attempt(call, *values):
    """What a call gives, or how it is refused."""
    try:
        return call(*values)
    except ContractReverted as error:
        return error.name, error.arguments
