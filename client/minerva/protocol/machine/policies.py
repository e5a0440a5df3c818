"""The contracts `AllowListPolicy`, `StakePolicy` and `AllowListAndStakePolicy` (docs/SPECIFICATION.md, A1)."""

from __future__ import annotations

from collections.abc import Callable

from minerva.protocol.allow_list import Role, is_proven
from minerva.protocol.governance import AllowListChanged
from minerva.protocol.machine.checks import Emit, require
from minerva.protocol.records import ZERO32, Address

StakeOf = Callable[[Address, Address], int | None]
"""What an account has bonded with a federation (its address comes first); None when it has no `StakeVault`."""
Saved = tuple[dict[Address, bytes], dict[Address, tuple[int, int]]]

_WORD = 32
_KINDS = {"allow-list": (True, False), "stake": (False, True), "allow-list-and-stake": (True, True)}
"""Whether each wants its members listed, and whether it wants stake of them."""


class PolicyMachine:
    """One policy for many federations.

    Parameters
    ----------
    listed, staked
        Whether it wants its members on a list, and whether it wants stake of them.
    stake_of
        Stands for the federations' vaults.
    """

    def __init__(
        self, address: Address, name: str, emit: Emit, stake_of: StakeOf, *, listed: bool, staked: bool
    ) -> None:
        self.address, self.name = address, name
        self.listed, self.staked = listed, staked
        self._emit, self._stake_of = emit, stake_of
        self._roots: dict[Address, bytes] = {}
        self._needs: dict[Address, tuple[int, int]] = {}

    def root_of(self, federation: Address) -> bytes:
        """Return the root of a federation's list; zero: nobody is on it."""
        return self._roots.get(federation, ZERO32)

    def configure(self, federation: Address, parameters: bytes) -> None:
        """Take a federation in."""
        words = [parameters[at : at + _WORD] for at in range(0, len(parameters), _WORD)]
        wanted = _WORD * (self.listed + 2 * self.staked)
        require(len(parameters) == wanted, "PolicyInvalidParameters", parameters)
        if self.staked:
            vault = self._stake_of(federation, federation) is not None
            require(vault, "PolicyInvalidParameters", parameters)
            self._needs[federation] = int.from_bytes(words[-2]), int.from_bytes(words[-1])
        if self.listed:
            self._set_root(federation, words[0])

    def set_root(self, federation: Address, requester: Address, sender: Address, root: bytes) -> None:
        """Replace the list."""
        require(sender == requester, "PolicyOnlyRequester", federation, sender)
        self._set_root(federation, root)

    def check(self, federation: Address, account: Address, role: Role, evidence: bytes) -> None:
        """Refuse unless ``account`` may join."""
        admitted = not self.listed or is_proven(self.root_of(federation), account, role, evidence)
        if self.staked:
            stake = self._stake_of(federation, account) or 0
            admitted = admitted and stake >= self._needs[federation][role]
        require(admitted, "PolicyRefused", federation, account, role)

    def save(self) -> Saved:
        """Return what `restore` needs."""
        return dict(self._roots), dict(self._needs)

    def restore(self, saved: Saved) -> None:
        """Undo all since `save`, as a revert does."""
        self._roots, self._needs = saved

    def _set_root(self, federation: Address, root: bytes) -> None:
        self._roots[federation] = root
        self._emit(AllowListChanged(federation, root))


def make_policy(name: str, address: Address, emit: Emit, stake_of: StakeOf) -> PolicyMachine:
    """Return the policy of this name."""
    listed, staked = _KINDS[name]
    return PolicyMachine(address, name, emit, stake_of, listed=listed, staked=staked)
