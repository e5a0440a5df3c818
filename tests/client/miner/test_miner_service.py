"""A miner as a process runs it: from registration to a clean end."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from miner_scene import Scene, eventually

from minerva.errors import ConfigError, MinervaError, NodeConflict, UserError
from minerva.miner.service import register, run_miner
from minerva.protocol.actions import LeaveMiner
from minerva.store.cid import cid_of


class Service:
    def __init__(self, scene: Scene, number: int, **settings: Any) -> None:
        self.stop, self.urls, self.errors = threading.Event(), [], []
        self.settings = scene.settings(number, **settings)
        actor = scene.chain.actor(scene.driver.owner(number))

        def run() -> None:
            try:
                run_miner(
                    scene.chain,
                    scene.store,
                    actor,
                    scene.federation,
                    self.settings,
                    stop=self.stop,
                    ready=self.urls.append,
                )
            except MinervaError as error:
                self.errors.append(error)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return eventually(lambda: self.urls and self.urls[0])

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive() and not self.errors


@pytest.fixture
def service(scene: Scene) -> Any:
    started: list[Service] = []

    def start(number: int, **settings: Any) -> Service:
        started.append(Service(scene, number, **settings))
        return started[-1]

    yield start
    for one in started:
        one.stop.set()
        one.thread.join(10)


Start = Callable[..., Service]


def test_it_registers_and_tells_where_it_answers(scene: Scene, service: Start) -> None:
    one = service(5)
    info = (
        next(m for m in scene.chain.miners(scene.federation) if m.owner == scene.driver.owner(5))
        if one.url
        else None
    )
    assert info is not None and info.endpoint == one.url
    assert json.loads((one.settings.state / "api.json").read_text()) == {"url": one.url}
    eventually(lambda: requests.get(f"{one.url}/health", timeout=5).status_code == 200)
    one.end()
    assert not (one.settings.state / "api.json").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{one.url}/health", timeout=5)


def test_it_moves_its_endpoint_when_that_changed(scene: Scene, service: Start) -> None:
    assert service(0, public_url="https://miner.example").url
    eventually(lambda: scene.chain.miners(scene.federation)[0].endpoint == "https://miner.example")


def test_whole_rounds_through_services(scene: Scene, service: Start) -> None:
    services = [service(number) for number in range(3)]
    urls = [one.url for one in services]
    for round_ in (1, 2):
        scene.await_round(round_)
        datas = [scene.submit(device, serve=False) for device in range(6)]
        for device, data in enumerate(datas):
            answer = requests.put(f"{urls[device // 2]}/updates/{cid_of(data)}", data=data, timeout=10)
            assert answer.status_code == 201
        scene.await_height(round_)
    for one in services:
        one.end()


def test_two_miners_cannot_share_a_state_folder(scene: Scene, service: Start) -> None:
    first = service(0)
    assert first.url
    second = Service(scene, 0)
    second.thread.join(10)
    assert isinstance(second.errors[0], NodeConflict) and "state folder" in str(second.errors[0])


def test_a_miner_that_left_is_told_so(scene: Scene) -> None:
    actor = scene.chain.actor(scene.driver.owner(6))
    info = register(scene.chain, actor, scene.federation, "http://here")
    assert info.endpoint == "http://here"
    assert register(scene.chain, actor, scene.federation, "http://here") == info
    actor.send(LeaveMiner(scene.federation, 0))
    with pytest.raises(MinervaError, match="left the federation"):
        register(scene.chain, actor, scene.federation, "http://here")


def test_a_full_federation_is_told(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene(miners=2, max_miners=2)
    with pytest.raises(UserError, match="as many miners as it takes: 2"):
        register(scene.chain, scene.chain.actor(scene.driver.owner(5)), scene.federation, "")


def test_an_address_that_devices_cannot_use_is_told(scene: Scene) -> None:
    everywhere = Service(scene, 0, host="0.0.0.0")
    everywhere.thread.join(10)
    assert isinstance(everywhere.errors[0], ConfigError) and "public_url" in str(everywhere.errors[0])


def test_a_signal_ends_it(scene: Scene) -> None:
    actor = scene.chain.actor(scene.driver.owner(0))

    def ready(url: str) -> None:
        threading.Timer(0.1, signal.raise_signal, (signal.SIGTERM,)).start()

    before = signal.getsignal(signal.SIGTERM)
    began = time.monotonic()
    run_miner(scene.chain, scene.store, actor, scene.federation, scene.settings(0), ready=ready)
    assert time.monotonic() - began < 8 and signal.getsignal(signal.SIGTERM) is before


def test_one_that_cannot_serve_leaves_nothing_running(
    scene: Scene, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had begun would write to a ledger that is closed."""
    pinned: list[object] = []
    monkeypatch.setattr(scene.store, "pin", lambda cid, *, timeout: pinned.append(cid))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = service(0, port=taken.getsockname()[1])
        refused.thread.join(10)
    assert isinstance(refused.errors[0], NodeConflict) and "Address already in use" in str(refused.errors[0])
    refused.errors.clear()
    assert not pinned
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("keep-")]
