"""`minerva task publish` and `minerva device commitment`: what a page needs that a command alone can make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK

from minerva.protocol.cid import Cid
from minerva.protocol.manifest import Manifest
from minerva.store import open_store


@pytest.fixture(autouse=True)
def task() -> None:
    Path("task.py").write_text(TASK, encoding="utf-8")


def test_both_contents_are_those_that_create_would_name(run: Any, scene: Any, tmp_path: Path) -> None:
    words = (
        "task.py",
        "--set",
        "create.title=Two classes",
        "--set",
        "create.aggregation=fedavg+fedadam:lr=5",
        "--json",
    )
    made = run("task", "publish", *words).json
    store = open_store(f"local:{tmp_path}/store")
    manifest = Manifest.from_bytes(store.get(Cid.parse(made["manifest"]), max_bytes=1 << 20, timeout=5))
    assert (manifest.title, manifest.aggregation) == ("Two classes", "fedadam:lr=5")
    assert store.get(Cid.parse(made["model"]), max_bytes=1 << 20, timeout=5)
    created = run("federation", "create", "--task", *words).json
    config = scene.chain.config(created["federation"])
    assert (str(config.manifest), str(config.model)) == (made["manifest"], made["model"])


def test_the_link_leads_to_the_dashboard_that_runs_here(run: Any, scene: Any) -> None:
    usual = run("task", "publish", "task.py", "--json").json
    page = f"/#/create?manifest={usual['manifest']}&model={usual['model']}"
    assert usual["create"] == f"http://127.0.0.1:8600{page}"
    folder = Path(".minerva")
    folder.mkdir(exist_ok=True)
    (folder / "webui.json").write_text(json.dumps({"url": "http://127.0.0.1:4567"}), encoding="utf-8")
    assert run("task", "publish", "task.py", "--json").json["create"] == f"http://127.0.0.1:4567{page}"


def test_a_rule_that_can_never_have_enough_updates_is_not_published(
    run: Any, scene: Any, tmp_path: Path
) -> None:
    ended = run("task", "publish", "task.py", "--set", "create.aggregation=krum:f=4")
    assert ended.status == 2 and "needs n >= 2f + 3 updates" in ended.line
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_store_is_needed(run: Any) -> None:
    ended = run("task", "publish", "task.py")
    assert ended.status == 2 and "no store is configured" in ended.line


def test_a_device_tells_what_it_would_commit_to(run: Any) -> None:
    told = run("device", "commitment", "--set", "device.task=task.py", "--json").json
    assert len(bytes.fromhex(told["datasetRoot"][2:])) == 32
    assert told["datasetSize"] == 20 and told["rateNs"] > 0
