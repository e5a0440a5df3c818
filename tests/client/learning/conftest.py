"""Fixtures of the learning tests: one thread, so that nothing depends on what else the machine does."""

from __future__ import annotations

import pytest
import torch

from minerva.learning.task import Task, load_task

FEDERATION = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
DEVICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits() -> Task:
    return load_task("digits")


@pytest.fixture
def metadata() -> dict[str, str]:
    return {"federation": FEDERATION, "round": "3", "device": DEVICE}
