"""`minerva doctor`: well where nothing is configured, ill where something configured is down."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from minerva.keys import create_keystore
from minerva.processes import free_port


def parts(ended: Any) -> dict[str, dict[str, str]]:
    return {part["name"]: part for part in ended.json["parts"]}


def test_a_fresh_checkout_is_well_and_says_what_is_off(run: Any) -> None:
    ended = run("doctor", "--json")
    assert (ended.status, ended.err, ended.json["ok"]) == (0, "", True)
    found = parts(ended)
    for name in ("chain", "IPFS", "key"):
        assert found[name]["state"] == "off"
        assert found[name]["remedy"].endswith(".")
    assert "minerva up" in found["chain"]["remedy"]
    assert not {"bad"} & {part["state"] for part in found.values()}


def test_for_people_it_is_plain_lines(run: Any) -> None:
    ended = run("doctor")
    assert ended.status == 0
    assert "  ok  Python" in ended.out
    assert " off  chain" in ended.out
    assert not set("\x1b│┃…") & set(ended.out)


@pytest.mark.parametrize(
    ("words", "bad"),
    [
        (["--store", "http://127.0.0.1:{port}"], "IPFS"),
        (["--store", "local:/dev/null/store"], "IPFS"),
        (["--store", "nonsense"], "IPFS"),
        (["--deployment", "absent.json"], "chain"),
        (["--account", "absent.json"], "key"),
        (["--account", "anvil:x"], "key"),
    ],
)
def test_what_is_configured_and_down_is_bad(run: Any, words: list[str], bad: str) -> None:
    ended = run("doctor", "--json", *(word.format(port=free_port()) for word in words))
    assert ended.status == 1
    assert ended.line == f"minerva: some parts do not work: {bad}. See what to do above."
    assert [name for name, part in parts(ended).items() if part["state"] == "bad"] == [bad]
    assert parts(ended)[bad]["remedy"]


def test_without_kubo_the_local_store_takes_over(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minerva.store.node.find_kubo", lambda: None)
    ended = run("doctor", "--json")
    assert ended.status == 0
    assert parts(ended)["Kubo"]["state"] == "off"
    assert "the embedded local store takes over" in parts(ended)["Kubo"]["remedy"]


def test_a_full_disk_is_bad(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    ended = run("doctor", "--json")
    assert ended.status == 1
    assert parts(ended)["disk"]["remedy"].startswith("Free 2 GiB under ")


def test_a_key_that_others_can_read_is_bad_and_is_not_unlocked(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    address = create_keystore(path, "secret", scrypt_n=2).address
    assert parts(run("doctor", "--json", "--account", path))["key"] == {
        "name": "key", "version": address, "state": "ok", "remedy": "",
    }  # fmt: skip
    path.chmod(0o644)
    ended = run("doctor", "--json", "--account", path)
    assert ended.status == 1
    assert parts(ended)["key"]["remedy"] == f"Others can read it: chmod 600 {path}"
