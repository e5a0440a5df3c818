"""A chain in memory: the executable specification behind the Chain port, a federation in one process.

It mines a block for each transaction, at once. Time stands still until `MemoryChain.advance` moves it, or
follows a clock that is given. Re-organisations and faults come when a test asks for them.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.address import to_checksum_address

from minerva.chain.memory_ledger import Transaction
from minerva.chain.memory_node import MemoryNode
from minerva.chain.port import BlockRef, Change, Receipt
from minerva.errors import ChainError
from minerva.protocol.actions import Action
from minerva.protocol.escrow import Escrow
from minerva.protocol.events import Log
from minerva.protocol.lanes import unpack
from minerva.protocol.machine import World
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.money import Tokens
from minerva.protocol.machine.scheduled import ScheduledMachine
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import Stake, Stakes
from minerva.protocol.state import (
    DeviceInfo,
    FederationConfig,
    FederationState,
    MinerInfo,
    Phase,
    Pool,
    RewardTerms,
)
from minerva.protocol.weights import committee_of

CHAIN_ID = 31337
START = 1_800_000_000
"""Timestamp of block 0 while the clock stands still, in seconds."""
FACTORY: Address = to_checksum_address("0x" + "fa" * 20)
PROOF_OF_WORK: Address = to_checksum_address("0x" + "90" * 20)
MODULES: Mapping[str, Address] = {
    "pow": PROOF_OF_WORK,
    "pos": to_checksum_address("0x" + "93" * 20),
    "por": to_checksum_address("0x" + "91" * 20),
    "committee": to_checksum_address("0x" + "92" * 20),
}
POLICIES: Mapping[str, Address] = {
    "allow-list": to_checksum_address("0x" + "a1" * 20),
    "stake": to_checksum_address("0x" + "a2" * 20),
    "allow-list-and-stake": to_checksum_address("0x" + "a3" * 20),
}


class MemoryChain:
    """A chain of one process, shared by its threads.

    Parameters
    ----------
    chain_id
        EIP-155 chain id.
    clock
        Seconds, e.g. `time.time`; when not given, time stands still but for `advance`.
    tokens
        The ERC-20 contracts that there are, and who has how much of them.
    """

    def __init__(
        self,
        *,
        chain_id: int = CHAIN_ID,
        clock: Callable[[], float] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._chain_id = chain_id
        modules = {name: address for name, address in MODULES.items() if name != "pow"}
        self._node = MemoryNode(
            lambda: World(
                chain_id, FACTORY, PROOF_OF_WORK, modules=modules, policies=POLICIES, tokens=tokens
            ),
            clock or (lambda: START),
        )

    # What a test does to the chain

    def advance(self, seconds: int) -> None:
        """Move the clock and mine an empty block, so that watchers look again."""
        self._node.advance(seconds)

    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks."""
        self._node.mine(blocks)

    def reorg(self, depth: int, *, keep: Callable[[Transaction], bool] = lambda _: True) -> list[Transaction]:
        """Replace the last ``depth`` blocks by others with those of their transactions that ``keep`` chooses.

        They run again now, in their order; one that the contracts refuse this time is dropped as well.
        Returns the dropped ones, which come back only when their actors send them again.
        """
        return self._node.reorganise(depth, keep)

    def fail_next(self, error: Exception, *, call: str | None = None, times: int = 1) -> None:
        """Let the next ``times`` calls raise ``error`` instead of answering.

        ``call`` is a method's name, ``"send"`` and ``"wait"`` among them; any of them when not given.
        ``"receipt"`` is a transaction that is mined although its sender learns nothing of it.
        """
        self._node.order_fault(error, call, times)

    def fund(self, account: Address, wei: int) -> None:
        """Let ``account`` have ``wei`` now."""
        self._node.fund(account, wei)

    def actor(self, address: Address, key: LocalAccount | None = None) -> MemoryActor:
        """Return an actor for ``address``; all actors of one address share an outbox, as after a restart.

        Transactions need no key here; statements do.
        """
        return MemoryActor(self._node, address, key)

    def phase(self, federation: Address, round: int) -> Phase:
        """Return the phase of any round."""
        with self._node.serving("phase") as ledger:
            return ledger.world.phase(federation, round)

    # The port

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self._chain_id

    @property
    def factory(self) -> Address:
        """The factory's fixed address."""
        return FACTORY

    @property
    def proof_of_work(self) -> Address:
        """The module's fixed address."""
        return PROOF_OF_WORK

    @property
    def modules(self) -> Mapping[str, Address]:
        """The modules' fixed addresses by name."""
        return MODULES

    @property
    def policies(self) -> Mapping[str, Address]:
        """The deployed membership policies by name."""
        return POLICIES

    def now(self) -> int:
        """Return the timestamp of the pending block, in seconds."""
        with self._node.serving("now"):
            return self._node.now()

    def head(self) -> BlockRef:
        """Return the latest block."""
        with self._node.serving("head") as ledger:
            return ledger.head

    def balance(self, account: Address) -> int:
        """Return wei."""
        with self._node.serving("balance"):
            return self._node.balance(account)

    def federations(self) -> tuple[Address, ...]:
        """Return all federations in order of creation."""
        with self._node.serving("federations") as ledger:
            return ledger.world.federations()

    def requester(self, federation: Address) -> Address:
        """Return who created it; raises `WrongChain` when there is no federation at the address."""
        with self._node.serving("requester") as ledger:
            return ledger.world.requester(federation)

    def config(self, federation: Address) -> FederationConfig:
        """Return what it was created with."""
        with self._node.serving("config") as ledger:
            return ledger.world.config(federation)

    def allow_list_root(self, federation: Address) -> bytes | None:
        """Return the root of its allow-list; None where its policy keeps none."""
        with self._node.serving("allow_list_root") as ledger:
            return ledger.world.allow_list_root(federation)

    def reward_terms(self, federation: Address) -> RewardTerms | None:
        """Return what the requester pays; None where nothing is paid."""
        with self._node.serving("reward_terms") as ledger:
            vault = ledger.world.reward_vault(federation)
            return vault.terms if vault else None

    def escrow(self, federation: Address) -> Escrow | None:
        """Return what lies there for it, and where; None where nothing is paid."""
        with self._node.serving("escrow") as ledger:
            vault = ledger.world.reward_vault(federation)
            if vault is None:
                return None
            s, held = vault.state, ledger.world.money.balance(vault.address, vault.terms.token)
            sums = (vault.required, s.funded, s.granted, held, vault.attestation_reward)
            return Escrow(vault.address, vault.terms, *sums, s.closes_at)

    def stakes(self, federation: Address) -> Stakes | None:
        """Return what is staked, on what terms, and where; None where nothing is staked."""
        with self._node.serving("stakes") as ledger:
            vault = ledger.world.stakes(federation)
            if vault is None:
                return None
            held = ledger.world.money.balance(vault.address, vault.terms.token)
            return Stakes(vault.address, vault.terms, vault.unbonding_seconds, vault.slashed, held)

    def stake_of(self, federation: Address, account: Address) -> Stake:
        """Return what an account has staked there."""
        with self._node.serving("stake_of") as ledger:
            vault = ledger.world.stakes(federation)
            if vault is None:
                return Stake()
            owed = (vault.bounty_of(account), vault.absences_of(account))
            return Stake(vault.stake_of(account), *vault.unbonding_of(account), *owed)

    def weights(self, federation: Address) -> Mapping[int, int]:
        """Return what the consensus module weighs miners by; empty where each weighs one."""
        with self._node.serving("weights") as ledger:
            module = ledger.world.module(federation)
            lanes = unpack(module.lanes(federation)) if isinstance(module, ScheduledMachine) else {}
            return committee_of(lanes) if isinstance(module, CommitteeMachine) else lanes

    def reward_accounts(self, federation: Address, accounts: Sequence[Address]) -> list[tuple[int, int]]:
        """Return what each account claimed of its grants, and what it may claim for attestations."""
        with self._node.serving("reward_accounts") as ledger:
            vault = ledger.world.reward_vault(federation)
            return [vault.account_of(account) if vault else (0, 0) for account in accounts]

    def tokens(self, token: Address, account: Address) -> int:
        """Return what an account has of an ERC-20, or of ether where ``token`` is the zero address."""
        if token == ZERO_ADDRESS:
            return self.balance(account)
        with self._node.serving("tokens") as ledger:
            return ledger.world.money.balance(account, token)

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """Return how much of an ERC-20 ``spender`` may take of ``owner``."""
        with self._node.serving("allowance") as ledger:
            return ledger.world.money.allowance(token, owner, spender)

    def is_signed(self, account: Address, digest: bytes, signature: bytes) -> bool:
        """Return False: there are no smart accounts here."""
        return False

    def state(self, federation: Address) -> FederationState:
        """Return everything that moves."""
        with self._node.serving("state") as ledger:
            return ledger.world.state(federation)

    def due(self, federation: Address) -> bool:
        """Return whether a `Tick` would do something in the pending block."""
        with self._node.serving("due") as ledger:
            return ledger.world.due(federation, self._node.now())

    def miners(self, federation: Address) -> tuple[MinerInfo, ...]:
        """Return current members, leaving ones included, by index."""
        with self._node.serving("miners") as ledger:
            return ledger.world.miners(federation)

    def pool(self, miner: Address, round: int) -> Pool:
        """Return the pool of a miner's contract."""
        with self._node.serving("pool") as ledger:
            return ledger.world.pool(miner, round)

    def device(self, federation: Address, device: Address) -> DeviceInfo | None:
        """Return where a device is bound; None when it is not."""
        with self._node.serving("device") as ledger:
            return ledger.world.device(federation, device)

    def block_of(self, federation: Address, round: int) -> bytes:
        """Return the header hash that ended ``round``; 32 zero bytes when none did."""
        with self._node.serving("block_of") as ledger:
            return ledger.world.block_of(federation, round)

    def difficulty(self, federation: Address) -> int:
        """Return the expected number of hashes of the proof of work."""
        with self._node.serving("difficulty") as ledger:
            return ledger.world.difficulty(federation)

    def receipt(self, transaction: bytes) -> Receipt:
        """Return the receipt of a mined transaction; raises `ChainError` for an unknown one."""
        with self._node.serving("receipt_of") as ledger:
            return ledger.receipt(transaction)

    def logs(self, federation: Address, *, from_block: int = 0, to_block: int | None = None) -> list[Log]:
        """Return the federation's logs in chain order."""
        with self._node.serving("logs") as ledger:
            return ledger.logs(federation, from_block, to_block)

    def watch(self, federation: Address, *, from_block: int = 0) -> MemoryWatch:
        """Follow the federation."""
        return MemoryWatch(self._node, federation, from_block)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


