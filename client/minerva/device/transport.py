"""How bytes leave and reach a device: its own IPFS node, its miner's HTTP API, whichever answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

import requests

from minerva.errors import ContentTooLarge, ContentUnavailable, StoreError
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of
from minerva.store.port import Store

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.0
_ATTEMPTS = 3
_CHUNK = 1 << 16


class MinerApi:
    """The two calls a device makes to a miner's API, bounded in bytes and in time."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def push(self, endpoint: str, cid: Cid, data: bytes, *, timeout: float) -> None:
        """Hand over the bytes behind ``cid``; raises `StoreError` unless the miner took them."""
        try:
            with self._session.put(
                f"{endpoint.rstrip('/')}/updates/{cid}", data=data, timeout=(_CONNECT_SECONDS, timeout)
            ) as answer:
                if answer.status_code >= 300:
                    raise StoreError("the miner did not take the update", value=_problem(answer))
        except requests.RequestException as error:
            raise StoreError("the miner's API does not answer", value=f"{endpoint}: {type(error).__name__}") from None

    def fetch(self, endpoint: str, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Fetch and check the bytes behind ``cid``; raises `ContentUnavailable` or `ContentTooLarge`."""
        deadline = time.monotonic() + timeout
        data = bytearray()
        try:
            with self._session.get(
                f"{endpoint.rstrip('/')}/content/{cid}",
                stream=True,
                timeout=(_CONNECT_SECONDS, timeout),
                headers={"Accept-Encoding": "identity"},
            ) as answer:
                if answer.status_code != 200:
                    raise ContentUnavailable("the miner does not serve this content", value=f"{endpoint}: {cid}")
                for chunk in answer.iter_content(_CHUNK):
                    data += chunk
                    if len(data) > max_bytes:
                        raise ContentTooLarge("the content is larger than allowed", value=f"{cid}, cap {max_bytes}")
                    if time.monotonic() > deadline:
                        raise ContentUnavailable("the miner is too slow", value=f"{endpoint}: {cid}")
        except requests.RequestException as error:
            raise ContentUnavailable(
                "the miner's API does not answer", value=f"{endpoint}: {type(error).__name__}"
            ) from None
        if cid_of(bytes(data)) != cid:
            raise ContentUnavailable("the miner serves other bytes", value=f"{endpoint}: {cid}")
        return bytes(data)

    def close(self) -> None:
        """Release connections."""
        self._session.close()


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
            Neither took them before the deadline.
        """
        deadline = time.monotonic() + timeout
        wait = 0.05
        for attempt in range(_ATTEMPTS):
            left = max(1.0, deadline - time.monotonic())
            try:
                if self._push and endpoint:
                    self._api.push(endpoint, cid, data, timeout=left)
                    return "miner"
            except StoreError as error:
                log.warning("%s", error)
            if self.store is not None:
                self.store.put(data)
                return "ipfs"
            if attempt + 1 < _ATTEMPTS and time.monotonic() + wait < deadline:
                time.sleep(wait)  # back-off between attempts on a miner that does not answer
                wait *= 4
        raise StoreError(
            "nobody took the update",
            value=str(cid),
            remedy="The miner's API does not answer and there is no IPFS node: name one with --store.",
        )

    def fetch(self, cid: Cid, endpoints: Callable[[], Iterable[str]], *, max_bytes: int, timeout: float) -> bytes:
        """Fetch and check the bytes behind ``cid`` from the own store, else from any miner's API.

        Raises
        ------
        ContentUnavailable
            Nobody served them within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        failure: StoreError = ContentUnavailable("nobody serves this content", value=str(cid))
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


def _problem(answer: requests.Response) -> str:
    try:
        document = answer.json()
        return f"{answer.status_code}: {document.get('error') or document}"[:200]
    except (ValueError, AttributeError):
        return str(answer.status_code)
