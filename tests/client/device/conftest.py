"""Fixtures of the device's tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from device_scene import Scene  # noqa: E402


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A federation that nobody has joined yet."""
    yield Scene(tmp_path)
