"""Ways to carry JSON to a node and back: HTTP with keep-alive, WebSocket, and a Unix socket (IPC)."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urlsplit

from minerva.errors import ChainUnreachable, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.sync.client import ClientConnection

MAX_ANSWER_BYTES = 256 << 20
CONNECT_SECONDS = 3.0
_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Disconnected(Exception):
    """The node did not answer this time; the same request may be sent again."""


class Transport(Protocol):
    """Carries one request at a time for each of the threads that share it."""

    def exchange(self, body: bytes, timeout: float) -> bytes:
        """Send a request and return its answer; raises `Disconnected` when there is none in ``timeout`` s."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Channel(Protocol):
    """A connection on which both sides speak when they like."""

    def send(self, text: str) -> None:
        """Send one message."""
        ...

    def receive(self, timeout: float | None) -> str:
        """Return the next message; raises `TimeoutError` or `Disconnected`."""
        ...

    def close(self) -> None:
        """End the connection, from any thread."""
        ...


def open_transport(url: str) -> Transport:
    """Return the transport of an RPC address: http(s)://, ws(s)://, or the path of an IPC socket."""
    if urlsplit(url).scheme in ("http", "https"):
        return HttpTransport(url)
    open_channel(url)  # refuse a bad address now, not at the first request
    return ChannelTransport(url)


def open_channel(url: str) -> Callable[[], Channel]:
    """Return what connects a channel to an RPC address; raises `ConfigError` when it is none."""
    parts = urlsplit(url)
    if parts.scheme in ("ws", "wss"):
        return lambda: WebSocketChannel(url)
    if parts.scheme in ("http", "https"):
        twin = parts._replace(scheme=parts.scheme.replace("http", "ws")).geturl()
        return lambda: WebSocketChannel(twin)
    path = parts.path if parts.scheme in ("ipc", "file") else url
    if parts.scheme not in ("", "ipc", "file") or not path.startswith(("/", "./", "../")):
        raise ConfigError(
            "not the address of a chain",
            value=repr(url),
            remedy="Give http(s)://…, ws(s)://… or the path of a socket.",
        )
    return lambda: IpcChannel(path)


def shown(url: str) -> str:
    """Return an address as messages show it: paths, queries and user names of providers are secrets."""
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    where = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{where}" + ("/…" if parts.path.strip("/") or parts.query else "")


class HttpTransport:
    """HTTP over a pool of connections that stay open; threads share the pool."""

    def __init__(self, url: str) -> None:
        import urllib3

        # At DEBUG it logs whole addresses, with the keys that providers put into them.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._shown, self._errors = shown(url), (urllib3.exceptions.HTTPError, OSError)
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json", **_authorization(parts)}
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._pool = urllib3.connectionpool.connection_from_url(bare, maxsize=16, block=False)
        self._timeout = urllib3.Timeout

    def exchange(self, body: bytes, timeout: float) -> bytes:
        """Send a request and return its answer."""
        try:
            response = self._pool.urlopen(
                "POST",
                self._target,
                body=body,
                headers=self._headers,
                retries=False,
                timeout=self._timeout(connect=min(timeout, CONNECT_SECONDS), read=timeout),
            )
        except self._errors as error:
            raise Disconnected(_reason(error)) from None
        if response.status in _RETRIED_STATUS:
            raise Disconnected(f"HTTP status {response.status}")
        if response.status != 200 and not response.data.lstrip().startswith((b"{", b"[")):
            raise ChainUnreachable(
                f"{self._shown} refuses",
                value=f"HTTP status {response.status}",
                remedy="Is it the address of an Ethereum node, with its key?",
            )
        data: bytes = response.data
        return data

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class ChannelTransport:
    """Requests over a channel, one channel for each thread."""

    def __init__(self, url: str) -> None:
        self._open, self._local = open_channel(url), threading.local()
        self._all: list[Channel] = []

    def exchange(self, body: bytes, timeout: float) -> bytes:
        """Send a request and return its answer; a channel that failed is not used again."""
        channel: Channel | None = getattr(self._local, "channel", None)
        if channel is None:
            channel = self._local.channel = self._open()
            self._all.append(channel)
        try:
            channel.send(body.decode())
            return channel.receive(timeout).encode()
        except (TimeoutError, Disconnected) as error:
            self._local.channel = None
            self._all.remove(channel)
            channel.close()
            raise Disconnected(_reason(error)) from None

    def close(self) -> None:
        """Close every thread's channel."""
        while self._all:
            self._all.pop().close()
        self._local = threading.local()


class WebSocketChannel:
    """A WebSocket (RFC 6455); pings find out when the other side is gone."""

    def __init__(self, url: str) -> None:
        from websockets.exceptions import InvalidHandshake, WebSocketException
        from websockets.sync.client import connect

        self._gone = (WebSocketException, OSError, EOFError)
        try:
            self._socket: ClientConnection = connect(
                url,
                open_timeout=CONNECT_SECONDS,
                close_timeout=0.2,
                max_size=MAX_ANSWER_BYTES,
                compression=None,
                proxy=None,
            )
        except (InvalidHandshake, *self._gone) as error:
            raise Disconnected(_reason(error)) from None

    def send(self, text: str) -> None:
        """Send one message."""
        try:
            self._socket.send(text)
        except self._gone as error:
            raise Disconnected(_reason(error)) from None

    def receive(self, timeout: float | None) -> str:
        """Return the next message."""
        try:
            return str(self._socket.recv(timeout, decode=True))
        except TimeoutError:
            raise
        except self._gone as error:
            raise Disconnected(_reason(error)) from None

    def close(self) -> None:
        """Close the socket."""
        with suppress(*self._gone):
            self._socket.close()


class IpcChannel:
    """A Unix socket on which JSON values follow each other."""

    def __init__(self, path: str) -> None:
        self._buffer, self._decoder = "", json.JSONDecoder()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(CONNECT_SECONDS)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise Disconnected(_reason(error)) from None

    def send(self, text: str) -> None:
        """Send one message."""
        try:
            self._socket.settimeout(CONNECT_SECONDS)
            self._socket.sendall(text.encode() + b"\n")
        except OSError as error:
            raise Disconnected(_reason(error)) from None

    def receive(self, timeout: float | None) -> str:
        """Return the next message."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            with suppress(ValueError):
                self._buffer = self._buffer.lstrip()
                _, end = self._decoder.raw_decode(self._buffer)
                message, self._buffer = self._buffer[:end], self._buffer[end:]
                return message
            self._socket.settimeout(None if until is None else max(1e-3, until - time.monotonic()))
            try:
                piece = self._socket.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError as error:
                raise Disconnected(_reason(error)) from None
            if not piece:
                raise Disconnected("the node closed the socket")
            self._buffer += piece.decode()

    def close(self) -> None:
        """Close the socket; a `receive` in another thread ends."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _authorization(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    from urllib3.util import make_headers

    headers: dict[str, str] = make_headers(basic_auth=f"{parts.username}:{parts.password or ''}")
    return headers


def _reason(error: BaseException) -> str:
    """Return one short line without object addresses."""
    text = str(error).rpartition(">: ")[2] or type(error).__name__
    return text.splitlines()[0][:160]
