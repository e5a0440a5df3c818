"""One thread of torch, so that nothing depends on what else the machine does; and the devices' scene."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).parents[1] / "device"))


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)
