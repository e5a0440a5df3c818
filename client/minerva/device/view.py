"""What a device knows of its federation: asked for when needed, kept until an event may have changed it."""

from __future__ import annotations

from collections.abc import Callable

from minerva.admission import evidence
from minerva.chain.port import Chain, Change
from minerva.protocol.allow_list import Role
from minerva.protocol.cid import Cid
from minerva.protocol.events import (
    BlockFinalized,
    DeviceBound,
    DeviceCheckedIn,
    DeviceUnbound,
    EndpointChanged,
    Event,
    FederationClosed,
    FederationUnpaused,
    MinerJoined,
    MinerLeaving,
    MinerReturned,
    RoundOpened,
    RoundSkipped,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.records import Address
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo

_STIRRING = (
    RoundOpened, RoundSkipped, BlockFinalized, VerificationClosed, FederationClosed, FederationUnpaused,
    MinerJoined, MinerReturned, MinerLeaving,
)  # fmt: skip
"""Events after which a device may have something to do."""
_OWN = (DeviceBound, DeviceUnbound, DeviceCheckedIn, UpdateSubmitted)
_MEMBERSHIP = (MinerJoined, MinerLeaving, EndpointChanged)


class View:
    """One federation as one device sees it.

    Parameters
    ----------
    device
        The device's address.
    """

    def __init__(self, chain: Chain, federation: Address, device: Address) -> None:
        self._chain, self.federation, self.device = chain, federation, device
        self.config = chain.config(federation)
        self._miners: tuple[MinerInfo, ...] | None = None
        self._binding: DeviceInfo | None = None

    def absorb(self, change: Change) -> bool:
        """Forget what the logs may have changed; return whether there may be something to do."""
        if change.removed:
            self.forget()
        for entry in change.added:
            self._absorb(entry.event)
        return bool(change.removed) or any(isinstance(entry.event, _STIRRING) for entry in change.added)

    def _absorb(self, event: Event) -> None:
        if isinstance(event, _MEMBERSHIP):
            self._miners = None
        elif isinstance(event, _OWN) and event.device == self.device:
            self._binding = None

    def forget(self) -> None:
        """Ask for everything anew."""
        self._miners = self._binding = None

    def evidence(self, allow_list: str, fetch: Callable[[Cid], bytes]) -> bytes:
        """Return what the device joins with; raises as `minerva.admission.evidence`."""
        return evidence(self._chain, self.federation, self.device, Role.DEVICE, allow_list, fetch)

    def state(self) -> FederationState:
        """Return everything that moves, as of now."""
        return self._chain.state(self.federation)

    def now(self) -> int:
        """Return the chain's time, in seconds."""
        return self._chain.now()

    def block(self) -> int:
        """Return the number of the chain's latest block."""
        return self._chain.head().number

    def binding(self) -> DeviceInfo | None:
        """Return where the device is bound; None when it is not."""
        if self._binding is None:
            self._binding = self._chain.device(self.federation, self.device)
        return self._binding

    def miners(self) -> tuple[MinerInfo, ...]:
        """Return the federation's miners."""
        if self._miners is None:
            self._miners = self._chain.miners(self.federation)
        return self._miners

    def endpoints(self) -> list[str]:
        """Return where the miners' APIs answer, as far as they say."""
        return [miner.endpoint for miner in self.miners() if miner.endpoint]

    def active(self, state: FederationState) -> list[MinerInfo]:
        """Return the miners that would count at the next opening."""
        mask = state.members & ~state.leaving & ~state.dormant
        return [miner for miner in self.miners() if mask >> miner.index & 1]

    def in_round(self, state: FederationState, contract: Address) -> MinerInfo | None:
        """Return the miner of this contract, if it is in the snapshot of the last opened round."""
        return next(
            (m for m in self.miners() if m.contract == contract and state.snapshot >> m.index & 1), None
        )
