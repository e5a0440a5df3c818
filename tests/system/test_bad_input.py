"""Bad input on real parts: one line that says what, which value and what to do, or a refusal for its reason."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bad_input_site import DEVICES, HOLDER, SECONDS, Ended, Place, eventually, running_miner
from chain_site import Site, deploy, shared, start  # noqa: F401 - shared is a fixture

from minerva.chain.dev import AnvilNode
from minerva.cli.app import main
from minerva.cli.refusals import explain
from minerva.errors import ContractReverted
from minerva.keys import create_keystore
from minerva.processes import free_port
from minerva.protocol import actions as act
from minerva.store.cid import cid_of
from minerva.store.node import KuboNode

Run = Callable[..., Ended]
MINERVA = [sys.executable, "-m", "minerva.cli"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `minerva` with these words in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Ended:
        capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Ended(status, out, err)

    return run


@pytest.fixture(scope="module")
def place(shared: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:  # noqa: F811
    """One federation with one miner that the test plays, and no device."""
    folder = tmp_path_factory.mktemp("place")
    made = Place(shared, folder, f"local:{folder}/store", training_seconds=600)
    made.join_miner()
    yield made
    made.close()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


# -- the chain


def test_rpc_unreachable(run: Run, place: Place) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ended = run("federation", "list", "--deployment", place.deployment, "--rpc", url, "--json")
    assert ended.status == ended.json["status"] == 1
    assert ended.line.startswith(f"no chain answers at {url}: ")
    assert ended.line.endswith("Is the node running? Name another with --rpc or chain.rpc.")


DEPLOYMENTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "another chain": (
        lambda d: d.update(chainId=1),
        "the node is on chain 31337, the deployment on chain 1. Name the node with --rpc, or the deployment",
    ),
    "no contract": (
        lambda d: d["contracts"]["FederationFactory"].update(address="0x" + "1" * 40),
        "there is no contract at the address: 0x1111111111111111111111111111111111111111. Was the chain started",
    ),
    "another contract": (
        lambda d: d["contracts"]["FederationFactory"].update(
            address=d["contracts"]["ProofOfWork"]["address"]
        ),
        "the contract at the factory's address is no FederationFactory: 0x",
    ),
    "another version": (
        lambda d: d.update(version="2"),
        "the contracts speak version '2' of the protocol, this client '1'. Use the client of that version, or",
    ),
    "ABI without a function": (
        lambda d: d["contracts"]["Federation"].update(
            abi=[e for e in d["contracts"]["Federation"]["abi"] if e.get("name") != "vote"]
        ),
        "the deployment's ABI is of another version than this client: ",
    ),
    "no deployment": (lambda d: d.clear(), "not a deployment file: "),
}


@pytest.mark.parametrize("case", DEPLOYMENTS)
def test_a_deployment_that_is_not_this_chains(run: Run, place: Place, case: str) -> None:
    spoil, line = DEPLOYMENTS[case]
    document = json.loads(place.deployment.read_text())
    spoil(document)
    Path("other.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("federation", "list", "--rpc", place.site.node.url, "--deployment", "other.json")
    assert ended.status == 2
    assert ended.line.startswith(line)
    assert ended.line.endswith(".")


# -- keys


def test_a_wrong_password_and_an_empty_account(run: Run, place: Place, tmp_path: Path) -> None:
    key, password = tmp_path / "key.json", tmp_path / "password"
    address = create_keystore(key, "right", scrypt_n=2).address
    password.write_text("wrong\n", encoding="utf-8")
    words = place.words("miner", "register", place.federation, "--password-file", password, account=str(key))
    ended = run(*words)
    assert (ended.status, ended.line) == (
        2, f"wrong password for the keystore: {key}. Give the one it was made with.",
    )  # fmt: skip
    password.write_text("right\n", encoding="utf-8")
    ended = run(*words)
    assert ended.status == 2
    assert ended.line.startswith(
        f"the account cannot pay for the transaction: {address} has 0.000000 of up to "
    )
    assert ended.line.endswith(" ETH. Send it some; chain.max_fee_gwei says what gas may cost at most.")
    assert address not in {miner.owner for miner in place.chain.miners(place.federation)}


def test_two_processes_with_one_key_and_two_with_one_port(run: Run, place: Place) -> None:
    with place.actor(HOLDER), running_miner(place) as url:
        ended = run(*place.words("federation", "tick", place.federation))
        assert ended.status == 2
        assert ended.line == (
            f"another process signs with this key on this chain: process {os.getpid()}. "
            "Stop it, or give this one a key of its own."
        )
        port = url.rpartition(":")[2]
        words = place.words("miner", "run", place.federation, "--set", f"miner.port={port}", account=3)
        ended = run(*words)
    assert ended.status == 2
    assert ended.line.startswith(
        f"the API cannot listen there: 127.0.0.1:{port}: Address already in use. Name"
    )
    assert len(place.chain.miners(place.federation)) == 1, "it did not join either"


# -- phases and membership


def test_a_phase_that_is_over(run: Run, place: Place) -> None:
    contract = place.chain.miners(place.federation)[0].contract
    ended = run(*place.words("federation", "tick", place.federation))
    assert ended.status == 2
    assert ended.line.startswith(
        "nothing is due yet, so 'tick' has nothing to do: FederationNothingDue(round 0, "
    )
    assert ended.line.endswith("until enough miners and devices are there.")
    place.join_device(DEVICES, contract)
    place.tick()
    place.leap()
    late = act.SubmitUpdate(place.federation, contract, 1, cid_of(b"late"), 1, 1, 1, 0, 0)
    with pytest.raises(ContractReverted) as refused:
        place.send(DEVICES, late)
    line = str(explain(refused.value))
    assert line.startswith(
        "the round is in another phase than the call needs, or, with Training twice, past its"
    )
    assert "FederationUnexpectedPhase(round 1, current 1, expected 1)" in line
    with pytest.raises(ContractReverted) as refused:
        place.send(HOLDER, replace(late, round=2))
    assert explain(refused.value).exit_code == 2


def test_a_device_that_is_not_registered(run: Run, place: Place) -> None:
    ended = run(*place.words("device", "status", place.federation))
    assert ended.status == 2
    assert ended.line.startswith("the device is not registered in this federation: 0x")
    contract = place.chain.miners(place.federation)[0].contract
    with pytest.raises(ContractReverted) as refused:
        place.send(HOLDER, act.CheckInDevice(place.federation, contract, 0))
    assert str(explain(refused.value)).startswith("the device is not registered with this miner: MinerDevice")


# -- the store and the disk


@pytest.mark.parametrize("command", ["miner run", "device run", "federation create"])
def test_ipfs_down_at_the_start(run: Run, place: Place, command: str) -> None:
    port = free_port()
    named = [] if command.endswith("create") else [place.federation]
    words = place.words(*command.split(), *named)
    before = len(place.chain.federations())
    ended = run(*words, "--store", f"http://127.0.0.1:{port}")
    assert ended.status == 1
    assert f"127.0.0.1/tcp/{port}" in ended.line
    assert ended.line.endswith(".")
    assert len(place.chain.federations()) == before
    assert len(place.chain.miners(place.federation)) == 1


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


def test_a_disk_that_takes_nothing_more(place: Place, tmp_path: Path) -> None:
    for words, status, line in (
        (["model", "download", place.federation, "--out", "m.safetensors"], 2,
         "the file cannot be written: m.safetensors: File too large. Name another file."),
        (["federation", "tick", place.federation], 1, "the outbox cannot be written: "),
    ):  # fmt: skip
        state = ["--state", str(tmp_path / "new")]
        done = subprocess.run(
            [*MINERVA, *place.words(*words), *state], preexec_fn=_small_files, cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        assert Ended(status, "", done.stderr).line.startswith(line)
    assert not {path for path in files(tmp_path) if "outbox" not in str(path)}


# -- in the middle of a round


@pytest.mark.kubo
def test_a_device_outlives_chain_and_ipfs(
    run: Run, kubo_binary: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    node = start(tmp_path / "chain")
    request.addfinalizer(node.stop)
    site = Site(node, deploy(node.url), tmp_path)
    with KuboNode(tmp_path / "ipfs", kubo_binary) as kubo:
        api = kubo.address
        place = Place(site, tmp_path / "place", f"kubo:{api}", training_seconds=3000)
        contract = place.join_miner()
        words = place.words(
            "device",
            "run",
            place.federation,
            "--set",
            f"device.task={place.task_file}",
            "--verbose",
            account=HOLDER,
        )
        log = (tmp_path / "device.log").open("w+", encoding="utf-8")
        device = subprocess.Popen([*MINERVA, *words], stdout=log, stderr=log, cwd=tmp_path)
        request.addfinalizer(device.kill)

        def told(text: str) -> bool:
            assert device.poll() is None, (tmp_path / "device.log").read_text()
            return text in (tmp_path / "device.log").read_text()

        eventually(lambda: told(f"bound to miner {contract}"), "the device joins")
        ended = run(*place.words("federation", "tick", place.federation, account=HOLDER))
        assert ended.line.startswith(
            f"another process signs with this key on this chain: process {device.pid}. "
        )

        port = node.port
        node.stop()
        eventually(lambda: told("no chain answers at"), "the device misses the chain")
        node = AnvilNode(tmp_path / "chain", port=port).start()
        request.addfinalizer(node.stop)
        eventually(lambda: told("going on"), "the device goes on")
    place.tick()
    eventually(lambda: told(api.removesuffix("/http")), "the device misses IPFS")
    with KuboNode(tmp_path / "ipfs", kubo_binary, api=api):
        eventually(lambda: told("round 1: content served by ipfs"), "the device serves its update")
        device.send_signal(signal.SIGTERM)
        assert device.wait(SECONDS) == 0
    place.close()
    text = (tmp_path / "device.log").read_text()
    assert "Traceback" not in text
    assert "1 updates submitted" in text
    for fault in ("no chain answers at", api.removesuffix("/http")):
        assert len([line for line in text.splitlines() if fault in line]) <= 3, (
            "a line a fault, not a line a try"
        )
