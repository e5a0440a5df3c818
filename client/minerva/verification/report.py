"""What `minerva verify` found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from minerva.protocol.records import Address


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of an audit: fine, or it differs, or something could not be fetched.

    ``blocks`` are the numbers of those that re-derive; ``first_difference`` says what does not, if anything;
    ``unavailable`` what could not be fetched, so that its block is open; ``not_checked`` refusals that nobody
    can derive without the refused bytes; ``sealed`` the blocks of confidential rounds of which all re-derives but
    what needs the sealed updates: the model, and verdicts on contents.
    """

    federation: Address
    chain_id: int
    blocks: tuple[int, ...] = ()
    first_difference: str | None = None
    unavailable: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    sealed: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every block asked for was derived again, as far as the keys go, and is the same."""
        return self.first_difference is None and not self.unavailable

    def checked(self, block: int, not_checked: list[str], *, sealed: bool = False) -> Self:
        """Return the report with one more block that re-derives, if ``sealed`` but for what is sealed."""
        report = replace(self, not_checked=(*self.not_checked, *not_checked))
        if sealed:
            return replace(report, sealed=(*self.sealed, block))
        return replace(report, blocks=(*self.blocks, block))

    def missing(self, what: str) -> Self:
        """Return the report with one more thing that could not be fetched."""
        return replace(self, unavailable=(*self.unavailable, what))

    def differing(self, what: str) -> Self:
        """Return the report with what differs."""
        return replace(self, first_difference=what)

    def to_json(self) -> dict[str, Any]:
        """Return a document for ``json.dumps``."""
        return {
            "federation": self.federation,
            "chainId": self.chain_id,
            "ok": self.ok,
            "blocks": list(self.blocks),
            "firstDifference": self.first_difference,
            "unavailable": list(self.unavailable),
            "notChecked": list(self.not_checked),
            "sealed": list(self.sealed),
        }

    def lines(self) -> list[str]:
        """Return the report for a person, one finding a line."""
        count = f"{len(self.blocks)} block{'' if len(self.blocks) == 1 else 's'}"
        found = [f"{count} of {self.federation} re-derive from chain and store."]
        if self.sealed:
            several = len(self.sealed) > 1
            found.append(
                f"The model{'s' if several else ''} of block{'s' if several else ''} "
                f"{', '.join(map(str, self.sealed))} {'were' if several else 'was'} not re-derived: the updates are "
                "sealed to the miners of the round. Headers, ballots, verdicts of rule 3 and money re-derive; a miner "
                "of the round derives the rest with its sealing keys (--key)."
            )
        found += [f"Not checked: {what}" for what in self.not_checked]
        found += [f"Could not be fetched: {what}" for what in self.unavailable]
        if self.first_difference is not None:
            found.append(f"Differs: {self.first_difference}")
        return found
