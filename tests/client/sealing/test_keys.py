"""A miner's sealing keys: in their file, and in the text of its endpoint (Q1, Q2)."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from minerva.endpoints import Endpoints
from minerva.errors import ConfigError, ContentUnavailable, KeystoreError
from minerva.sealing.address import MARK, plain, published, publishing
from minerva.sealing.keyring import FILE, Keyring

URL = "https://miner.example:8650"
LOW_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


def test_the_first_run_makes_a_key_that_its_owner_alone_can_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ring = Keyring.at(tmp_path / "state")
    file = tmp_path / "state" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [FILE]
    assert Keyring.at(tmp_path / "state").public == ring.public
    secret = json.loads(file.read_text())["keys"][0]
    assert secret not in caplog.text + repr(ring) + str(vars(ring))


def test_a_new_key_is_published_and_the_former_one_still_opens(tmp_path: Path) -> None:
    ring = Keyring.at(tmp_path)
    former = ring.public
    ring.rotate()
    again = Keyring.at(tmp_path)
    assert again.public == ring.public != former
    assert again.private(former) is not None and again.private(bytes(32)) is None
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Keyring.at(tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(KeystoreError, match="others than its owner.*chmod 600"):
        Keyring.at(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"minerva": 1, "keys": []}',
        '{"minerva": 1, "keys": ["ab"]}',
        '{"minerva": 2, "keys": 1}',
    ],
)
def test_a_file_that_is_none_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / FILE
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeystoreError, match="not a file of sealing keys"):
        Keyring.at(tmp_path)
    assert file.read_text() == text


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="nowhere"):
        Keyring.read(tmp_path / "nowhere")


def test_an_endpoint_carries_the_key_beside_the_url(tmp_path: Path) -> None:
    key = Keyring.at(tmp_path).public
    for url in (URL, ""):
        endpoint = publishing(url, key)
        assert (plain(endpoint), published(endpoint)) == (url, key)
    assert published(URL) is None and plain(URL) == URL


@pytest.mark.parametrize("text", ["", "A", "A" * 42, "A" * 44, "?" * 43, "A" * 42 + "B", "é" * 43])
def test_what_is_no_key_is_none(text: str) -> None:
    assert published(URL + MARK + text) is None


@pytest.mark.parametrize("key", LOW_ORDER)
def test_a_point_of_low_order_is_no_key(key: bytes) -> None:
    """A device that sealed to it would raise: one hostile miner would stop all devices."""
    assert published(publishing(URL, key)) is None


def test_a_url_without_room_for_the_key_is_refused(tmp_path: Path) -> None:
    key = Keyring.at(tmp_path).public
    for url in ("https://" + "a" * 200, URL + "#here"):
        with pytest.raises(ConfigError, match="sealing key"):
            publishing(url, key)


def test_the_key_is_not_part_of_what_is_connected_to(tmp_path: Path) -> None:
    key = Keyring.at(tmp_path).public
    with (
        pytest.raises(ContentUnavailable, match="does not answer|too slow"),
        Endpoints(local=True).request("GET", publishing("http://127.0.0.1:9", key), "health", 2.0),
    ):
        pass
    with (
        pytest.raises(ContentUnavailable, match="not the plain URL"),
        Endpoints(local=True).request("GET", "http://127.0.0.1:9#else", "health", 2.0),
    ):
        pass
