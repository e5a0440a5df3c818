"""Several miners in one process."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from minerva.miner.api import app


def test_one_application_is_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython 3.11's `ast.parse`, which the routes go through, fails now and then in two threads at once."""
    inside: list[int] = []
    most: list[int] = []

    def build(view: Any, config: app.ApiConfig) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    monkeypatch.setattr(app, "_build", build)
    view: Any = object()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: app.create_app(view), range(8)))
    assert most == [1] * 8
