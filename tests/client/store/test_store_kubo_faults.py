"""A node, or whatever listens at its address, may do anything: the right error by the deadline, at a bounded cost."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from fake_kubo import FakeKubo, Request

from minerva.errors import (
    ContentMismatch,
    ContentTooLarge,
    ContentUnavailable,
    MinervaError,
    StoreError,
    StoreUnreachable,
)
from minerva.processes import free_port
from minerva.store import cid_of
from minerva.store.kubo import KuboStore

DATA = os.urandom(20_000)
CID = cid_of(DATA)
SLACK = 5.0

Serve = Callable[[Callable[[Request], None]], tuple[FakeKubo, KuboStore]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(behave: Callable[[Request], None]) -> tuple[FakeKubo, KuboStore]:
            fake = stack.enter_context(FakeKubo(behave))
            store = KuboStore(fake.address, timeout=0.5)
            stack.callback(store.close)
            return fake, store

        yield start


@contextmanager
def fails(error: type[MinervaError], within: float, match: str | None = None) -> Iterator[None]:
    before = time.monotonic()
    with pytest.raises(error, match=match) as raised:
        yield
    assert raised.type is error
    assert "\n" not in str(raised.value)
    assert time.monotonic() - before < within + SLACK


def get(store: KuboStore, timeout: float = 0.5) -> bytes:
    return store.get(CID, max_bytes=len(DATA), timeout=timeout)


def head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_an_honest_answer_passes(serve: Serve) -> None:
    _, store = serve(lambda request: request.answer(DATA))
    assert get(store) == DATA


@pytest.mark.parametrize(
    "lie", [b"", b"other", DATA[:-1], DATA[:-1] + b"?"], ids=["none", "others", "short", "end"]
)
def test_other_bytes_are_a_mismatch(serve: Serve, lie: bytes) -> None:
    _, store = serve(lambda request: request.answer(lie))
    with fails(ContentMismatch, 0.5):
        get(store)


@pytest.mark.parametrize("start", [head(10 << 30), CHUNKED + b"280000000\r\n"], ids=["length", "chunk"])
def test_an_endless_answer_is_cut_at_the_cap(serve: Serve, start: bytes) -> None:
    sent = []

    def flood(request: Request) -> None:
        request.peer.sendall(start)
        while not request.closing.is_set():
            request.peer.sendall(bytes(1 << 20))
            sent.append(1 << 20)

    _, store = serve(flood)
    with fails(ContentTooLarge, 10):
        get(store, timeout=10)
    assert sum(sent) < 32 << 20


def test_one_byte_too_many_is_too_large(serve: Serve) -> None:
    _, store = serve(lambda request: request.answer(DATA + b"!"))
    with fails(ContentTooLarge, 0.5):
        get(store)


def test_compressed_answers_are_not_unpacked(serve: Serve) -> None:
    packed = gzip.compress(DATA[:100])
    _, store = serve(lambda request: request.answer(packed, headers="Content-Encoding: gzip\r\n"))
    with fails(ContentMismatch, 0.5):
        store.get(cid_of(DATA[:100]), max_bytes=len(DATA), timeout=0.5)


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
    _, store = serve(lambda request: request.trickle(answer))
    with fails(ContentUnavailable, 0.5):
        get(store)
    with fails(ContentUnavailable, 0.5):
        store.pin(CID, timeout=0.5)
    with fails(StoreUnreachable, 0.5):
        store.has(CID)


def test_silence_costs_its_deadline(serve: Serve) -> None:
    _, store = serve(lambda request: request.hang())
    with fails(ContentUnavailable, 0.5):
        get(store)
    for ask in (lambda: store.put(DATA), lambda: store.has(CID), lambda: store.unpin(CID), store.health):
        with fails(StoreUnreachable, 0.5):
            ask()


def test_a_server_that_does_not_read_costs_its_deadline(serve: Serve) -> None:
    fake, store = serve(lambda request: request.hang())
    fake.options.add("deaf")
    with fails(StoreUnreachable, 0.5):
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
    with fails(StoreUnreachable, 10, "no IPFS node answers"):
        get(store, timeout=10)
    assert len(fake.requests) == 4


def test_a_connection_that_dies_once_is_survived(serve: Serve) -> None:
    def die_first(request: Request) -> None:
        if len(fake.requests) == 1:
            request.die()
        request.answer(DATA)

    fake, store = serve(die_first)
    assert get(store, timeout=10) == DATA
    assert len(fake.requests) == 2


def test_retries_end_with_the_deadline(serve: Serve) -> None:
    _, store = serve(lambda request: request.die())
    with fails(StoreUnreachable, 0.01):
        get(store, timeout=0.01)


def test_a_closed_port_is_unreachable() -> None:
    store = KuboStore(f"/ip4/127.0.0.1/tcp/{free_port()}")
    for ask in (lambda: get(store, 30), lambda: store.put(DATA), lambda: store.has(CID), store.health):
        with fails(StoreUnreachable, 10, "Start one"):
            ask()


def test_an_unknown_host_is_unreachable() -> None:
    with fails(StoreUnreachable, 30):
        get(KuboStore("/dns/no-such-host.invalid/tcp/5001"), 30)


def test_the_nodes_own_refusal_means_unavailable(serve: Serve) -> None:
    refusal = b'{"Message":"this dag node is a directory","Code":0,"Type":"error"}'
    fake, store = serve(lambda request: request.answer(refusal, status="500 Internal Server Error"))
    with fails(ContentUnavailable, 0.5, "is a directory"):
        get(store)
    with fails(ContentUnavailable, 0.5, "is a directory"):
        store.pin(CID, timeout=0.5)
    with fails(StoreError, 0.5, "is a directory"):
        store.unpin(CID)
    assert not store.has(CID)
    assert len(fake.requests) == 4
    assert fake.connections == 1


def test_a_full_disk_of_the_node_is_told(serve: Serve) -> None:
    refusal = b'{"Message":"write /repo/blocks/x: no space left on device","Code":0,"Type":"error"}'
    _, store = serve(lambda request: request.answer(refusal, status="500 Internal Server Error"))
    with fails(StoreError, 0.5, "the disk of the IPFS node is full"):
        store.put(DATA)
    with fails(StoreError, 0.5, "the disk of the IPFS node is full"):
        store.pin(CID, timeout=0.5)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("500 Internal Server Error", ""),
        ("404 Not Found", ""),
        ("403 Forbidden", ""),
        ("302 Found", "Location: http://127.0.0.1:1/\r\n"),
        ("204 No Content", ""),
    ],
)
def test_another_service_at_the_address_is_told(serve: Serve, status: str, headers: str) -> None:
    fake, store = serve(lambda request: request.answer(b"<html>", status=status, headers=headers))
    for ask in (lambda: get(store), lambda: store.put(DATA), lambda: store.has(CID), store.health):
        with fails(StoreUnreachable, 0.5, "no IPFS node answers as Kubo does"):
            ask()
    assert len(fake.requests) == 4


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b"{}", b"1", b'{"Hash":1}\n{"Hash":2}', b"\xff\xfe", b'"x"']
)
def test_json_that_is_not_kubos_is_told(serve: Serve, answer: bytes) -> None:
    _, store = serve(lambda request: request.answer(answer))
    for ask in (lambda: store.put(DATA), store.health, store.addresses):
        with fails(StoreUnreachable, 0.5):
            ask()


def test_a_node_that_computes_another_cid_is_told(serve: Serve) -> None:
    other = cid_of(b"other")
    _, store = serve(lambda request: request.answer(f'{{"Hash":"{other}"}}'.encode()))
    with fails(StoreError, 0.5, f"another CID than ours: {other}, not {CID}"):
        store.put(DATA)


def test_put_sends_the_bytes_and_every_import_option(serve: Serve) -> None:
    bodies = []

    def add(request: Request) -> None:
        bodies.append(request.body)
        request.answer(f'{{"Hash":"{CID}"}}'.encode())

    fake, store = serve(add)
    assert store.put(DATA) == CID
    assert DATA in bodies[0]
    (path,) = fake.requests
    for option in (
        "cid-version=1",
        "hash=sha2-256",
        "raw-leaves=true",
        "chunker=size-1048576",
        "max-file-links=174",
        "trickle=false",
        "inline=false",
        "pin=true",
    ):
        assert option in path


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
        list(threads.map(lambda _: get(store, 30), range(64)))

    def close_old(request: Request) -> None:
        if len(fake.requests) == 65:
            request.die()
        request.answer(DATA)

    fake.behave = close_old
    assert get(store, timeout=30) == DATA
    assert len(fake.requests) == 66


def test_a_proxy_of_the_environment_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    _, store = serve(lambda request: request.answer(DATA))
    assert get(store) == DATA


def test_an_empty_cid_needs_no_peer(serve: Serve) -> None:
    empty = cid_of(b"")

    def add(request: Request) -> None:
        request.answer(f'{{"Hash":"{empty}"}}'.encode() if "/add?" in request.path else b"")

    _, store = serve(add)
    assert store.get(empty, max_bytes=0, timeout=0.5) == b""
