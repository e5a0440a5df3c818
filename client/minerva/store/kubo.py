"""The Store on an IPFS node: Kubo's RPC API through ipfshttpclient, whose every call ends by its deadline."""

from __future__ import annotations

import logging
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import ipfshttpclient
from ipfshttpclient import exceptions as rpc
from tenacity import Retrying, retry_if_exception_type, wait_random_exponential
from tenacity.stop import stop_after_attempt, stop_before_delay

from minerva.errors import (
    ConfigError,
    ContentMismatch,
    ContentTooLarge,
    ContentUnavailable,
    StoreError,
    StoreUnreachable,
)
from minerva.protocol.cid import RAW, Cid
from minerva.store.cid import IMPORT_OPTIONS, cid_of
from minerva.store.port import StoreHealth
from minerva.store.transport import Broken, Late, NotKubo, Refused, TooMuch, Transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

log = logging.getLogger(__name__)

_ANSWER_BYTES = 1 << 20  # of JSON
_ATTEMPTS = 4  # within a third of a second: enough for a connection that went stale, no wait for a dead node
_EMPTY = cid_of(b"")
_UPLOAD_PIECE = 1 << 20  # bytes


class _Session:
    """The library's client on a transport of ours, used by one thread at a time."""

    def __init__(self, address: str) -> None:
        self.transport = Transport(address)
        self.client = ipfshttpclient.Client(address, chunk_size=_UPLOAD_PIECE)
        self.client._client = self.transport  # the library has no public way to choose it


