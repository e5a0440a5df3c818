from __future__ import annotations

from pathlib import Path

import pytest

from minerva.errors import ConfigError
from minerva.store import open_store
from minerva.store.kubo import KuboStore


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("kubo:/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("/ip6/::1/tcp/5001/http", "/ip6/::1/tcp/5001/http"),
        ("/dns/ipfs.example/tcp/80", "/dns/ipfs.example/tcp/80/http"),
        ("http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001/http"),
        ("http://[::1]:5001/", "/ip6/::1/tcp/5001/http"),
        (" http://ipfs:5001 ", "/dns/ipfs/tcp/5001/http"),
    ],
)
def test_opens_a_kubo_store(url: str, address: str) -> None:
    store = open_store(url)
    assert isinstance(store, KuboStore)
    assert store.address == address
    store.close()


def test_opens_a_memory_store() -> None:
    assert open_store("memory:").name == "memory"


def test_opens_a_local_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_store(f"local:{tmp_path}/here").name == "local"
    assert (tmp_path / "here" / "blocks").is_dir()
    monkeypatch.setenv("HOME", str(tmp_path))
    open_store("local:~/home")
    assert (tmp_path / "home" / "blocks").is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "local:",
        "memory:x",
        "kubo:",
        "kubo:127.0.0.1:5001",
        "127.0.0.1:5001",
        "localhost",
        "ftp://host:21",
        "https://host:443",
        "http://host",
        "http://host:0",
        "http://host:99999",
        "http://host:port",
        "http://host:5001/api/v0",
        "http://name:word@host:5001",
        "/ip4/127.0.0.1/udp/5001",
        "/ip4/127.0.0.1/tcp/5001/https",
        "/ip4/::1/tcp/5001",
        "/ip4/127.0.0.1/tcp/x",
        "/ip4/127.0.0.1",
        "/dns//tcp/80",
        "/unix/tmp/socket",
    ],
)
def test_refuses_other_addresses_and_says_what_to_give(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        open_store(url)
    assert url in str(refusal.value)
    assert "Give kubo:/ip4/127.0.0.1/tcp/5001" in str(refusal.value)


@pytest.mark.parametrize("address", ["", "nonsense", "/ip4/127.0.0.1/tcp/1/https", "/unix/tmp/socket"])
def test_a_kubo_store_refuses_what_is_no_rpc_address(address: str) -> None:
    with pytest.raises(ConfigError):
        KuboStore(address)
