"""How `minerva demo` ends: its status tells scripts whether everything held."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("verified", "within", "line"),
    [
        (True, True, None),
        (False, True, "the chain does not re-derive: block 2"),
        (True, False, "what was paid is not what the receipts and the escrow say: 0xVault"),
    ],
)
def test_it_fails_where_something_does_not_hold(
    run: Any, monkeypatch: pytest.MonkeyPatch, verified: bool, within: bool, line: str | None
) -> None:
    summary = {
        "verified": verified, "firstDifference": None if verified else "block 2",
        "rewards": {"vault": "0xVault", "withinEscrow": within},
    }  # fmt: skip
    monkeypatch.setattr("minerva.demo.story.run_demo", lambda options, display: (summary, None))
    ended = run("demo", "--json")
    assert ended.json["rewards"]["withinEscrow"] is within
    assert (ended.status == 0) == (line is None)
    assert line is None or line in ended.err
