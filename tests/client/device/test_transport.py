"""Bytes to and from a miner's API that is slow, endless, misleading or not there."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from api_scene import CID, DATA, Server, says, trickles

from minerva.device.transport import MinerApi, Transport
from minerva.errors import ContentTooLarge, ContentUnavailable, StoreError
from minerva.store.memory import MemoryStore


def _server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


server = pytest.fixture(_server, name="server")
other = pytest.fixture(_server, name="other")


@pytest.fixture
def api() -> MinerApi:
    return MinerApi(local=True)


def test_pushes_and_fetches(server: Server, api: MinerApi) -> None:
    server.answer = says(201)
    api.push(server.url + "/", CID, DATA, timeout=5)
    server.answer = says(200, DATA)
    assert api.fetch(server.url, CID, max_bytes=len(DATA), timeout=5) == DATA
    assert server.asked == [f"/updates/{CID}", f"/content/{CID}"]


def test_asks_and_tells(server: Server, api: MinerApi) -> None:
    server.answer = says(200, DATA)
    assert api.ask(server.url, "canaries/0x", most=len(DATA), timeout=5) == DATA
    with pytest.raises(ContentTooLarge, match="says more than allowed"):
        api.ask(server.url, "canaries/0x", most=len(DATA) - 1, timeout=5)
    server.answer = says(409, b"{}")
    assert api.tell(server.url, "canaries/1/0x", DATA, timeout=5) == 409
    assert server.asked == ["/canaries/0x"] * 2 + ["/canaries/1/0x"]
    with pytest.raises(ContentUnavailable, match="does not say: .*409"):
        api.ask(server.url, "canaries/0x", most=9, timeout=5)
    server.answer = trickles(200, b"x" * 65536, 0.0)
    with pytest.raises(ContentTooLarge):
        api.ask(server.url, "canaries/0x", most=100, timeout=5)
    assert api.tell(server.url, "canaries/1/0x", DATA, timeout=5) == 200, "what is said at length is not read"


def test_a_refusal_is_one_line_with_the_miners_words(server: Server, api: MinerApi) -> None:
    server.answer = says(422, json.dumps({"error": "other\nbytes", "value": "x"}).encode())
    with pytest.raises(StoreError, match=r"did not take the update: http://127.*: 422: other bytes$"):
        api.push(server.url, CID, DATA, timeout=5)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"", b"[" * 5000, b"\xff"])
def test_a_refusal_in_other_words_is_its_status(server: Server, api: MinerApi, body: bytes) -> None:
    server.answer = says(500, body)
    with pytest.raises(StoreError, match="500"):
        api.push(server.url, CID, DATA, timeout=5)


def test_an_endless_refusal_is_cut(server: Server, api: MinerApi) -> None:
    server.answer = trickles(500, b"x" * 65536, 0.0)
    with pytest.raises(StoreError, match="500"):
        api.push(server.url, CID, DATA, timeout=5)


def test_a_trickle_does_not_outlive_the_deadline(server: Server, api: MinerApi) -> None:
    server.answer = trickles(200, b"x", 0.05)
    before = time.monotonic()
    with pytest.raises(ContentUnavailable, match="too slow"):
        api.fetch(server.url, CID, max_bytes=1 << 20, timeout=0.5)
    assert time.monotonic() - before < 3


@pytest.mark.parametrize("line", [b"X-A: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_headers_do_not_outlive_the_deadline(server: Server, api: MinerApi, line: bytes) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(line if line.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n" + line)
            for _ in range(200):
                handler.wfile.write(line if line.startswith(b"HTTP") else b"x")
                time.sleep(0.05)
        except OSError:
            pass

    server.answer = answer
    for call in (
        lambda: api.fetch(server.url, CID, max_bytes=100, timeout=0.5),
        lambda: api.push(server.url, CID, DATA, timeout=0.5),
    ):
        before = time.monotonic()
        with pytest.raises(ContentUnavailable, match="too slow"):
            call()
        assert time.monotonic() - before < 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_upload_or_handshake_does_not_outlive_the_deadline(api: MinerApi, scheme: str) -> None:
    done = threading.Event()

    def sip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            while not done.wait(0.05):
                peer.recv(1024)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=sip, args=(listener,))
        thread.start()
        before = time.monotonic()
        try:
            with pytest.raises(ContentUnavailable, match="too slow"):
                at = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
                api.push(at, CID, bytes(32 << 20), timeout=0.5)
            assert time.monotonic() - before < 3
        finally:
            done.set()
            thread.join()


def test_nothing_past_the_cap_is_read(server: Server, api: MinerApi) -> None:
    server.answer = trickles(200, b"x" * 65536, 0.0)
    with pytest.raises(ContentTooLarge, match="cap 100"):
        api.fetch(server.url, CID, max_bytes=100, timeout=5)


def test_other_bytes_are_not_taken(server: Server, api: MinerApi) -> None:
    server.answer = says(200, b"other")
    with pytest.raises(ContentUnavailable, match="other bytes"):
        api.fetch(server.url, CID, max_bytes=100, timeout=5)


def test_redirections_are_not_followed(server: Server, api: MinerApi) -> None:
    server.answer = says(307, Location="/elsewhere")
    with pytest.raises(ContentUnavailable):
        api.fetch(server.url, CID, max_bytes=100, timeout=5)
    with pytest.raises(StoreError):
        api.push(server.url, CID, DATA, timeout=5)
    assert "/elsewhere" not in server.asked


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:1", "http://a..b", "http://" + "a" * 70, "http://[", "ftp://x", "x", "http://\0"],
)
def test_an_endpoint_of_a_stranger_cannot_crash_it(api: MinerApi, endpoint: str) -> None:
    with pytest.raises(StoreError, match="does not answer|is not the plain URL"):
        api.push(endpoint, CID, DATA, timeout=1)
    with pytest.raises(ContentUnavailable, match="does not answer|is not the plain URL"):
        api.fetch(endpoint, CID, max_bytes=10, timeout=1)


@pytest.mark.parametrize("tail", ["?a=", "#", "?", "/x#y", " ", "\\x", "\n", "\u00e9"])
def test_an_endpoint_is_a_plain_url(server: Server, api: MinerApi, tail: str) -> None:
    with pytest.raises(ContentUnavailable, match="is not the plain URL"):
        api.fetch(server.url + tail, CID, max_bytes=10, timeout=1)
    with pytest.raises(ContentUnavailable, match="is not the plain URL"):
        api.fetch(server.url.replace("//", "//me:pw@"), CID, max_bytes=10, timeout=1)
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1",
     "169.254.169.254", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]"],
)  # fmt: skip
def test_a_strangers_endpoint_does_not_lead_inside(server: Server, host: str) -> None:
    server.answer = says(200, DATA)
    for scheme in ("http", "https"):
        endpoint = f"{scheme}://{host}:{server.url.rsplit(':', 1)[1]}"
        with pytest.raises(StoreError, match="is not at a public address"):
            Transport(None).publish(CID, DATA, endpoint, timeout=1)
        with pytest.raises(ContentUnavailable, match="is not at a public address"):
            Transport(None).fetch(CID, lambda at=endpoint: [at], max_bytes=1000, timeout=1)  # type: ignore[misc]
    assert server.asked == []


def test_a_name_that_leads_inside_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]
    )
    server.answer = says(200, DATA)
    with pytest.raises(ContentUnavailable, match="is not at a public address"):
        MinerApi().fetch("http://miner.example", CID, max_bytes=1000, timeout=1)
    assert MinerApi(local=True).fetch("http://miner.example", CID, max_bytes=1000, timeout=1) == DATA


def test_the_own_store_takes_what_the_miner_does_not(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = says(503)
    store = MemoryStore()
    assert Transport(store, local=True).publish(CID, DATA, server.url, timeout=5) == "ipfs"
    assert store.has(CID)
    assert "did not take the update" in caplog.text


def test_without_a_store_the_miner_must_take_it(server: Server) -> None:
    server.answer = says(503)
    with pytest.raises(StoreError, match="did not take"):
        Transport(None, local=True).publish(CID, DATA, server.url, timeout=5)
    with pytest.raises(StoreError, match="no store"):
        Transport(None, local=True).publish(CID, DATA, "", timeout=5)


def test_fetches_from_any_miner_that_has_it(server: Server) -> None:
    server.answer = says(200, DATA)
    endpoints = ["http://127.0.0.1:1", "", server.url]
    assert Transport(None, local=True).fetch(CID, lambda: endpoints, max_bytes=1000, timeout=10) == DATA


def test_nobody_has_it() -> None:
    with pytest.raises(ContentUnavailable, match=str(CID)):
        Transport(None, local=True).fetch(CID, lambda: [], max_bytes=1000, timeout=1)


def test_a_slow_miner_does_not_starve_the_device(server: Server, other: Server) -> None:
    server.answer, other.answer = trickles(200, b"x", 0.05), says(200, DATA)
    before = time.monotonic()
    endpoints = [server.url, other.url]
    assert Transport(None, local=True).fetch(CID, lambda: endpoints, max_bytes=1000, timeout=2) == DATA
    assert time.monotonic() - before < 2
    assert server.asked


def test_each_attempt_starts_with_another_miner_after_the_own(server: Server, other: Server) -> None:
    transport = Transport(None, local=True)
    endpoints = [server.url, other.url]

    def fetch() -> None:
        with pytest.raises(ContentUnavailable):
            transport.fetch(CID, lambda: endpoints, max_bytes=1000, timeout=5)

    first: list[bool] = []
    server.answer = lambda handler: (first.append(True), says(404)(handler))[1]
    other.answer = lambda handler: (first.append(False), says(404)(handler))[1]
    fetch()
    fetch()
    assert first == [True, False, False, True]
    other.answer = says(201)
    transport.publish(CID, DATA, other.url, timeout=5)
    other.answer = lambda handler: (first.append(False), says(404)(handler))[1]
    first.clear()
    fetch()
    fetch()
    assert first == [False, True, False, True]


def test_without_a_store_another_miner_may_take_it(server: Server, other: Server) -> None:
    server.answer, other.answer = says(503), says(201)
    transport = Transport(None, local=True)
    endpoints = [other.url, server.url]
    assert transport.publish(CID, DATA, server.url, timeout=5, others=lambda: endpoints) == "miner"
    assert (len(server.asked), len(other.asked)) == (1, 1)
    assert transport.publish(CID, DATA, "", timeout=5, others=lambda: endpoints) == "miner"


def test_with_a_store_no_other_miner_is_asked(server: Server, other: Server) -> None:
    server.answer = says(503)
    transport = Transport(MemoryStore(), local=True)
    assert transport.publish(CID, DATA, server.url, timeout=5, others=lambda: [other.url]) == "ipfs"
    assert other.asked == []
