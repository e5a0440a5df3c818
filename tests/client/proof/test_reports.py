"""What `make slither` makes of findings, and `make coverage` of the tools' reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tools" / "proof"))

from coverage_table import Coverage, Share, from_brownie, from_forge, table  # noqa: E402
from environment import SetupError  # noqa: E402
from static import Finding, findings, judge, silenced  # noqa: E402

TRIAGE = (
    "| Check | Where | Why |\n|---|---|---|\n| `timestamp` | `Federation.vote` | Seconds decide nothing. |\n"
)
LISTED = Finding("timestamp", "Federation.vote", "Low")


def element(kind, name, parent=None):
    return {"type": kind, "name": name, "type_specific_fields": {"parent": parent} if parent else {}}


def test_a_listed_low_finding_passes():
    assert judge([LISTED], TRIAGE) == []


@pytest.mark.parametrize("impact", ["Low", "Informational", "Optimization"])
def test_a_finding_without_a_line_does_not(impact):
    (problem,) = judge([LISTED, Finding("calls-loop", "Federation.vote", impact)], TRIAGE)
    assert problem.startswith(f"{impact}: calls-loop at Federation.vote")


@pytest.mark.parametrize("impact", ["High", "Medium"])
def test_no_line_excuses_a_grave_finding(impact):
    assert judge([LISTED._replace(impact=impact)], TRIAGE) == [f"{impact}: timestamp at Federation.vote"]


def test_a_line_whose_finding_is_gone_does_not_stay():
    (problem,) = judge([], TRIAGE)
    assert problem.endswith("remove its line")


def test_a_line_may_stand_for_a_whole_contract():
    triage = TRIAGE.replace("Federation.vote", "Federation.*")
    assert judge([LISTED, LISTED._replace(place="Federation.attest")], triage) == []
    (problem,) = judge([LISTED, LISTED._replace(place="Miner.attest")], triage)
    assert problem.startswith("Low: timestamp at Miner.attest")


SOURCE = """\
contract Miner is IMiner {
    // slither-disable-next-line uninitialized-state: its clone writes it
    address internal _owner;

    /// Leave.
    // slither-disable-next-line timestamp,calls-loop
    function leave()
        external
    {
        // slither-disable-next-line unused-return: one is needed
        (, address owner) = owners();
    }
}
"""


def test_what_is_silenced_in_the_sources_needs_a_reason_and_a_line():
    found = silenced(SOURCE)
    assert found == {
        Finding("uninitialized-state", "Miner._owner", "silenced"),
        Finding("timestamp", "Miner.leave", ""),
        Finding("calls-loop", "Miner.leave", ""),
        Finding("unused-return", "Miner.leave", "silenced"),
    }
    triage = (
        "| `uninitialized-state` | `Miner._owner` | The clone. |\n| `timestamp` | `Miner.*` | Seconds. |\n"
    )
    assert judge(found, triage + "| `calls-loop` | `Miner.leave` | Few. |\n") == [
        "calls-loop is silenced at Miner.leave without a reason",
        "timestamp is silenced at Miner.leave without a reason",
        "silenced: unused-return at Miner.leave: give it a line in docs/security/slither.md",
    ]


def test_a_place_is_named_with_all_it_is_in():
    contract = element("contract", "Miner", None)
    variable = element("variable", "owner_", element("function", "initialize", contract))
    report = {"detectors": [{"check": "missing-zero-check", "impact": "Low", "elements": [variable]}]}
    found = findings({"success": True, "error": None, "results": report})
    assert found == {Finding("missing-zero-check", "Miner.initialize.owner_", "Low")}


def test_an_analysis_that_failed_is_not_a_clean_one():
    with pytest.raises(SetupError, match="no compiler"):
        findings({"success": False, "error": "no compiler", "results": {}})


FORGE = """\
| File                               | % Lines        | % Statements   | % Branches    | % Funcs       |
| contracts/core/Miner.sol           | 92.50% (37/40) | 87.50% (49/56) | 45.45% (5/11) | 88.89% (8/9)  |
| Total                              | 92.50% (37/40) | 87.50% (49/56) | 45.45% (5/11) | 88.89% (8/9)  |
"""


def test_forge_and_brownie_stand_in_one_table():
    forge = from_forge(FORGE)
    assert forge == {"Miner": Coverage(Share(49, 56), Share(5, 11))}
    brownie = from_brownie(
        {
            "coverage": {
                "Miner": {"statements": {"PoolLib.read": [1, 2]}, "branches": {"PoolLib.read": [1, 0, 1]}},
                "Other": {"statements": {"PoolLib.read": [2, 2], "PoolLib.move": [0, 3]}, "branches": {}},
            }
        }
    )
    assert brownie == {"PoolLib": Coverage(Share(2, 5), Share(1, 2))}
    assert [line.split()[0] for line in table(brownie, forge).splitlines()[2:]] == ["Miner", "PoolLib"]