class KuboStore:
    """A Kubo node, 0.40 or newer, at its RPC address.

    Threads may share one instance: each call borrows an idle connection or opens another.

    Parameters
    ----------
    address
        The multiaddr of the RPC API, such as ``/ip4/127.0.0.1/tcp/5001``. Nothing is sent to it yet.
        Raises `ConfigError` for what is none.
    timeout
        Seconds in all for a call that is not given its own deadline.
    """

    name = "kubo"

    def __init__(self, address: str, *, timeout: float = 60.0) -> None:
        self.address, self._timeout = address, timeout
        self._lock = Lock()
        self._closed = False
        try:
            self._idle = [_Session(address)]
        except (rpc.AddressError, ValueError) as error:
            raise ConfigError("not the multiaddr of a Kubo RPC API", value=address) from error

    def put(self, data: bytes) -> Cid:
        """Add and pin ``data`` in one request; see `Store.put`."""
        cid = cid_of(data)
        options = {**IMPORT_OPTIONS, "pin": "true", "progress": "false"}
        try:
            said: str = self._call(lambda client: client.add_bytes(data, opts=options))
        except Refused as error:
            _raise_if_full(error)
            raise StoreError("the IPFS node refused the bytes", value=error) from error
        if said != str(cid):
            raise StoreError(
                "the IPFS node gave the bytes another CID than ours",
                value=f"{said}, not {cid}",
                remedy="Use Kubo 0.40 or newer.",
            )
        return cid

    def put_folder(self, folder: Path) -> str:
        """Add and pin a folder of files with all that is below it; return the CID that it has as a directory.

        Raises
        ------
        StoreError
            The node refused it, or left a file out, or gave one another CID than ours.
        """
        files = {
            f"{folder.name}/{p.relative_to(folder).as_posix()}": p for p in folder.rglob("*") if p.is_file()
        }
        ours = {name: str(cid_of(path.read_bytes())) for name, path in files.items()}
        rest = {name: IMPORT_OPTIONS[name] for name in ("hash", "inline", "max-file-links")}
        try:
            said = self._call(
                lambda client: client.add(
                    folder, recursive=True, pin=True, raw_leaves=True, cid_version=1,
                    chunker=IMPORT_OPTIONS["chunker"], opts={**rest, "progress": "false"},
                )
            )  # fmt: skip
        except Refused as error:
            _raise_if_full(error)
            raise StoreError("the IPFS node refused the folder", value=error) from error
        given = {str(item["Name"]): str(item["Hash"]) for item in said}
        for name, cid in ours.items():
            if given.get(name) != cid:
                raise StoreError(
                    "the IPFS node gave a file another CID than ours",
                    value=f"{name}: {given.get(name, 'left out')}",
                    remedy="Use Kubo 0.40 or newer.",
                )
        if folder.name not in given:
            raise StoreError("the IPFS node gave the folder no CID", value=folder)
        return given[folder.name]

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Fetch ``cid`` from this node or its peers; see `Store.get`."""
        self._ensure_empty(cid)
        cap = max_bytes + 1  # one more tells whether there is more
        try:
            data: bytes = self._call(
                lambda client: client.cat(str(cid), length=cap), timeout=timeout, answer_bytes=cap, wanted=cid
            )
        except Refused as error:
            _raise_if_full(error)
            raise ContentUnavailable(f"the IPFS node cannot serve {cid}", value=error) from error
        if len(data) > max_bytes:
            raise ContentTooLarge(f"{cid} holds more than the {max_bytes} bytes allowed")
        if cid_of(data) != cid:
            raise ContentMismatch(f"the IPFS node served other bytes for {cid}", value=self.address)
        return data

    def has(self, cid: Cid) -> bool:
        """Ask the node without its network, leaves included; see `Store.has`."""
        try:
            if cid.codec == RAW:
                self._call(lambda client: client.block.stat(str(cid), offline=True))
                return True
            path, options = f"/ipfs/{cid}", {"with-local": "true"}
            stat = self._call(lambda client: client.files.stat(path, opts=options, offline=True).as_json())
            return bool(stat.get("Local"))  # Kubo leaves a false one out
        except Refused:
            return False

    def pin(self, cid: Cid, *, timeout: float) -> None:
        """Pin ``cid`` and all below it; see `Store.pin`."""
        self._ensure_empty(cid)
        try:
            self._call(lambda client: client.pin.add(str(cid)), timeout=timeout, wanted=cid)
        except Refused as error:
            _raise_if_full(error)
            raise ContentUnavailable(f"the IPFS node cannot pin {cid}", value=error) from error

    def unpin(self, cid: Cid) -> None:
        """Let the node collect ``cid``; see `Store.unpin`."""
        try:
            self._call(lambda client: client.pin.rm(str(cid)))
        except Refused as error:
            if "not pinned" not in str(error):
                raise StoreError(f"the IPFS node would not unpin {cid}", value=error) from error

    def health(self) -> StoreHealth:
        """Ask the node for its version and its peers; see `Store.health`."""
        try:
            version: str = self._call(lambda client: str(client.version()["Version"]))
            peers: int = self._call(lambda client: len(client.swarm.peers()["Peers"] or ()))
        except Refused as error:
            raise self._unreachable(error) from error
        return StoreHealth(self.name, version, peers)

    def addresses(self) -> tuple[str, ...]:
        """Return the multiaddrs, each with ``/p2p/<peer id>``, under which other nodes reach this one."""
        try:
            return self._call(lambda client: tuple(map(str, client.id()["Addresses"] or ())))
        except Refused as error:
            raise self._unreachable(error) from error

    def connect(self, peer: str) -> None:
        """Connect the node to ``peer``, one of that node's `addresses`; raises `StoreError`."""
        try:  # the library's own method sends the characters of the address as further addresses
            self._call(lambda client: client._client.request("/swarm/connect", (peer,), decoder="json"))
        except Refused as error:
            raise StoreError(f"the IPFS node cannot connect to {peer}", value=error) from error

    def close(self) -> None:
        """Close idle connections now and busy ones when their call ends."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for session in idle:
            session.client.close()

    def _ensure_empty(self, cid: Cid) -> None:
        """Put nothing when nothing is asked for: nodes do not pass an empty block to each other."""
        if cid == _EMPTY:
            self.put(b"")

    def _call(
        self,
        ask: Callable[[Any], T],
        *,
        timeout: float | None = None,
        answer_bytes: int = _ANSWER_BYTES,
        wanted: Cid | None = None,
    ) -> T:
        """Ask the node, again after a broken connection, within ``timeout`` seconds in all.

        Raises
        ------
        Refused
            The node answered with a message of its own.
        ContentUnavailable
            The time is over and it waited for ``wanted``.
        StoreUnreachable
            The time is over, or no attempt brought an answer of Kubo's.
        ContentTooLarge
            More than ``answer_bytes`` came.
        """
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        attempts = Retrying(
            retry=retry_if_exception_type(Broken),
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(seconds),
            wait=wait_random_exponential(multiplier=0.05, max=0.4, min=0.02),
            reraise=True,
        )
        try:
            return attempts(lambda: self._once(ask, deadline - time.monotonic(), answer_bytes))
        except Late as error:
            if wanted is None:
                raise self._unreachable(error) from error
            raise ContentUnavailable(f"nobody served {wanted} within {seconds:g} s") from error
        except Broken as error:
            raise self._unreachable(error) from error

    def _once(self, ask: Callable[[Any], T], seconds: float, answer_bytes: int) -> T:
        session = self._borrow()
        session.transport.allow(seconds=seconds, answer_bytes=answer_bytes)
        whole = False  # the connection stands after a whole answer, good or bad
        try:
            answer = ask(session.client)
            whole = True
            return answer
        except Refused:
            whole = True
            raise
        except TooMuch:
            raise ContentTooLarge("the IPFS node sends more than was asked", value=self.address) from None
        except (NotKubo, rpc.EncoderError, AssertionError, LookupError, TypeError, ValueError) as error:
            raise self._unreachable(error) from error
        finally:
            self._give_back(session, whole=whole)

    def _borrow(self) -> _Session:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Session(self.address)

    def _give_back(self, session: _Session, *, whole: bool) -> None:
        with self._lock:
            if whole and not self._closed:
                self._idle.append(session)
                return
            stale, self._idle = self._idle, []  # a node that restarted has closed these as well
        for one in (session, *stale):
            one.client.close()

    def _unreachable(self, error: Exception) -> StoreUnreachable:
        log.debug("IPFS node at %s: %r", self.address, error)
        return StoreUnreachable(
            "no IPFS node answers as Kubo does",
            value=self.address,
            remedy="Start one, or give the address of its RPC API.",
        )


def _raise_if_full(error: Refused) -> None:
    if "no space left" in str(error) or "quota" in str(error):
        raise StoreError(
            "the disk of the IPFS node is full", value=error, remedy="Free some space."
        ) from error
