"""The stake vault does what its executable specification does, whatever is asked of it (S)."""

from __future__ import annotations

from dataclasses import astuple, replace
from random import Random

import pytest
from eth_account import Account as Key
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from stake_pair import StakePair
from support.stake import MOST, UNBONDING, Stakes

from minerva.protocol import stake_events
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.stake import Offence

KEYS = [Key.from_key(bytes([0x51 + n]) * 32) for n in range(3)]
ACCOUNTS = [key.address for key in KEYS]
PLACES = dict(zip(ACCOUNTS, (0, 15, 16), strict=True))
CANDIDATES = [bytes([c]) * 32 for c in (1, 2)]
WALKS = [(seed, in_tokens) for seed in (1, 2) for in_tokens in (False, True)]
STEPS = 120


class Walk:
    """Goes at random through both worlds, now and then where nobody may go."""

    def __init__(self, implementation, token, random):
        terms = {
            "minimum": random.choice((0, 1000, 1000)), "unit": random.choice((1, 7, 100)),
            "rejected_bps": random.randint(0, 5000), "equivocation_bps": random.randint(0, 10_000),
            "absence_bps": random.randint(0, 1000), "absences": random.choice((1, 2, 3, 0)),
            "reporter_bps": random.randint(0, 5000),
        }  # fmt: skip
        self.stakes = Stakes.create(implementation, token, **terms)
        self.pair, self.random = StakePair(self.stakes, ACCOUNTS), random
        self.machine = self.pair.machine
        for account in ACCOUNTS:
            self.deposit(account, account, random.randint(900, 5000))

    def step(self):
        moves = (self.move_money, self.move_money, self.tell, self.tell, self.report, self.wait)
        self.random.choice(moves)()

    def move_money(self):
        sender, account = self.random.choices(ACCOUNTS, k=2)
        match self.random.randrange(9):
            case 0 | 1 | 2:
                self.deposit(sender, account, self.some_sum())
            case 3 | 4:
                amount = self.some_sum()
                self.do(
                    "unbond", (amount,), sender, lambda: self.machine.unbond(sender, amount, self.pair.now)
                )
            case 5 | 6 | 7:
                to = self.random.choice((*ACCOUNTS, *ACCOUNTS, ZERO_ADDRESS, self.machine.address))
                self.do("withdraw", (to,), sender, lambda: self.machine.withdraw(sender, to, self.pair.now))
            case _:
                self.do("burn", (), sender, self.machine.burn)

    def deposit(self, sender, account, amount):
        deviation = self.rarely()
        value = deviation if self.stakes.token else min(amount + deviation, self.pair.balances[sender])
        call = lambda: self.machine.deposit(sender, account, amount, int(value))  # noqa: E731
        self.do("deposit", (account, amount), sender, call, int(value))

    def tell(self):
        """The federation calls, or somebody who may not."""
        owner, round = self.random.choice(ACCOUNTS), self.pair.round
        offence = self.random.choice(list(Offence))
        name, *rest = self.random.choice(
            (("enter", PLACES[owner]), ("enter", PLACES[owner]), ("exit",), ("punish", round, offence),
             ("miss", round), ("miss", round), ("miss", round))
        )  # fmt: skip
        sender = self.random.choice(ACCOUNTS) if self.rarely() else self.pair.federation
        plain = (owner, *map(int, rest))
        self.do(name, plain, sender, lambda: getattr(self.machine, name)(sender, owner, *rest))

    def report(self):
        reporter, (key, other) = self.random.choice(ACCOUNTS), self.random.choices(KEYS, k=2)
        kinds = self.random.choice(((0, 0), (0, 0), (1, 2), (2, 1), (1, 1), (0, 2)))
        round = self.pair.round + self.random.choice((0, 0, 0, -1, 1))
        said = [self.stakes.say(k, c, round=round) for k, c in zip(kinds, CANDIDATES, strict=True)]
        if (kinds != (0, 0)) != self.rarely():
            said[1] = replace(said[1], candidate=said[0].candidate)
        if self.rarely():
            said = [replace(each, federation=ACCOUNTS[0]) for each in said]
        if self.rarely():
            said[1] = replace(said[1], parent=bytes(32))
        signers = (key, other if self.rarely() else key)
        evidence = [(s, self.stakes.sign(s, k)) for s, k in zip(said, signers, strict=True)]
        given = [part for each, signature in evidence for part in (astuple(each), signature)]
        specified = lambda: self.machine.report(reporter, key.address, *evidence[0], *evidence[1])  # noqa: E731
        self.do("report", (key.address, *given), reporter, specified)

    def wait(self):
        if self.random.randrange(3) == 2:
            self.pair.open_round()
        if self.random.randrange(20) == 19:
            self.pair.close()
        self.pair.now += self.random.choice((1, 100, UNBONDING - 1, UNBONDING, UNBONDING))

    def do(self, name, arguments, sender, specified, value=0):
        self.pair.perform(name, arguments, sender, specified, value)

    def some_sum(self):
        usual = (self.random.randint(1, 3000), self.random.randint(900, 1100), 7 * 65_536)
        return self.random.choice((*usual, *usual, *usual, 0, MOST, MOST + 1))

    def rarely(self):
        return self.random.randrange(10) == 9


@pytest.fixture(scope="module")
def start(StakeVault, MockToken, accounts, web3):
    """Begin a walk with a vault of its own, of ether or of tokens."""
    web3.provider.make_request("anvil_autoImpersonateAccount", [True])
    implementation = StakeVault.deploy({"from": accounts[0]})

    def walk(random, in_tokens):
        token = MockToken.deploy({"from": accounts[0]}) if in_tokens else None
        return Walk(implementation, token, random)

    return walk


@pytest.mark.parametrize(("seed", "in_tokens"), WALKS)
def test_a_long_walk_agrees(start, seed, in_tokens):
    walk = start(Random(seed), in_tokens)
    for _ in range(STEPS):
        walk.step()


def test_walks_that_hypothesis_shortens_agree(start):
    class Agreement(RuleBasedStateMachine):
        @initialize(random=st.randoms(use_true_random=False), in_tokens=st.booleans())
        def found(self, random, in_tokens):
            self.walk = start(random, in_tokens)

        @rule(random=st.randoms(use_true_random=False))
        def step(self, random):
            self.walk.random = random
            self.walk.step()

    few = settings(
        max_examples=10, stateful_step_count=25, deadline=None, derandomize=True, database=None,
        suppress_health_check=HealthCheck.all(),
    )  # fmt: skip
    run_state_machine_as_test(Agreement, settings=few)


def test_the_walks_met_every_event_and_every_refusal(StakeVault):
    """Agreement means little where nothing happens. The walks are seeded, so this is no matter of luck."""
    assert {kind.__name__ for kind in stake_events.StakeEvent.__args__} - StakePair.events.keys() == set()
    own = {e["name"] for e in StakeVault.abi if e["type"] == "error" and e["name"].startswith("StakeVault")}
    # In the unit tests: the terms' bounds.
    assert own - {"StakeVaultInvalidTerms"} - StakePair.errors.keys() == set()
