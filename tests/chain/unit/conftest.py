"""One federation in each phase: three miners, four devices (two of them with miner 0)."""

from __future__ import annotations

import pytest
from support.scene import Scene

PHASES = ("waiting", "training", "verification", "mining", "attestation")


@pytest.fixture(scope="session")
def scenes(deployed, requester, owners, devices):
    """Made before the first snapshot, so that no test's end undoes them."""
    made = {}
    for steps, name in enumerate(PHASES):
        scene = made[name] = Scene.create(deployed, requester)
        scene.join(*owners[:3])
        scene.register(*devices[:4])
        for step in (scene.tick, scene.close_training, scene.vote_all, scene.propose)[:steps]:
            step()
    return made


@pytest.fixture(autouse=True)
def isolation(scenes, chain):
    """Undo what the test does."""
    chain.snapshot()
    yield
    chain.revert()


@pytest.fixture
def make(deployed, requester, owners, devices):
    """A federation of one's own: how many miners join and devices register, and what is not as in `CONFIG`."""

    def make_scene(miners=3, bound=4, **changes):
        scene = Scene.create(deployed, requester, **changes)
        scene.join(*owners[:miners])
        scene.register(*devices[:bound])
        return scene

    return make_scene


@pytest.fixture
def waiting(scenes):
    """No round has opened; one could."""
    return scenes["waiting"]


@pytest.fixture
def training(scenes):
    """Round 1, no update yet."""
    return scenes["training"]


@pytest.fixture
def verification(scenes):
    """Round 1, four updates, no ballot yet."""
    return scenes["verification"]


@pytest.fixture
def mining(scenes):
    """Round 1, three ballots, no candidate yet."""
    return scenes["mining"]


@pytest.fixture
def attestation(scenes):
    """Round 1, a candidate by miner 0, no other attestation yet."""
    return scenes["attestation"]
