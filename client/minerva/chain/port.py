"""The Chain port: what a role may ask of an EVM chain. Roles depend on this, never on web3.

Reads answer for the *pending* block, since the deadlines of the next block are what an actor's next
transaction meets. A revert is
information: `ContractReverted` carries the contract's typed error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from minerva.protocol.actions import Action
from minerva.protocol.escrow import Escrow
from minerva.protocol.events import Log
from minerva.protocol.records import Address
from minerva.protocol.stake import Stake, Stakes
from minerva.protocol.state import DeviceInfo, FederationConfig, FederationState, MinerInfo, Pool, RewardTerms


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block of the chain: its number, its hash (32 bytes) and its timestamp in seconds."""

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction: what it cost (gas and wei), where it stands and what it emitted."""

    transaction: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    fee_wei: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a watch saw since it was last asked.

    Logs that a re-organisation took back, and logs that are new, both in chain order.
    """

    removed: tuple[Log, ...]
    added: tuple[Log, ...]
    head: BlockRef


class Watch(Protocol):
    """Logs of one federation as they come: its own, its miners', and its factory's and module's about it."""

    def wait(self, timeout: float) -> Change:
        """Block until the head moved or ``timeout`` seconds passed; the first call returns the back-fill.

        A quiet time-out returns a `Change` without logs. Raises `ChainUnreachable` only after its own
        retries.
        """
        ...

    def wake(self) -> None:
        """Make a `wait` in another thread return at once."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Actor(Protocol):
    """An account that acts.

    Its outbox makes an action with one intent take effect at most once, across restarts and re-orgs.
    """

    @property
    def address(self) -> Address:
        """Who signs."""
        ...

    @property
    def mined(self) -> int:
        """How many of its transactions are known to be mined.

        For the intents of what may be wished more than once: a wish that is repeated while the first is under
        way is the same one, and another once that is mined.
        """
        ...

    def sign(self, digest: bytes) -> bytes:
        """Sign the 32 bytes of an EIP-712 digest: 65 bytes, r, s and v."""
        ...

    def send(self, action: Action, *, timeout: float = 60.0) -> Receipt:
        """Sign, send and wait for the receipt; an action whose intent was mined already returns that receipt.

        Raises
        ------
        ContractReverted
            The contract refuses (found by simulation before spending, or in the receipt).
        InsufficientFunds, TransactionLost, ChainUnreachable
            As they say; the outbox keeps what was signed.
        """
        ...

    def send_many(self, actions: Sequence[Action], *, timeout: float = 60.0) -> list[Receipt | Exception]:
        """Send several at once with consecutive nonces; one result for each action."""
        ...

    def settle(self, confirmations: int, *, timeout: float = 60.0) -> None:
        """Wait until all that was sent lies ``confirmations`` deep, re-sending what a re-org dropped."""
        ...

    def recover(self) -> list[Receipt]:
        """After a restart: re-send what the outbox holds unmined, and return the receipts."""
        ...


class Chain(Protocol):
    """Reads, watches and actors."""

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        ...

    @property
    def factory(self) -> Address:
        """The deployed `FederationFactory`."""
        ...

    @property
    def proof_of_work(self) -> Address:
        """The deployed `ProofOfWork` module."""
        ...

    @property
    def modules(self) -> Mapping[str, Address]:
        """The deployed consensus modules by name, the proof of work ("pow") among them."""
        ...

    @property
    def policies(self) -> Mapping[str, Address]:
        """The deployed membership policies by name."""
        ...

    def now(self) -> int:
        """Timestamp of the pending block, in seconds."""
        ...

    def head(self) -> BlockRef:
        """Return the latest block."""
        ...

    def balance(self, account: Address) -> int:
        """Wei."""
        ...

    def federations(self) -> tuple[Address, ...]:
        """All of the factory's, in order of creation."""
        ...

    def requester(self, federation: Address) -> Address:
        """Who created it; raises `WrongChain` when there is no federation at the address."""
        ...

    def config(self, federation: Address) -> FederationConfig:
        """Return what it was created with (cached: it never changes)."""
        ...

    def allow_list_root(self, federation: Address) -> bytes | None:
        """Return the root of its allow-list; None where its policy is none of ours that keeps one."""
        ...

    def reward_terms(self, federation: Address) -> RewardTerms | None:
        """Return what the requester pays; None where nothing is paid."""
        ...

    def escrow(self, federation: Address) -> Escrow | None:
        """Return what lies there for it, and where; None where nothing is paid."""
        ...

    def stakes(self, federation: Address) -> Stakes | None:
        """Return what is staked, on what terms, and where; None where nothing is staked."""
        ...

    def stake_of(self, federation: Address, account: Address) -> Stake:
        """Return what an account has staked there."""
        ...

    def weights(self, federation: Address) -> Mapping[int, int]:
        """Return what the consensus module weighs miners by: index → weight; empty where each weighs one."""
        ...

    def reward_accounts(self, federation: Address, accounts: Sequence[Address]) -> list[tuple[int, int]]:
        """Return what each account claimed of its grants, and what it may claim for attestations."""
        ...

    def tokens(self, token: Address, account: Address) -> int:
        """Return what an account has of an ERC-20, or of ether where ``token`` is the zero address."""
        ...

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """Return how much of an ERC-20 ``spender`` may take of ``owner``."""
        ...

    def is_signed(self, account: Address, digest: bytes, signature: bytes) -> bool:
        """Whether a smart account says that it signed the digest (ERC-1271); False where there is none."""
        ...

    def state(self, federation: Address) -> FederationState:
        """Everything that moves."""
        ...

    def due(self, federation: Address) -> bool:
        """Whether a `Tick` would do something in the pending block."""
        ...

    def miners(self, federation: Address) -> tuple[MinerInfo, ...]:
        """Return current members, leaving ones included, by index."""
        ...

    def pool(self, miner: Address, round: int) -> Pool:
        """Return the pool of a miner's contract."""
        ...

    def device(self, federation: Address, device: Address) -> DeviceInfo | None:
        """Where a device is bound; None when it is not."""
        ...

    def block_of(self, federation: Address, round: int) -> bytes:
        """Return the header hash that ended ``round``; 32 zero bytes when none did."""
        ...

    def difficulty(self, federation: Address) -> int:
        """Return the expected hashes of the proof of work."""
        ...

    def receipt(self, transaction: bytes) -> Receipt:
        """Return the receipt of a mined transaction (32 bytes of hash), its own logs included.

        Raises `ChainError` for an unknown one.
        """
        ...

    def logs(self, federation: Address, *, from_block: int = 0, to_block: int | None = None) -> list[Log]:
        """Return the federation's logs (as for `Watch`) in chain order, read in bounded ranges."""
        ...

    def watch(self, federation: Address, *, from_block: int = 0) -> Watch:
        """Follow the federation."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
