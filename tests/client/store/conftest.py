"""The stores under contract: one fixture, every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fake_kubo import PATIENT, Behaviour, FakeKubo, Serve

from minerva.store import Store
from minerva.store.kubo import KuboStore
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


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(behave: Behaviour, timeout: float = PATIENT) -> tuple[FakeKubo, KuboStore]:
            fake = stack.enter_context(FakeKubo(behave))
            store = KuboStore(fake.address, timeout=timeout)
            stack.callback(store.close)
            return fake, store

        yield start
