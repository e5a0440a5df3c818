"""HTTP for ipfshttpclient under a total deadline and a cap on bytes: a server may lie, trickle or hang.

The library's own transports start their time-out anew with every read, so a byte a second holds a caller for
ever, and read an answer to its end however long it is. This one takes their place; only the look-up of a host
name is beyond its deadline.
"""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ipfshttpclient.http_common import ClientSyncBase, multiaddr_to_url_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from typing_extensions import Buffer

_PIECE = 1 << 20  # bytes handed on at once
_READ_AHEAD = 1 << 18  # bytes taken from the socket at once; the default of 8 KiB makes large models slow


class Refused(Exception):
    """The node answered with an error message of its own."""


class NotKubo(Exception):
    """Something else than a Kubo RPC API answered."""


class Broken(Exception):
    """No connection, or none to the end of the answer: worth another try."""


class Late(Exception):
    """The deadline passed."""


class TooMuch(Exception):
    """The answer is longer than the call allows."""


class Transport(ClientSyncBase):  # type: ignore[misc]  # the library is untyped
    """One keep-alive connection to a Kubo RPC API, for one thread at a time. `allow` comes before each call.

    Parameters
    ----------
    address
        Multiaddr of the RPC API. Raises ipfshttpclient's ``AddressError`` for what is none, ``ValueError``
        for one that is not plain HTTP over TCP.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address, "api/v0")
        self.open_session()

    def allow(self, *, seconds: float, answer_bytes: int) -> None:
        """Give the next call ``seconds`` in all and an answer of ``answer_bytes``."""
        self._deadline, self._answer_bytes = time.monotonic() + seconds, answer_bytes

    @property
    def seconds_left(self) -> float:
        """Seconds to the deadline; raises `TimeoutError` when there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left

    def _init(self, addr: str, base: str, **_: object) -> None:
        url, unix_path, _family, _numeric = multiaddr_to_url_data(addr, base)
        parts = urlsplit(url)
        if unix_path or parts.scheme != "http" or not parts.hostname or not parts.port:
            raise ValueError(addr)
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path
        self._deadline, self._answer_bytes = 0.0, 0

    def _make_session(self) -> HTTPConnection:
        return _Connection(self._host, self._port, self)

    def _request(
        self,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        *,
        data: Iterable[bytes] | None,
        headers: Mapping[str, str] | None,
        **_: object,
    ) -> tuple[list[Any], Iterator[bytes]]:
        """Send one request; return nothing to close and the pieces of the answer."""
        _closables, connection = self._access_session()
        target = f"{self._base}{path.lstrip('/')}?{urlencode(params)}"
        try:
            connection.request(method, target, b"".join(data) if data else None, dict(headers or {}))
            response = connection.getresponse()
            pieces = self._pieces(response)
            if response.status != 200:
                raise _complaint(response.status, b"".join(pieces))
        except (OSError, HTTPException) as error:
            raise self._failure(error) from error
        return [], pieces

    def _pieces(self, response: HTTPResponse) -> Iterator[bytes]:
        left = self._answer_bytes
        try:
            if response.length is None and not response.chunked:
                raise Broken("an answer without a length may be any part of one")
            while piece := response.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise TooMuch
                yield piece
            if response.length:  # fewer bytes came than were announced
                raise Broken("the answer was cut short")
        except (OSError, HTTPException) as error:
            raise self._failure(error) from error
        finally:
            response.close()

    def _failure(self, error: Exception) -> Exception:
        """Tell a passed deadline from a broken connection; time-outs are rounded to the millisecond."""
        late = time.monotonic() > self._deadline - 1e-3
        return Late(str(error)) if late else Broken(repr(error))


class _Connection(HTTPConnection):
    def __init__(self, host: str, port: int, owner: Transport) -> None:
        super().__init__(host, port)
        self._owner = owner

    def connect(self) -> None:
        failure: OSError = ConnectionError(f"{self.host} has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            self.sock = _Socket(family, kind, protocol)
            self.sock.owner = self._owner
            try:
                self.sock.settimeout(self._owner.seconds_left)
                self.sock.connect(place)
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return
            except OSError as error:
                failure = error
                self.close()
        raise failure


class _Socket(socket.socket):
    """A socket whose every blocking call ends with its owner's deadline."""

    owner: Transport

    def makefile(self, mode: str, *_: object) -> Any:  # type: ignore[override]
        # http.client asks for its reader in this way, and for nothing else.
        return super().makefile("rb", _READ_AHEAD)

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.owner.seconds_left)
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        self.settimeout(self.owner.seconds_left)
        super().sendall(data, flags)


def _complaint(status: int, body: bytes) -> Exception:
    try:
        return Refused(str(json.loads(body)["Message"]))
    except (ValueError, LookupError, TypeError):
        return NotKubo(f"HTTP status {status}")
