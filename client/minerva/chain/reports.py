"""The one call of a `StakeVault` that takes statements."""

from __future__ import annotations

from minerva.chain.abi import Function, Record
from minerva.chain.calls import Call
from minerva.protocol.actions import Report
from minerva.protocol.statements import Statement


class Reports:
    """Writes evidence as the vaults of a deployment take it."""

    NAMES = "report"

    def __init__(self, functions: dict[str, Function]) -> None:
        self._report = functions["report"]
        self._statement = Record(Statement, self._report.inputs[1]["components"])

    def call(self, action: Report) -> Call:
        """Return the call that a report makes."""
        evidence = action.evidence
        said = [
            part
            for signed in (evidence.first, evidence.second)
            for part in (self._statement.write(signed.statement), signed.signature)
        ]
        return Call(action.vault, self._report.encode(evidence.account, *said))
