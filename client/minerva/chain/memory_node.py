"""The in-memory chain as threads share it: clock, lock, faults and outboxes over one ledger."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eth_utils.crypto import keccak

from minerva.chain.memory_ledger import Ledger, Transaction
from minerva.chain.port import Receipt
from minerva.errors import ChainError, ContractReverted, InsufficientFunds
from minerva.protocol.actions import Action
from minerva.protocol.machine import World
from minerva.protocol.records import Address

FUNDS_WEI = 100 * 10**18
"""What every account has to begin with."""


class MemoryNode:
    """One chain for all threads of a process.

    Parameters
    ----------
    new_world
        The contracts' state before the first block.
    clock
        Seconds; `advance` adds to it.

    Attributes
    ----------
    changed
        Held for every access; notified when the head moves.
    """

    def __init__(self, new_world: Callable[[], World], clock: Callable[[], float]) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.ledger = Ledger(new_world, int(clock()))
        self._clock, self._ahead = clock, 0
        self._outboxes: dict[Address, dict[str, Transaction]] = {}
        self._nonces: Counter[Address] = Counter()
        self._funds: dict[Address, int] = {}
        self._faults: list[tuple[str | None, Exception]] = []

    @contextmanager
    def serving(self, call: str) -> Iterator[Ledger]:
        """Hold the lock for ``call``, unless a fault was ordered for it."""
        with self.changed:
            for position, (name, error) in enumerate(self._faults):
                if name in (None, call):
                    del self._faults[position]
                    raise error
            yield self.ledger

    def now(self) -> int:
        """Return the timestamp of the pending block."""
        return max(self.ledger.head.timestamp, int(self._clock()) + self._ahead)

    def advance(self, seconds: int) -> None:
        """Move the clock."""
        with self.changed:
            self._ahead += seconds
            self.mine(1)

    def mine(self, blocks: int) -> None:
        """Append empty blocks."""
        with self.changed:
            for _ in range(blocks):
                self.ledger.mine(None, self.now())
            self.changed.notify_all()

    def reorganise(self, depth: int, keep: Callable[[Transaction], bool]) -> list[Transaction]:
        """Replace the last ``depth`` blocks; return the transactions that are on the chain no more."""
        with self.changed:
            dropped = self.ledger.reorganise(depth, keep, self.now())
            self.changed.notify_all()
            return dropped

    def order_fault(self, error: Exception, call: str | None, times: int) -> None:
        """Let the next ``times`` calls of that name, or of any, raise ``error``."""
        with self.changed:
            self._faults += [(call, error)] * times

    def balance(self, account: Address) -> int:
        """Return wei."""
        had = 0 if self.ledger.world.is_vault(account) else self._funds.get(account, FUNDS_WEI)
        return had + self.ledger.world.money.balance(account) - self.ledger.spent[account]

    def fund(self, account: Address, wei: int) -> None:
        """Let ``account`` have ``wei`` now."""
        with self.changed:
            self._funds[account] = wei + self.ledger.spent[account] - self.ledger.world.money.balance(account)

    # Actors

    def send(self, sender: Address, action: Action) -> Receipt:
        """Mine an action, unless its intent lies on the chain already."""
        with self.serving("send") as ledger:
            receipt = ledger.receipts.get((sender, action.intent)) or self._mine(sender, action)
        with self.serving("receipt"):
            return receipt

    def mined(self, sender: Address) -> int:
        """Return how many transactions of an account are on the chain."""
        with self.changed:
            return sum(who == sender for who, _ in self.ledger.receipts)

    def resend(self, sender: Address) -> list[Receipt | ChainError]:
        """Send again what a re-organisation dropped; what is refused by now is given up."""
        results: list[Receipt | ChainError] = []
        with self.changed:
            for transaction in list(self._outboxes.get(sender, {}).values()):
                if transaction.intent in self.ledger.receipts:
                    continue
                try:
                    results.append(self.send(sender, transaction.action))
                except ChainError as error:
                    results.append(error)
        return results

    def settle(self, sender: Address, confirmations: int) -> None:
        """Mine until all that ``sender`` sent lies ``confirmations`` blocks deep."""
        with self.changed:
            blocks = [r.block_number for (who, _), r in self.ledger.receipts.items() if who == sender]
            depth = self.ledger.head.number - max(blocks, default=0)
            self.mine(max(0, confirmations - depth))

    def _mine(self, sender: Address, action: Action) -> Receipt:
        outbox, intent = self._outboxes.setdefault(sender, {}), action.intent
        digest = keccak(text=f"{sender}/{self._nonces[sender]}/{intent}")
        transaction = outbox.get(intent) or Transaction(digest, sender, action)
        cost = transaction.fee_wei + transaction.value_wei
        if self.balance(sender) < cost:
            raise InsufficientFunds(
                "the account cannot pay for the transaction",
                value=f"{self.balance(sender)} of {cost} wei",
                remedy=f"Send some to {sender}.",
            )
        try:
            receipt = self.ledger.mine(transaction, self.now())
        except ContractReverted:
            outbox.pop(intent, None)
            raise
        assert receipt is not None
        if intent not in outbox:
            outbox[intent] = transaction
            self._nonces[sender] += 1
        self.changed.notify_all()
        return receipt
