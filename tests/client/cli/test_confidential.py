"""Confidential mode by command (Q1, Q2, Q8)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

from minerva.protocol.manifest import Manifest
from minerva.sealing.address import plain, published, publishing
from minerva.sealing.keyring import FILE, Keyring
from minerva.store.local import LocalStore


@pytest.fixture
def task() -> Path:
    file = Path("task.py")
    file.write_text(TASK, encoding="utf-8")
    return file


def create(run: Any, *words: str) -> str:
    return str(run("federation", "create", "--task", "task.py", "--json", *words).json["federation"])


def manifest(scene: Scene, tmp_path: Path, address: str) -> Manifest:
    cid = scene.chain.config(address).manifest
    return Manifest.from_bytes(LocalStore(tmp_path / "store").get(cid, max_bytes=1 << 20, timeout=1))


@pytest.mark.parametrize(
    ("words", "confidential"),
    [((), False), (("--confidential",), True), (("--set=create.confidential=true",), True)],
)
def test_a_federation_is_confidential_when_its_manifest_says_so(
    run: Any, scene: Scene, task: Path, tmp_path: Path, words: tuple[str, ...], confidential: bool
) -> None:
    address = create(run, *words)
    assert manifest(scene, tmp_path, address).confidential is confidential
    shown = run("federation", "show", address, "--json").json
    assert shown["manifestDocument"]["confidential"] is confidential


def test_registering_again_keeps_the_key_that_is_published(run: Any, scene: Scene, tmp_path: Path) -> None:
    address = scene.found()
    state = f"--state={tmp_path / 'state'}"
    run("miner", "register", address, "--endpoint", "http://m:1", state)
    assert scene.chain.miners(address)[0].endpoint == "http://m:1"
    keys = Keyring.at(tmp_path / "state")  # as its first run does
    for endpoint in ("http://m:1", "http://m:2"):
        run("miner", "register", address, "--endpoint", endpoint, state)
        told = scene.chain.miners(address)[0].endpoint
        assert (plain(told), published(told)) == (endpoint, keys.public)
    run("miner", "register", address, "--endpoint", "http://m:3")  # from another folder
    assert scene.chain.miners(address)[0].endpoint == publishing("http://m:3", keys.public)


def test_a_new_key_is_made_and_told_and_the_secret_is_not(run: Any, scene: Scene, tmp_path: Path) -> None:
    keys = Keyring.at(tmp_path / "state")
    ended = run("miner", "rotate-key", f"--state={tmp_path / 'state'}", "--json")
    again = Keyring.at(tmp_path / "state")
    assert again.public != keys.public
    assert ended.json["public"] == again.public.hex()
    secrets = json.loads((tmp_path / "state" / FILE).read_text())["keys"]
    assert len(secrets) == 2 and not any(secret in ended.out + ended.err for secret in secrets)


def test_there_is_no_key_to_change_before_the_first_run(run: Any, tmp_path: Path) -> None:
    ended = run("miner", "rotate-key", f"--state={tmp_path}")
    assert ended.status == 2 and "there are no sealing keys here" in ended.line


def test_verify_refuses_a_key_file_that_is_none(run: Any, scene: Scene, tmp_path: Path) -> None:
    address = scene.found()
    ended = run("verify", address, "--key", tmp_path / "nowhere")
    assert ended.status == 2 and "the sealing keys cannot be read" in ended.line
