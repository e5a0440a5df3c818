"""Following one federation: what is new, and what a re-organisation took back."""

from __future__ import annotations

import threading
import time
from collections import deque
from types import TracebackType
from typing import Any, NamedTuple, Self

from minerva.chain.heads import HeadFeed
from minerva.chain.logs import Entry, LogReader, block_ref
from minerva.chain.port import BlockRef, Change
from minerva.chain.rpc import Request, Rpc, RpcError
from minerva.errors import ChainError, WrongChain
from minerva.protocol.events import Log

WINDOW = 128
"""Blocks that are remembered with their logs, and may be taken back."""
FASTEST_POLL = 0.02
SLOWEST_POLL = 1.0
LIVE_POLL = 2.0
"""Seconds until a subscriber looks all the same: subscriptions fall silent, and a roll-back sends no head."""
_TRIES = 20


class _Seen(NamedTuple):
    ref: BlockRef
    logs: tuple[Log, ...]


class _Moved(Exception):
    """The chain changed between two answers of the node."""


class LogWatch:
    """The logs of one federation as they come; for one thread, but for `wake`.

    Parameters
    ----------
    rpc, logs, feed
        The node, the reader of the federation's logs, and what tells that there are new blocks.
    start
        The first block of the back-fill.
    genesis
        Hash of block 0, by which another chain in the node's place is told from a deep re-organisation.
    """

    def __init__(self, rpc: Rpc, logs: LogReader, feed: HeadFeed, start: int, genesis: bytes) -> None:
        self._rpc, self._logs, self._feed, self._genesis = rpc, logs, feed, genesis
        self._start = start
        self._seen: deque[_Seen] = deque(maxlen=WINDOW)
        self._complete = True  # `_seen` goes back to the start
        self._head: BlockRef | None = None
        self._removed: list[Log] = []  # kept until a call succeeds
        self._signal, self._woken = threading.Event(), False
        self._poll = FASTEST_POLL
        feed.listen(self._signal)

    def wait(self, timeout: float) -> Change:
        """Block until the head moved or ``timeout`` seconds passed; the first call returns the back-fill.

        Raises
        ------
        ChainUnreachable
            The node does not answer, after retries; calling again goes on where this left off.
        ChainError
            The node answers with an error; likewise, unless what is remembered does not reach back far enough.
        WrongChain
            There is another chain in the node's place.
        """
        until = time.monotonic() + timeout
        while True:
            self._signal.clear()
            before = self._head
            change = self._advance()
            left = until - time.monotonic()
            if change.head != before or change.removed or self._woken or left <= 0:
                self._woken = False
                self._poll = max(FASTEST_POLL, self._poll / 2)
                return change
            self._signal.wait(min(left, LIVE_POLL if self._feed.live else self._poll))
            self._poll = min(SLOWEST_POLL, self._poll * 1.3)

    def wake(self) -> None:
        """Make a `wait` in another thread return at once."""
        self._woken = True
        self._signal.set()

    def __enter__(self) -> Self:
        """Return the watch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop following; a thread that waits returns."""
        self._feed.forget(self._signal)
        self.wake()

    def _advance(self) -> Change:
        cause: BaseException | None = None
        for attempt in range(_TRIES):
            header = self._block("latest")
            head = block_ref(header)
            if head == self._head and not self._removed:
                return Change((), (), head)
            try:
                self._rewind(head, header["parentHash"])
                added = self._catch_up(head, header["parentHash"])
            except _Moved as error:
                cause = error.__cause__
                time.sleep(0.005 * attempt)
                continue
            removed, self._removed, self._head = tuple(self._removed), [], head
            return Change(removed, tuple(added), head)
        raise ChainError("the chain moves faster than it can be read", value=cause, remedy="Try again.")

    def _rewind(self, head: BlockRef, parent: str) -> None:
        """Forget the blocks that are on the chain no more; their logs wait in `_removed`, in chain order."""
        while self._seen:
            last = self._seen[-1].ref
            if last.number == head.number - 1 and parent == "0x" + last.hash.hex():
                return
            if last.number <= head.number and self._is_on_chain(last):
                return
            self._removed[:0] = self._seen.pop().logs
        if self._head is not None:
            self._refuse_another_chain()
        if not self._complete:
            raise ChainError(
                "a re-organisation is deeper than what is remembered",
                value=f"{WINDOW} blocks",
                remedy="Restart: everything is then read again.",
            )

    def _is_on_chain(self, ref: BlockRef) -> bool:
        header = self._rpc.call("eth_getBlockByNumber", hex(ref.number), False)
        return header is not None and block_ref(header).hash == ref.hash

    def _refuse_another_chain(self) -> None:
        if block_ref(self._block("0x0")).hash != self._genesis:
            what = "another chain took this one's place at the node"
            raise WrongChain(what, remedy="Deploy again, or start the node with the state it had.")

    def _catch_up(self, head: BlockRef, parent: str) -> list[Log]:
        """Read the blocks after the last one seen; raises `_Moved` when they do not fit together."""
        last = self._seen[-1].ref if self._seen else None
        first = last.number + 1 if last else self._start
        if first > head.number:
            return []
        low = max(first, head.number - WINDOW + 1)
        try:
            entries = self._logs.entries(first, head.number)
            refs = self._refs(low, head, parent, last)
            of_block = {"0x" + ref.hash.hex(): ref.timestamp for ref in refs}
            if any(e["blockHash"] not in of_block for e in entries if int(e["blockNumber"], 16) >= low):
                raise _Moved
            added = self._logs.decode(entries, of_block)
        except RpcError as error:
            raise _Moved from error
        if last and last.number < low - 1 and not self._is_on_chain(last):
            raise _Moved
        self._complete = self._complete and len(self._seen) + head.number - first + 1 <= WINDOW
        self._remember(refs, added)
        return added

    def _refs(self, low: int, head: BlockRef, parent: str, last: BlockRef | None) -> list[BlockRef]:
        """Return blocks ``low`` to ``head``, each the child of the one before, the first one of ``last``."""
        requests: list[Request] = [("eth_getBlockByNumber", (hex(n), False)) for n in range(low, head.number)]
        headers = self._rpc.batch(requests) if requests else []
        if any(header is None or isinstance(header, RpcError) for header in headers):
            raise _Moved
        refs = [*map(block_ref, headers), head]
        parents = [*(header["parentHash"] for header in headers), parent]
        before = [last if last and last.number == low - 1 else None, *refs]
        for ref, above in zip(before, parents, strict=False):
            if ref is not None and above != "0x" + ref.hash.hex():
                raise _Moved
        return refs

    def _remember(self, refs: list[BlockRef], added: list[Log]) -> None:
        of_block: dict[bytes, list[Log]] = {ref.hash: [] for ref in refs}
        for entry in added:
            if entry.block_hash in of_block:
                of_block[entry.block_hash].append(entry)
        self._seen.extend(_Seen(ref, tuple(of_block[ref.hash])) for ref in refs)

    def _block(self, block: str) -> Any:
        header: Entry | None = self._rpc.call("eth_getBlockByNumber", block, False)
        if header is None:
            raise ChainError("the node has no block", value=block, remedy="Is it still starting?")
        return header
