"""The vault does what its executable specification does: same refusals, events, accounts and money at every step."""

from __future__ import annotations

from itertools import count
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from support import clock
from support.rewards import CHAIN_ID, DAY, Escrow, World, key, sign
from vault_pair import MAX_MINERS, PER_ROUND, ROUNDS, SEEN, Head, Pair

from minerva.protocol.rewards import claim_to_digest

ALICE = key("alice")
SEEDS, STEPS = (1, 2), 200
ANYONE = range(5)
ARGUMENTS = {
    "fund": {"amount": [0, 1, 12, 4_012, 4_013]},
    "propose": {
        "who": ANYONE,
        "to": [0, 1, 2, 3, 3, 3, 4],
        "amount": [1, 100, 401, 801, 803],
        "lie": [True, False, False],
    },
    "attest": {"who": ANYONE},
    "finalize": {},
    "skip": {},
    "claim": {"who": ANYONE, "block": [0, 0, 1, 2], "extra": [0, 0, 0, 1], "final": [True, True, False]},
    "claim_to": {"to": ANYONE, "stale": [0, 1]},
    "claim_attestations": {"who": ANYONE},
    "close": {"sure": [0, 1]},
    "reclaim": {},
    "wait": {"days": [1, 31]},
}
MOVES = [*ARGUMENTS, *["propose", "attest", "finalize", "claim", "claim_to"] * 2]


@pytest.fixture(scope="module")
def world(accounts, MockClones, RewardVault):
    deployer = {"from": accounts[0]}
    return World(MockClones.deploy(deployer), RewardVault.deploy(deployer), accounts[0])


@pytest.fixture(params=["ether", "token"])
def make(request, world, accounts, MockToken, MockRecipient):
    """A vault in both worlds: of ether or of a token."""
    mine = {"from": accounts[0]}
    refusing = MockRecipient.deploy(mine)
    refusing.setRefuses(True, mine)
    people = [*accounts[1:4], ALICE.address, refusing.address]

    def make_pair():
        token = MockToken.deploy(mine) if request.param == "token" else None
        escrow = Escrow.create(world, token=token, rounds=ROUNDS, max_miners=MAX_MINERS, per_round=PER_ROUND)
        return Pair(escrow, [str(one) for one in people], refusing.address if token is None else None)

    return make_pair


numbers = count(1)
amounts = st.one_of(st.integers(0, 803), st.sampled_from([0, 401, 801, 802, 803, 804]))


