"""Whom the chain's new blocks wake: one subscription for all watches of a process."""

from __future__ import annotations

import json
import logging
import threading

from minerva.chain.transport import Channel, Disconnected, open_channel, shown

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
_ANSWER_SECONDS = 10.0


class HeadFeed:
    """Sets events whenever a block arrives, by `eth_subscribe` over a WebSocket or IPC.

    Only the news that there is one is used: what is in it is read over RPC. While there is no subscription
    `live` is false, and whoever listens has to look now and then.

    Parameters
    ----------
    url
        The RPC address, http(s):// included: anvil, and most nodes, speak WebSocket on the same port.
    """

    def __init__(self, url: str) -> None:
        self._url, self._open = url, open_channel(url)
        self._listeners: set[threading.Event] = set()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._channel: Channel | None = None
        self.live = False

    def listen(self, event: threading.Event) -> None:
        """Set ``event`` for each new block, and when `live` changes, until `forget`."""
        with self._lock:
            self._listeners.add(event)
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="chain-heads", daemon=True)
                self._thread.start()

    def forget(self, event: threading.Event) -> None:
        """Stop setting ``event``."""
        with self._lock:
            self._listeners.discard(event)

    def close(self) -> None:
        """End the subscription; listeners are woken a last time."""
        self._closed.set()
        if self._channel is not None:
            self._channel.close()
        if self._thread is not None:
            self._thread.join(1.0)
        self._tell(live=False)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            try:
                pause = self._follow(pause)
            except (Disconnected, TimeoutError, ValueError) as error:
                log.debug("no subscription at %s (%s): polling", shown(self._url), error)
            self._tell(live=False)
            self._closed.wait(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _follow(self, pause: float) -> float:
        channel = self._channel = self._open()
        try:
            channel.send(
                json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
            )
            if "result" not in json.loads(channel.receive(_ANSWER_SECONDS)):
                log.debug("%s takes no subscriptions: polling", shown(self._url))
                return LONGEST_PAUSE
            pause = FIRST_PAUSE
            self._tell(live=True)
            while not self._closed.is_set():
                channel.receive(None)
                self._tell(live=True)
        except Disconnected as error:
            if not self._closed.is_set():
                log.info("the subscription at %s ended (%s): polling", shown(self._url), error)
        finally:
            channel.close()
        return pause

    def _tell(self, *, live: bool) -> None:
        self.live = live
        with self._lock:
            for event in self._listeners:
                event.set()
