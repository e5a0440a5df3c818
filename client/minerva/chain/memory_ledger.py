"""The blocks of the in-memory chain: transactions run on the executable specification, one in each block."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from eth_utils.crypto import keccak

from minerva.chain.port import BlockRef, Receipt
from minerva.errors import ChainError, ContractReverted
from minerva.protocol import actions as act
from minerva.protocol.events import OF_MODULES, FederationCreated, Log, MinerCreated
from minerva.protocol.machine import Emitted, World
from minerva.protocol.records import ZERO32, Address

GAS_PRICE_WEI = 10**9
GAS = {
    act.CreateFederation: 600_000,
    act.RegisterMiner: 300_000,
    act.RegisterDevice: 110_000,
    act.SubmitUpdate: 50_000,
    act.Vote: 70_000,
    act.Propose: 140_000,
    act.Attest: 60_000,
    act.Tick: 100_000,
}
"""Round figures near those of the contracts; any other action uses `OTHER_GAS`."""
OTHER_GAS = 50_000

Intent = tuple[Address, str]
"""Who means to do what: the key under which a transaction takes effect at most once."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed action, as it were: it keeps its hash when a re-organisation moves it."""

    hash: bytes
    sender: Address
    action: act.Action

    @property
    def intent(self) -> Intent:
        """Who means to do what."""
        return (self.sender, self.action.intent)

    @property
    def gas_used(self) -> int:
        """Gas, from a fixed table."""
        return GAS.get(type(self.action), OTHER_GAS)

    @property
    def fee_wei(self) -> int:
        """What it costs its sender."""
        return self.gas_used * GAS_PRICE_WEI

    @property
    def value_wei(self) -> int:
        """What goes along."""
        return int(getattr(self.action, "value", 0))


@dataclass(frozen=True, slots=True)
class Block:
    """A block with one transaction, or none."""

    ref: BlockRef
    transaction: Transaction | None


class Ledger:
    """A chain of blocks, the state after the last one, and indices over it. Not thread-safe.

    Parameters
    ----------
    new_world
        The state before the first block; called again whenever blocks are taken back.
    timestamp
        Of block 0, in seconds.

    Attributes
    ----------
    world
        The contracts after the latest block.
    receipts
        What is on the chain, by intent.
    spent
        Wei that each account paid.
    """

    def __init__(self, new_world: Callable[[], World], timestamp: int) -> None:
        self._new_world, self._branch = new_world, 0
        self.world = new_world()
        self.blocks = [Block(BlockRef(0, keccak(text="genesis"), timestamp), None)]
        self.receipts: dict[Intent, Receipt] = {}
        self.spent: Counter[Address] = Counter()
        self._intents: dict[bytes, Intent] = {}
        self._logs: defaultdict[Address, list[Log]] = defaultdict(list)

    @property
    def head(self) -> BlockRef:
        """The latest block."""
        return self.blocks[-1].ref

    def holds(self, ref: BlockRef) -> bool:
        """Return whether a block is on the chain still."""
        return ref.number < len(self.blocks) and self.blocks[ref.number].ref == ref

    def mine(self, transaction: Transaction | None, timestamp: int) -> Receipt | None:
        """Append a block; raises `ContractReverted`, and appends none, when the contracts refuse."""
        emitted: list[Emitted] = []
        if transaction is not None:
            emitted = self.world.apply(
                transaction.action, transaction.sender, timestamp, randao=_randao(self.head)
            )
        parent, body = self.head, transaction.hash if transaction else ZERO32
        seal = f"{parent.number + 1}/{timestamp}/{self._branch}".encode()
        ref = BlockRef(parent.number + 1, keccak(parent.hash + body + seal), timestamp)
        self.blocks.append(Block(ref, transaction))
        if transaction is None:
            return None
        logs = tuple(
            Log(event, emitter, ref.number, ref.hash, index, timestamp, transaction.hash)
            for index, (emitter, event) in enumerate(emitted)
        )
        for log in logs:
            self._logs[self._subject(log)].append(log)
        gas, fee = transaction.gas_used, transaction.fee_wei
        receipt = Receipt(transaction.hash, ref.number, ref.hash, gas, fee, logs)
        self.receipts[transaction.intent] = receipt
        self._intents[transaction.hash] = transaction.intent
        self.spent[transaction.sender] += fee
        return receipt

    def reorganise(
        self, depth: int, keep: Callable[[Transaction], bool], timestamp: int
    ) -> list[Transaction]:
        """Replace the last ``depth`` blocks by at least as many others.

        Transactions that ``keep`` chooses run again in their order, as far as the contracts still take them.

        Returns
        -------
        list
            The transactions that are on the chain no more.
        """
        if not 1 <= depth < len(self.blocks):
            raise ValueError(f"cannot take back {depth} of {len(self.blocks) - 1} blocks")
        height, taken = self.head.number, [b.transaction for b in self.blocks[-depth:] if b.transaction]
        self._rewind(height - depth)
        self._branch += 1
        dropped = []
        for transaction in taken:
            try:
                if not keep(transaction):
                    raise ContractReverted("Dropped")
                self.mine(transaction, timestamp)
            except ContractReverted:
                dropped.append(transaction)
        while self.head.number < height:
            self.mine(None, timestamp)
        return dropped

    def receipt(self, transaction: bytes) -> Receipt:
        """Return the receipt of a mined transaction; raises `ChainError` for an unknown one."""
        intent = self._intents.get(transaction)
        if intent is None or intent not in self.receipts:
            raise ChainError("there is no such transaction on the chain", value=f"0x{transaction.hex()}")
        return self.receipts[intent]

    def logs(self, federation: Address, from_block: int, to_block: int | None) -> list[Log]:
        """Return the logs about ``federation`` in blocks ``from_block`` to ``to_block``, both included."""
        logs, last = self._logs[federation], self.head.number if to_block is None else to_block
        return logs[bisect_left(logs, from_block, key=_number) : bisect_right(logs, last, key=_number)]

    def _rewind(self, last: int) -> None:
        """Go back to block ``last`` by running all up to it again."""
        del self.blocks[last + 1 :]
        self.receipts = {i: r for i, r in self.receipts.items() if r.block_number <= last}
        for logs in self._logs.values():
            logs[:] = [log for log in logs if log.block_number <= last]
        self.world = self._new_world()
        self.spent.clear()
        for parent, block in pairwise(self.blocks):
            transaction = block.transaction
            if transaction is not None:
                now, randao = block.ref.timestamp, _randao(parent.ref)
                self.world.apply(transaction.action, transaction.sender, now, randao=randao)
                self.spent[transaction.sender] += transaction.fee_wei

    def _subject(self, log: Log) -> Address:
        """Return the federation that a log is about: its emitter's, or the one that the event names."""
        if isinstance(log.event, FederationCreated | MinerCreated | OF_MODULES):
            return log.event.federation
        return self.world.federation_of(log.emitter)


def _number(log: Log) -> int:
    return log.block_number


def _randao(parent: BlockRef) -> int:
    """Return the prevrandao of the block after ``parent``: any number that nobody chose will do."""
    return int.from_bytes(keccak(b"randao" + parent.hash))
