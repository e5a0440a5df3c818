"""What a unit of gas may cost (EIP-1559), and how much gas a transaction may use."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.errors import ChainError
from minerva.protocol import actions as act

GWEI = 10**9
MAX_GAS = 1 << 24
"""Most that EIP-7825 lets one transaction have."""
_CEILING = 8
"""Times the base fee that a transaction may pay: a ceiling, no price, good for seventeen full blocks."""
_CLOSES_PHASES = (act.Vote, act.Propose, act.Attest, act.Tick)


@dataclass(frozen=True, slots=True)
class Quote:
    """Fees in wei for a unit of gas: the most, and the part of it for the block's producer."""

    max_fee: int
    tip: int

    def at_least(self, floor: int) -> Quote:
        """Raise the fees as far as nodes want to see before they replace a transaction (an eighth more)."""
        return Quote(max(self.max_fee, floor + floor // 8 + 1), self.tip + self.tip // 8 + 1)


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """Caps, in wei for a unit of gas. A node's suggestion is never multiplied: that raises the next one."""

    max_fee: int = 200 * GWEI
    max_tip: int = 2 * GWEI

    def quote(self, base_fee: int, suggested_tip: int, *, replaced: int | None = None) -> Quote:
        """Return the fees to offer now.

        Parameters
        ----------
        base_fee, suggested_tip
            The pending block's base fee and the node's suggestion.
        replaced
            Fee cap of the transaction that this one replaces.

        Raises
        ------
        ChainError
            The cap is below the base fee, or below what a replacement has to pay.
        """
        tip = min(suggested_tip, self.max_tip, self.max_fee)
        quote = Quote(max(tip, min(self.max_fee, _CEILING * base_fee + tip)), tip)
        if replaced is not None:
            quote = quote.at_least(replaced)
        if base_fee > self.max_fee or quote.max_fee > self.max_fee:
            needed = max(base_fee, quote.max_fee if replaced is not None else 0)
            raise ChainError(
                "gas costs more than the cap allows",
                value=f"{needed / GWEI:.3f} of at most {self.max_fee / GWEI:g} gwei",
                remedy="Wait until it is cheaper, or raise chain.max_fee_gwei.",
            )
        return quote


def gas_limit(action: act.Action, estimate: int) -> int:
    """Return the gas that a transaction may use; what it does not use costs nothing.

    The estimate is of a state that others may change first: whoever acts last in a phase also closes it,
    opens the next round and loops over the miners.
    """
    room = 1_000_000 if isinstance(action, _CLOSES_PHASES) else 60_000
    return min(MAX_GAS, estimate + estimate // 5 + room)
