"""V16 on the miner: whom it asks, and that each of four ways to answer has its outcome."""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_account import Account
from eth_account.signers.local import LocalAccount
from federation_driver import Driver
from miner_scene import Scene, arrays, eventually
from prometheus_client.parser import text_string_to_metric_families

from minerva.device.canary import Canaries
from minerva.device.daemon import Device
from minerva.device.journal import Journal
from minerva.device.settings import DeviceSettings
from minerva.device.transport import Transport
from minerva.learning.steps import arrays_hash
from minerva.learning.training import LocalResult
from minerva.miner.api import ApiConfig, MinerServer, create_app
from minerva.protocol.actions import SetEndpoint
from minerva.protocol.canary import Answer, Challenge, Commitment, is_drawn
from minerva.protocol.manifest import Manifest
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address
from minerva.protocol.state import FederationState

KEYS: list[LocalAccount] = [Account.from_key((0x2000 + number).to_bytes(32)) for number in range(6)]
STEPS = 11
COMPUTE_US = 100
"""What the driver registers is 1,000 ns a sample, of 100."""


class KeyDriver(Driver):
    """Devices are the accounts of `KEYS`."""

    @staticmethod
    def device(number: int) -> Address:
        return KEYS[number].address if number < len(KEYS) else Driver.device(number)


def hashes_of(device: int, round_: int) -> list[bytes]:
    """Of a training whose update is `Scene.content`'s."""
    tensors = arrays(1000 * round_ + device + 1)
    before = [hashlib.sha256(f"{device} {round_} {n}".encode()).digest() for n in range(STEPS - 1)]
    return [*before, arrays_hash(tensors[name] for name in sorted(tensors))]


