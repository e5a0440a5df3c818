"""A server at the address of a Kubo RPC API that does what a test makes it do."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self

import pytest

from minerva.errors import MinervaError
from minerva.store import cid_of
from minerva.store.kubo import KuboStore

DATA = os.urandom(20_000)
CID = cid_of(DATA)
PATIENT, BRIEF = 30.0, 0.5  # seconds: where the answer decides, where the deadline does
SLACK = 5.0  # seconds: a busy machine is no fault of the store

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def head(length: int) -> bytes:
    """The beginning of an answer of ``length`` bytes."""
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


def get(store: KuboStore, timeout: float = PATIENT) -> bytes:
    """Ask for `DATA`."""
    return store.get(CID, max_bytes=len(DATA), timeout=timeout)


@contextmanager
def fails(error: type[MinervaError], within: float, match: str | None = None) -> Iterator[None]:
    """Expect exactly ``error``, told in one line, within so many seconds."""
    before = time.monotonic()
    with pytest.raises(error, match=match) as raised:
        yield
    assert raised.type is error
    assert "\n" not in str(raised.value)
    assert time.monotonic() - before < within + SLACK


Behaviour = Callable[["Request"], None]


class Serve(Protocol):
    """The fixture ``serve``: a fake node that behaves so, and a store on it."""

    def __call__(self, behave: Behaviour, timeout: float = PATIENT) -> tuple[FakeKubo, KuboStore]: ...


class Request:
    """One HTTP request: its path with the query, its body, and the socket to answer on."""

    def __init__(self, path: str, body: bytes, peer: socket.socket, closing: threading.Event) -> None:
        self.path, self.body, self.peer, self.closing = path, body, peer, closing

    def answer(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        """Send a whole answer; the connection stays open."""
        self.peer.sendall(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body
        )

    def trickle(self, data: bytes) -> None:
        """Send a byte every 20 ms until the client or the test has gone."""
        for at in range(len(data)):
            if self.closing.wait(0.02):
                break
            self.peer.sendall(data[at : at + 1])
        raise ConnectionAbortedError

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.closing.wait()
        raise ConnectionAbortedError

    def die(self) -> None:
        """Close the connection."""
        raise ConnectionAbortedError


class FakeKubo:
    """Serves ``behave(request)`` in a thread per connection; counts connections and requests."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.connections = 0
        self.requests: list[str] = []
        self._closing = threading.Event()
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                fake.connections += 1
                try:
                    while request := self.read():
                        fake.requests.append(request.path)
                        fake.behave(request)
                except OSError:
                    pass  # the client has gone, or the behaviour is to close

            def read(self) -> Request | None:
                first = self.rfile.readline().split()
                length = 0
                while line := self.rfile.readline().strip():
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                if not first:
                    return None
                body = b"" if "deaf" in fake.options else self.rfile.read(length)
                return Request(first[1].decode(), body, self.connection, fake._closing)

        self.options: set[str] = set()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Multiaddr of the fake API."""
        return f"/ip4/127.0.0.1/tcp/{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
