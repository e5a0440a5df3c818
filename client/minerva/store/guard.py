"""HTTP under a total deadline and a cap on bytes: a server may lie, trickle or hang at no higher cost.

The time-outs of requests and urllib3 start anew with every read, so a byte a second holds a caller for ever,
and an answer is read to its end however long it is. Here the socket itself knows when to stop.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

if TYPE_CHECKING:
    from typing_extensions import Buffer


class TooMuch(Exception):
    """The server sends more than the call allows."""


class Budget:
    """What the call in progress may still take. One per session, set anew by each call."""

    def __init__(self) -> None:
        self._deadline, self._bytes_left = 0.0, 0

    def start(self, *, seconds: float, answer_bytes: int) -> None:
        """Allow ``seconds`` in all, and an answer of about ``answer_bytes`` with its headers and framing."""
        self._deadline = time.monotonic() + seconds
        self._bytes_left = answer_bytes + answer_bytes // 64 + (64 << 10)

    @property
    def seconds_left(self) -> float:
        """Never negative."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def expired(self) -> bool:
        """Whether the time is over, to the millisecond that time-outs are rounded to."""
        return self.seconds_left < 1e-3

    def spend(self, received: int) -> None:
        """Count bytes of the answer; raises `TooMuch`."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise TooMuch


class _Socket(socket.socket):
    """A connected socket whose every blocking call ends with the budget's deadline."""

    budget: Budget

    @classmethod
    def adopt(cls, plain: socket.socket, budget: Budget) -> _Socket:
        guarded = cls(fileno=plain.detach())
        guarded.budget = budget
        return guarded

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        self._limit()
        received = super().recv_into(buffer, nbytes, flags)
        self.budget.spend(received)
        return received

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        self._limit()
        super().sendall(data, flags)

    def _limit(self) -> None:
        left = self.budget.seconds_left
        if not left:  # zero would mean non-blocking
            raise TimeoutError("the deadline of the call has passed")
        self.settimeout(left)


class _Adapter(HTTPAdapter):
    def __init__(self, budget: Budget) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)

        class Connection(HTTPConnection):
            def connect(self) -> None:
                self.timeout = budget.seconds_left
                super().connect()
                self.sock = _Socket.adopt(self.sock, budget)

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"http": Pool}

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        # We asked for none, and a few bytes must not unpack to gigabytes.
        resp.headers.discard("content-encoding")
        return super().build_response(req, resp)


def guarded_session(budget: Budget) -> requests.Session:
    """Make a keep-alive session, for one thread at a time, that obeys ``budget`` and uses no proxy."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.headers["Accept-Encoding"] = "identity"
    session.adapters.clear()
    session.mount("http://", _Adapter(budget))
    return session
