"""Reading the logs of one federation."""

from __future__ import annotations

import pytest
from actor_scene import FEDERATION
from fake_node import FakeNode
from watch_scene import OTHER, Feed, follow, harder, joined, kinds, log_reader, moved, opened, rounds

from minerva.chain.rpc import RpcError
from minerva.protocol.events import DifficultyChanged, EndpointChanged, MinerJoined, RoundOpened


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
def feed() -> Feed:
    return Feed()


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
