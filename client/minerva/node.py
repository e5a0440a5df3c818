"""A node: a miner and a device in one process, acting with one key.

Both send through one `Actor`, which takes nonces in turn and keeps one outbox: two processes with one key would take
the same nonces, and the key's lock forbids it (docs/decisions/0006-key-locks.md).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from minerva.admission import policy_stake
from minerva.chain.port import Actor, Chain
from minerva.device.daemon import Device
from minerva.errors import MinervaError
from minerva.miner.service import run_miner
from minerva.miner.settings import MinerSettings
from minerva.protocol.allow_list import Role
from minerva.protocol.records import Address
from minerva.store.port import Store

log = logging.getLogger(__name__)

_MARGIN_SECONDS = 30.0


def run_node(
    chain: Chain,
    store: Store,
    actor: Actor,
    federation: Address,
    settings: MinerSettings,
    device: Device,
    stop: threading.Event,
    *,
    ready: Callable[[str], None] | None = None,
) -> int:
    """Run both until ``stop`` is set; the device may be done before, as when the federation closes.

    Nothing is staked or sent before it is known that the device has the federation's task and its own place on the list. The
    device is bound to the node's own miner. Where one of the two fails the other is ended cleanly.

    Parameters
    ----------
    device
        Acts with ``actor``.
    ready
        Told the address of the miner's API once it answers.

    Returns
    -------
    int
        How many updates the device submitted.

    Raises
    ------
    MinervaError
        As `run_miner` and `Device.run`, whichever failed first.
    """
    device.check()
    settings = _stake_of_both(chain, federation, settings)
    miner = _MinerThread(chain, store, actor, federation, settings, stop, ready)
    miner.start()
    submitted = 0
    try:
        if miner.await_ready():
            _bind(chain, federation, device)
            submitted = device.run(stop)
            stop.wait()
    finally:
        stop.set()
        miner.end(settings.stop_seconds + _MARGIN_SECONDS)
    return submitted


class _MinerThread(threading.Thread):
    """The miner; what ends it ends the node."""

    def __init__(
        self,
        chain: Chain,
        store: Store,
        actor: Actor,
        federation: Address,
        settings: MinerSettings,
        stop: threading.Event,
        ready: Callable[[str], None] | None,
    ) -> None:
        super().__init__(name="miner", daemon=True)
        self._chain, self._store, self._actor = chain, store, actor
        self._federation, self._settings, self._stop_all, self._tell = federation, settings, stop, ready
        self._looked = threading.Event()
        self._answers = False
        self._error: BaseException | None = None

    def run(self) -> None:
        """Be the miner."""
        try:
            run_miner(
                self._chain, self._store, self._actor, self._federation, self._settings,
                stop=self._stop_all, ready=self._ready,
            )  # fmt: skip
        except BaseException as error:  # raised again by `end`, in the node's own thread
            self._error = error
        finally:
            self._stop_all.set()
            self._looked.set()

    def await_ready(self) -> bool:
        """Wait until the miner is a member and its API answers; False when it ended instead."""
        self._looked.wait()
        return self._answers

    def end(self, timeout: float) -> None:
        """Wait for its end, and raise what it failed with."""
        self.join(timeout)
        if self._error is not None:
            raise self._error
        if self.is_alive():
            raise MinervaError(
                "the node's miner does not end", remedy="Look at what its store or its chain does."
            )

    def _ready(self, url: str) -> None:
        if self._tell is not None:
            self._tell(url)
        self._answers = True
        self._looked.set()


def _stake_of_both(chain: Chain, federation: Address, settings: MinerSettings) -> MinerSettings:
    """Let the miner put up what either half needs (A1), unless it is told what to put up."""
    stakes = chain.stakes(federation)
    if stakes is None or settings.stake != "":
        return settings
    needs = max(stakes.terms.minimum, *(policy_stake(chain, federation, role) for role in Role))
    return replace(settings, stake=needs)


def _bind(chain: Chain, federation: Address, device: Device) -> None:
    """Let the device join with the node's own miner, if that counts; else `Device.run` finds it another."""
    me = device.actor.address
    if chain.device(federation, me) is not None:
        return
    state = chain.state(federation)
    own = next((info for info in chain.miners(federation) if info.owner == me), None)
    if own is not None and (state.members & ~state.leaving & ~state.dormant) >> own.index & 1:
        device.register(own.contract)
        log.info("bound to the node's own miner, %s", own.contract)
