"""JSON-RPC over HTTP against a server that misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from minerva.chain.rpc import Rpc, RpcError
from minerva.chain.transport import open_channel, shown
from minerva.errors import ChainUnreachable, ConfigError
from minerva.processes import free_port

Answer = tuple[int, bytes] | None
"""HTTP status and body; None closes the connection without a word."""


class Server:
    """Answers each request by ``handle``, a plain echo of method names when a test gives no other."""

    def __init__(self) -> None:
        self.handle: Callable[[Any], Answer] = lambda request: (200, json.dumps(echo(request)).encode())
        self.requests: list[Any] = []
        self.connections: set[int] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.connections.add(self.client_address[1])
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(request)
                answer = outer.handle(request)
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def echo(request: Any) -> Any:
    if isinstance(request, list):
        return [echo(one) for one in reversed(request)]  # a node may answer in any order
    if request["method"] == "bad":
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": 3, "message": "no", "data": "0x01"}}
    return {"jsonrpc": "2.0", "id": request["id"], "result": [request["method"], *request["params"]]}


def fails_first(times: int, answer: Answer) -> Callable[[Any], Answer]:
    left = [times]

    def handle(request: Any) -> Answer:
        left[0] -= 1
        return answer if left[0] >= 0 else (200, json.dumps(echo(request)).encode())

    return handle


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def rpc(server: Server) -> Iterator[Rpc]:
    rpc = Rpc(server.url, timeout=2.0, patience=3.0)
    yield rpc
    rpc.close()


def test_result_comes_back(rpc: Rpc) -> None:
    assert rpc.call("eth_x", "0x1", True) == ["eth_x", "0x1", True]


def test_connection_is_kept(server: Server, rpc: Rpc) -> None:
    for _ in range(5):
        rpc.call("eth_x")
    assert len(server.connections) == 1


def test_batch_is_one_request_and_keeps_its_order(server: Server, rpc: Rpc) -> None:
    results = rpc.batch([("a", ()), ("bad", ()), ("c", (7,))])
    assert results[0] == ["a"] and results[2] == ["c", 7]
    assert isinstance(results[1], RpcError) and results[1].data == "0x01"
    assert len(server.requests) == 1


def test_long_batch_is_split(server: Server, rpc: Rpc) -> None:
    assert rpc.batch([("m", (i,)) for i in range(250)]) == [["m", i] for i in range(250)]
    assert [len(r) for r in server.requests] == [100, 100, 50]


def test_node_without_batches_is_asked_one_by_one(server: Server, rpc: Rpc) -> None:
    def single(request: Any) -> Answer:
        if isinstance(request, list):
            return 200, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}'
        return 200, json.dumps(echo(request)).encode()

    server.handle = single
    assert rpc.batch([("a", ()), ("b", ())]) == [["a"], ["b"]]


def test_refusal_is_no_fault_of_the_line(server: Server, rpc: Rpc) -> None:
    with pytest.raises(RpcError, match="the node refused bad: no") as caught:
        rpc.call("bad")
    assert (caught.value.code, caught.value.data) == (3, "0x01")
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [None, (503, b"busy"), (429, b"slow down")])
def test_passing_fault_is_retried(server: Server, rpc: Rpc, fault: Answer) -> None:
    server.handle = fails_first(3, fault)
    assert rpc.call("eth_x") == ["eth_x"]
    assert len(server.requests) == 4


def test_silence_ends_at_the_timeout(server: Server) -> None:
    server.handle = lambda request: time.sleep(5)  # type: ignore[return-value]
    begun = time.monotonic()
    with pytest.raises(ChainUnreachable, match="no chain answers at http://127.0.0.1"):
        Rpc(server.url, timeout=0.2, patience=0.3).call("eth_x")
    assert time.monotonic() - begun < 2


def test_nobody_there_says_which_address_and_what_to_do() -> None:
    port = free_port()
    with pytest.raises(ChainUnreachable, match=rf"127.0.0.1:{port}.*Is the node running"):
        Rpc(f"http://127.0.0.1:{port}", patience=0.2).call("eth_x")


@pytest.mark.parametrize(
    "answer", [(200, b"<html>"), (404, b"<html>"), (401, b""), (200, b"[]"), (200, b"7")]
)
def test_no_node_is_no_chain(server: Server, rpc: Rpc, answer: Answer) -> None:
    server.handle = lambda request: answer
    with pytest.raises(ChainUnreachable):
        rpc.call("eth_x")
    assert len(server.requests) == 1


def test_threads_share_the_connections(server: Server, rpc: Rpc) -> None:
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: results.extend(rpc.batch([("m", (n, i)) for i in range(20)])))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r[1:] for r in results) == [[n, i] for n in range(8) for i in range(20)]


def test_web3_works_over_it(server: Server) -> None:
    from web3 import Web3

    def chain(request: Any) -> Answer:
        results = {"eth_chainId": "0x7a69", "eth_blockNumber": "0x10"}
        return 200, json.dumps(
            {"jsonrpc": "2.0", "id": request["id"], "result": results[request["method"]]}
        ).encode()

    server.handle = chain
    web3 = Web3(Rpc(server.url))
    assert (web3.eth.chain_id, web3.eth.block_number) == (31337, 16)


@pytest.mark.parametrize(
    ("url", "visible"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://mainnet.example.org/v3/secret", "https://mainnet.example.org/…"),
        ("wss://user:secret@example.org/?key=secret", "wss://example.org/…"),
        ("/tmp/node.ipc", "/tmp/node.ipc"),
    ],
)
def test_secrets_of_an_address_are_not_shown(url: str, visible: str) -> None:
    assert shown(url) == visible


def test_secrets_of_an_address_are_not_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        Rpc(f"{server.url}/v3/secret").call("eth_x")
        with pytest.raises(ChainUnreachable) as caught:
            Rpc(f"http://127.0.0.1:{free_port()}/v3/secret", patience=0.1).call("eth_x")
    assert "secret" not in caplog.text + str(caught.value)


@pytest.mark.parametrize("url", ["", "localhost:8545", "ftp://example.org", "node.ipc"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a chain"):
        Rpc(url)


def test_http_address_has_a_websocket_twin() -> None:
    assert callable(open_channel("http://127.0.0.1:8545"))