class Site:
    """A running miner with its API, and devices 0 to 3 that are driven or real."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.scene = Scene(
            folder, miners=1, devices_each=4, driver=KeyDriver, rounds=settings.pop("rounds", 5),
            **settings.pop("config", {}),
        )  # fmt: skip
        self.now = 1000.0
        self.miner = self.scene.start(0, **{"canary_share": 1.0, **settings})
        self.miner.canaries._now = lambda: self.now
        self.server = MinerServer(
            create_app(self.miner, ApiConfig("100000 per second")), max_body_bytes=1 << 20
        ).start()
        self.url = self.server.url

    def close(self) -> None:
        self.server.stop()
        self.scene.close()

    def get(self, path: str) -> Any:
        return requests.get(f"{self.url}/{path}", timeout=10).json()

    def outcomes(self) -> dict[tuple[int, int], str]:
        """By round and device."""
        numbers = {key.address: number for number, key in enumerate(KEYS)}
        return {
            (row["round"], numbers[row["device"]]): row["outcome"] for row in self.get("canaries")["canaries"]
        }

    def submit(self, device: int, steps: str | None = "true") -> None:
        """Submit an update, with the commitment to its steps, another text, or none."""
        scene, round_ = self.scene, self.scene.state.round
        text = str(Commitment.to(hashes_of(device, round_))) if steps == "true" else steps
        data = scene.content(device, **({} if text is None else {"steps": text}))
        scene.submit(device, data, compute_us=COMPUTE_US)

    def play(self, round_: int, **steps: str | None) -> None:
        """A round of driven devices; ``d2=None`` commits to nothing."""
        self.scene.await_round(round_)
        for device in range(4):
            self.submit(device, steps.get(f"d{device}", "true"))
        self.scene.await_height(round_)

    def asked(self, device: int, count: int = 1) -> list[dict[str, Any]]:
        path = f"canaries/{KEYS[device].address}"
        found: list[dict[str, Any]] = eventually(
            lambda: found if len(found := self.get(path)["challenges"]) == count else None
        )
        return found

    def answer(self, device: int, round_: int = 1, **changes: Any) -> Answer:
        """What an honest device says."""
        block = self.scene.chain.block_of(self.scene.federation, round_)
        challenge = Challenge.of(round_, block, KEYS[device].address, STEPS)
        return self.signed(
            replace(Answer.to(challenge, hashes_of(device, round_)), **changes), device, round_
        )

    def signed(self, answer: Answer, device: int, round_: int = 1, key: int | None = None) -> Answer:
        where = (self.scene.federation, round_, KEYS[device].address, self.scene.chain.chain_id)
        signer = KEYS[device if key is None else key]
        return replace(answer, signature=bytes(signer.unsafe_sign_hash(answer.digest(*where)).signature))

    def post(self, device: int, answer: Answer | bytes, round_: int = 1) -> requests.Response:
        data = answer if isinstance(answer, bytes) else json.dumps(answer.document()).encode()
        return requests.post(f"{self.url}/canaries/{round_}/{KEYS[device].address}", data=data, timeout=10)


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    sites: list[Site] = []

    def make(**options: Any) -> Site:
        sites.append(Site(tmp_path, **options))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


def test_each_way_to_answer_has_its_outcome(make_site: MakeSite) -> None:
    site = make_site()
    site.play(1, d3=None)
    for device in (0, 1, 2):
        (document,) = site.asked(device)
        assert document == replace(_challenge(site, device), round=1).document()
    assert site.get(f"canaries/{KEYS[3].address}") == {"challenges": []}, "it committed to nothing"
    answered = site.post(0, site.answer(0))
    assert (answered.status_code, answered.json()) == (200, {"round": 1, "outcome": "answered"})
    hashes = hashes_of(1, 2)
    made_up = site.signed(Answer.to(_challenge(site, 1), hashes), 1)
    assert site.post(1, made_up).json()["outcome"] == "wrong"
    site.now += 10_000
    assert site.outcomes() == {(1, 0): "answered", (1, 1): "wrong", (1, 2): "unanswered"}
    assert site.get(f"canaries/{KEYS[2].address}") == {"challenges": []}
    assert site.post(2, site.answer(2)).json()["outcome"] == "late"
    counts = {"answered": 1, "wrong": 1, "late": 1}
    assert eventually(lambda: site.get("status")["canaries"] == counts or None)
    families = text_string_to_metric_families(requests.get(f"{site.url}/metrics", timeout=5).text)
    family = next(f for f in families if f.name == "minerva_canaries")
    assert {s.labels["outcome"]: s.value for s in family.samples} == counts
    row = next(r for r in site.get("canaries")["canaries"] if r["device"] == KEYS[0].address)
    assert (row["claimed_ms"], row["took_ms"], row["taken"]) == (0.1, 0.0, 4)


def _challenge(site: Site, device: int) -> Challenge:
    return Challenge.of(1, site.scene.chain.block_of(site.scene.federation, 1), KEYS[device].address, STEPS)


def test_a_commitment_that_does_not_end_in_the_update_is_wrong(make_site: MakeSite) -> None:
    """A tree of made-up hashes, shown without a fault."""
    site, hashes = make_site(), hashes_of(0, 9)
    site.play(1, d0=str(Commitment.to(hashes)))
    site.asked(0)
    assert site.post(0, site.signed(Answer.to(_challenge(site, 0), hashes), 0)).json()["outcome"] == "wrong"


def test_only_the_device_itself_can_spoil_its_canary(make_site: MakeSite) -> None:
    site = make_site()
    site.play(1)
    site.asked(0)
    honest = site.answer(0)
    by_another = site.signed(replace(honest, steps=honest.steps[1:]), 0, key=1)
    changed = replace(honest, steps=(replace(honest.steps[0], hash=bytes(32)), *honest.steps[1:]))
    for stranger in (by_another, changed, replace(honest, signature=bytes(65))):
        refused = site.post(0, stranger)
        assert refused.status_code == 403 and "not signed by the device" in refused.json()["error"]
    assert site.post(0, honest, round_=2).status_code == 404
    assert site.post(5, honest).status_code == 404
    assert site.outcomes()[1, 0] == "asked"
    assert site.post(0, honest).json()["outcome"] == "answered"
    again = site.post(0, site.answer(0, steps=honest.steps[1:]))
    assert again.status_code == 409 and again.json()["value"] == "answered"
    assert site.outcomes()[1, 0] == "answered"


def test_whatever_is_posted_gets_a_named_refusal(make_site: MakeSite) -> None:
    site, dice = make_site(), random.Random(1)
    site.play(1)
    site.asked(0)
    good = json.dumps(site.answer(0).document()).encode()
    client = create_app(site.miner, ApiConfig("100000 per second")).test_client()
    statuses = set()
    for _ in range(500):
        at = dice.randrange(len(good))
        data = dice.choice(
            [good[:at], good[:at] + dice.randbytes(3) + good[at + 3 :], dice.randbytes(40), b"[[[["]
        )
        answer = client.post(f"/canaries/1/{KEYS[0].address}", data=data)
        statuses.add(answer.status_code)
        assert set(answer.get_json()) == {"error", "value", "remedy"} and len(answer.get_data()) < 1000
    assert statuses <= {403, 422} and 422 in statuses and site.outcomes()[1, 0] == "asked"
    assert site.post(0, b" " * (1 << 15)).status_code == 413
    for path in ("canaries/0xnobody", "canaries/1/0xnobody"):
        method = requests.post if path.count("/") == 2 else requests.get
        assert method(f"{site.url}/{path}", timeout=5).status_code == 400
    assert site.post(0, b"", round_=10**30).status_code == 422
    assert site.post(0, site.answer(0), round_=10**30).status_code == 404


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_share_says_how_many_are_asked(make_site: MakeSite, share: float) -> None:
    site = make_site(canary_share=share)
    for round_ in (1, 2, 3):
        site.play(round_)
    chain, federation = site.scene.chain, site.scene.federation
    due = {
        (round_, device)
        for round_ in (1, 2, 3)
        for device in range(4)
        if is_drawn(chain.block_of(federation, round_), KEYS[device].address, share)
    }
    assert eventually(lambda: set(site.outcomes()) == due)
    assert bool(due) == bool(share) and len(due) < 12


def test_a_refused_device_and_the_last_round_are_not_asked_about(make_site: MakeSite) -> None:
    site = make_site(rounds=2)
    site.play(1, d1="41:zz")
    site.asked(0)
    assert (1, 1) not in site.outcomes(), "its metadata are refused"
    reasons = {u["device"]: u["refusal_words"] for u in site.get("updates?round=1")["updates"]}
    assert Reason.WRONG_METADATA.words in reasons[KEYS[1].address] and not reasons[KEYS[0].address]
    site.play(2)
    eventually(lambda: site.get("status")["status"] == "Closed")
    assert {round_ for round_, _ in site.outcomes()} == {1}


def test_a_restart_of_the_miner_forgets_no_canary(make_site: MakeSite) -> None:
    site = make_site()
    site.play(1)
    site.asked(0)
    assert site.post(1, site.answer(1)).json()["outcome"] == "answered"
    site.scene.end(0)
    site.server.stop()
    miner = site.scene.start(0, canary_share=0.0)
    miner.canaries._now = lambda: site.now
    site.server = MinerServer(
        create_app(miner, ApiConfig("100000 per second")), max_body_bytes=1 << 20
    ).start()
    site.url = site.server.url
    assert site.outcomes()[1, 1] == "answered" and site.asked(0)
    assert site.post(0, site.answer(0)).json()["outcome"] == "answered"


# -- real devices


class StepTrainer:
    """Deterministic, without torch."""

    def __init__(self, device: int) -> None:
        self.device, self.trained = device, list[int]()

    def commitment(self) -> tuple[bytes, int, int]:
        return b"\7" * 32, 100, 1000

    def check(self, manifest: Manifest) -> None:
        """Know every task."""

    def train(self, base: bytes, round_: int) -> LocalResult:
        self.trained.append(round_)
        tensors: Any = arrays(1000 * round_ + self.device + 1)
        hashes = tuple(hashes_of(self.device, round_))
        return LocalResult(tensors, COMPUTE_US, 2_000_000, 1_000_000, 100, 1, 0.5, hashes)


class Deaf(Device):
    """Commits to its steps and never asks."""

    def _attend_canaries(self, state: FederationState) -> None:
        """Do nothing."""


class Invented(Canaries):
    """Tells a root that it made up, and answers with the steps that it has."""

    def commit(self, *args: Any) -> str:
        count, _ = super().commit(*args).split(":")
        return f"{count}:{'ab' * 32}"


class Inventive(Device):
    """Whose canaries are `Invented`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._canaries = Invented(
            self.chain, self.actor, self.view, self.trainer, self.transport, self.journal, self.settings
        )


