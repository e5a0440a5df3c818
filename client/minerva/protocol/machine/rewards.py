"""The contract `RewardVault` (docs/SPECIFICATION.md, section Y)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from minerva.protocol.machine.checks import require
from minerva.protocol.merkle import standard_leaf, verify_proof
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, Address
from minerva.protocol.reward_events import (
    AttestationCredited,
    RewardEvent,
    RewardsClaimed,
    RewardsClosing,
    RewardsFunded,
    RewardsGranted,
    RewardsReturned,
)
from minerva.protocol.rewards import TREE_TYPES, claim_to_digest
from minerva.protocol.stake import SHARES
from minerva.protocol.state import RewardTerms

DAY = 86_400
MAX_SUM, MAX_UINT256 = (1 << 128) - 1, (1 << 256) - 1
Signed = Callable[[Address, bytes, bytes], bool]
"""Whether an account made a signature of a digest."""


class BlockHeader(Protocol):
    """What the vault reads of a header."""

    @property
    def round(self) -> int:
        """The round that the block ended."""

    @property
    def rewards_root(self) -> bytes:
        """The root of its table."""

    def hash(self) -> bytes:
        """R7."""


class Blocks(Protocol):
    """What the vault asks its federation."""

    requester: Address

    @property
    def height(self) -> int:
        """How many blocks there are."""

    def block_of(self, round: int) -> bytes:
        """Return the header hash that ended ``round``; zero when none did."""


@dataclass(frozen=True, slots=True)
class _Account:
    claimed: int = 0
    attestations: int = 0
    approved: int = 0


@dataclass(frozen=True, slots=True)
class VaultState:
    """What moves; ``held`` is the vault's money, ``closes_at`` 0 while the federation is not closed."""

    funded: int = 0
    granted: int = 0
    claimed_by_tables: int = 0
    proposed: int = 0
    held: int = 0
    returned: int = 0
    closes_at: int = 0
    candidates: int = 0
    final: frozenset[int] = frozenset()
    accounts: dict[Address, _Account] = field(default_factory=dict)


