"""The contract `Miner`: its endpoint, its devices and the pool of the current round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from minerva.protocol.actions import SubmitUpdate
from minerva.protocol.events import DeviceCheckedIn, DeviceRegistered, EndpointChanged, UpdateSubmitted
from minerva.protocol.machine.checks import Emit, is_codec, require, require_endpoint
from minerva.protocol.records import ZERO32, Address, Update, extend_pool
from minerva.protocol.state import DeviceInfo, Pool

MAX_POOL = 65_535


class Federation(Protocol):
    """What a miner's contract asks of its federation."""

    @property
    def address(self) -> Address:
        """The federation's contract."""
        ...

    def current_round(self) -> int:
        """Return the last round that opened."""
        ...

    def require_open(self) -> None:
        """Refuse a change while paused or closed."""
        ...

    def require_training(self, round: int, miner: MinerMachine, now: int) -> None:
        """Refuse unless ``miner`` takes updates of ``round`` in."""
        ...

    def require_bindable(self, device: Address, miner: MinerMachine, evidence: bytes) -> None:
        """Refuse unless ``miner`` may take ``device`` in."""
        ...

    def bind(self, device: Address, miner: MinerMachine) -> int:
        """Bind ``device`` to ``miner`` and return the first round it counts from."""
        ...

    def unbind(self, device: Address) -> None:
        """Unbind ``device``."""
        ...


@dataclass(slots=True)
class _Binding:
    """A device of this miner.

    ``seen`` holds the last two rounds it was seen in, the latest last: one alone would lose whether a device
    counts in a round in which it was just seen (M7).
    """

    from_round: int
    seen: tuple[int, ...]
    submitted: int = 0

    def see(self, round: int) -> None:
        if self.seen[-1] != round:
            self.seen = (self.seen[-1], round)

    def counts(self, round: int, silent_rounds: int) -> bool:
        """M7, but for the snapshot: the federation sums over its miners only."""
        return self.from_round <= round and any(round - silent_rounds <= seen < round for seen in self.seen)


class MinerMachine:
    """One miner's contract in one federation."""

    def __init__(
        self, address: Address, federation: Federation, owner: Address, index: int, endpoint: str, emit: Emit
    ) -> None:
        self.address, self.owner, self.index, self.endpoint = address, owner, index, endpoint
        self._federation, self._emit = federation, emit
        self._devices: dict[Address, _Binding] = {}
        self._pool_round, self._head, self._count = 0, ZERO32, 0

    # Views

    def pool(self, round: int, silent_rounds: int) -> Pool:
        """R2 and M7, for the last opened round and the next one (E7)."""
        head, count = (self._head, self._count) if round == self._pool_round else (ZERO32, 0)
        bindings = self._devices.values()
        outstanding = sum(b.submitted != round and b.counts(round, silent_rounds) for b in bindings)
        return Pool(head, count, outstanding)

    def device(self, device: Address) -> DeviceInfo | None:
        """Return where a device stands here; None when it is not bound here."""
        binding = self._devices.get(device)
        if binding is None:
            return None
        return DeviceInfo(self.address, binding.from_round, binding.seen[-1], binding.submitted)

    def set_endpoint(self, sender: Address, endpoint: str) -> None:
        """Move the API."""
        self._federation.require_open()
        require(sender == self.owner, "MinerOnlyOwner", sender, self.owner)
        require_endpoint(endpoint)
        self.endpoint = endpoint
        self._emit(EndpointChanged(endpoint))

    # Devices

    def register(
        self, sender: Address, dataset_root: bytes, dataset_size: int, rate_ns: int, evidence: bytes
    ) -> None:
        """M4 and M5."""
        self._federation.require_bindable(sender, self, evidence)
        require(sender not in self._devices, "MinerDeviceAlreadyBound", sender)
        sound = dataset_root != ZERO32 and dataset_size >= 1 and rate_ns >= 1
        require(sound, "MinerInvalidCommitment", dataset_root, dataset_size, rate_ns)
        from_round = self._federation.bind(sender, self)
        self._devices[sender] = _Binding(from_round, (self._federation.current_round(),))
        self._emit(DeviceRegistered(sender, dataset_root, dataset_size, rate_ns, from_round))

    def leave(self, sender: Address) -> None:
        """M6."""
        self._federation.require_open()
        self._bound(sender)
        self._federation.unbind(sender)
        self.release(sender)

    def release(self, device: Address) -> None:
        """M5: forget a device that is bound elsewhere, or nowhere, from now on; what it submitted stays."""
        del self._devices[device]

    def check_in(self, sender: Address) -> None:
        """M7."""
        self._federation.require_open()
        binding = self._bound(sender)
        binding.see(self._federation.current_round())
        self._emit(DeviceCheckedIn(sender, self._federation.current_round()))

    def submit(self, sender: Address, claim: SubmitUpdate, now: int) -> None:
        """Take an update into the pool (P2, R1, R2, M8)."""
        round = claim.round
        self._federation.require_training(round, self, now)
        binding = self._bound(sender)
        started = binding.from_round <= round
        require(started, "MinerDeviceNotYetActive", sender, binding.from_round, round)
        require(binding.submitted != round, "MinerDuplicateUpdate", sender, round)
        require(is_codec(claim.cid.codec), "MinerInvalidCodec", claim.cid.codec)
        if self._pool_round != round:
            self._pool_round, self._head, self._count = round, ZERO32, 0
        require(self._count < MAX_POOL, "MinerPoolFull", round)
        measured = (claim.samples, claim.epochs, claim.compute_us, claim.loss_before, claim.loss_after)
        update = Update(self._federation.address, round, sender, self.address, claim.cid, *measured)
        self._head = extend_pool(self._head, update.leaf())
        self._count += 1
        binding.submitted = round
        binding.see(round)
        self._emit(UpdateSubmitted(round, sender, self._count - 1, claim.cid, *measured))

    def _bound(self, device: Address) -> _Binding:
        require(device in self._devices, "MinerDeviceNotBound", device)
        return self._devices[device]
