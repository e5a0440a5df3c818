"""One vault of rewards and its executable specification, doing the same and compared after every step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from brownie.exceptions import VirtualMachineError
from support import clock
from support.rewards import CHAIN_ID

from brownie import web3
from minerva.errors import ContractReverted
from minerva.protocol import reward_events
from minerva.protocol.machine.rewards import RewardVaultMachine
from minerva.protocol.records import ZERO32
from minerva.protocol.rewards import CumulativeTable

ROUNDS, MAX_MINERS, PER_ROUND = 4, 2, 1_003
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
