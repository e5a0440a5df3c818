"""The logs about one federation: its own, its miners', and those of factory and module that name it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from minerva.chain.calls import Reader
from minerva.chain.port import BlockRef
from minerva.chain.rpc import Request, RpcError
from minerva.protocol.events import OF_MODULES, FederationCreated, Log, MinerCreated, MinerJoined
from minerva.protocol.records import Address

RANGE = 2_000
"""Blocks asked for at once, at first; halved whenever the node says that it is too much."""
MAX_RANGE = 10_000
_TIMESTAMPS = 4_096

Entry = Mapping[str, Any]


class LogDecoder:
    """Makes the protocol's logs of a node's entries; finds out the timestamps that some nodes leave out."""

    def __init__(self, reader: Reader) -> None:
        self._rpc, self._codec = reader.rpc, reader.codec
        self._timestamps: dict[str, int] = {}
        self._lock = threading.Lock()

    def decode(self, entries: Iterable[Entry], known: Mapping[str, int] | None = None) -> list[Log]:
        """Decode entries; ``known`` gives timestamps by block hash (hex) where the node's logs have none."""
        found, times = list(entries), dict(known or {})
        bare = {entry["blockHash"] for entry in found if "blockTimestamp" not in entry}
        for block in bare - times.keys():
            if (cached := self._timestamps.get(block)) is not None:
                times[block] = cached
        times |= self._fetch_timestamps(sorted(bare - times.keys()))

        def time_of(entry: Entry) -> int:
            given = entry.get("blockTimestamp")
            return int(given, 16) if isinstance(given, str) else times[entry["blockHash"]]

        return self._codec.logs((entry, time_of(entry)) for entry in found)

    def _fetch_timestamps(self, hashes: list[str]) -> dict[str, int]:
        requests: list[Request] = [("eth_getBlockByHash", (block, False)) for block in hashes]
        headers = self._rpc.batch(requests) if requests else []
        fetched = {}
        for block, header in zip(hashes, headers, strict=True):
            if isinstance(header, RpcError):
                raise header
            if header is None:
                raise RpcError("eth_getBlockByHash", 0, f"block {block} is gone")
            fetched[block] = int(header["timestamp"], 16)
        with self._lock:
            self._timestamps |= fetched
            while len(self._timestamps) > _TIMESTAMPS:
                del self._timestamps[next(iter(self._timestamps))]
        return fetched


class LogReader:
    """Reads ranges of blocks; finds the contracts of new miners on the way.

    Parameters
    ----------
    reader, decoder
        The way to the node, and from its answers to logs.
    federation
        Its address.
    about
        Addresses of contracts whose events name a federation in their first topic.
    start
        The block of the deployment: nothing is older.
    vaults
        Addresses of contracts that are the federation's alone.
    """

    def __init__(
        self,
        reader: Reader,
        decoder: LogDecoder,
        federation: Address,
        about: tuple[Address, ...],
        start: int,
        vaults: tuple[Address, ...] = (),
    ) -> None:
        self._rpc, self._codec, self.decode = reader.rpc, reader.codec, decoder.decode
        self._federation, self._about, self._start = federation, list(about), start
        self._emitters: dict[Address, None] = dict.fromkeys((federation, *vaults))
        self._discovered, self._range = start, RANGE
        topic = "0x" + federation[2:].lower().rjust(64, "0")
        self._naming = [
            self._codec.topics(FederationCreated, MinerCreated, *get_args(OF_MODULES)),
            topic,
        ]
        self._joined = [self._codec.topics(MinerJoined)]
        self._all = [self._codec.topics()]

    def read(self, first: int, last: int) -> list[Log]:
        """Return the logs of blocks ``first`` to ``last``, both included, in chain order.

        Raises
        ------
        RpcError
            The node refuses even one block at a time.
        ChainUnreachable
            It does not answer.
        """
        return self.decode(self.entries(first, last))

    def entries(self, first: int, last: int) -> list[Entry]:
        """Return log entries as the node gives them."""
        first = max(first, self._start)
        if self._discovered < first:
            self._in_ranges(self._discovered, first - 1, self._discover)
            self._discovered = max(self._discovered, first)
        found = self._in_ranges(first, last, self._entries)
        self._discovered = max(self._discovered, last + 1)
        return found

    def _in_ranges(self, first: int, last: int, read: Callable[[int, int], list[Entry]]) -> list[Entry]:
        found: list[Entry] = []
        while first <= last:
            end = min(first + self._range - 1, last)
            try:
                found += read(first, end)
            except RpcError:
                if end == first:
                    raise
                self._range = max(1, (end - first + 1) // 2)
                continue
            if end - first + 1 == self._range:
                self._range = min(MAX_RANGE, self._range * 2)
            first = end + 1
        return found

    def _entries(self, first: int, last: int) -> list[Entry]:
        """Return what was logged in one range, by the contracts that joined within it as well."""
        found = self._get(
            self._request(first, last, list(self._emitters), self._all),
            self._request(first, last, self._about, self._naming),
        )
        while new := self._take_in(found):
            found += self._get(self._request(first, last, new, self._all))
        return found

    def _discover(self, first: int, last: int) -> list[Entry]:
        self._take_in(self._get(self._request(first, last, [self._federation], self._joined)))
        return []

    def _take_in(self, entries: Iterable[Entry]) -> list[Address]:
        new = []
        for entry in entries:
            if entry["topics"][0] == self._joined[0][0]:
                log = self._codec.log(entry, 0)
                if log and isinstance(log.event, MinerJoined) and log.event.miner not in self._emitters:
                    self._emitters[log.event.miner] = None
                    new.append(log.event.miner)
        return new

    def _get(self, *requests: Request) -> list[Entry]:
        found: list[Entry] = []
        for answer in self._rpc.batch(requests):
            if isinstance(answer, RpcError):
                raise answer
            found += answer
        return found

    def _request(self, first: int, last: int, emitters: list[Address], topics: list[Any]) -> Request:
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": emitters, "topics": topics}
        return "eth_getLogs", (wanted,)


def block_ref(header: Mapping[str, Any]) -> BlockRef:
    """Make a block's reference from its header in JSON-RPC."""
    return BlockRef(
        int(header["number"], 16), bytes.fromhex(header["hash"][2:]), int(header["timestamp"], 16)
    )
