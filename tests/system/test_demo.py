"""`minerva demo` as a person runs it: its story to the end, and its end in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from federation_site import SECONDS, eventually, processes

from minerva.store.cid import cid_of

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

ROUNDS = 3
LONG = 5 * SECONDS
KINDS = ("honest", "honest", "honest", "over-reporter", "copier", "withholder")


class Demo:
    """A running `minerva demo`: its story is in ``story``, its document in ``out.json``."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder, self.story = folder, folder / "story.txt"
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "minerva.cli",
            "demo",
            "--runs",
            folder / "runs",
            *words,
        ]
        with (folder / "out.json").open("wb") as out, self.story.open("wb") as story:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=story, start_new_session=True
            )

    def runs(self) -> bool:
        """Whether it does; fails with its story when it ended."""
        assert self.process.poll() is None, self.story.read_text()
        return True

    def end(self) -> int:
        """Wait for its end; its exit status as a shell tells it."""
        status = self.process.wait(LONG)
        return status if status >= 0 else 128 - status


@contextmanager
def demo(folder: Path, *words: str) -> Iterator[Demo]:
    """Run a demo; whatever happens, it and its processes are gone afterwards."""
    run = Demo(folder, *words)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(SECONDS)


@pytest.fixture(scope="module")
def finished(kubo_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    with demo(folder, "--rounds", str(ROUNDS), "--kill-round", "0", "--json") as run:
        status = run.end()
    assert status == 0, run.story.read_text()
    return run


@pytest.fixture(scope="module")
def summary(finished: Demo) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((finished.folder / "out.json").read_text())
    return document


def kind_of(summary: dict[str, Any], device: str) -> str:
    """What the device was cast as."""
    name: str = summary["names"][device]
    return name.partition("(")[2].rstrip(")") or "honest"


def test_the_summary_tells_every_round(summary: dict[str, Any]) -> None:
    assert (summary["store"], summary["chainId"], summary["verified"]) == ("kubo", 31337, True)
    assert [entry["number"] for entry in summary["rounds"]] == [1, 2, 3]
    for entry in summary["rounds"]:
        assert summary["names"][entry["winner"]].startswith("miner-")
        assert entry["modelCid"].startswith("bafk") and entry["bodyCid"].startswith("bafk")
        assert 0 < entry["accuracy"] < 1 and entry["seconds"] > 0
        assert len(entry["accepted"]) + len(entry["rejected"]) == len(KINDS)
    for before, entry in zip(summary["rounds"], summary["rounds"][1:], strict=False):
        assert entry["parent"] == before["blockHash"] and entry["modelCid"] != before["modelCid"]


def test_each_cheat_is_refused_for_what_it_did_and_the_honest_are_not(summary: dict[str, Any]) -> None:
    refused = [
        {kind_of(summary, item["device"]): item["reason"] for item in entry["rejected"]}
        for entry in summary["rounds"]
    ]
    over, copy = {"over-reporter": "RATE_OUT_OF_RANGE"}, {"copier": "COPY"}
    assert refused == [over, over | copy, over | copy | {"withholder": "UNAVAILABLE"}]


def test_the_summary_has_gas_and_baselines(summary: dict[str, Any]) -> None:
    assert {"submitUpdate", "vote", "propose", "registerDevice", "registerMiner"} <= set(summary["gas"])
    assert summary["gas"]["submitUpdate"]["count"] == ROUNDS * len(KINDS)
    assert all(0 < figures["median"] <= figures["max"] for figures in summary["gas"].values())
    for name in ("centralised", "fedavg"):
        accuracy = summary["baseline"][name]
        assert len(accuracy) == ROUNDS and accuracy[-1] > accuracy[0]


def test_everybody_is_paid_what_they_earned_and_the_escrow_holds_the_rest(summary: dict[str, Any]) -> None:
    rewards = summary["rewards"]
    paid = {payout["name"].partition(" (")[0]: int(payout["paid"]) for payout in rewards["payouts"]}
    assert {f"device-{n}" for n in range(3)} <= set(paid) and {f"miner-{n}" for n in range(3)} <= set(paid)
    assert "device-3" not in paid, "whoever over-reports earns nothing"
    assert all(int(payout["earned"]) == int(payout["paid"]) > 0 for payout in rewards["payouts"])
    claimed, returned = int(rewards["claimed"]), int(rewards["returned"])
    assert claimed == sum(paid.values()) <= int(rewards["funded"]) == ROUNDS * 10**16
    assert int(rewards["held"]) == int(rewards["funded"]) - claimed - returned and rewards["withinEscrow"]
    assert {"fund", "claim", "reclaim"} <= set(summary["gas"])


def test_the_run_leaves_its_files_and_no_process(finished: Demo, summary: dict[str, Any]) -> None:
    (folder,) = (finished.folder / "runs").iterdir()
    assert json.loads((folder / "summary.json").read_text()) == summary
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines == summary["rounds"]
    assert (folder / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    model = (folder / "model.safetensors").read_bytes()
    assert str(cid_of(model)) == summary["rounds"][-1]["modelCid"]
    assert processes(finished.folder) == []


def test_the_story_names_what_happened(finished: Demo) -> None:
    story = finished.story.read_text()
    assert "Traceback" not in story
    for words in (
        "round 1 opens",
        "device-3 (over-reporter) refused",
        "it is a copy",
        "could not be fetched in time",
    ):
        assert words in story


def test_with_proof_of_stake_the_killed_miner_loses_some_of_its_stake(
    kubo_binary: Path, tmp_path: Path
) -> None:
    """K7 and S6: three miners with 3, 3 and 2 ether; the last one is absent once, for 1 % of its stake."""
    with demo(tmp_path, "--rounds", "2", "--kill-round", "1", "--consensus", "pos", "--json") as run:
        status = run.end()
    story = run.story.read_text()
    assert status == 0, story
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["verified"] is True and summary["killed"]["restarted"] is True
    assert all(entry["blockHash"] for entry in summary["rounds"])
    ether, stakes = 10**18, summary["stakes"]
    left = {miner["miner"]: int(miner["bonded"]) for miner in stakes["miners"]}
    assert left == {"miner-0": 3 * ether, "miner-1": 3 * ether, "miner-2": 198 * ether // 100}
    (slashed,) = stakes["slashed"]
    assert (slashed["miner"], slashed["round"], slashed["offence"]) == ("miner-2", 1, "absence")
    assert int(stakes["held"]) == 8 * ether and int(stakes["toBurn"]) == int(slashed["amount"])
    assert "miner-0 has 3 ether at stake" in story
    assert "miner-2 is slashed by 0.02 ether (absence), 1.98 ether left" in story


@pytest.mark.parametrize("consensus", ["por", "committee"])
def test_with_another_module_every_round_has_its_block(
    kubo_binary: Path, tmp_path: Path, consensus: str
) -> None:
    with demo(tmp_path, "--rounds", "2", "--kill-round", "0", "--consensus", consensus, "--json") as run:
        status = run.end()
    assert status == 0, run.story.read_text()
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["verified"] is True and [entry["number"] for entry in summary["rounds"]] == [1, 2]
    for entry in summary["rounds"]:
        assert entry["blockHash"] and len(entry["accepted"]) >= 3
        assert {kind_of(summary, item["device"]) for item in entry["rejected"]} <= set(KINDS) - {"honest"}


@pytest.mark.parametrize(
    ("number", "started", "status"),
    [(signal.SIGINT, f"device-{len(KINDS) - 1}.log", 130), (signal.SIGTERM, "deploy.log", 143)],
    ids=["SIGINT with devices and miners", "SIGTERM while brownie deploys"],
)
def test_a_signal_ends_it_and_all_that_it_started(
    kubo_binary: Path, tmp_path: Path, number: signal.Signals, started: str, status: int
) -> None:
    with demo(tmp_path, "--rounds", "1000", "--miners", "1", "--json") as run:
        eventually(
            lambda: run.runs() and any(tmp_path.glob(f"runs/*/stack/logs/{started}")),
            f"{started} is there",
            LONG,
        )
        assert len(processes(tmp_path)) > 3
        run.process.send_signal(number)
        assert run.end() == status, run.story.read_text()
    eventually(lambda: processes(tmp_path) == [], "every process it started is gone", 30.0)
    assert "Traceback" not in run.story.read_text()
