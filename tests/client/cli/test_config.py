"""One configuration: a file, flags over it, and a clear word about what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from minerva.config import Settings, load
from minerva.errors import ConfigError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_without_a_file() -> None:
    assert load(None, {}) == Settings()


def test_flags_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[chain]\nrpc = "http://a:1"\n[miner]\nport = 1\n')
    settings = load(file, {"chain.rpc": "http://b:2", "miner.port": "7", "store.url": None})
    assert (settings.chain.rpc, settings.miner.port, settings.store.url) == ("http://b:2", 7, "")


def test_finds_the_file_here_and_that_of_the_local_stack() -> None:
    Path(".minerva").mkdir()
    Path(".minerva/minerva.toml").write_text('federation = "stack"\n')
    assert load(None, {}).federation == "stack"
    Path("minerva.toml").write_text('federation = "here"\n')
    assert load(None, {}).federation == "here"


def test_effective_configuration_gives_itself() -> None:
    settings = load(None, {"device.data": 'a "quoted" \\ folder', "device.push": False})
    again = Settings.model_validate(tomllib.loads(settings.to_toml()))
    assert again == settings


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[chain]\nrcp = 'x'\n", "chain.rpc"),
        ("federaton = 'x'\n", "federation"),
        ("[minre]\nport = 1\n", "miner"),
    ],
)
def test_unknown_key_names_the_nearest_known_one(tmp_path: Path, text: str, nearest: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"Did you mean '{nearest}") as caught:
        load(file, {})
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "overrides",
    [{"miner.port": "seven"}, {"miner.port": "70000"}, {"chain.timeout_seconds": 0}, {"device.epochs": -1}],
)
def test_value_out_of_bounds_is_named(overrides: dict[str, object]) -> None:
    (key, value) = next(iter(overrides.items()))
    with pytest.raises(ConfigError) as caught:
        load(None, overrides)
    assert key in str(caught.value)
    assert str(value) in str(caught.value)


def test_a_file_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[chain\n")
    with pytest.raises(ConfigError, match="not TOML"):
        load(bad, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.toml", {})
