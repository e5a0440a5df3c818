"""What a malicious device can see of a round: the records on the chain, and the contents that are served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from minerva.chain.port import Chain
from minerva.errors import StoreError
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.cid import Cid
from minerva.protocol.events import BlockFinalized, BlockProposed, UpdateSubmitted
from minerva.protocol.header import Header
from minerva.protocol.records import Address

Fetch = Callable[[Cid, int], bytes]
_SLICE_SECONDS = 1.0


class Spy:
    """Watches a federation for one of its devices.

    Parameters
    ----------
    fetch
        Gets a content of at most so many bytes, as any member can; raises `StoreError`.
    """

    def __init__(self, chain: Chain, federation: Address, me: Address, fetch: Fetch, max_bytes: int) -> None:
        self._chain, self._federation, self._me = chain, federation, me
        self._fetch, self._max_bytes = fetch, max_bytes

    def records(self, round_: int, seconds: int, *, since: int) -> Iterator[UpdateSubmitted | None]:
        """Yield others' records of the round as they come, and None once a second, for so many seconds."""
        with self._chain.watch(self._federation, from_block=since) as watch:
            for _ in range(seconds):
                for entry in watch.wait(_SLICE_SECONDS).added:
                    event = entry.event
                    if (
                        isinstance(event, UpdateSubmitted)
                        and event.round == round_
                        and event.device != self._me
                    ):
                        yield event
                yield None

    def contents(self, round_: int, wanted: int, seconds: int, *, since: int) -> list[bytes]:
        """Return the first contents that are served: of devices accepted before, as no copy of a refused one counts.

        Fewer than ``wanted`` when the time is over.
        """
        seen: dict[Cid, UpdateSubmitted] = {}
        found: dict[Cid, bytes] = {}
        victims: set[Address] = set()
        for event in self.records(round_, seconds, since=since):
            if event is not None:
                seen[event.cid] = event
                continue
            victims = victims or (self.accepted(since) if round_ > 1 else set())
            for cid, record in seen.items():
                if cid not in found and (round_ == 1 or record.device in victims):
                    with suppress(StoreError):  # not served yet
                        found[cid] = self._fetch(cid, self._max_bytes)
                if len(found) >= wanted:
                    return list(found.values())
        return list(found.values())

    def accepted(self, since: int) -> set[Address]:
        """Return the other devices whose updates the last block accepted."""
        headers: dict[bytes, Header] = {}
        last: Header | None = None
        for entry in self._chain.logs(self._federation, from_block=since):
            match entry.event:
                case BlockProposed() as event:
                    headers[event.hash] = event.header
                case BlockFinalized() as event:
                    last = headers.get(event.hash, last)
        if last is None:
            return set()
        try:
            body = Body.from_bytes(self._fetch(last.body, MAX_BODY_BYTES))
        except StoreError:
            return set()
        return {body.updates[position].device for position in body.accepted} - {self._me}
