"""A confidential federation on real parts: two miners, three devices, two rounds, and who can verify what (Q1 to Q8)."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import torch
from federation_site import SECONDS, Site, beside, site

from minerva.learning.partition import parse
from minerva.learning.task import load_task
from minerva.protocol.blocks import Body
from minerva.protocol.events import BlockFinalized, FederationClosed
from minerva.sealing.address import published
from minerva.sealing.envelope import MAGIC, Envelope
from minerva.sealing.keyring import FILE, Keyring
from minerva.stack.parts import Stack

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

ROUNDS, MINERS, DEVICES = 2, 2, 3
WAYS: list[dict[str, Any]] = [{"store": 0}, {"store": None}, {"store": 1, "push": False}]
"""Over the miner's API first, over it alone, over IPFS alone."""


@pytest.fixture(scope="module")
def closed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    torch.set_num_threads(1)
    task = load_task("digits")
    (x, y), _ = task.load_data()
    parts = parse("iid")(y.numpy(), DEVICES, 0)
    here = beside(stack, tmp_path_factory.mktemp("confidential") / "stack")
    options = {"min_miners": MINERS, "min_devices": DEVICES, "min_updates": DEVICES}
    with site(here, task, rounds=ROUNDS, confidential=True, **options) as made:
        made.start_miners(MINERS)
        for number, way in enumerate(WAYS):
            miner = made.miner(number % MINERS).contract
            made.add_device(number, x[parts[number]], y[parts[number]], miner=miner, **way)
        made.until(FederationClosed, seconds=2 * SECONDS)
        yield made


def bodies(closed: Site) -> list[Body]:
    headers = closed.headers()
    return [Body.from_bytes(closed.fetch(headers[event.hash].body)) for event in closed.all(BlockFinalized)]


def state(closed: Site, miner: int) -> Path:
    return Path(closed.stack.settings(f"miner-{miner}", 0).state)


def verify(closed: Site, config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    config.write_text(closed.stack.settings("anybody", 0, store=1).to_toml())
    return subprocess.run(
        [sys.executable, "-m", "minerva.cli", "verify", closed.address, "--config", config, *words],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def test_every_update_is_sealed_to_both_miners_and_accepted(closed: Site) -> None:
    keys = {closed.miner(n).contract: published(closed.miner(n).endpoint) for n in range(MINERS)}
    for body in bodies(closed):
        assert len(body.accepted) == DEVICES
        for update in body.updates:
            data = closed.fetch(update.cid)
            assert data.startswith(MAGIC)
            assert {seal.miner: seal.key for seal in Envelope.read(data).seals} == keys
            for url in closed.stack.endpoints.values():
                assert requests.get(f"{url}/content/{update.cid}", timeout=SECONDS).content == data


def test_an_observer_is_told_what_was_not_derived(closed: Site, tmp_path: Path) -> None:
    done = verify(closed, tmp_path / "minerva.toml")
    assert done.returncode == 0, done.stderr
    assert "models of blocks 1, 2 were not re-derived" in done.stdout
    report = json.loads(verify(closed, tmp_path / "minerva.toml", "--json").stdout)
    assert (report["ok"], report["blocks"], report["sealed"]) == (True, [], [1, 2])


def test_each_miner_verifies_all_with_its_keys(closed: Site, tmp_path: Path) -> None:
    for miner in range(MINERS):
        keys = state(closed, miner) / FILE
        assert stat.S_IMODE(keys.stat().st_mode) == 0o600
        done = verify(closed, tmp_path / "minerva.toml", "--json", "--key", str(keys))
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["ok"], report["blocks"], report["sealed"]) == (True, [1, 2], [])


def test_no_log_tells_a_key(closed: Site) -> None:
    logs = list(closed.stack.root.rglob("*.log"))
    assert len(logs) >= MINERS
    for miner in range(MINERS):
        secret = json.loads((state(closed, miner) / FILE).read_text())["keys"][0]
        assert Keyring.read(state(closed, miner) / FILE).public.hex() != secret
        for log in logs:
            assert secret not in log.read_text(errors="replace")
