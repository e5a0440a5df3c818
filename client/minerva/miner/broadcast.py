"""Events to whoever listens: bounded queues, so that a slow listener costs itself only."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from minerva.protocol.cid import Cid
from minerva.protocol.events import Log

_EXACT = 1 << 53
"""From here on JavaScript's numbers skip integers, so larger ones are written as strings."""


def to_json(value: Any) -> Any:
    """Make JSON of an event: bytes as 0x-hex, CIDs and large integers as texts, enums by their names."""
    if isinstance(value, Cid):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Enum):
        return value.name.title().replace("_", "")
    if isinstance(value, bool) or not isinstance(value, int):
        if is_dataclass(value) and not isinstance(value, type):
            return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
        return value
    return value if abs(value) < _EXACT else str(value)


def log_document(log: Log) -> dict[str, Any]:
    """Make a JSON object of a log: the event's name, its fields, and where it stands."""
    return {
        "event": type(log.event).__name__,
        "block": log.block_number,
        "log": log.log_index,
        "timestamp": log.timestamp,
        "emitter": log.emitter,
        **{f.name: to_json(getattr(log.event, f.name)) for f in fields(log.event)},
    }


class Subscription:
    """One listener's queue; ``lost`` when it was too slow and is fed no more."""

    def __init__(self, size: int) -> None:
        self._queue: queue.Queue[str | None] = queue.Queue(size)
        self.lost = False

    def offer(self, message: str | None) -> None:
        """Queue a message, or mark this listener as lost."""
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            self.lost = True

    def messages(self, heartbeat: float) -> Iterator[str]:
        """Messages as they come, an empty one after ``heartbeat`` quiet seconds; ends when lost or closed."""
        while not self.lost:
            try:
                message = self._queue.get(timeout=heartbeat)
            except queue.Empty:
                message = ""
            if message is None:
                return
            yield message


class Broadcaster:
    """Server-sent events to at most ``clients`` listeners.

    The format is https://html.spec.whatwg.org/multipage/server-sent-events.html.
    """

    def __init__(self, *, clients: int, size: int) -> None:
        self._clients, self._size = clients, size
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._number, self._closed = 0, False

    def subscribe(self) -> Subscription | None:
        """Add a listener; None when there are enough."""
        with self._lock:
            self._subscriptions = {s for s in self._subscriptions if not s.lost}
            if self._closed or len(self._subscriptions) >= self._clients:
                return None
            subscription = Subscription(self._size)
            self._subscriptions.add(subscription)
            return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a listener."""
        with self._lock:
            self._subscriptions.discard(subscription)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    def publish(self, kind: str, document: Any) -> None:
        """Send a JSON document as an event of this kind."""
        if not self._subscriptions:
            return
        with self._lock:
            self._number += 1
            text = (
                f"id: {self._number}\nevent: {kind}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n"
            )
            for subscription in self._subscriptions:
                subscription.offer(text)

    def close(self) -> None:
        """End every stream, and take no listener any more."""
        with self._lock:
            self._closed = True
            for subscription in self._subscriptions:
                subscription.lost = subscription.lost or subscription._queue.full()
                subscription.offer(None)
