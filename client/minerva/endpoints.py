"""Requests to miners' APIs, which answer where a stranger's transaction says: slow, endless, misleading, or not."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from minerva.errors import ContentUnavailable
from minerva.sealing.address import plain

_CONNECT_SECONDS = 3.0
_CHUNK = 1 << 16


class Endpoints:
    """Calls of miners' APIs, without redirections.

    A call's time-out is for all of it, from the connection to the last byte; only the look-up of a host name
    is beyond it.

    Parameters
    ----------
    local
        Whether an endpoint, which is a stranger's word, may lead to this machine or its private networks.
    """

    def __init__(self, *, local: bool = False) -> None:
        self._local = local
        self._tls = ssl.create_default_context()

    @contextmanager
    def request(
        self, method: str, endpoint: str, path: str, timeout: float, data: bytes | None = None
    ) -> Iterator[HTTPResponse]:
        """Ask, and yield the answer; raises `ContentUnavailable` when there is none in time, also while it is read."""
        deadline = time.monotonic() + timeout
        try:
            url = _parts(endpoint)
            with self._connect(url, deadline) as sock, _cut(sock, deadline):
                if isinstance(sock, ssl.SSLSocket):
                    sock.do_handshake()
                connection = HTTPConnection(url.hostname or "", url.port)
                connection.sock = sock
                with suppress(BrokenPipeError):  # it may have refused before the last byte
                    connection.request(method, f"{url.path.rstrip('/')}/{path}", data)
                with connection.getresponse() as answer:
                    yield answer
                    if time.monotonic() >= deadline:
                        raise TimeoutError
        except (OSError, HTTPException, ValueError) as error:
            # The endpoint is a stranger's: it may be malformed in any way.
            late = time.monotonic() > deadline - 1e-2
            what = "the miner is too slow" if late else "the miner's API does not answer"
            raise ContentUnavailable(what, value=f"{endpoint}: {type(error).__name__}") from None

    def _connect(self, url: SplitResult, deadline: float) -> socket.socket:
        """Connect to an address that was looked at itself: a name may have another one the next time."""
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        failure: OSError = ConnectionError("no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if not (self._local or ip_address(place[0]).is_global):
                raise ContentUnavailable("the miner's API is not at a public address", value=url.geturl())
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(min(_CONNECT_SECONDS, _left(deadline)))
                sock.connect(place)
                sock.settimeout(_left(deadline))
                if url.scheme == "http":
                    return sock
                return self._tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            except OSError as error:
                failure = error
                sock.close()
        raise failure


def _parts(endpoint: str) -> SplitResult:
    """Split the URL of an API; raises `ContentUnavailable`, or `ValueError`, for one that is none."""
    text = plain(endpoint)
    url = urlsplit(text)
    fits = text.isascii() and text.isprintable() and not set(text) & set(" ?#@\\")
    if not fits or url.scheme not in ("http", "https") or not url.hostname:
        raise ContentUnavailable("the miner's endpoint is not the plain URL of an API", value=repr(endpoint))
    return url


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _cut(sock: socket.socket, deadline: float) -> Iterator[None]:
    """End the connection at the deadline: a socket's own time-out starts anew with every byte."""

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's, which would go on in plain text

    timer = Timer(_left(deadline), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def body(answer: HTTPResponse, most: int) -> bytes:
    """Read up to ``most`` bytes."""
    data = bytearray()
    while len(data) < most and (chunk := answer.read1(min(_CHUNK, most - len(data)))):
        data += chunk
    return bytes(data)
