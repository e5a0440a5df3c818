"""The commands on a chain in memory: what they show, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

from minerva.keys import create_keystore

NOBODY = "0x" + "9" * 40


@pytest.fixture
def task() -> Path:
    """A task file in the current folder."""
    path = Path("task.py")
    path.write_text(TASK, encoding="utf-8")
    return path


def create(run: Any, *words: str) -> Any:
    return run("federation", "create", "--task", "task.py", "--json", *words)


def test_created_listed_and_shown(run: Any, scene: Scene, task: Path) -> None:
    made = create(run, "--set", "create.title=One")
    assert (made.status, made.json["title"]) == (0, "One")
    address = made.json["federation"]
    assert [row["federation"] for row in run("federation", "list", "--json").json] == [address]
    shown = run("federation", "show", address, "--json").json
    assert shown["manifestDocument"]["title"] == "One"
    assert shown["waitingFor"] == "enough miners and devices to open the next round"


def test_addresses_are_whole_on_a_narrow_terminal_and_in_a_pipe(run: Any, scene: Scene) -> None:
    scene.found()
    contract = scene.driver.join(0, endpoint="http://miner.example.org:8650")
    shown = run("federation", "show", scene.driver.federation).out
    lines = shown.splitlines()
    for wanted in (scene.driver.federation, contract, scene.driver.owner(0), "http://miner.example.org:8650"):
        assert any(line.endswith(f": {wanted}") for line in lines), shown
    listed = run("federation", "list").out.splitlines()
    assert listed[1].startswith(scene.driver.federation)
    assert all(len(line) <= 80 for line in listed)
    assert not set("\x1b│┃…") & set(shown)


def test_show_goes_without_the_manifest_when_nobody_serves_it(
    run: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minerva.cli.federation._MANIFEST_SECONDS", 0.01)
    scene.found()
    ended = run("federation", "show", scene.driver.federation, "--json")
    assert (ended.status, ended.json["manifestDocument"]) == (0, None)
    assert "the manifest is not shown" in ended.err


@pytest.mark.parametrize(
    ("assignment", "line"),
    [
        ("create.rounds=0", "create.rounds is out of bounds: 0."),
        ("create.max_miners=300", "create.max_miners is out of bounds: 300."),
        ("create.rounds=-1", "create.rounds is out of bounds: -1."),
        ("create.max_devices=10", "create.max_joins is out of bounds: 1000."),
        ("create.fetch_seconds=100", "create.fetch_seconds is out of bounds: 100."),
        *(
            (f"create.{phase}_seconds=0", f"create.{phase}_seconds is out of bounds: 0.")
            for phase in ("training", "verification", "fetch", "mining", "attestation")
        ),
        ("create.difficulty=0", "create.difficulty is out of bounds: 0."),
        (f"create.difficulty={1 << 70}", f"create.difficulty is out of bounds: {1 << 70}."),
        ("create.target_seconds=-3", "create.target_seconds is out of bounds: -3."),
        ("create.initial_seed=-1", "configuration key 'create.initial_seed' has a value that"),
        ("create.aggregation=mean", ""),
    ],
)
def test_parameters_out_of_bounds_are_named_before_anything_is_put(
    run: Any, scene: Scene, task: Path, assignment: str, line: str
) -> None:
    ended = create(run, "--set", assignment)
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")
    assert ended.json["status"] == 2
    assert not list(Path("store/blocks").glob("*"))
    assert scene.chain.federations() == ()


def test_a_module_without_code_is_named_and_nothing_is_created(
    run: Any, scene: Scene, task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "0x" + "4907" * 10
    monkeypatch.setattr(type(scene.chain), "modules", {"pow": nowhere})
    ended = create(run)
    assert ended.status == 2
    assert ended.line == (
        f"minerva: no contract lies at the consensus module's address: pow: {nowhere}. Was the chain started afresh? "
        "Deploy again, or name the right deployment."
    )
    assert scene.chain.federations() == ()


def test_tick_with_nothing_due_says_until_when(run: Any, scene: Scene) -> None:
    scene.found()
    scene.driver.populate(1)
    scene.driver.tick()
    deadline = scene.driver.state.deadline
    ended = run("federation", "tick", scene.driver.federation, "--json")
    assert ended.status == ended.json["status"] == 2
    assert ended.line == (
        "minerva: nothing is due yet, so 'tick' has nothing to do: "
        f"FederationNothingDue(round 1, phase {scene.driver.state.phase}, deadline {deadline}). "
        "Wait until the deadline, or, while no round is open, until enough miners and devices are there."
    )


def test_tick_opens_the_round_after_one_that_it_skipped(run: Any, scene: Scene) -> None:
    scene.found(max_extensions=0, silent_rounds=1)
    scene.driver.populate(1)
    scene.driver.tick()
    scene.chain.advance(1000)
    address = scene.driver.federation
    assert run("federation", "tick", address, "--json").json["events"][0] == "RoundSkipped"
    scene.driver.register(7, scene.driver.contract(0))
    scene.chain.advance(1)
    assert run("federation", "tick", address, "--json").json["events"] == ["RoundOpened"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((), "no federation is named. 'minerva federation list' shows them."),
        (("nonsense",), "not an address: 'nonsense'. It is 0x and 40 hex digits; copy it whole."),
        ((NOBODY[:-1],), f"not an address: '{NOBODY[:-1]}'."),
        ((NOBODY,), ""),
    ],
)
@pytest.mark.parametrize(
    "command",
    ["federation show", "federation tick", "device register", "device run", "device status", "miner register",
     "miner run", "model download", "model export", "verify"],
)  # fmt: skip
def test_a_federation_that_is_none_is_told_before_anything_else(
    run: Any, scene: Scene, command: str, given: tuple[str, ...], line: str
) -> None:
    ended = run(*command.split(), *given)
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")
    assert set(Path().iterdir()) == {Path("minerva.toml")}


def test_a_device_that_is_not_registered(run: Any, scene: Scene) -> None:
    scene.found()
    ended = run("device", "status", scene.driver.federation)
    assert ended.status == 2
    assert ended.line == (
        f"minerva: the device is not registered in this federation: {scene.account}. "
        "'minerva device register' joins it; --device names another."
    )
    assert run("device", "status", scene.driver.federation, "--device", "x").line.startswith(
        "minerva: not an address: 'x'."
    )


def test_a_device_joins_and_says_where_it_stands(run: Any, scene: Scene, task: Path) -> None:
    address = create(run).json["federation"]
    scene.driver.federation = address
    contract = scene.driver.join(0)
    words = (address, "--set", "device.task=task.py", "--json")
    joined = run("device", "register", *words, "--miner", scene.driver.owner(0).lower()).json
    assert joined == {"device": scene.account, "miner": contract, "fromRound": 1}
    status = run("device", "status", address, "--json").json
    assert (status["miner"], status["lastSubmittedRound"], status["lastRun"]) == (contract, 0, {})


def test_a_device_with_an_empty_account_joins_nothing(run: Any, scene: Scene, task: Path) -> None:
    scene.driver.federation = create(run).json["federation"]
    scene.driver.join(0)
    scene.chain.fund(scene.account, 0)
    ended = run("device", "register", scene.driver.federation, "--set", "device.task=task.py")
    assert ended.status == 2
    assert ended.line.startswith("minerva: the account cannot pay for the transaction: 0 of ")
    assert scene.account in ended.line
    assert scene.chain.device(scene.driver.federation, scene.account) is None


def test_a_device_without_a_miner_to_join(run: Any, scene: Scene, task: Path) -> None:
    address = create(run).json["federation"]
    words = ("device", "register", address, "--set", "device.task=task.py")
    assert run(*words).line == (
        f"minerva: no miner is active in this federation: {address}. "
        "'minerva federation show' lists the miners."
    )
    assert run(*words, "--miner", NOBODY).line.startswith(
        f"minerva: no such miner is active in this federation: {NOBODY}."
    )


def test_a_device_with_another_task_joins_nothing(run: Any, scene: Scene, task: Path) -> None:
    address = scene.driver.federation = create(run).json["federation"]
    scene.driver.join(0)
    task.write_text(TASK.replace("0.01", "0.02"), encoding="utf-8")
    ended = run("device", "register", address, "--set", "device.task=task.py")
    assert ended.status == 2
    assert ended.line.startswith("minerva: the federation's training code is not the task.py here: SHA-256 ")
    assert scene.chain.device(address, scene.account) is None


def test_a_share_of_the_data_that_does_not_exist(run: Any, scene: Scene, task: Path) -> None:
    address = create(run).json["federation"]
    for share, line in (
        ("device.clients=2 device.client=2", "there is no such share of the data: client 2 of 2."),
        ("device.clients=21", "the samples do not go round: 20 samples, 21 devices."),
    ):
        sets = [f"--set={word}" for word in ("device.task=task.py", "device.partition=iid", *share.split())]
        ended = run("device", "register", address, *sets)
        assert ended.status == 2
        assert ended.line.startswith(f"minerva: {line}")


def test_a_miner_keeps_its_endpoint_when_it_registers_again(run: Any, scene: Scene) -> None:
    address = scene.found()
    first = run("miner", "register", address, "--endpoint", "http://m:1", "--json").json
    assert run("miner", "register", address, "--json").json == first
    assert scene.chain.miners(address)[0].endpoint == "http://m:1"


def test_an_endpoint_that_is_too_long_is_refused_in_words(run: Any, scene: Scene) -> None:
    ended = run("miner", "register", scene.found(), "--endpoint", "h" * 257)
    assert ended.status == 2
    assert ended.line == (
        "minerva: the endpoint's address is longer than 256 bytes: MinerEndpointTooLong(length 257). "
        "Give a shorter one."
    )


def test_a_model_is_written_whole_or_not_at_all(run: Any, scene: Scene, task: Path) -> None:
    address = create(run).json["federation"]
    assert run("model", "download", address, "--out", "m.safetensors").status == 0
    before = sorted(path.name for path in Path().iterdir())
    for out, line in (
        ("no/m.safetensors", "the file cannot be written: no/m.safetensors: No such file or directory."),
        ("store", "the file cannot be written: store: Is a directory."),
    ):
        ended = run("model", "download", address, "--out", out)
        assert ended.status == 2
        assert ended.line.startswith(f"minerva: {line}")
    assert run("model", "export", address, "--out", "m.pt").line.startswith("minerva: unknown format: .pt.")
    assert run("model", "download", address, "--round", "1").line.startswith(
        "minerva: that round has not opened yet: 1."
    )
    assert sorted(path.name for path in Path().iterdir()) == before


def test_the_store_is_needed_and_named(run: Any, scene: Scene) -> None:
    address = scene.found()
    for store, line in (("", "no store is configured."), ("ftp://x", "not the address of a store: ftp://x.")):
        ended = run("model", "download", address, "--store", store)
        assert ended.status == 2
        assert ended.line.startswith(f"minerva: {line}")


def test_a_keystore_that_does_not_open(run: Any, scene: Scene, tmp_path: Path) -> None:
    address = scene.found()
    create_keystore(tmp_path / "key.json", "right", scrypt_n=2)
    (tmp_path / "wrong").write_text("wrong\n", encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    for words, line in (
        (
            ["key.json", "--password-file", "wrong"],
            "wrong password for the keystore: key.json. Give the one it",
        ),
        (
            ["key.json", "--password-file", "no"],
            "the password file cannot be read: no: No such file or directory. Name another.",
        ),
        (
            ["key.json"],
            "no password for the keystore: key.json. Name a file with --password-file, set MINERVA_",
        ),
        (
            ["absent.json"],
            "there is no keystore: absent.json. Name one with --account, or make it: minerva key",
        ),
        (
            ["other.json"],
            "not a keystore file (Web3 Secret Storage, version 3): other.json. Name another, or",
        ),
        ([""], "no account is configured. Name a keystore file with --account, or anvil:0 on chain 31337."),
    ):
        ended = run("federation", "tick", address, "--account", *words)
        assert ended.status == 2
        assert ended.line.startswith(f"minerva: {line}"), ended.line


def test_a_new_key_replaces_none(run: Any, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    (tmp_path / "key.json").write_text("precious", encoding="utf-8")
    ended = run("key", "new", "key.json", "--password-file", "password")
    assert (ended.status, ended.line) == (
        2,
        "minerva: the file exists already: key.json. Name another.",
    )
    assert (tmp_path / "key.json").read_text(encoding="utf-8") == "precious"


def test_the_api_of_a_miner_that_is_not_there(run: Any) -> None:
    ended = run("miner", "status", "--json")
    assert (ended.status, ended.json["error"]) == (2, "no miner ran here")
    for url in ("http://127.0.0.1:1", "nonsense", "http://a..b"):
        ended = run("miner", "status", "--url", url)
        assert ended.status == 1
        assert ended.line.startswith(f"minerva: the miner does not answer: {url}/health: ")
