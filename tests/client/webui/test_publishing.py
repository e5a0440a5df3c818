"""The dashboard on IPFS: what the node is given, what is printed, and what goes wrong in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from kubo_stand_in import CID, KuboStandIn

from minerva.cli.app import main
from minerva.errors import StoreError, StoreUnreachable
from minerva.store.kubo import KuboStore
from minerva.store.node import KuboNode, find_kubo
from minerva.webui.publish import publish

NETWORK = {"chainId": 31337, "rpc": "http://127.0.0.1:8545", "gateway": "."}
PAGE = b"<!doctype html><title>Minerva</title>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "assets" / "main-1a2b.js").write_bytes(b"export {}")
    return folder


@pytest.fixture
def stand_in() -> Iterator[KuboStandIn]:
    with KuboStandIn() as node:
        yield node


def test_the_node_gets_the_page_with_its_network_and_the_gateway_serves_it(
    page: Path, stand_in: KuboStandIn
) -> None:
    published = publish(page, NETWORK, KuboStore(stand_in.address), stand_in.url)
    assert published.url == f"{stand_in.url}/ipfs/{published.cid}/"
    assert set(stand_in.files) == {"webui/index.html", "webui/assets/main-1a2b.js", "webui/config.json"}
    assert stand_in.files["webui/index.html"] == PAGE
    assert json.loads(stand_in.files["webui/config.json"]) == {**NETWORK, "gateway": stand_in.url}
    assert not (page / "config.json").exists(), "the build serves other networks too"


def test_a_file_that_the_node_leaves_out_or_changes_is_noticed(page: Path, stand_in: KuboStandIn) -> None:
    stand_in.forget = "webui/assets/main-1a2b.js"
    with pytest.raises(StoreError, match=r"main-1a2b\.js: left out"):
        publish(page, NETWORK, KuboStore(stand_in.address), stand_in.url)
    stand_in.forget, stand_in.change = "", "webui/index.html"
    with pytest.raises(StoreError, match="another CID than ours"):
        publish(page, NETWORK, KuboStore(stand_in.address), stand_in.url)


def test_a_gateway_that_serves_another_page_or_none_is_told(page: Path, stand_in: KuboStandIn) -> None:
    stand_in.answer = b"something else"
    with pytest.raises(StoreUnreachable, match="does not serve the page"):
        publish(page, NETWORK, KuboStore(stand_in.address), stand_in.url)
    with pytest.raises(StoreUnreachable, match=r"webui\.gateway"):
        publish(page, NETWORK, KuboStore(stand_in.address), "http://127.0.0.1:9")


def test_the_command_finds_the_local_stacks_gateway(
    page: Path,
    stand_in: KuboStandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minerva.webui.service.built", lambda: page)
    monkeypatch.setattr("minerva.webui.network.network_document", lambda settings: NETWORK)
    words = ["webui", "--ipfs", "--store", f"kubo:{stand_in.address}"]
    assert main(words) == 2
    assert "no IPFS gateway is configured" in capsys.readouterr().err
    (tmp_path / ".minerva").mkdir()
    record = tmp_path / ".minerva" / "stack.json"
    record.write_text("[]")
    assert main(words) == 2
    record.write_text(json.dumps({"gateway": stand_in.url}))
    capsys.readouterr()
    assert main(words) == 0
    assert capsys.readouterr().out == f"{stand_in.url}/ipfs/{CID}/\n"


@pytest.mark.kubo
def test_a_real_node_serves_it(page: Path, tmp_path: Path) -> None:
    binary = find_kubo()
    if binary is None:
        pytest.skip("no ipfs of version 0.40 or newer, neither on PATH nor built")
    with KuboNode(tmp_path / "node", binary, gateway="/ip4/127.0.0.1/tcp/0") as node:
        published = publish(page, NETWORK, KuboStore(node.address), node.gateway)
        script = requests.get(f"{published.url}assets/main-1a2b.js", timeout=30)
        assert (script.content, script.headers["Content-Type"].split(";")[0]) == (
            b"export {}",
            "text/javascript",
        )
        assert requests.get(f"{published.url}config.json", timeout=30).json()["gateway"] == node.gateway
