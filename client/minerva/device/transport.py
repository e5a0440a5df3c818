"""How bytes leave and reach a device: its own IPFS node, its miner's HTTP API, whichever answers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator

from minerva.endpoints import Endpoints, body
from minerva.errors import ContentTooLarge, ContentUnavailable, StoreError
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of
from minerva.store.port import Store

log = logging.getLogger(__name__)

_MOST_PROBLEM_BYTES = 1 << 14


class MinerApi:
    """The calls a device makes to a miner's API, bounded in bytes and time, without redirections.

    Parameters
    ----------
    local
        Whether an endpoint, which is a stranger's word, may lead to this machine or its private networks.
    """

    def __init__(self, *, local: bool = False) -> None:
        self._endpoints = Endpoints(local=local)

    def push(self, endpoint: str, cid: Cid, data: bytes, *, timeout: float) -> None:
        """Hand over the bytes behind ``cid``; raises `StoreError` unless the miner took them."""
        with self._endpoints.request("PUT", endpoint, f"updates/{cid}", timeout, data) as answer:
            if answer.status not in (200, 201):
                problem = _problem(answer.status, body(answer, _MOST_PROBLEM_BYTES))
                raise StoreError("the miner did not take the update", value=f"{endpoint}: {problem}")

    def fetch(self, endpoint: str, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Fetch and check the bytes behind ``cid``; raises `ContentUnavailable` or `ContentTooLarge`."""
        with self._endpoints.request("GET", endpoint, f"content/{cid}", timeout) as answer:
            if answer.status != 200:
                raise ContentUnavailable("the miner does not serve this content", value=f"{endpoint}: {cid}")
            data = body(answer, max_bytes + 1)
        if len(data) > max_bytes:
            raise ContentTooLarge("the content is larger than allowed", value=f"{cid}, cap {max_bytes}")
        if cid_of(data) != cid:
            raise ContentUnavailable("the miner serves other bytes", value=f"{endpoint}: {cid}")
        return data

    def ask(self, endpoint: str, path: str, *, most: int, timeout: float) -> bytes:
        """Fetch a document of at most so many bytes; raises `ContentUnavailable` or `ContentTooLarge`."""
        with self._endpoints.request("GET", endpoint, path, timeout) as answer:
            if answer.status != 200:
                problem = _problem(answer.status, body(answer, _MOST_PROBLEM_BYTES))
                raise ContentUnavailable("the miner does not say", value=f"{endpoint}/{path}: {problem}")
            data = body(answer, most + 1)
        if len(data) > most:
            raise ContentTooLarge("the miner says more than allowed", value=f"{endpoint}/{path}, cap {most}")
        return data

    def tell(self, endpoint: str, path: str, data: bytes, *, timeout: float) -> int:
        """Post a document and return the answer's status; raises `ContentUnavailable` when there is none."""
        with self._endpoints.request("POST", endpoint, path, timeout, data) as answer:
            body(answer, _MOST_PROBLEM_BYTES)
            return answer.status


class Transport:
    """Publish and fetch over the miner's API first, then over IPFS (or IPFS alone, or the API alone).

    Parameters
    ----------
    store
        The device's own store; None for a device with outbound HTTP only.
    push
        Whether to offer updates to the miner's API before the own store.
    local
        Whether miners may be on this machine or its private networks, as on a development chain.
    """

    def __init__(self, store: Store | None, *, push: bool = True, local: bool = False) -> None:
        self.store, self._push = store, push or store is None
        self._api = MinerApi(local=local)
        self._own = ""
        self._turn = 0

    def publish(
        self,
        cid: Cid,
        data: bytes,
        endpoint: str,
        *,
        timeout: float,
        others: Callable[[], Iterable[str]] = tuple,
    ) -> str:
        """Serve the bytes behind ``cid``; returns ``"miner"`` or ``"ipfs"``, whichever holds them now.

        A device without a store falls back on ``others``, the other miners' endpoints: a miner takes updates
        of any pool.

        Raises
        ------
        StoreError
            Neither took them.
        """
        self._own = endpoint
        failure = StoreError(
            "the miner has no API and this device no store",
            value=cid,
            remedy="Name a store with --store.",
        )
        asked = [endpoint, *(others() if self.store is None else ())] if self._push else []
        for one, seconds in self._shares(asked, timeout):
            try:
                self._api.push(one, cid, data, timeout=seconds)
                return "miner"
            except StoreError as error:
                log.warning("%s", error)
                failure = error
        if self.store is None:
            raise failure
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
        for endpoint, seconds in self._shares(endpoints(), deadline - time.monotonic()):
            try:
                return self._api.fetch(endpoint, cid, max_bytes=max_bytes, timeout=seconds)
            except StoreError as error:
                failure = error
        raise failure

    def ask(self, endpoint: str, path: str, *, most: int, timeout: float) -> bytes:
        """See `MinerApi.ask`."""
        return self._api.ask(endpoint, path, most=most, timeout=timeout)

    def tell(self, endpoint: str, path: str, data: bytes, *, timeout: float) -> int:
        """See `MinerApi.tell`."""
        return self._api.tell(endpoint, path, data, timeout=timeout)

    def _shares(self, endpoints: Iterable[str], timeout: float) -> Iterator[tuple[str, float]]:
        """Yield each endpoint with its fair share of what is left: the own miner's, then the rest in turn."""
        deadline = time.monotonic() + timeout
        found = list(dict.fromkeys(endpoint for endpoint in endpoints if endpoint))
        start = self._turn % max(1, len(found))
        self._turn += 1
        order = sorted(found[start:] + found[:start], key=lambda endpoint: endpoint != self._own)
        for asked, endpoint in enumerate(order):
            left = deadline - time.monotonic()
            if left > 0:
                yield endpoint, left / (len(order) - asked)

    def close(self) -> None:
        """Release connections, of which none outlives a call; the store is its owner's to close."""


def _problem(status: int, answer: bytes) -> str:
    try:
        document = json.loads(answer)
        return " ".join(f"{status}: {document.get('error') or document}".split())[:200]
    except (ValueError, AttributeError, RecursionError):
        return str(status)
