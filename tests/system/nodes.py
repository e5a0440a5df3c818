"""Real IPFS nodes as fixtures: import the ones a test module needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minerva.store.node import KuboNode, find_kubo


@pytest.fixture(scope="session")
def kubo_binary() -> Path:
    """Path of the ``ipfs`` program; skips where there is none."""
    binary = find_kubo()
    if binary is None:
        pytest.skip("no ipfs of version 0.40 or newer, neither on PATH nor built")
    return binary


@pytest.fixture(scope="session")
def kubo_pair(
    kubo_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[KuboNode, KuboNode]]:
    """Two nodes that know each other and nobody else."""
    repos = tmp_path_factory.mktemp("kubo")
    with KuboNode(repos / "a", kubo_binary) as one, KuboNode(repos / "b", kubo_binary) as other:
        one.connect(other)
        yield one, other
