"""The miner's pulse: a look at chain, balance and store now and then, so that `/health` answers at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from minerva.chain.port import Chain
from minerva.errors import MinervaError
from minerva.miner.settings import MinerSettings
from minerva.miner.status import Check
from minerva.protocol.records import Address
from minerva.store.port import Store

log = logging.getLogger(__name__)


class Pulse:
    """Looks every ``heartbeat_seconds`` from a thread of its own.

    Parameters
    ----------
    due
        Told, after each look, the chain's time in seconds and whether something is due: the daemon's safety
        net.
    """

    def __init__(
        self,
        chain: Chain,
        store: Store,
        federation: Address,
        owner: Address,
        settings: MinerSettings,
        due: Callable[[int, bool], None],
    ) -> None:
        self._chain, self._store, self._federation, self._owner = chain, store, federation, owner
        self._settings, self._due = settings, due
        self._stop = threading.Event()
        self._answered_at: float | None = None
        self._chain_check = Check("synced", False, "the chain was not asked yet")
        self._balance_check = Check("can_sign", False, "the balance was not asked yet")
        self._store_check = Check("store", False, "the store was not asked yet")
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Look for the first time, then now and then."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def checks(self) -> tuple[Check, Check, Check]:
        """Tell the last look: ``synced``, ``can_sign`` and ``store``."""
        synced = self._chain_check
        age = None if self._answered_at is None else time.monotonic() - self._answered_at
        if synced.ok and age is not None and age > self._settings.sync_seconds:
            synced = Check("synced", False, f"the chain has not answered for {age:.0f} s")
        return synced, self._balance_check, self._store_check

    def heard(self) -> None:
        """Take note that the chain answered elsewhere."""
        self._answered_at = time.monotonic()

    def look(self) -> None:
        """Look now."""
        self._look_at_chain()
        self._look_at_store()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:
                log.exception("a fault in the pulse")
            self._stop.wait(self._settings.heartbeat_seconds)

    def _look_at_chain(self) -> None:
        try:
            head = self._chain.head()
            balance = self._chain.balance(self._owner)
            now, due = self._chain.now(), self._chain.due(self._federation)
        except MinervaError as error:
            self._chain_check = Check("synced", False, str(error))
            return
        self.heard()
        self._chain_check = Check("synced", True, f"block {head.number}")
        least = self._settings.min_balance_wei
        words = f"{balance / 10**18:.6f} ether" + (
            "" if balance >= least else f", less than {least / 10**18:g}: send some to {self._owner}"
        )
        self._balance_check = Check("can_sign", balance >= least, words)
        self._due(now, due)

    def _look_at_store(self) -> None:
        try:
            health = self._store.health()
        except MinervaError as error:
            self._store_check = Check("store", False, str(error))
        else:
            self._store_check = Check("store", True, f"{health.name} {health.version}, {health.peers} peers")