class MemoryActor:
    """An account of a `MemoryChain`. Nothing is ever pending, so time-outs do not matter."""

    def __init__(self, node: MemoryNode, address: Address, key: LocalAccount | None = None) -> None:
        self._node, self._address, self._key = node, address, key

    @property
    def address(self) -> Address:
        """Who signs."""
        return self._address

    @property
    def mined(self) -> int:
        """How many of its transactions are on the chain."""
        return self._node.mined(self._address)

    def sign(self, digest: bytes) -> bytes:
        """Sign 32 bytes; raises `ChainError` for an account whose key is not here."""
        if self._key is None:
            raise ChainError("the account's key is not here", value=self._address)
        return bytes(self._key.unsafe_sign_hash(Hash32(digest)).signature)

    def send(self, action: Action, *, timeout: float = 60.0) -> Receipt:
        """Mine ``action``, or return the receipt of its intent; raises as the port says."""
        return self._node.send(self._address, action)

    def send_many(self, actions: Sequence[Action], *, timeout: float = 60.0) -> list[Receipt | Exception]:
        """Send several in their order; one result for each action."""
        results: list[Receipt | Exception] = []
        for action in actions:
            try:
                results.append(self.send(action))
            except ChainError as error:
                results.append(error)
        return results

    def settle(self, confirmations: int, *, timeout: float = 60.0) -> None:
        """Send again what a re-organisation dropped, then mine what is missing to ``confirmations`` blocks.

        Raises `ContractReverted` when one of those is refused by now.
        """
        refused = [result for result in self._node.resend(self._address) if isinstance(result, ChainError)]
        if refused:
            raise refused[0]
        self._node.settle(self._address, confirmations)

    def recover(self) -> list[Receipt]:
        """Send again what the outbox holds unmined, and return the receipts of what was taken."""
        return [result for result in self._node.resend(self._address) if isinstance(result, Receipt)]


