"""The contract `StakeVault` (docs/SPECIFICATION.md, section S)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Protocol

from minerva.protocol.machine.checks import require
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import BURNED_TO, SHARES, Offence, StakeTerms, weight_of
from minerva.protocol.stake_events import (
    StakeAbsence,
    StakeBurned,
    StakeDeposited,
    StakeEvent,
    StakeSlashed,
    StakeUnbonding,
    StakeWithdrawn,
)
from minerva.protocol.statements import Statement, recover_signer

MAX_STAKE = (1 << 128) - 1
MAX_UINT256 = (1 << 256) - 1

Balances = dict[Address, int]
"""What each account has of the money that is staked."""
IsSigned = Callable[[Address, Statement, bytes], bool]
"""Whether an account signed a statement."""


class Staked(Protocol):
    """What the vault knows of its federation."""

    @property
    def address(self) -> Address:
        """Where it is."""

    def current_round(self) -> int:
        """Return the last round that opened."""
        ...

    def is_closed(self) -> bool:
        """Whether no round follows."""

    def on_slashed(self, owner: Address, round: int) -> None:
        """Hear that ``owner`` was slashed for what it signed in ``round``."""


@dataclass(slots=True)
class _Account:
    bonded: int = 0
    unbonding: int = 0
    release_at: int = 0
    absences: int = 0
    bounty: int = 0
    index: int | None = None


@dataclass(slots=True)
class _State:
    accounts: defaultdict[Address, _Account] = field(default_factory=lambda: defaultdict(_Account))
    slashed: int = 0
    punished: set[tuple[Address, int]] = field(default_factory=set)


class StakeVaultMachine:
    """The vault of one federation.

    Parameters
    ----------
    address, chain_id
        Where the vault is: statements are signed for it alone.
    federation
        Whose miners stake here.
    terms
        What `check_terms` lets through.
    longest_round
        Seconds that a round can last at most (S5).
    balances
        Ether, or the terms' token, of all accounts, the vault's included. None: whoever calls the machine asks
        for the money and moves it, as the events say.
    is_signed
        Decides on signatures of smart accounts too; by default those of keys alone count.
    """

    def __init__(
        self,
        address: Address,
        chain_id: int,
        federation: Staked,
        terms: StakeTerms,
        longest_round: int,
        balances: Balances | None,
        emit: Callable[[StakeEvent], None],
        *,
        is_signed: IsSigned | None = None,
    ) -> None:
        self.address, self.federation, self.terms = address, federation, terms
        self.unbonding_seconds = terms.evidence_seconds + longest_round
        self._chain_id, self._balances, self._emit = chain_id, balances, emit
        self._is_signed = is_signed or self._is_signed_by_key
        self._state = _State()

    # What anybody does

    def deposit(self, sender: Address, account: Address, amount: int, value: int = 0) -> None:
        """S3: stake ``amount`` for ``account``; ``value`` is the ether sent along."""
        require(amount > 0, "StakeVaultNothing")
        self._require_small(amount)
        holder = self._state.accounts[account]
        self._require_small(holder.bonded + holder.unbonding + amount)
        if self.terms.token == ZERO_ADDRESS:
            require(value == amount, "StakeVaultUnexpectedAmount", amount, value)
        else:
            require(value == 0, "StakeVaultUnexpectedAmount", amount, MAX_UINT256)
            if self._balances is not None:
                had = self._balances.get(sender, 0)
                require(had >= amount, "ERC20InsufficientBalance", sender, had, amount)
        holder.bonded += amount
        self._move(sender, self.address, amount)
        self._emit(StakeDeposited(account, sender, amount, holder.bonded))

    def unbond(self, sender: Address, amount: int, now: int) -> None:
        """S5: all that unbonds waits anew."""
        require(amount > 0, "StakeVaultNothing")
        holder, minimum = self._state.accounts[sender], self.terms.minimum
        left = holder.bonded - amount
        require(left >= 0, "StakeVaultInsufficient", sender, holder.bonded, amount)
        free = holder.index is None or left >= minimum or self.federation.is_closed()
        require(free, "StakeVaultInUse", sender, left, minimum)
        holder.bonded, holder.unbonding = left, holder.unbonding + amount
        holder.release_at = now + self.unbonding_seconds
        self._emit(StakeUnbonding(sender, amount, holder.unbonding, holder.release_at))

    def withdraw(self, sender: Address, to: Address, now: int) -> None:
        """S5: what is released, and bounties."""
        holder = self._state.accounts[sender]
        released = holder.unbonding if now >= holder.release_at else 0
        amount = released + holder.bounty
        require(amount > 0, "StakeVaultNotReleased", sender, holder.release_at)
        require(to not in (ZERO_ADDRESS, self.address), "StakeVaultTransferFailed", to, amount)
        holder.unbonding, holder.bounty = holder.unbonding - released, 0
        self._emit(StakeWithdrawn(sender, to, amount))
        self._move(self.address, to, amount)

    def report(
        self,
        sender: Address,
        account: Address,
        first: Statement,
        first_signature: bytes,
        second: Statement,
        second_signature: bytes,
    ) -> None:
        """S7: two statements of one account that contradict each other."""
        round = first.round
        here = first.federation == self.federation.address and round <= self.federation.current_round()
        offence = sender != account and here and first.contradicts(second)
        require(offence, "StakeVaultNoEvidence", account)
        fresh = (account, round) not in self._state.punished
        require(fresh, "StakeVaultPunishedAlready", account, round)
        signed = self._is_signed(account, first, first_signature) and self._is_signed(
            account, second, second_signature
        )
        require(signed, "StakeVaultNoEvidence", account)
        self._state.punished.add((account, round))
        self._slash(account, round, Offence.EQUIVOCATION, sender)
        self.federation.on_slashed(account, round)

    def burn(self) -> None:
        """S8: send what was slashed where nobody has it."""
        amount = self._state.slashed
        require(amount > 0, "StakeVaultNothing")
        self._state.slashed = 0
        self._emit(StakeBurned(amount))
        self._move(self.address, BURNED_TO, amount)

    # What the federation does

    def enter(self, sender: Address, owner: Address, index: int) -> None:
        """S4: a miner takes the place ``index``."""
        self._require_federation(sender)
        self.require_sufficient(owner)
        self._state.accounts[owner].index = index

    def exit(self, sender: Address, owner: Address) -> None:
        """S2: its lane is zero from now on."""
        self._require_federation(sender)
        self._state.accounts[owner].index = None

    def punish(self, sender: Address, owner: Address, round: int, offence: Offence) -> bool:
        """S6: return whether the miner still has the minimum."""
        self._require_federation(sender)
        self._slash(owner, round, offence)
        return self.is_sufficient(owner)

    def miss(self, sender: Address, owner: Address, round: int) -> tuple[bool, bool]:
        """S6: return whether the absence was punished, and whether the miner has the minimum."""
        self._require_federation(sender)
        if self.terms.absences == 0:
            return False, self.is_sufficient(owner)
        holder = self._state.accounts[owner]
        holder.absences += 1
        self._emit(StakeAbsence(owner, round, holder.absences))
        punished = holder.absences == self.terms.absences
        if punished:
            holder.absences = 0
            self._slash(owner, round, Offence.ABSENCE)
        return punished, self.is_sufficient(owner)

    # Views

    def is_sufficient(self, account: Address) -> bool:
        """Whether the account has the minimum."""
        return self.stake_of(account) >= self.terms.minimum

    def require_sufficient(self, account: Address) -> None:
        """S4."""
        stake, minimum = self.stake_of(account), self.terms.minimum
        require(stake >= minimum, "StakeVaultTooLow", account, stake, minimum)

    def stake_of(self, account: Address) -> int:
        """Return what counts of the account's stake."""
        return self._state.accounts[account].bonded

    def unbonding_of(self, account: Address) -> tuple[int, int]:
        """Return what is on its way out, and when it may leave."""
        holder = self._state.accounts[account]
        return holder.unbonding, holder.release_at

    def bounty_of(self, account: Address) -> int:
        """Return what the account is owed as a reporter."""
        return self._state.accounts[account].bounty

    def absences_of(self, account: Address) -> int:
        """Return its absences since the last one punished."""
        return self._state.accounts[account].absences

    @property
    def slashed(self) -> int:
        """What is to be burned."""
        return self._state.slashed

    def lanes(self) -> list[int]:
        """Return S2's four words."""
        words = [0] * 4
        for holder in self._state.accounts.values():
            if holder.index is not None:
                weight = weight_of(holder.bonded, self.terms.unit)
                words[holder.index // 16] |= weight << 16 * (holder.index % 16)
        return words

    def save(self) -> _State:
        """Return what `restore` needs to undo what comes after; the balances are the caller's."""
        return deepcopy(self._state)

    def restore(self, saved: _State) -> None:
        """Undo all since `save`."""
        self._state = saved

    # Shared

    def _slash(
        self, account: Address, round: int, offence: Offence, reporter: Address = ZERO_ADDRESS
    ) -> None:
        """S6: first from what unbonds."""
        holder = self._state.accounts[account]
        amount = (holder.bonded + holder.unbonding) * self.terms.share_of(offence) // SHARES
        from_unbonding = min(amount, holder.unbonding)
        holder.unbonding -= from_unbonding
        holder.bonded -= amount - from_unbonding
        reward = 0 if reporter == ZERO_ADDRESS else amount * self.terms.reporter_bps // SHARES
        self._state.slashed += amount - reward
        self._state.accounts[reporter].bounty += reward
        self._emit(StakeSlashed(account, round, offence, amount, holder.bonded, reporter, reward))

    def _move(self, source: Address, to: Address, amount: int) -> None:
        if self._balances is None:
            return
        self._balances[source] = self._balances.get(source, 0) - amount
        self._balances[to] = self._balances.get(to, 0) + amount

    def _require_federation(self, sender: Address) -> None:
        require(sender == self.federation.address, "StakeVaultOnlyFederation", sender)

    @staticmethod
    def _require_small(amount: int) -> None:
        require(amount <= MAX_STAKE, "SafeCastOverflowedUintDowncast", 128, amount)

    def _is_signed_by_key(self, account: Address, statement: Statement, signature: bytes) -> bool:
        return recover_signer(statement, signature, self._chain_id, self.address) == account
