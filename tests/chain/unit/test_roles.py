"""docs/roles.md says of every function that changes state who may call it, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.errors import reverts

from minerva.protocol.governance import ADMIN, GOVERNOR, PAUSER
from unit.test_errors import CONTRACTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "roles.md"
CALLERS = ["anyone", "requester", "admin", "pauser", "governor", "miner", "device", "contract"]
IN_FEDERATION = ("Federation", "FederationExtension")


@pytest.fixture(scope="module")
def table():
    """Who may call: the callers by contract and function."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == ["contract", "function", *CALLERS, "note"]
    found = {}
    for contract, function, *marks, note in rows[2:]:
        key = (contract.strip("`"), function.strip("`"))
        assert key not in found, f"twice: {key}"
        assert set(marks) <= {"", "●"} and note.endswith("."), key
        found[key] = {caller for caller, mark in zip(CALLERS, marks, strict=True) if mark}
    return found


def test_every_function_that_changes_state_has_a_row_and_no_other(table, request):
    declared = set()
    for name in (*CONTRACTS, "FederationExtension"):
        for entry in request.getfixturevalue(name).abi:
            if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure"):
                declared.add(("Federation" if name in IN_FEDERATION else name, entry["name"]))
    assert table.keys() - declared == set(), "these are no functions that change state"
    assert declared - table.keys() == set(), "these have no row in docs/roles.md"


def test_somebody_may_call_each(table):
    assert [key for key, callers in table.items() if not callers] == []


def test_the_roles_are_those_that_the_federation_asks_for(table, training, accounts):
    """By calling: each needs exactly the role of its row."""
    federation, stranger = training.federation, accounts[-1]
    calls = {
        "pause": (), "close": (), "changeConsensus": (training.config.consensus, b""), "expel": (0,),
        "grantRole": (PAUSER, stranger), "revokeRole": (PAUSER, stranger),
    }  # fmt: skip
    roles = {"admin": ADMIN, "pauser": PAUSER, "governor": GOVERNOR}
    named = {
        f for (contract, f), callers in table.items() if contract == "Federation" and callers & roles.keys()
    }
    assert named == {*calls, "unpause"}
    for function, arguments in calls.items():
        (caller,) = table["Federation", function]
        with reverts("AccessControlUnauthorizedAccount", stranger, roles[caller]):
            getattr(federation, function)(*arguments, {"from": stranger})


def test_an_account_with_the_role_may(training, accounts):
    helper, requester = accounts[-1], {"from": training.requester}
    federation = training.federation
    federation.grantRole(PAUSER, helper, requester)
    federation.pause({"from": helper})
    federation.revokeRole(PAUSER, helper, requester)
    with reverts("AccessControlUnauthorizedAccount", helper, PAUSER):
        federation.unpause({"from": helper})
