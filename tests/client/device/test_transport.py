"""Bytes to and from a miner's API that is slow, endless, misleading or not there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from minerva.device.transport import MinerApi, Transport
from minerva.errors import ContentTooLarge, ContentUnavailable, StoreError
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore

DATA = b"weights" * 100
CID = cid_of(DATA)
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A miner's API as a test wants it."""

    def __init__(self) -> None:
        self.answer: Answer = lambda handler: None
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.answer(self)

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def api() -> Iterator[MinerApi]:
    made = MinerApi()
    yield made
    made.close()


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def trickles(status: int, chunk: bytes, pause: float) -> Answer:
    """Send without an end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(chunk)
                handler.wfile.flush()
                time.sleep(pause)
        except OSError:
            pass

    return answer


def test_pushes_and_fetches(server: Server, api: MinerApi) -> None:
    server.answer = says(201)
    api.push(server.url + "/", CID, DATA, timeout=5)
    server.answer = says(200, DATA)
    assert api.fetch(server.url, CID, max_bytes=len(DATA), timeout=5) == DATA
    assert server.asked == [f"/updates/{CID}", f"/content/{CID}"]


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
    with pytest.raises(StoreError, match="does not answer"):
        api.push(endpoint, CID, DATA, timeout=1)
    with pytest.raises(ContentUnavailable, match="does not answer"):
        api.fetch(endpoint, CID, max_bytes=10, timeout=1)


def test_the_own_store_takes_what_the_miner_does_not(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = says(503)
    store = MemoryStore()
    assert Transport(store).publish(CID, DATA, server.url, timeout=5) == "ipfs"
    assert store.has(CID)
    assert "did not take the update" in caplog.text


def test_without_a_store_the_miner_must_take_it(server: Server) -> None:
    server.answer = says(503)
    with pytest.raises(StoreError, match="did not take"):
        Transport(None).publish(CID, DATA, server.url, timeout=5)
    with pytest.raises(StoreError, match="no store"):
        Transport(None).publish(CID, DATA, "", timeout=5)


def test_fetches_from_any_miner_that_has_it(server: Server) -> None:
    server.answer = says(200, DATA)
    endpoints = ["http://127.0.0.1:1", "", server.url]
    assert Transport(None).fetch(CID, lambda: endpoints, max_bytes=1000, timeout=10) == DATA


def test_nobody_has_it() -> None:
    with pytest.raises(ContentUnavailable, match=str(CID)):
        Transport(None).fetch(CID, lambda: [], max_bytes=1000, timeout=1)
