"""A node: one key, a miner and a device of it, from start to a clean end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from federation_driver import Driver
from miner_scene import Scene, arrays, eventually
from signing_scene import TERMS

from minerva.chain.memory import POLICIES
from minerva.device.daemon import Device, DeviceSettings
from minerva.device.journal import Journal
from minerva.device.transport import Transport
from minerva.errors import MinervaError, NodeConflict, TaskError, UserError
from minerva.learning.training import LocalResult
from minerva.node import run_node
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.manifest import Manifest

NUMBER = 7
"""Of the node's account: nobody's in the scene."""


class Trainer:
    """Knows the scene's task, or says that it does not."""

    def __init__(self, *, knows: bool = True) -> None:
        self._knows = knows

    def commitment(self) -> tuple[bytes, int, int]:
        return b"\7" * 32, 100, 1000

    def check(self, manifest: Manifest) -> None:
        if not self._knows:
            raise TaskError("another task", value=manifest.title)

    def train(self, base: bytes, round_: int) -> LocalResult:
        return LocalResult(arrays(round_), 100_000, 2_000_000, 1_000_000, 100, 1, 0.5)  # type: ignore[arg-type]


class Node:
    def __init__(self, scene: Scene, knows: bool = True, **settings: Any) -> None:
        self.stop, self.urls = threading.Event(), list[str]()
        self.error: MinervaError | None = None
        self.actor = scene.chain.actor(scene.driver.owner(NUMBER))
        device = Device(
            scene.chain, self.actor, Transport(scene.store, push=False), scene.federation, Trainer(knows=knows),
            Journal(scene.folder / "journal"),
            DeviceSettings(fetch_seconds=1.0, poll_seconds=0.05, allow_list=settings.get("allow_list", "")),
        )  # fmt: skip

        def run() -> None:
            try:
                run_node(
                    scene.chain, scene.store, self.actor, scene.federation, scene.settings(NUMBER, **settings),
                    device, self.stop, ready=self.urls.append,
                )  # fmt: skip
            except MinervaError as error:
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def ended(self) -> MinervaError | None:
        """Wait for its end by itself; what it failed with."""
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.error


Start = Callable[..., Node]


@pytest.fixture
def start(scene: Scene) -> Iterator[Start]:
    started: list[Node] = []

    def begin(**options: Any) -> Node:
        started.append(Node(scene, **options))
        return started[-1]

    yield begin
    for node in started:
        node.stop.set()
        node.thread.join(20)


def own_miner(scene: Scene) -> Any:
    return next(
        (m for m in scene.chain.miners(scene.federation) if m.owner == scene.driver.owner(NUMBER)), None
    )


def binding(scene: Scene) -> Any:
    return scene.chain.device(scene.federation, scene.driver.owner(NUMBER))


def test_one_key_is_a_miner_and_its_own_device(scene: Scene, start: Start) -> None:
    node = start()
    bound = eventually(lambda: binding(scene))
    assert bound.miner == own_miner(scene).contract
    assert requests.get(f"{node.urls[0]}/health", timeout=10).json()
    node.stop.set()
    assert node.ended() is None
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{node.urls[0]}/health", timeout=10)


def test_a_restart_sends_nothing_again(scene: Scene, start: Start) -> None:
    first = start()
    before = eventually(lambda: binding(scene))
    first.stop.set()
    assert first.ended() is None
    second = start()
    eventually(lambda: second.urls)
    second.stop.set()
    assert second.ended() is None
    assert binding(scene) == before
    assert len([m for m in scene.chain.miners(scene.federation) if m.owner == node_owner(scene)]) == 1


def node_owner(scene: Scene) -> str:
    return scene.driver.owner(NUMBER)


def test_a_miner_that_cannot_start_ends_the_node(scene: Scene, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        error = start(port=taken.getsockname()[1]).ended()
    assert isinstance(error, NodeConflict)
    assert binding(scene) is None


def test_a_device_that_could_not_join_keeps_the_miner_from_joining(scene: Scene, start: Start) -> None:
    node = start(knows=False)
    assert isinstance(node.ended(), TaskError)
    assert own_miner(scene) is None and not node.urls


def test_a_node_that_is_on_the_list_as_a_miner_only_does_not_join(make_scene: Any, tmp_path: Path) -> None:
    """The stake of a miner whose device stays out would be bound for nothing."""
    owner, policy = Driver.owner(NUMBER), POLICIES["allow-list"]
    root = AllowList([(owner, Role.MINER)]).root
    scene = make_scene(miners=0, min_devices=1, policy=policy, policy_parameters=root)
    listed = tmp_path / "members.txt"
    listed.write_text(f"{owner} miner\n")
    error = Node(scene, allow_list=str(listed)).ended()
    assert isinstance(error, UserError) and "not on the allow-list as a device" in str(error)
    assert scene.chain.miners(scene.federation) == ()


def test_the_stake_is_enough_for_both_halves(make_scene: Any) -> None:
    """A1: the policy wants more of a device than of a miner."""
    parameters = (100).to_bytes(32) + (700).to_bytes(32)
    scene = make_scene(
        miners=0, min_devices=1, policy=POLICIES["stake"], policy_parameters=parameters, stake=TERMS
    )
    node = Node(scene)
    eventually(lambda: node.error or binding(scene))
    node.stop.set()
    assert node.ended() is None
    assert scene.chain.stake_of(scene.federation, node_owner(scene)).bonded == 700


def test_a_device_that_fails_ends_the_miner_cleanly(
    scene: Scene, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise TaskError("train() fails at line 3")

    monkeypatch.setattr(Device, "run", fail)
    node = start()
    assert isinstance(node.ended(), TaskError)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{node.urls[0]}/health", timeout=10)
