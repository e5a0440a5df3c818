"""A node, or another service at its address, may answer anything: the right error, at a bounded cost."""

from __future__ import annotations

import gzip

import pytest
from fake_kubo import CHUNKED, CID, DATA, PATIENT, Request, Serve, fails, get, head

from minerva.errors import ContentMismatch, ContentTooLarge, ContentUnavailable, StoreError, StoreUnreachable
from minerva.store import cid_of


def test_an_honest_answer_passes(serve: Serve) -> None:
    _, store = serve(lambda request: request.answer(DATA))
    assert get(store) == DATA


@pytest.mark.parametrize(
    "lie", [b"", b"other", DATA[:-1], DATA[:-1] + b"?"], ids=["none", "others", "short", "end"]
)
def test_other_bytes_are_a_mismatch(serve: Serve, lie: bytes) -> None:
    _, store = serve(lambda request: request.answer(lie))
    with fails(ContentMismatch, PATIENT):
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
    with fails(ContentTooLarge, PATIENT):
        get(store)
    assert sum(sent) < 32 << 20


def test_one_byte_too_many_is_too_large(serve: Serve) -> None:
    _, store = serve(lambda request: request.answer(DATA + b"!"))
    with fails(ContentTooLarge, PATIENT):
        get(store)


def test_compressed_answers_are_not_unpacked(serve: Serve) -> None:
    packed = gzip.compress(DATA[:100])
    _, store = serve(lambda request: request.answer(packed, headers="Content-Encoding: gzip\r\n"))
    with fails(ContentMismatch, PATIENT):
        store.get(cid_of(DATA[:100]), max_bytes=len(DATA), timeout=PATIENT)


def test_the_nodes_own_refusal_means_unavailable(serve: Serve) -> None:
    refusal = b'{"Message":"this dag node is a directory","Code":0,"Type":"error"}'
    fake, store = serve(lambda request: request.answer(refusal, status="500 Internal Server Error"))
    with fails(ContentUnavailable, PATIENT, "is a directory"):
        get(store)
    with fails(ContentUnavailable, PATIENT, "is a directory"):
        store.pin(CID, timeout=PATIENT)
    with fails(StoreError, PATIENT, "is a directory"):
        store.unpin(CID)
    assert not store.has(CID)
    assert len(fake.requests) == 4
    assert fake.connections == 1


def test_a_full_disk_of_the_node_is_told(serve: Serve) -> None:
    refusal = b'{"Message":"write /repo/blocks/x: no space left on device","Code":0,"Type":"error"}'
    _, store = serve(lambda request: request.answer(refusal, status="500 Internal Server Error"))
    for ask in (lambda: store.put(DATA), lambda: get(store), lambda: store.pin(CID, timeout=PATIENT)):
        with fails(StoreError, PATIENT, "the disk of the IPFS node is full"):
            ask()


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
        with fails(StoreUnreachable, PATIENT, "no IPFS node answers as Kubo does"):
            ask()
    assert len(fake.requests) == 4


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b"{}", b"1", b'{"Hash":1}\n{"Hash":2}', b"\xff\xfe", b'"x"']
)
def test_json_that_is_not_kubos_is_told(serve: Serve, answer: bytes) -> None:
    _, store = serve(lambda request: request.answer(answer))
    for ask in (lambda: store.put(DATA), store.health, store.addresses):
        with fails(StoreUnreachable, PATIENT):
            ask()


def test_a_node_that_computes_another_cid_is_told(serve: Serve) -> None:
    other = cid_of(b"other")
    _, store = serve(lambda request: request.answer(f'{{"Hash":"{other}"}}'.encode()))
    with fails(StoreError, PATIENT, f"another CID than ours: {other}, not {CID}"):
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


def test_an_empty_cid_needs_no_peer(serve: Serve) -> None:
    empty = cid_of(b"")

    def add(request: Request) -> None:
        request.answer(f'{{"Hash":"{empty}"}}'.encode() if "/add?" in request.path else b"")

    _, store = serve(add)
    assert store.get(empty, max_bytes=0, timeout=PATIENT) == b""
