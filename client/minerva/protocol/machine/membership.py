"""The contract `Federation`, first part: what it keeps, and who belongs to it (section M)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from minerva.errors import ContractReverted
from minerva.protocol.allow_list import Role
from minerva.protocol.events import (
    DeviceBound,
    DeviceUnbound,
    MinerJoined,
    MinerLeaving,
    MinerReturned,
)
from minerva.protocol.machine.checks import Emit, require
from minerva.protocol.machine.miner import MinerMachine
from minerva.protocol.machine.policies import PolicyMachine
from minerva.protocol.machine.stake import StakeVaultMachine
from minerva.protocol.records import ZERO32, Address, indices
from minerva.protocol.state import FederationConfig, FederationState, Phase, Status


class Membership:
    """Miners and devices of one federation.

    Attributes
    ----------
    state
        Everything that moves and is small, as the contract's view of the same name gives it.
    members
        Miners' contracts by index, leaving ones included.
    stakes
        What the members stake; None where nothing is.
    policy
        Who may join; None for anyone.
    """

    def __init__(
        self, address: Address, requester: Address, config: FederationConfig, genesis: bytes, emit: Emit
    ) -> None:
        self.address, self.requester, self.config, self.genesis = address, requester, config, genesis
        self._emit = emit
        self.members: dict[int, MinerMachine] = {}
        self.stakes: StakeVaultMachine | None = None
        self._miner_of: dict[Address, MinerMachine] = {}
        self._expelled = (0, 0)
        self.policy: PolicyMachine | None = None
        self._roles: dict[bytes, frozenset[Address]] = {}
        self.state = FederationState(
            status=Status.WAITING, phase=Phase.PENDING, round=0, opened_at=0, deadline=0, extensions=0,
            candidates=0, members=0, leaving=0, dormant=0, snapshot=0, voters=0, voted=0, barred=0, approvals=0,
            rejections=0, updates=0, updates_root=ZERO32, ballots_root=ZERO32, candidate=ZERO32, proposer=0,
            height=0, head=genesis, model=config.model, devices=0, joins=0, paused_at=0, paused_seconds=0,
            closing=False,
        )  # fmt: skip

    # Views

    def is_closed(self) -> bool:
        """Return whether no round follows."""
        return self.state.status is Status.CLOSED

    def current_round(self) -> int:
        """Return the last round that opened."""
        return self.state.round

    def miner_of(self, device: Address) -> MinerMachine | None:
        """Return the miner's contract that ``device`` is bound to."""
        return self._miner_of.get(device)

    def index_of(self, owner: Address) -> int | None:
        """M1: the index of the one miner that ``owner`` has here."""
        return next((i for i, miner in self.members.items() if miner.owner == owner), None)

    # Miners

    def check_join(self, owner: Address, evidence: bytes) -> int:
        """M1: the lowest free index, if ``owner`` may join."""
        self.require_open()
        require(self.index_of(owner) is None, "FederationAlreadyMiner", owner)
        free = [i for i in range(self.config.max_miners) if i not in self.members]
        require(bool(free), "FederationMinersFull", self.config.max_miners)
        self._check_policy(owner, Role.MINER, evidence)
        if self.stakes:
            self.stakes.require_sufficient(owner)
        return free[0]

    def add_miner(self, miner: MinerMachine) -> None:
        """M1: a member at once; it counts from the next opening."""
        self.members[miner.index] = miner
        self._set(members=self.state.members | 1 << miner.index)
        if self.stakes:
            self.stakes.enter(self.address, miner.owner, miner.index)
        self._emit(MinerJoined(miner.index, miner.owner, miner.address, miner.endpoint))

    def leave(self, sender: Address) -> None:
        """M2."""
        self.require_open()
        index = self._member(sender)
        require(not self._in(self.state.leaving, index), "FederationNotInSnapshot", sender, self.state.round)
        self._emit(MinerLeaving(index))
        if self.state.status is Status.WAITING:
            self._remove(1 << index)
        else:
            self._set(leaving=self.state.leaving | 1 << index)

    def check_in(self, sender: Address) -> None:
        """M3 and S4: it counts again from the next opening."""
        self.require_open()
        index = self._member(sender)
        if self.stakes:
            self.stakes.require_sufficient(sender)
        self._return(index)

    def _return(self, index: int) -> None:
        """M3: clear the dormant bit, if it is set and the miner has the minimum (S4)."""
        if self._in(self.state.dormant, index) and self._is_sufficient(index):
            self._set(dormant=self.state.dormant & ~(1 << index))
            self._emit(MinerReturned(index))

    def _remove(self, mask: int) -> None:
        """M2: the index and the owner are free again."""
        for index in indices(mask):
            if self.stakes:
                self.stakes.exit(self.address, self.members[index].owner)
            del self.members[index]
        self._expelled = (self._expelled[0] & ~mask, self._expelled[1] & ~mask)
        s = self.state
        self._set(members=s.members & ~mask, leaving=s.leaving & ~mask, dormant=s.dormant & ~mask)

    def _is_sufficient(self, index: int) -> bool:
        return self.stakes is None or self.stakes.is_sufficient(self.members[index].owner)

    def _member(self, owner: Address) -> int:
        index = self.index_of(owner)
        if index is None:
            raise ContractReverted("FederationNotInSnapshot", (owner, self.state.round))
        return index

    # Devices

    def require_bindable(self, device: Address, miner: MinerMachine, evidence: bytes) -> None:
        """M4, and A1 for a device that is bound nowhere."""
        self.require_open()
        s = self.state
        current = self.members.get(miner.index) is miner and not self._in(s.leaving, miner.index)
        require(current, "FederationOnlyMiner", miner.address)
        if device not in self._miner_of:
            require(s.joins < self.config.max_joins, "FederationTooManyJoins", self.config.max_joins)
            require(s.devices < self.config.max_devices, "FederationDevicesFull", self.config.max_devices)
            self._check_policy(device, Role.DEVICE, evidence)

    def bind(self, device: Address, miner: MinerMachine) -> int:
        """M4 and M5."""
        s, former = self.state, self._miner_of.get(device)
        if former is not None:
            former.release(device)
            self._emit(DeviceUnbound(device, former.address))
        self._miner_of[device] = miner
        self._set(joins=s.joins + (former is None), devices=s.devices + (former is None))
        self._emit(DeviceBound(device, miner.address, s.round + 1))
        return s.round + 1

    def unbind(self, device: Address) -> None:
        """M6."""
        miner = self._miner_of.pop(device)
        self._set(devices=self.state.devices - 1, joins=max(0, self.state.joins - 1))
        self._emit(DeviceUnbound(device, miner.address))

    # Shared

    def _check_policy(self, account: Address, role: Role, evidence: bytes) -> None:
        """A1."""
        if self.policy is not None:
            self.policy.check(self.address, account, role, evidence)

    def require_open(self) -> None:
        """E4: most changes need Running or Waiting."""
        self._require_status(Status.RUNNING, Status.WAITING)

    def _require_status(self, *statuses: Status) -> None:
        require(self.state.status in statuses, "FederationUnexpectedStatus", self.state.status)

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)

    @staticmethod
    def _in(mask: int, index: int) -> bool:
        return bool(mask >> index & 1)
