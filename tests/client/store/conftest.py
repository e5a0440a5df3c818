"""The stores under contract: one fixture, every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minerva.store import Store
from minerva.store.local import LocalStore
from minerva.store.memory import MemoryStore
from minerva.store.node import KuboNode, find_kubo


@pytest.fixture(scope="session")
def kubo_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KuboNode]:
    binary = find_kubo()
    if binary is None:
        pytest.skip("no ipfs of version 0.40 or newer, neither on PATH nor built")
    with KuboNode(tmp_path_factory.mktemp("kubo"), binary) as node:
        yield node


@pytest.fixture(params=["memory", "local", pytest.param("kubo", marks=pytest.mark.kubo)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store
    match request.param:
        case "memory":
            opened = MemoryStore()
        case "local":
            opened = LocalStore(tmp_path / "store")
        case _:
            opened = request.getfixturevalue("kubo_node").store()
    yield opened
    opened.close()
