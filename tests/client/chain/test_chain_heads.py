"""The subscription to new blocks against WebSocket servers that come and go."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from minerva.chain import heads
from minerva.chain.heads import HeadFeed
from minerva.processes import free_port


class Node:
    """Takes subscriptions on a port, or refuses them."""

    def __init__(self, port: int, *, subscribes: bool = True) -> None:
        self.port, self.subscribes = port, subscribes
        self.connections: list[ServerConnection] = []
        self._server: Server | None = None

    def start(self) -> Node:
        self._server = serve(self._handle, "127.0.0.1", self.port)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
        for connection in self.connections:
            connection.close_socket()
        self.connections.clear()

    def tell(self) -> None:
        for connection in self.connections:
            connection.send('{"jsonrpc":"2.0","method":"eth_subscription","params":{"result":{}}}')

    def _handle(self, connection: ServerConnection) -> None:
        request = json.loads(connection.recv())
        assert (request["method"], request["params"]) == ("eth_subscribe", ["newHeads"])
        if not self.subscribes:
            connection.send('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}')
            return
        connection.send('{"jsonrpc":"2.0","id":1,"result":"0x1"}')
        self.connections.append(connection)
        try:
            connection.recv()
        except ConnectionClosed:
            pass


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(heads, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node(free_port()).start()
    yield node
    node.stop()


def wait_for(condition: object, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.005)
    return False


@pytest.fixture
def feed(node: Node) -> Iterator[HeadFeed]:
    feed = HeadFeed(f"http://127.0.0.1:{node.port}")
    yield feed
    feed.close()


def test_nothing_connects_before_somebody_listens(node: Node, feed: HeadFeed) -> None:
    time.sleep(0.05)
    assert node.connections == [] and not feed.live


def test_block_sets_every_listener(node: Node, feed: HeadFeed) -> None:
    events = [threading.Event(), threading.Event()]
    for event in events:
        feed.listen(event)
    assert wait_for(lambda: feed.live)
    for event in events:
        event.clear()
    node.tell()
    assert all(event.wait(2) for event in events)
    assert len(node.connections) == 1
    feed.forget(events[0])
    for event in events:
        event.clear()
    node.tell()
    assert events[1].wait(2) and not events[0].is_set()


def test_dropped_subscription_wakes_listeners_and_comes_back(node: Node, feed: HeadFeed) -> None:
    event = threading.Event()
    feed.listen(event)
    assert wait_for(lambda: feed.live)
    event.clear()
    node.stop()
    assert event.wait(2) and wait_for(lambda: not feed.live)
    again = Node(node.port).start()
    try:
        assert wait_for(lambda: feed.live)
        event.clear()
        again.tell()
        assert event.wait(2)
    finally:
        again.stop()


def test_node_without_subscriptions_is_polled() -> None:
    node = Node(free_port(), subscribes=False).start()
    feed = HeadFeed(f"ws://127.0.0.1:{node.port}")
    try:
        event = threading.Event()
        feed.listen(event)
        assert event.wait(2) and not feed.live
    finally:
        feed.close()
        node.stop()


def test_nobody_there_is_polled() -> None:
    feed = HeadFeed(f"http://127.0.0.1:{free_port()}")
    event = threading.Event()
    feed.listen(event)
    assert event.wait(2) and not feed.live
    feed.close()


def test_close_ends_the_thread(feed: HeadFeed) -> None:
    event = threading.Event()
    feed.listen(event)
    assert wait_for(lambda: feed.live)
    thread = feed._thread
    feed.close()
    assert thread is not None and not thread.is_alive()
    assert event.is_set() and not feed.live