class Agreement(RuleBasedStateMachine):
    """What anybody and the federation may do, in any order that a federation allows."""

    make = None

    @initialize(paid=st.sampled_from([4_012, 4_012, 4_012, 4_012, 4_000, 0]))
    def found(self, paid):
        self.pair = type(self).make()
        if paid:
            self.fund(paid)

    @rule(amount=st.sampled_from([0, 1, 12, 4_012, 4_013]))
    def fund(self, amount):
        p = self.pair
        payer = str(p.escrow.world.deployer)
        p.do(lambda: p.escrow.fund(amount), lambda now: p.machine.fund(payer, amount))

    @rule(who=st.integers(0, 4), to=st.integers(0, 4), amount=amounts, lie=st.booleans())
    def propose(self, who, to, amount, lie):
        """A candidate; its table may say another sum than its header."""
        p = self.pair
        if p.machine.state.closes_at or p.round > ROUNDS or not p.machine.is_funded:
            return
        table = p.tables[-1].add({p.people[to]: amount, p.people[0]: next(numbers) % 3})
        escrow_block = p.escrow.candidate(p.round, {})
        header = (*escrow_block.header[:8], table.root, amount, *escrow_block.header[10:])
        hash = p.escrow.hash_of(header)
        total = max(0, amount - 1) if lie else amount
        values = (p.people[who], p.round, hash, total)
        if p.tell("onProposed", lambda now: p.machine.on_proposed(*values), *values):
            p.candidate = (header, hash, table, {who})

    @rule(who=st.integers(0, 4))
    def attest(self, who):
        p = self.pair
        if p.candidate is None or who in p.candidate[3] or len(p.candidate[3]) == MAX_MINERS:
            return
        values = (p.people[who], p.round, p.candidate[1])
        p.tell("onAttested", lambda now: p.machine.on_attested(*values), *values)
        p.candidate[3].add(who)

    @rule()
    def finalize(self):
        p = self.pair
        if p.candidate is None:
            return
        header, hash, table, _ = p.candidate
        p.escrow.federation.setBlock(p.round, hash, p.mine)
        p.federation.blocks[p.round] = hash
        p.tell("onFinalized", lambda now: p.machine.on_finalized(p.round), p.round)
        p.blocks.append((header, hash, table))
        p.tables.append(table)
        p.round, p.candidate = p.round + 1, None

    @rule()
    def skip(self):
        """The round ends without a block."""
        p = self.pair
        if p.candidate is not None:
            p.round, p.candidate = p.round + 1, None

    @rule(
        who=st.integers(0, 4),
        block=st.integers(0, 9),
        extra=st.sampled_from([0, 0, 0, 0, 1]),
        final=st.booleans(),
    )
    def claim(self, who, block, extra, final):
        p = self.pair
        known = p.blocks + ([p.candidate[:3]] if p.candidate and not final else [])
        if not known:
            return
        header, head, entry = self.entry(known[-1 - block % len(known)], who, extra)
        p.do(
            lambda: p.escrow.vault.claim(header, *entry, p.mine),
            lambda now: p.machine.claim(head, *entry, now),
        )

    @rule(to=st.integers(0, 4), stale=st.sampled_from([0, 0, 0, 1]))
    def claim_to(self, to, stale):
        """Alice signs for what she has claimed so far, or for something else."""
        p = self.pair
        if not p.blocks:
            return
        header, head, entry = self.entry(p.blocks[-1], 3, 0)
        claimed = p.machine.account_of(ALICE.address)[0] + stale
        vault = p.escrow.vault.address
        signature = sign(
            ALICE, claim_to_digest(CHAIN_ID, vault, ALICE.address, p.people[to], entry[1], claimed)
        )
        p.do(
            lambda: p.escrow.vault.claimTo(header, *entry, p.people[to], signature, p.mine),
            lambda now: p.machine.claim_to(head, *entry, p.people[to], signature, now),
        )

    @rule(who=st.integers(0, 4))
    def claim_attestations(self, who):
        p = self.pair
        p.do(
            lambda: p.escrow.vault.claimAttestations(p.people[who], p.mine),
            lambda now: p.machine.claim_attestations(p.people[who], now),
        )

    @rule(sure=st.integers(0, 5))
    def close(self, sure):
        """Between two rounds; not too often."""
        p = self.pair
        if sure or p.machine.state.closes_at or p.candidate is not None:
            return
        p.tell("onClosed", lambda now: p.machine.on_closed(now))

    @rule()
    def reclaim(self):
        p = self.pair
        p.do(lambda: p.escrow.vault.reclaim(p.mine), lambda now: p.machine.reclaim(now))

    @rule(days=st.sampled_from([1, 31]))
    def wait(self, days):
        """Only the end of the claim period is waited for."""
        if self.pair.machine.state.closes_at:
            clock.next_block_at(clock.now() + days * DAY)
            self.pair.escrow.federation.setRequester(self.pair.federation.requester, self.pair.mine)

    def entry(self, block, who, extra):
        """The header in both forms, and an account's entry; of a stranger one that is not there."""
        header, hash, table = block
        account = self.pair.people[who]
        amount = table.earned.get(account, 0)
        proof = table.proof(account) if amount else []
        return header, Head(header[2], header[8], hash), (account, amount + extra, proof)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_walk_agrees(make, seed):
    """Y1 to Y8: and all that is claimed, returned and held is what was funded."""
    Agreement.make = staticmethod(make)
    random, walk, after_the_end = Random(seed), Agreement(), 0
    walk.found(4_012)
    for _ in range(STEPS):
        if after_the_end > 15:
            walk.wait(31)
            walk.claim_attestations(0)
            walk.reclaim()
            walk.found(random.choice([4_012, 4_012, 0]))
            after_the_end = 0
        move = random.choice(MOVES)
        getattr(walk, move)(**{name: random.choice(values) for name, values in ARGUMENTS[move].items()})
        after_the_end += walk.pair.machine.state.closes_at != 0


def test_walks_that_hypothesis_shortens_agree(make):
    Agreement.make = staticmethod(make)
    run_state_machine_as_test(
        Agreement,
        settings=settings(
            max_examples=5, stateful_step_count=30, deadline=None, derandomize=True, database=None,
            suppress_health_check=HealthCheck.all(),
        ),
    )  # fmt: skip


def test_the_walks_saw_everything():
    """Each event, and each refusal that these moves can meet."""
    wanted = {
        "RewardsFunded", "RewardsGranted", "AttestationCredited", "RewardsClaimed", "RewardsClosing",
        "RewardsReturned", "RewardVaultOverfunded", "RewardVaultOverBudget", "RewardVaultUnknownBlock",
        "RewardVaultInvalidProof", "RewardVaultNothingToClaim", "RewardVaultExceedsGrants",
        "RewardVaultTransferFailed", "RewardVaultInvalidSignature", "RewardVaultNotOver", "RewardVaultOver",
    }  # fmt: skip
    assert wanted - SEEN == set()
