"""How bytes leave and reach a device: its own IPFS node, its miner's HTTP API, whichever answers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import requests
from urllib3.exceptions import HTTPError

from minerva.errors import ContentTooLarge, ContentUnavailable, StoreError
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of
from minerva.store.port import Store

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.0
_CHUNK = 1 << 16
_MOST_PROBLEM_BYTES = 1 << 14
_PLAIN = {"Accept-Encoding": "identity"}


class MinerApi:
    """The two calls a device makes to a miner's API, bounded in bytes and time, without redirections."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def push(self, endpoint: str, cid: Cid, data: bytes, *, timeout: float) -> None:
        """Hand over the bytes behind ``cid``; raises `StoreError` unless the miner took them."""
        deadline = time.monotonic() + timeout
        with self._request("PUT", endpoint, f"updates/{cid}", timeout, data) as answer:
            if answer.status_code not in (200, 201):
                problem = _problem(answer.status_code, self._body(answer, deadline, _MOST_PROBLEM_BYTES))
                raise StoreError("the miner did not take the update", value=f"{endpoint}: {problem}")

    def fetch(self, endpoint: str, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Fetch and check the bytes behind ``cid``; raises `ContentUnavailable` or `ContentTooLarge`."""
        deadline = time.monotonic() + timeout
        with self._request("GET", endpoint, f"content/{cid}", timeout) as answer:
            if answer.status_code != 200:
                raise ContentUnavailable("the miner does not serve this content", value=f"{endpoint}: {cid}")
            data = self._body(answer, deadline, max_bytes + 1)
        if len(data) > max_bytes:
            raise ContentTooLarge("the content is larger than allowed", value=f"{cid}, cap {max_bytes}")
        if cid_of(data) != cid:
            raise ContentUnavailable("the miner serves other bytes", value=f"{endpoint}: {cid}")
        return data

    def close(self) -> None:
        """Release connections."""
        self._session.close()

    @contextmanager
    def _request(
        self, method: str, endpoint: str, path: str, timeout: float, data: bytes | None = None
    ) -> Iterator[requests.Response]:
        try:
            with self._session.request(
                method, f"{endpoint.rstrip('/')}/{path}", data=data, stream=True, allow_redirects=False,
                timeout=(_CONNECT_SECONDS, timeout), headers=_PLAIN,
            ) as answer:  # fmt: skip
                yield answer
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            # The endpoint is a stranger's: urllib3's own errors come through for some malformed ones.
            raise ContentUnavailable(
                "the miner's API does not answer", value=f"{endpoint}: {type(error).__name__}"
            ) from None

    def _body(self, answer: requests.Response, deadline: float, most: int) -> bytes:
        """Read up to ``most`` bytes as they come, so that a trickle cannot outlive the deadline by much."""
        data = bytearray()
        while len(data) < most and (chunk := answer.raw.read1(min(_CHUNK, most - len(data)))):
            data += chunk
            if time.monotonic() > deadline:
                raise ContentUnavailable("the miner is too slow", value=answer.url)
        return bytes(data)


class Transport:
    """Publish and fetch over the miner's API first, then over IPFS (or IPFS alone, or the API alone).

    Parameters
    ----------
    store
        The device's own store; None for a device with outbound HTTP only.
    push
        Whether to offer updates to the miner's API before the own store.
    """

    def __init__(self, store: Store | None, *, push: bool = True) -> None:
        self.store, self._push = store, push or store is None
        self._api = MinerApi()

    def publish(self, cid: Cid, data: bytes, endpoint: str, *, timeout: float) -> str:
        """Serve the bytes behind ``cid``; returns ``"miner"`` or ``"ipfs"``, whichever holds them now.

        Raises
        ------
        StoreError
            Neither took them.
        """
        if self._push and endpoint:
            try:
                self._api.push(endpoint, cid, data, timeout=timeout)
                return "miner"
            except StoreError as error:
                if self.store is None:
                    raise
                log.warning("%s", error)
        if self.store is None:
            raise StoreError(
                "the miner has no API and this device no store",
                value=cid,
                remedy="Name a store with --store.",
            )
        self.store.put(data)
        return "ipfs"

    def fetch(
        self, cid: Cid, endpoints: Callable[[], Iterable[str]], *, max_bytes: int, timeout: float
    ) -> bytes:
        """Fetch and check the bytes behind ``cid`` from the own store, else from any miner's API.

        Raises
        ------
        StoreError
            Nobody served them within ``timeout`` seconds; the last one that was asked says why.
        """
        deadline = time.monotonic() + timeout
        failure: StoreError = ContentUnavailable("nobody serves this content", value=cid)
        if self.store is not None:
            try:
                return self.store.get(cid, max_bytes=max_bytes, timeout=timeout / 2)
            except StoreError as error:
                failure = error
        for endpoint in endpoints():
            left = deadline - time.monotonic()
            if endpoint and left > 0:
                try:
                    return self._api.fetch(endpoint, cid, max_bytes=max_bytes, timeout=left)
                except StoreError as error:
                    failure = error
        raise failure

    def close(self) -> None:
        """Release connections; the store is its owner's to close."""
        self._api.close()


def _problem(status: int, body: bytes) -> str:
    try:
        document = json.loads(body)
        return " ".join(f"{status}: {document.get('error') or document}".split())[:200]
    except (ValueError, AttributeError, RecursionError):
        return str(status)