class MemoryWatch:
    """The logs of one federation as they come, re-organisations included."""

    def __init__(self, node: MemoryNode, federation: Address, from_block: int) -> None:
        self._node, self._federation, self._from_block = node, federation, from_block
        self._seen: list[BlockRef] = []
        self._given: list[Log] = []
        self._woken = False

    def wait(self, timeout: float) -> Change:
        """Block until the head moved or ``timeout`` seconds passed; the first call returns the back-fill."""
        until = time.monotonic() + timeout
        with self._node.serving("wait"):
            while not self._woken and self._is_current():
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._node.changed.wait(left)
            self._woken = False
            return self._catch_up()

    def wake(self) -> None:
        """Make a `wait` in another thread return at once."""
        with self._node.changed:
            self._woken = True
            self._node.changed.notify_all()

    def __enter__(self) -> Self:
        """Return the watch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let a waiting thread go."""
        self.wake()

    def _is_current(self) -> bool:
        return bool(self._seen) and self._seen[-1] == self._node.ledger.head

    def _catch_up(self) -> Change:
        ledger = self._node.ledger
        while self._seen and not ledger.holds(self._seen[-1]):
            self._seen.pop()
        last = self._seen[-1].number if self._seen else -1
        kept = bisect_right(self._given, last, key=lambda log: log.block_number)
        removed = tuple(self._given[kept:])
        added = tuple(ledger.logs(self._federation, max(last + 1, self._from_block), None))
        self._given[kept:] = added
        self._seen += [block.ref for block in ledger.blocks[last + 1 :]]
        return Change(removed, added, ledger.head)
