"""A connection may trickle, hang, break or never come: the right error, by the deadline."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_kubo import BRIEF, CHUNKED, CID, DATA, PATIENT, SLACK, Request, Serve, fails, get, head

from minerva.errors import ContentUnavailable, StoreUnreachable
from minerva.processes import free_port
from minerva.store import cid_of
from minerva.store.kubo import KuboStore


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000,
        head(len(DATA)) + DATA,
        CHUNKED + b"4e20\r\n" + DATA,
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 10000\r\n\r\n" + b" " * 10_000,
    ],
    ids=["headers", "body", "chunk", "error"],
)
def test_a_trickle_costs_its_deadline(serve: Serve, answer: bytes) -> None:
    _, store = serve(lambda request: request.trickle(answer), BRIEF)
    with fails(ContentUnavailable, BRIEF):
        get(store, BRIEF)
    with fails(ContentUnavailable, BRIEF):
        store.pin(CID, timeout=BRIEF)
    with fails(StoreUnreachable, BRIEF):
        store.has(CID)


def test_silence_costs_its_deadline(serve: Serve) -> None:
    _, store = serve(lambda request: request.hang(), BRIEF)
    with fails(ContentUnavailable, BRIEF):
        get(store, BRIEF)
    for ask in (lambda: store.put(DATA), lambda: store.has(CID), lambda: store.unpin(CID), store.health):
        with fails(StoreUnreachable, BRIEF):
            ask()


def test_a_server_that_does_not_read_costs_its_deadline(serve: Serve) -> None:
    fake, store = serve(lambda request: request.hang(), BRIEF)
    fake.options.add("deaf")
    with fails(StoreUnreachable, BRIEF):
        store.put(bytes(64 << 20))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        head(len(DATA)) + DATA[:1000],
        CHUNKED + b"4e20\r\n" + DATA[:1000],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\n\r\n" + DATA,
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["nothing", "body", "chunk", "headers", "no length", "another protocol"],
)
def test_a_connection_that_dies_is_tried_again_and_then_given_up(serve: Serve, answer: bytes) -> None:
    def die(request: Request) -> None:
        request.peer.sendall(answer)
        request.die()

    fake, store = serve(die)
    with fails(StoreUnreachable, PATIENT, "no IPFS node answers"):
        get(store)
    assert len(fake.requests) == 4


def test_a_connection_that_dies_once_is_survived(serve: Serve) -> None:
    def die_first(request: Request) -> None:
        if len(fake.requests) == 1:
            request.die()
        request.answer(DATA)

    fake, store = serve(die_first)
    assert get(store) == DATA
    assert len(fake.requests) == 2


def test_retries_end_with_the_deadline(serve: Serve) -> None:
    fake, store = serve(lambda request: request.die())
    before = time.monotonic()
    with pytest.raises((StoreUnreachable, ContentUnavailable)):  # which one depends on the machine
        get(store, timeout=0.01)
    assert time.monotonic() - before < 0.01 + SLACK
    assert len(fake.requests) <= 1


def test_a_closed_port_is_unreachable() -> None:
    store = KuboStore(f"/ip4/127.0.0.1/tcp/{free_port()}")
    for ask in (lambda: get(store), lambda: store.put(DATA), lambda: store.has(CID), store.health):
        with fails(StoreUnreachable, 10, "Start one"):
            ask()


def test_an_unknown_host_is_unreachable() -> None:
    with fails(StoreUnreachable, 30):
        get(KuboStore("/dns/no-such-host.invalid/tcp/5001"), 30)


def test_calls_share_one_connection(serve: Serve) -> None:
    fake, store = serve(lambda request: request.answer(DATA))
    for _ in range(20):
        get(store)
    assert fake.connections == 1


def test_threads_share_connections_without_mixing_answers(serve: Serve) -> None:
    updates = {str(cid_of(data)): data for data in (os.urandom(1000) for _ in range(50))}
    fake, store = serve(lambda request: request.answer(updates[request.path.split("arg=")[1].split("&")[0]]))
    with ThreadPoolExecutor(8) as threads:
        wanted = [data for data in updates.values() for _ in range(4)]
        got = threads.map(lambda data: store.get(cid_of(data), max_bytes=1000, timeout=30), wanted)
        assert list(got) == wanted
    assert fake.connections <= 8


def test_idle_connections_of_a_node_that_restarted_cost_one_retry(serve: Serve) -> None:
    fake, store = serve(lambda request: request.answer(DATA))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: get(store), range(64)))

    def close_old(request: Request) -> None:
        if len(fake.requests) == 65:
            request.die()
        request.answer(DATA)

    fake.behave = close_old
    assert get(store) == DATA
    assert len(fake.requests) == 66


def test_a_proxy_of_the_environment_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    _, store = serve(lambda request: request.answer(DATA))
    assert get(store) == DATA
