"""Sends one transaction at a time, so that the daemon never waits for a receipt."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from minerva.chain.port import Actor, Receipt
from minerva.errors import ChainError, ContractReverted, MinervaError
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.workers import Workers
from minerva.protocol.actions import Action

log = logging.getLogger(__name__)


class Sender:
    """An actor with a back-off for each thing it tries.

    A revert is information: another was first, or what was true is true no more; the logs tell. So it is
    tried again later, if it is still to be done by then.

    Parameters
    ----------
    changed
        Called from the sending thread after each attempt.
    """

    def __init__(
        self, actor: Actor, ledger: Ledger, settings: MinerSettings, changed: Callable[[], None]
    ) -> None:
        self._actor, self._ledger, self._settings, self._changed = actor, ledger, settings, changed
        self._workers = Workers("send")
        self._failures: dict[str, tuple[int, float]] = {}
        self.busy = ""
        self.problem = ""

    def ready_at(self, key: str) -> float:
        """When, by `time.monotonic`, ``key`` may be tried (again)."""
        return self._failures.get(key, (0, 0.0))[1]

    def send(self, key: str, make: Callable[[], Action], round_: int) -> bool:
        """Make and send an action in a thread, unless one is under way or ``key`` was just tried."""
        if self.busy or time.monotonic() < self.ready_at(key):
            return False
        self.busy = key
        self._workers.submit(lambda: self._send(key, make, round_))
        return True

    def put_back(self) -> None:
        """Send again what a re-organisation took, in a thread: not all of it is a duty that would come again."""
        self._workers.submit(self._put_back)

    def forget(self) -> None:
        """Forget failures, as when a round ends."""
        self._failures.clear()

    def stop(self, timeout: float) -> bool:
        """Send nothing more, and wait for what is on its way."""
        self._workers.stop()
        return self._workers.join(timeout)

    def _put_back(self) -> None:
        try:
            for receipt in self._actor.recover():
                log.info("sent again: transaction 0x%s", receipt.transaction.hex())
        except ChainError as error:
            log.error("what a re-organisation took could not be sent again: %s", error)
        self._changed()

    def _send(self, key: str, make: Callable[[], Action], round_: int) -> None:
        kind, intent, began = key, "", time.perf_counter()
        receipt: Receipt | None = None
        error = ""
        try:
            action = make()
            kind, intent = type(action).__name__, action.intent
            receipt = self._actor.send(action, timeout=self._settings.send_seconds)
            self.problem = ""
        except ContractReverted as refusal:
            error, self.problem = str(refusal), ""
            log.info("round %d: %s: %s", round_, kind, refusal)
        except MinervaError as failure:
            error = str(failure)
            log.log(
                logging.ERROR if error != self.problem else logging.DEBUG,
                "round %d: %s: %s",
                round_,
                kind,
                failure,
            )
            self.problem = error
        except Exception as fault:
            error = self.problem = f"{type(fault).__name__}: {fault}"
            log.exception("round %d: a fault while sending %s", round_, kind)
        ms = 1000 * (time.perf_counter() - began)
        self._ledger.action(round_, kind, intent, receipt=receipt, ms=ms, error=error)
        if not error:  # its logs come in a moment; if they do not, say so again
            self._failures[key] = (0, time.monotonic() + self._settings.heartbeat_seconds)
        else:
            failures = self._failures.get(key, (0, 0.0))[0]
            pause = min(
                self._settings.retry_most_seconds, self._settings.retry_seconds * 2 ** min(failures, 16)
            )
            self._failures[key] = (failures + 1, time.monotonic() + pause)
        self.busy = ""
        self._changed()
