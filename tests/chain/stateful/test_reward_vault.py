"""The vault does what its executable specification does: same refusals, events, accounts and money at every step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count

import pytest
from brownie.exceptions import VirtualMachineError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from support import clock
from support.rewards import CHAIN_ID, DAY, Escrow, World, key, sign

from brownie import web3
from minerva.errors import ContractReverted
from minerva.protocol import reward_events
from minerva.protocol.machine.rewards import RewardVaultMachine
from minerva.protocol.records import ZERO32
from minerva.protocol.rewards import CumulativeTable, claim_to_digest

ROUNDS, MAX_MINERS, PER_ROUND = 4, 2, 1_003
ALICE = key("alice")
SEEN: set[str] = set()
"""Events and errors that came up."""


@dataclass
class Blocks:
    """The federation as the specification sees it."""

    requester: str
    blocks: dict[int, bytes]

    @property
    def height(self):
        return len(self.blocks)

    def block_of(self, round):
        return self.blocks.get(round, ZERO32)


@dataclass
class Head:
    """A header as the specification sees it."""

    round: int
    rewards_root: bytes
    value: bytes

    def hash(self):
        return self.value


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


class Pair:
    """One vault, and its specification."""

    def __init__(self, escrow, people, refusing):
        self.escrow, self.people, self.mine = escrow, people, {"from": escrow.world.deployer}
        self.federation = Blocks(str(escrow.world.deployer), {})
        self.events = []
        self.machine = RewardVaultMachine(
            escrow.vault.address,
            CHAIN_ID,
            self.federation,
            escrow.terms,
            ROUNDS,
            MAX_MINERS,
            self.events.append,
        )
        self.machine.refusing |= {refusing} - {None}
        self.start = {one: self.balance(one) for one in people}
        self.claimed, self.returned = 0, 0
        self.blocks, self.tables, self.round = [], [CumulativeTable()], 1
        self.candidate = None

    def balance(self, account):
        token = self.escrow.token
        return token.balanceOf(account) if token else web3.eth.get_balance(account)

    def do(self, on_chain, specified):
        """Do it in both worlds; fails when they differ. Whether it went through."""
        self.events.clear()
        saved, refusal = self.machine.save(), None
        clock.next_block_at(now := clock.now() + 1)
        try:
            specified(now)
        except ContractReverted as error:
            self.machine.restore(saved)
            refusal = error
        try:
            transaction = on_chain()
        except VirtualMachineError as error:
            assert refusal is not None, error.revert_msg
            assert error.revert_msg == spelled(refusal)
            SEEN.add(refusal.name)
            self.compare()
            return False
        assert refusal is None, f"the specification refuses: {refusal}"
        emitted = [e for e in transaction.events if hasattr(reward_events, e.name)]
        assert [told(e) for e in emitted] == [spelled_event(e) for e in self.events]
        for event in self.events:
            SEEN.add(type(event).__name__)
            if isinstance(event, reward_events.RewardsClaimed):
                self.claimed += event.by_table + event.by_attestations
            if isinstance(event, reward_events.RewardsReturned):
                self.returned += event.amount
        self.compare()
        return True

    def tell(self, method, specified, *values):
        """The federation calls."""
        return self.do(lambda: self.escrow.tell(method, *values), specified)

    def compare(self):
        """Everything that can be seen, and where the money is."""
        vault, machine = self.escrow.vault, self.machine
        state = machine.state
        assert vault.funded() == state.funded == self.claimed + self.returned + state.held
        assert self.escrow.held() == state.held
        assert (vault.granted(), vault.isFunded()) == (state.granted, machine.is_funded)
        assert vault.closesAt() == state.closes_at
        for one in self.people:
            assert vault.accountOf(one) == machine.account_of(one)
        assert sum(self.balance(one) - self.start[one] for one in self.people) == self.claimed


def text(value):
    value = str(value) if not isinstance(value, bytes) else repr(bytes(value))
    return value.lower() if re.fullmatch("0x[0-9a-fA-F]{40}", value) else value


def spelled(refusal):
    """As brownie writes it."""
    return f"{refusal.name}: {', '.join(text(value) for value in refusal.arguments)}"


def told(event):
    return (event.name, *(f"0x{v.hex()}" if isinstance(v, bytes) else v for v in map(plain, event.values())))


def spelled_event(event):
    values = [getattr(event, name) for name in type(event).__slots__]
    return (type(event).__name__, *(f"0x{v.hex()}" if isinstance(v, bytes) else v for v in values))


def plain(value):
    return bytes(value) if isinstance(value, bytes) else value


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


def test_walks_agree(make):
    """Y1 to Y8: and all that is claimed, returned and held is what was funded."""
    Agreement.make = staticmethod(make)
    run_state_machine_as_test(
        Agreement,
        settings=settings(
            max_examples=12, stateful_step_count=40, deadline=None, derandomize=True, database=None,
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
