"""A stack for the tests that leave chain and stores alive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from nodes import kubo_binary, kubo_pair  # noqa: E402, F401 - fixtures

from minerva.stack.parts import Stack  # noqa: E402


@pytest.fixture(scope="session")
def new_stack(kubo_binary: Path) -> object:  # noqa: F811
    """Make a stack in a folder: chain, two Kubo nodes, contracts by scripts/deploy.py."""

    def make(root: Path) -> Stack:
        stack = Stack(root)
        try:
            stack.start_chain()
            stack.start_stores()
            assert stack.store_kind == "kubo", f"Kubo is there ({kubo_binary}) and did not start: see {root}"
            stack.deploy()
        except BaseException:
            stack.stop()
            raise
        return stack

    return make


@pytest.fixture(scope="session")
def stack(new_stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # type: ignore[no-untyped-def]
    """One stack for all tests that do not kill its chain or its nodes; each makes federations of its own."""
    made = new_stack(tmp_path_factory.mktemp("stack"))
    yield made
    made.stop()
