"""Fixtures of the commands' tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "verification"))

from cli_scene import CommandChain, Ended, Scene  # noqa: E402

from minerva.cli.app import main  # noqa: E402

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, as a stranger's terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("MINERVA_DEBUG", raising=False)
    monkeypatch.delenv("MINERVA_PASSWORD", raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `minerva` with these words in this process."""

    def run(*words: object) -> Ended:
        capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Ended(status, out, err)

    return run


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    """A chain in memory behind every command, and a store in a folder."""
    made = Scene(tmp_path)
    monkeypatch.setattr("minerva.connect.connect", lambda settings: CommandChain(made.chain))
    Path("minerva.toml").write_text(
        f'[store]\nurl = "local:{tmp_path}/store"\n[key]\naccount = "anvil:5"\n', encoding="utf-8"
    )
    return made
