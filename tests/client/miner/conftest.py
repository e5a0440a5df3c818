"""Fixtures of the miner's tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from miner_scene import Scene

from minerva.miner.keccak import load_kernel


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Compile the search once, for this run and the next ones."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    cache = request.config.cache
    assert cache is not None
    folder = Path(before) if before else cache.mkdir("numba")
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    load_kernel(folder)
    yield folder
    if before is None:
        del os.environ["NUMBA_CACHE_DIR"]


@pytest.fixture
def make_scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    scenes: list[Scene] = []

    def make(**options: object) -> Scene:
        scenes.append(Scene(tmp_path / f"scene-{len(scenes)}", **options))  # type: ignore[arg-type]
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    return make_scene()
