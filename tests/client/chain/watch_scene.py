"""Log entries of one federation on a node in memory, and a watch on them."""

from __future__ import annotations

import threading
from typing import Any

from actor_scene import CODEC, FACTORY, FEDERATION, POW
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from fake_node import FakeNode, Json

from minerva.chain.calls import Reader
from minerva.chain.logs import LogDecoder, LogReader
from minerva.chain.watch import LogWatch
from minerva.protocol.events import Event, RoundOpened

MINERS = [to_checksum_address(f"0x{c * 40}") for c in "789"]
OTHER = "0x" + "4" * 40


class Feed:
    """A subscription that tests speak for."""

    def __init__(self) -> None:
        self.live, self.events = True, set[threading.Event]()

    def listen(self, event: threading.Event) -> None:
        self.events.add(event)

    def forget(self, event: threading.Event) -> None:
        self.events.discard(event)

    def tell(self) -> None:
        for event in self.events:
            event.set()


def word(value: int | str) -> str:
    return f"0x{value:064x}" if isinstance(value, int) else "0x" + value[2:].lower().rjust(64, "0")


def entry(emitter: str, signature: str, topics: list[Any], types: list[str], values: list[Any]) -> Json:
    topic = "0x" + keccak(text=signature).hex()
    return {
        "address": emitter,
        "topics": [topic, *map(word, topics)],
        "data": "0x" + encode(types, values).hex(),
    }


def opened(round: int, emitter: str = FEDERATION) -> Json:
    signature = "RoundOpened(uint32,uint64,uint64,uint256[],uint40)"
    types = ["uint64", "uint64", "uint256[]", "uint40"]
    return entry(emitter, signature, [round], types, [1, 1, [], 2])


def joined(index: int, emitter: str = FEDERATION) -> Json:
    values = [MINERS[index], "http://x"]
    signature = "MinerJoined(uint8,address,address,string)"
    return entry(emitter, signature, [index, OTHER], ["address", "string"], values)


def moved(index: int, endpoint: str) -> Json:
    return entry(MINERS[index], "EndpointChanged(string)", [], ["string"], [endpoint])


def harder(federation: str, round: int) -> Json:
    signature = "DifficultyChanged(address,uint32,uint64)"
    return entry(POW, signature, [federation, round], ["uint64"], [9])


def rounds(logs: tuple[Any, ...] | list[Any]) -> list[int]:
    return [log.event.round for log in logs if isinstance(log.event, RoundOpened)]


def kinds(logs: tuple[Any, ...] | list[Any]) -> list[type[Event]]:
    return [type(log.event) for log in logs]


def log_reader(node: FakeNode, start: int = 0) -> LogReader:
    reader = Reader(node.rpc, CODEC)
    return LogReader(reader, LogDecoder(reader), FEDERATION, (FACTORY, POW), start)


def follow(node: FakeNode, feed: Feed, start: int = 0, deployed: int = 0) -> LogWatch:
    genesis = bytes.fromhex(node.blocks[0]["header"]["hash"][2:])
    return LogWatch(node.rpc, log_reader(node, deployed), feed, start, genesis)  # type: ignore[arg-type]