def device(site: Site, number: int, kind: type[Device] = Device) -> tuple[Device, StepTrainer]:
    scene, trainer = site.scene, StepTrainer(number)
    actor = scene.chain.actor(KEYS[number].address, KEYS[number])
    made = kind(
        scene.chain, actor, Transport(scene.store, push=False, local=True), scene.federation, trainer,
        Journal(scene.folder / f"device-{number}"),
        DeviceSettings(fetch_seconds=2.0, poll_seconds=0.05, retry_seconds=0.01, canary=True),
    )  # fmt: skip
    return made, trainer


def test_real_devices_over_http(make_site: MakeSite) -> None:
    """An honest one answers, one that made its root up is found wrong, one that is deaf is unanswered."""
    site = make_site()
    scene, owner = site.scene, site.scene.driver.owner(0)
    scene.chain.actor(owner).send(SetEndpoint(scene.federation, scene.driver.contract(0), site.url))
    made = [device(site, 0), device(site, 1, Inventive), device(site, 2, Deaf)]
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,), daemon=True) for one, _ in made]
    for thread in threads:
        thread.start()
    try:
        scene.await_round(1)
        site.submit(3, None)
        wanted = {(1, 0): "answered", (1, 1): "wrong", (1, 2): "asked"}
        eventually(lambda: site.outcomes() == wanted, 30)
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
    site.now += 10_000
    assert site.outcomes() == {**wanted, (1, 2): "unanswered"}
    assert [trainer.trained for _, trainer in made] == [[1, 2, 1], [1, 2, 1], [1, 2]]
    assert scene.state.height == 1, "no ballot goes by it"
