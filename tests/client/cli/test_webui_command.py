"""`minerva webui --ipfs`: what it needs is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import Scene


def test_the_page_must_be_built_and_the_store_a_kubo_node(
    run: Any, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minerva.webui.service.built", lambda: None)
    ended = run("webui", "--ipfs")
    assert (ended.status, "make webui" in ended.err) == (2, True)
    monkeypatch.setattr("minerva.webui.service.built", lambda: tmp_path)
    ended = run("webui", "--ipfs")
    assert ended.status == 2
    assert "the store is no Kubo node" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
