"""Makes a round workable: the parent block's model, state and rates, from memory, else from the store."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from minerva.errors import StoreError, VerificationFailed
from minerva.miner.work import RoundWork, Tip, Tools
from minerva.miner.workers import Workers
from minerva.protocol.blocks import MAX_BODY_BYTES
from minerva.protocol.header import Header
from minerva.protocol.history import RoundRecord
from minerva.verification.combining import most_state_bytes, state_named
from minerva.verification.derive import Parent

log = logging.getLogger(__name__)

_TIPS = 2
"""Blocks whose model is kept at hand: a re-organisation may go back to the one before."""


class Preparation:
    """Prepares one round at a time in a thread of its own; the latest order counts.

    Parameters
    ----------
    tools
        Of all rounds.
    ready
        Called in that thread with each round's work, and an event that is set once the work is out of date.
    """

    def __init__(self, tools: Tools, ready: Callable[[RoundWork, threading.Event], None]) -> None:
        self._tools, self._ready = tools, ready
        self._workers = Workers("prepare")
        self._order = threading.Event()
        self._tips: OrderedDict[bytes, Tip] = OrderedDict()
        self.problem = ""

    def remember(self, tip: Tip) -> None:
        """Keep a finalised block that this miner derived itself."""
        self._tips[tip.parent.hash] = tip
        while len(self._tips) > _TIPS:
            self._tips.popitem(last=False)

    def begin(self, record: RoundRecord, parent: Header | None) -> None:
        """Prepare a round that follows ``parent`` (None: the genesis)."""
        self.cancel()
        order = self._order = threading.Event()
        self._workers.submit(lambda: self._prepare(order, record, parent))

    def cancel(self) -> None:
        """Prepare nothing."""
        self._order.set()
        self.problem = ""

    def stop(self) -> None:
        """End the thread."""
        self.cancel()
        self._workers.stop()

    def _prepare(self, cancelled: threading.Event, record: RoundRecord, parent: Header | None) -> None:
        settings = self._tools.settings
        pause = settings.retry_seconds
        while not cancelled.is_set():
            try:
                work = RoundWork(self._tools, self._tip(parent), record)
            except StoreError as error:
                self._fail(record, error)
                cancelled.wait(pause)
                pause = min(2 * pause, settings.retry_most_seconds)
            except VerificationFailed as error:
                self._fail(record, error)  # the majority made a block that nobody can follow
                return
            else:
                if not cancelled.is_set():
                    self.problem = ""
                    self._ready(work, cancelled)
                return

    def _fail(self, record: RoundRecord, error: Exception) -> None:
        if not self.problem:
            log.error("round %d cannot be prepared: %s", record.round, error)
        self.problem = f"round {record.round} cannot be prepared: {error}"
        self._tools.changed()

    def _tip(self, header: Header | None) -> Tip:
        genesis, contents = self._tools.genesis, self._tools.contents
        seconds = self._tools.settings.fetch_slice_seconds
        hash_ = genesis.parent.hash if header is None else header.hash()
        tip = self._tips.get(hash_)
        if tip is not None:
            return tip
        if header is None:
            parent = genesis.parent
        else:
            body, _ = contents.fetch(header.body, max_bytes=MAX_BODY_BYTES, timeout=seconds)
            parent = Parent.of(header, body)
        model, _ = contents.fetch(parent.model, max_bytes=genesis.max_model_bytes, timeout=seconds)
        if header is not None:
            self._tools.keeper.pin_later(header.body, "body", header.round)
            self._tools.keeper.pin_later(header.model, "model", header.round)
        tip = Tip(parent, model, self._state(model, header))
        self.remember(tip)
        return tip

    def _state(self, model: bytes, header: Header | None) -> bytes | None:
        """Return what the aggregation rule remembered after the block, None for a rule without memory."""
        most = most_state_bytes(self._tools.genesis)
        named = state_named(model) if most else None
        if named is None:
            return None
        seconds = self._tools.settings.fetch_slice_seconds
        state, _ = self._tools.contents.fetch(named, max_bytes=most, timeout=seconds)
        if header is not None:
            self._tools.keeper.pin_later(named, "state", header.round)
        return state
