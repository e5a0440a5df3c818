"""A contract's refusal is one line: what was refused, with which values, and what to do."""

from __future__ import annotations

import pytest

from minerva.cli import refusals
from minerva.errors import ContractReverted
from minerva.paths import project_root

TABLE = """
Words before.

| Error | Cause | Cure |
|---|---|---|
| `PotFull(pot, most)` | the pot `a\\|b` is full | Wait, or take another. |
| `PotGone()` | there is no pot | Make one. |
"""


def test_rows_are_read_and_nothing_else() -> None:
    found = refusals.parse(TABLE)
    assert set(found) == {"PotFull", "PotGone"}
    assert found["PotFull"].cause == "the pot 'a|b' is full"
    assert found["PotGone"].parameters == ()


def test_cause_values_by_name_and_cure_make_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_tables", lambda: refusals.parse(TABLE))
    full = refusals.explain(ContractReverted("PotFull", (b"\1\2", 7)))
    gone = refusals.explain(ContractReverted("PotGone"))
    assert str(full) == "the pot 'a|b' is full: PotFull(pot 0x0102, most 7). Wait, or take another."
    assert str(gone) == "there is no pot: PotGone(). Make one."
    assert full.exit_code == gone.exit_code == 2


def test_an_error_that_the_table_misses_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_tables", dict)
    error = refusals.explain(ContractReverted("PotFull", (1,)))
    assert str(error) == "the contract refused: PotFull(1). docs/errors.md has its cause and cure."
    assert error.exit_code == 2


def test_without_a_checkout_the_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed() -> None:
        raise ContractReverted("no checkout")

    monkeypatch.setattr(refusals, "project_root", installed)
    assert refusals._tables.__wrapped__() == {}


def test_the_checkout_explains_what_people_meet() -> None:
    assert (project_root() / "docs" / "errors.md").is_file()
    for name in ("FederationNothingDue", "FederationUnexpectedPhase", "MinerDeviceNotBound"):
        assert refusals.explain(ContractReverted(name)).what != "the contract refused"
