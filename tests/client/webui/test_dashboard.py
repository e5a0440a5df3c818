"""The dashboard's server: files with the right headers, the network that it names, contents of the store."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from pydantic import ValidationError

from minerva.config import Settings
from minerva.errors import ConfigError, NodeConflict, UserError
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore
from minerva.webui import service
from minerva.webui.app import STORE_READS, THREADS, create_dashboard
from minerva.webui.network import network_document
from minerva.webui.shown import remember

FACTORY = "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707"
POW = "0x0165878A594ca255338adfa4d48449f69242Eb8F"
CID = cid_of(b"figures")
SECONDS = 30


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Minerva</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    (folder / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("not for anybody")
    return folder


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def client(page: Path, store: MemoryStore) -> FlaskClient:
    return create_dashboard(page, lambda: {"chainId": 31337}, store).test_client()


def settings(folder: Path, chain_id: int = 31337, **webui: object) -> Settings:
    """Settings of a deployment whose file lies in ``folder``."""
    from minerva.chain.codec import CONTRACTS

    abis: dict[str, Any] = {name: {"abi": []} for name in CONTRACTS}
    abis["FederationFactory"]["address"] = FACTORY
    document = {"chainId": chain_id, "version": "1", "block": 7, "contracts": abis, "consensus": {"pow": POW}}
    (folder / "deployment.json").write_text(json.dumps(document))
    return Settings.model_validate(
        {
            "state": str(folder / "state"),
            "chain": {"rpc": "http://127.0.0.1:9545", "deployment": str(folder / "deployment.json")},
            "webui": webui,
        }
    )


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/assets/main-1a2b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/config.json", "application/json", None),
    ],
)
def test_files_come_with_their_type_and_cannot_be_framed(
    client: FlaskClient, path: str, kind: str, cache: str | None
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind
    assert cache is None or answer.headers["Cache-Control"] == cache
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/nothing"]
)
def test_what_is_not_of_the_page_is_not_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"not for anybody" not in answer.data
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_contents_of_the_store_are_served_to_any_page(client: FlaskClient, store: MemoryStore) -> None:
    cid = store.put(b"<script>")
    answer = client.get(f"/ipfs/{cid}")
    assert answer.data == b"<script>"
    assert answer.headers["Content-Type"] == "application/octet-stream", "a stranger's bytes are no page"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_is_no_cid_is_told_in_one_line(client: FlaskClient) -> None:
    answer = client.get("/ipfs/Qm123")
    assert answer.status_code == 400
    assert answer.text == "not a CID of this protocol\n"


def test_a_server_without_a_store_says_so(page: Path) -> None:
    answer = create_dashboard(page, dict, None).test_client().get("/ipfs/bafk")
    assert (answer.status_code, answer.text) == (400, "there is no store here\n")


def test_contents_that_nobody_serves_leave_threads_to_the_page(page: Path) -> None:
    reading, served = threading.Semaphore(0), threading.Event()

    class Slow(MemoryStore):
        def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
            reading.release()
            served.wait(SECONDS)
            return super().get(cid, max_bytes=max_bytes, timeout=timeout)

    store = Slow()
    path = f"/ipfs/{store.put(b'figures')}"
    app = create_dashboard(page, dict, store)
    assert STORE_READS < THREADS
    with ThreadPoolExecutor(STORE_READS) as pool:
        slow = [pool.submit(app.test_client().get, path) for _ in range(STORE_READS)]
        for _ in slow:
            assert reading.acquire(timeout=SECONDS)
        busy = app.test_client().get(path)
        assert (busy.status_code, busy.text) == (
            503,
            "the store is busy with other contents: try again in a moment\n",
        )
        assert app.test_client().get("/").status_code == 200
        served.set()
        assert [answer.result(SECONDS).status_code for answer in slow] == [200] * STORE_READS
    assert app.test_client().get(path).data == b"figures"


def test_the_network_is_that_of_the_deployment(tmp_path: Path) -> None:
    assert network_document(settings(tmp_path)) == {
        "chainId": 31337, "name": "Local chain", "rpc": "http://127.0.0.1:9545", "ws": "ws://127.0.0.1:9545",
        "gateway": ".", "coin": "ETH", "price": "", "factory": FACTORY, "block": 7, "consensus": {"pow": POW}, "policies": {},
    }  # fmt: skip


def test_a_public_chain_has_only_the_websocket_that_is_configured(tmp_path: Path) -> None:
    assert network_document(settings(tmp_path, 11155111))["ws"] == ""
    public = network_document(
        settings(tmp_path, 11155111, ws="wss://node", gateway="https://ipfs", rpc="https://rpc")
    )
    assert (public["name"], public["rpc"], public["ws"], public["gateway"]) == (
        "Sepolia", "https://rpc", "wss://node", "https://ipfs",
    )  # fmt: skip


def test_sums_are_told_in_the_chains_own_coin_and_in_money_where_its_price_is_named(tmp_path: Path) -> None:
    polygon = network_document(settings(tmp_path, 80002, price="0.5 USD", rpc="https://rpc"))
    assert (polygon["coin"], polygon["price"]) == ("POL", "0.5 USD")
    with pytest.raises(ValidationError, match=r"webui\.price"):
        settings(tmp_path, price="much")


def test_an_rpc_that_no_browser_can_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="http or https"):
        network_document(settings(tmp_path, rpc="/run/node.ipc"))


def test_it_serves_until_it_is_stopped_and_tells_where(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "built", lambda: page)
    stop, urls = threading.Event(), list[str]()
    started = threading.Event()

    def ready(url: str) -> None:
        urls.append(url)
        started.set()

    chosen = settings(tmp_path, port=0)
    server = threading.Thread(
        target=service.serve, args=(chosen, None), kwargs={"stop": stop, "ready": ready}, daemon=True
    )
    server.start()
    assert started.wait(SECONDS)
    try:
        assert json.loads((tmp_path / "state" / "webui.json").read_text()) == {"url": urls[0]}
        assert requests.get(f"{urls[0]}/config.json", timeout=SECONDS).json()["factory"] == FACTORY
        remember(tmp_path / "state", FACTORY, CID)
        assert requests.get(f"{urls[0]}/config.json", timeout=SECONDS).json()["results"] == {
            FACTORY: str(CID)
        }
        (tmp_path / "state" / "results.json").write_text("[")
        assert requests.get(f"{urls[0]}/config.json", timeout=SECONDS).json()["results"] == {}
        taken = settings(tmp_path, port=int(urls[0].rpartition(":")[2]))
        with pytest.raises(NodeConflict) as refused:
            service.serve(taken, None, stop=stop, ready=ready)
        assert "webui.port" in str(refused.value)
    finally:
        stop.set()
        server.join(SECONDS)
    with pytest.raises(requests.ConnectionError):
        requests.get(urls[0], timeout=SECONDS)


def test_a_page_that_is_not_built_is_told_with_what_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "built", lambda: None)
    with pytest.raises(UserError) as refused:
        service.serve(settings(tmp_path), None, stop=threading.Event(), ready=print)
    assert "make webui" in str(refused.value)
