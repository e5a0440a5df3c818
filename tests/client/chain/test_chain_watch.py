"""Following a federation: back-fill, new miners, re-organisations, faults on the way."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from actor_scene import CODEC, FACTORY, FEDERATION, POW
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from fake_node import FakeNode, Json

from minerva.chain import watch as watch_module
from minerva.chain.calls import Reader
from minerva.chain.logs import LogDecoder, LogReader
from minerva.chain.rpc import RpcError
from minerva.chain.watch import LogWatch
from minerva.errors import ChainError, ChainUnreachable, WrongChain
from minerva.protocol.events import DifficultyChanged, EndpointChanged, Event, MinerJoined, RoundOpened

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
    return entry(emitter, "RoundOpened(uint32,uint64,uint40)", [round], ["uint64", "uint40"], [1, 2])


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


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
def feed() -> Feed:
    return Feed()


def log_reader(node: FakeNode, start: int = 0) -> LogReader:
    reader = Reader(node.rpc, CODEC)
    return LogReader(reader, LogDecoder(reader), FEDERATION, (FACTORY, POW), start)


def follow(node: FakeNode, feed: Feed, start: int = 0, deployed: int = 0) -> LogWatch:
    genesis = bytes.fromhex(node.blocks[0]["header"]["hash"][2:])
    return LogWatch(node.rpc, log_reader(node, deployed), feed, start, genesis)  # type: ignore[arg-type]


# -- reading ------------------------------------------------------------------------------------------


def test_back_fill_comes_first(node: FakeNode, feed: Feed) -> None:
    node.emit(opened(1))
    node.emit(opened(2), opened(3))
    change = follow(node, feed).wait(0)
    assert (change.removed, rounds(change.added), change.head.number) == ((), [1, 2, 3], 2)
    assert [(log.block_number, log.log_index, log.timestamp) for log in change.added] == [
        (1, 0, 1001), (2, 0, 1002), (2, 1, 1002),
    ]  # fmt: skip


def test_strangers_are_left_out(node: FakeNode) -> None:
    node.emit(opened(1, OTHER), harder(FEDERATION, 7), harder(OTHER, 8), moved(0, "x"), opened(2))
    logs = log_reader(node).read(0, 1)
    assert kinds(logs) == [DifficultyChanged, RoundOpened]


def test_new_miners_are_heard_from_their_first_word(node: FakeNode, feed: Feed) -> None:
    node.emit(joined(0), moved(0, "same block"))
    watch = follow(node, feed)
    assert kinds(watch.wait(0).added) == [MinerJoined, EndpointChanged]
    node.emit(joined(1))
    node.emit(moved(1, "b"), moved(0, "a"))
    assert kinds(watch.wait(0).added) == [MinerJoined, EndpointChanged, EndpointChanged]


def test_miners_that_joined_before_the_range_are_heard(node: FakeNode) -> None:
    node.emit(joined(0))
    for _ in range(5):
        node.emit()
    node.emit(moved(0, "a"))
    assert kinds(log_reader(node).read(6, 7)) == [EndpointChanged]


def test_nothing_is_older_than_the_deployment(node: FakeNode) -> None:
    for n in range(1, 5):
        node.emit(opened(n))
    assert rounds(log_reader(node, start=3).read(0, 4)) == [3, 4]


@pytest.mark.parametrize("limit", [1, 3, 700])
def test_ranges_shrink_until_the_node_agrees(node: FakeNode, limit: int) -> None:
    for n in range(1, 2_500 if limit > 3 else 50):
        node.emit(opened(n))
    node.log_limit = limit
    last = len(node.blocks) - 1
    assert rounds(log_reader(node).read(0, last)) == list(range(1, last + 1))


def test_node_that_refuses_one_block_is_an_error(node: FakeNode) -> None:
    node.log_limit = 0
    with pytest.raises(RpcError, match="more than 10000"):
        log_reader(node).read(0, 0)


def test_timestamps_are_asked_for_once_where_logs_have_none(node: FakeNode, feed: Feed) -> None:
    node.with_timestamps = False
    node.emit(opened(1), opened(2))
    node.emit(opened(3))
    reader = log_reader(node)
    assert [log.timestamp for log in reader.read(0, 2)] == [1001, 1001, 1002]
    assert [log.timestamp for log in reader.read(0, 2)] == [1001, 1001, 1002]
    assert node.calls.count("eth_getBlockByHash") == 2
    follow(node, feed).wait(0)
    assert node.calls.count("eth_getBlockByHash") == 2, "a watch has the headers already"


# -- waiting ------------------------------------------------------------------------------------------


def test_quiet_time_out_returns_nothing(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    watch.wait(0)
    begun = time.monotonic()
    change = watch.wait(0.1)
    assert (change.removed, change.added, change.head.number) == ((), (), 0)
    assert 0.08 < time.monotonic() - begun < 1


def test_news_ends_the_wait(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    watch.wait(0)
    threading.Timer(0.05, lambda: (node.emit(opened(1)), feed.tell())).start()
    begun = time.monotonic()
    assert rounds(watch.wait(10).added) == [1]
    assert time.monotonic() - begun < 1


def test_empty_block_ends_the_wait_too(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    watch.wait(0)
    node.emit()
    change = watch.wait(10)
    assert (change.added, change.head.number) == ((), 1)


def test_without_a_subscription_it_polls(node: FakeNode, feed: Feed) -> None:
    feed.live = False
    watch = follow(node, feed)
    watch.wait(0)
    threading.Timer(0.1, lambda: node.emit(opened(1))).start()
    assert rounds(watch.wait(10).added) == [1]


def test_polling_slows_down_and_speeds_up(node: FakeNode, feed: Feed) -> None:
    feed.live = False
    watch = follow(node, feed)
    watch.wait(0)
    node.calls.clear()
    watch.wait(0.6)
    assert 5 < node.calls.count("eth_getBlockByNumber") < 15
    slow = watch._poll
    node.emit()
    watch.wait(1)
    assert watch._poll < slow


def test_silent_subscription_is_not_trusted_for_ever(
    node: FakeNode, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "LIVE_POLL", 0.1)
    watch = follow(node, feed)
    watch.wait(0)
    threading.Timer(0.02, lambda: node.emit(opened(1))).start()
    assert rounds(watch.wait(10).added) == [1]


def test_wake_ends_a_wait_in_another_thread(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    watch.wait(0)
    threading.Timer(0.05, watch.wake).start()
    begun = time.monotonic()
    assert watch.wait(10).added == ()
    assert time.monotonic() - begun < 1


def test_wake_before_the_wait_counts(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    watch.wait(0)
    watch.wake()
    begun = time.monotonic()
    watch.wait(10)
    assert time.monotonic() - begun < 1


def test_closed_watch_listens_no_more(node: FakeNode, feed: Feed) -> None:
    with follow(node, feed):
        assert len(feed.events) == 1
    assert feed.events == set()


# -- re-organisations ---------------------------------------------------------------------------------


def test_reorg_gives_what_is_gone_and_what_is_new(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    for n in range(1, 6):
        node.emit(opened(n))
    watch.wait(0)
    node.drop(3)
    node.emit(opened(30))
    node.emit(opened(4))
    node.emit(opened(50))
    node.emit(opened(60))
    change = watch.wait(0)
    assert (rounds(change.removed), rounds(change.added)) == ([3, 4, 5], [30, 4, 50, 60])
    assert watch.wait(0).removed == ()


def test_roll_back_is_a_reorg_without_new_blocks(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    for n in range(1, 4):
        node.emit(opened(n))
    watch.wait(0)
    node.drop(2)
    change = watch.wait(0)
    assert (rounds(change.removed), change.added, change.head.number) == ([2, 3], (), 1)
    node.emit(opened(9))
    assert rounds(watch.wait(0).added) == [9]


def test_same_height_with_another_hash_is_noticed(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    node.emit(opened(1))
    watch.wait(0)
    node.drop(1)
    node.emit(opened(2))
    change = watch.wait(0)
    assert (rounds(change.removed), rounds(change.added)) == ([1], [2])


def test_short_chain_may_change_altogether(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed, start=1)
    node.emit(opened(1))
    node.emit(opened(2))
    watch.wait(0)
    node.drop(2)
    node.emit(opened(3))
    change = watch.wait(0)
    assert (rounds(change.removed), rounds(change.added)) == ([1, 2], [3])


def test_miner_of_a_dropped_block_does_no_harm(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    node.emit(joined(0), moved(0, "a"))
    watch.wait(0)
    node.drop(1)
    node.emit(joined(0), moved(0, "b"))
    change = watch.wait(0)
    assert kinds(change.removed) == kinds(change.added) == [MinerJoined, EndpointChanged]


def test_reorg_deeper_than_memory_is_an_error(
    node: FakeNode, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1, 200):
        node.emit(opened(n))
    watch = follow(node, feed)
    watch.wait(0)
    node.drop(150)
    with pytest.raises(ChainError, match="deeper than what is remembered: 128 blocks. Restart"):
        watch.wait(0)


@pytest.mark.parametrize("height", [3, 200])
def test_another_chain_in_the_nodes_place_is_named(node: FakeNode, feed: Feed, height: int) -> None:
    for n in range(1, height):
        node.emit(opened(n))
    watch = follow(node, feed)
    watch.wait(0)
    node.blocks.clear()
    node.emit()
    node.emit()
    with pytest.raises(WrongChain, match="another chain took this one's place"):
        watch.wait(0)


def test_reorg_while_reading_is_read_again(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    node.emit(opened(1))
    watch.wait(0)
    for n in (2, 3, 4):
        node.emit(opened(n))
    real, times = node.eth_getLogs, [0]

    def reorganise(wanted: Json) -> list[Json]:
        times[0] += 1
        if times[0] == 1:
            node.drop(2)
            for n in (30, 40, 50):
                node.emit(opened(n))
        return real(wanted)

    node.eth_getLogs = reorganise  # type: ignore[method-assign]
    change = watch.wait(0)
    assert (rounds(change.removed), rounds(change.added)) == ([], [2, 30, 40, 50])


def test_what_is_gone_is_told_after_a_fault(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    node.emit(opened(1))
    node.emit(opened(2))
    watch.wait(0)
    node.drop(1)
    node.emit(opened(3))
    node.fail("eth_getLogs", ChainUnreachable("no chain answers"))
    with pytest.raises(ChainUnreachable):
        watch.wait(0)
    change = watch.wait(0)
    assert (rounds(change.removed), rounds(change.added)) == ([2], [3])


def test_memory_is_bounded(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    for n in range(1, 400):
        node.emit(opened(n))
        if n % 50 == 0:
            watch.wait(0)
    assert len(watch._seen) == 128


def test_one_new_block_takes_two_questions(node: FakeNode, feed: Feed) -> None:
    watch = follow(node, feed)
    node.emit(opened(1))
    watch.wait(0)
    node.emit(opened(2))
    node.calls.clear()
    watch.wait(0)
    assert node.calls == ["eth_getBlockByNumber", "eth_getLogs", "eth_getLogs"]
