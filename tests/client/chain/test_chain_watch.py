"""Following a federation: back-fill, waiting, re-organisations, faults on the way."""

from __future__ import annotations

import threading
import time

import pytest
from fake_node import FakeNode, Json
from watch_scene import Feed, follow, joined, kinds, moved, opened, rounds

from minerva.chain import watch as watch_module
from minerva.errors import ChainError, ChainUnreachable, WrongChain
from minerva.protocol.events import EndpointChanged, MinerJoined


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
def feed() -> Feed:
    return Feed()


def test_back_fill_comes_first(node: FakeNode, feed: Feed) -> None:
    node.emit(opened(1))
    node.emit(opened(2), opened(3))
    change = follow(node, feed).wait(0)
    assert (change.removed, rounds(change.added), change.head.number) == ((), [1, 2, 3], 2)
    assert [(log.block_number, log.log_index, log.timestamp) for log in change.added] == [
        (1, 0, 1001), (2, 0, 1002), (2, 1, 1002),
    ]  # fmt: skip


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