class RewardVaultMachine:
    """One federation's vault. What a refused call has changed, the caller undoes: `save`, `restore`.

    Parameters
    ----------
    address, chain_id
        Signatures are bound to them.
    federation
        Where blocks, their number and the requester are asked for.
    terms, rounds, max_miners
        What the federation was created with.
    emit
        Takes the events.
    signed
        How signatures are checked; by ECDSA when not given.

    Attributes
    ----------
    refusing
        Accounts that do not take money.
    """

    def __init__(
        self,
        address: Address,
        chain_id: int,
        federation: Blocks,
        terms: RewardTerms,
        rounds: int,
        max_miners: int,
        emit: Callable[[RewardEvent], None],
        *,
        signed: Signed | None = None,
    ) -> None:
        check_reward_terms(terms, rounds)
        self.address, self._chain_id, self._federation = address, chain_id, federation
        self.terms, self._emit, self._signed = terms, emit, signed or _recovers
        self.required = rounds * terms.per_round
        self.attestation_reward = terms.attestation_reward(max_miners)
        self.refusing: set[Address] = set()
        self._state = VaultState()

    def save(self) -> VaultState:
        """Return what changes, to be restored."""
        return self._state

    def restore(self, state: VaultState) -> None:
        """Go back to a saved state."""
        self._state = state

    # Views

    @property
    def state(self) -> VaultState:
        """Everything that moves."""
        return self._state

    @property
    def is_funded(self) -> bool:
        """Y2: whether round 1 may open."""
        return self._state.funded == self.required

    def account_of(self, account: Address) -> tuple[int, int]:
        """Return what was claimed of its grants, and what it earned by attestations and has not claimed."""
        known = self._settled(account)
        return known.claimed, known.attestations * self.attestation_reward

    # Anyone

    def fund(self, sender: Address, amount: int, value: int | None = None) -> None:
        """Y2; ``value`` is the ether that came along, the right sum when not given."""
        s, in_ether = self._state, self.terms.token == ZERO_ADDRESS
        lacking = 0 if s.closes_at else self.required - s.funded
        require(0 < amount <= lacking, "RewardVaultOverfunded", lacking, amount)
        value = amount * in_ether if value is None else value
        received = value if in_ether else MAX_UINT256 if value else amount
        require(received == amount, "RewardVaultUnexpectedAmount", amount, received)
        self._set(funded=s.funded + amount, held=s.held + amount)
        self._emit(RewardsFunded(sender, amount, s.funded + amount))

    def claim(
        self, header: BlockHeader, account: Address, cumulative: int, proof: Sequence[bytes], now: int
    ) -> None:
        """Y7."""
        self._check_entry(header, account, cumulative, proof, now)
        self._pay(account, account, cumulative)

    def claim_to(
        self,
        header: BlockHeader,
        account: Address,
        cumulative: int,
        proof: Sequence[bytes],
        to: Address,
        signature: bytes,
        now: int,
    ) -> None:
        """Y7: to a recipient that the account signed for."""
        self._check_entry(header, account, cumulative, proof, now)
        claimed = self._settled(account).claimed
        digest = claim_to_digest(self._chain_id, self.address, account, to, cumulative, claimed)
        require(self._signed(account, digest, signature), "RewardVaultInvalidSignature", account)
        require(cumulative > claimed, "RewardVaultNothingToClaim", account)
        self._pay(account, to, cumulative)

    def claim_attestations(self, account: Address, now: int) -> None:
        """Y6 and Y7: without a table."""
        self._require_running(now)
        self._pay(account, account, 0)

    def reclaim(self, now: int) -> None:
        """Y8."""
        s, to = self._state, self._federation.requester
        require(s.closes_at != 0, "RewardVaultNotOver", 0)
        if now < s.closes_at:
            reserved = self._federation.height * self.terms.pool(self.terms.attester_bps)
            amount = s.funded - s.granted - reserved - s.returned
            require(amount > 0, "RewardVaultNotOver", s.closes_at)
        else:
            amount = s.held
            require(amount > 0, "RewardVaultNothingToClaim", to)
        self._set(returned=s.returned + amount)
        self._emit(RewardsReturned(to, amount))
        self._send(to, amount)

    # The federation

    def on_proposed(self, owner: Address, round: int, candidate: bytes, total: int) -> None:
        """Y3 and Y6."""
        budget = self.terms.budget
        require(total <= budget, "RewardVaultOverBudget", budget, total)
        self._set(proposed=total, candidates=self._state.candidates + 1)
        self.on_attested(owner, round, candidate)

    def on_attested(self, owner: Address, round: int, candidate: bytes) -> None:
        """Y6."""
        self._put(owner, replace(self._settled(owner), approved=self._state.candidates))
        self._emit(AttestationCredited(owner, round, candidate))

    def on_finalized(self, round: int) -> None:
        """Y3: the last candidate is the round's block."""
        s = self._state
        self._set(granted=s.granted + s.proposed, final=s.final | {s.candidates})
        self._emit(RewardsGranted(round, s.proposed, s.granted + s.proposed))

    def on_closed(self, now: int) -> None:
        """Y8."""
        self._set(closes_at=now + self.terms.claim_seconds)
        self._emit(RewardsClosing(self._state.closes_at))

    def _pay(self, account: Address, to: Address, cumulative: int) -> None:
        s, known = self._state, self._settled(account)
        by_table = max(0, cumulative - known.claimed)
        total = s.claimed_by_tables + by_table
        seen = min(total, MAX_UINT256)
        require(by_table == 0 or total <= s.granted, "RewardVaultExceedsGrants", s.granted, seen)
        by_attestations = known.attestations * self.attestation_reward
        amount = by_table + by_attestations
        require(amount > 0, "RewardVaultNothingToClaim", account)
        self._set(claimed_by_tables=total)
        self._put(account, replace(known, claimed=known.claimed + by_table, attestations=0))
        self._emit(RewardsClaimed(account, to, by_table, by_attestations))
        self._send(to, amount)

    def _send(self, to: Address, amount: int) -> None:
        require(to not in self.refusing, "RewardVaultTransferFailed", to, amount)
        self._set(held=self._state.held - amount)

    def _check_entry(
        self, header: BlockHeader, account: Address, cumulative: int, proof: Sequence[bytes], now: int
    ) -> None:
        self._require_running(now)
        hash, block = header.hash(), self._federation.block_of(header.round)
        require(block not in (b"", ZERO32) and block == hash, "RewardVaultUnknownBlock", header.round, hash)
        leaf = standard_leaf(TREE_TYPES, (account, cumulative))
        shown = verify_proof(header.rewards_root, leaf, proof)
        require(shown, "RewardVaultInvalidProof", account, cumulative)

    def _require_running(self, now: int) -> None:
        until = self._state.closes_at
        require(until == 0 or now < until, "RewardVaultOver", until)

    def _settled(self, account: Address) -> _Account:
        known = self._state.accounts.get(account, _Account())
        if known.approved not in self._state.final:
            return known
        return replace(known, attestations=known.attestations + 1, approved=0)

    def _put(self, account: Address, known: _Account) -> None:
        self._set(accounts={**self._state.accounts, account: known})

    def _set(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]


def check_reward_terms(terms: RewardTerms, rounds: int) -> None:
    """Y1; whether there is code at the token's address, the chain alone knows."""
    sound = 1 <= terms.per_round and terms.per_round * rounds <= MAX_SUM
    require(sound, "RewardVaultInvalidTerms", 1, terms.per_round)
    shares = terms.data_bps + terms.proposer_bps + terms.ballot_bps + terms.attester_bps
    require(shares == SHARES, "RewardVaultInvalidTerms", 2, shares)
    seconds = terms.claim_seconds
    require(DAY <= seconds <= 730 * DAY, "RewardVaultInvalidTerms", 6, seconds)


def _recovers(account: Address, digest: bytes, signature: bytes) -> bool:
    if len(signature) != 65 or signature[64] not in (27, 28):
        return False
    try:
        made = Signature(signature[:64] + bytes([signature[64] - 27]))
        return made.recover_public_key_from_msg_hash(digest).to_checksum_address() == account
    except (BadSignature, ValidationError):
        return False
