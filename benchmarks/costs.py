"""What a federation's rounds cost in money: docs/costs.md from the gas snapshot and the prices stated here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "costs.md"
ROUNDS = 20
"""Rounds of a federation, and of a claim."""
MINERS, UPDATES = 4, 256
ENVELOPE = 110
"""Bytes of a signed transaction beside its data."""
BYTES = {
    "submitUpdate": 4 + 8 * 32, "vote": 4 + 4 * 32 + UPDATES, "propose": 4 + 20 * 32, "attest": 4 + 3 * 32,
    "claim": 4 + (20 + 4 + 9) * 32, "tick": 4, "registerDevice": 4 + 5 * 32, "registerMiner": 4 + 6 * 32,
    "createFederation": 4 + 46 * 32, "fund": 4 + 32, "deposit": 4 + 2 * 32,
}  # fmt: skip
"""Length of the data, by the first word of the figure's name."""


@dataclass(frozen=True)
class Network:
    """Prices on one network.

    Attributes
    ----------
    gwei
        Of one gas.
    gwei_per_byte
        Of one byte of a transaction, paid beside the gas.
    dollars
        Of one token.
    """

    name: str
    token: str
    gwei: float
    dollars: float
    gwei_per_byte: float = 0.0

    def price(self, gas: float, size: float) -> float:
        """Dollars for so much gas and so many bytes."""
        return (gas * self.gwei + size * self.gwei_per_byte) * 1e-9 * self.dollars


L1_GWEI, BLOB_GWEI, ETHER_DOLLARS = 2.0, 0.01, 3_000.0
L1_SCALAR, BLOB_SCALAR = 0.005227, 1.014213
"""OP Mainnet's, of the OP stack's formula since Fjord."""
NETWORKS = (
    Network("Ethereum", "ETH", L1_GWEI, ETHER_DOLLARS),
    Network("OP stack", "ETH", 0.001, ETHER_DOLLARS, 16 * L1_SCALAR * L1_GWEI + BLOB_SCALAR * BLOB_GWEI),
    Network("Polygon PoS", "POL", 30.0, 0.25),
)

Parts = Sequence[tuple[float, str, int]]
"""How often, which transaction, and its gas."""


def page(figures: Mapping[str, Any]) -> str:
    """Return the page for the figures of `benchmarks/gas.py`."""
    state = figures["modules"]["pow"]["money"]
    first, steady, claims = state["first"], state["steady"], figures["claims"]
    single = {name: figures[name] for name in ("submitUpdate", "vote", "propose", "attest", "tick", "claim")}
    single |= {name: figures[name] for name in ("registerDevice", "registerMiner", "createFederation")}
    # Each miner once: the first ballot closes Training, the last one Verification; a candidate has three approvals.
    ballots = [("voteClosingTraining", 1), ("vote", MINERS - 2), ("voteClosing", 1)]
    calls = [*ballots, ("propose", 1), ("attest", 1), ("attestClosing", 1)]
    miner = [(often / MINERS, name, steady[name]) for name, often in calls]
    who: dict[str, Parts] = {
        "a device, each round": [(1, "submitUpdate", steady["submitUpdate"])],
        f"a device, one claim of {ROUNDS} rounds": [(1, "claim", claims["twenty"])],
        "a device, once: it registers": [(1, "registerDevice", steady["registerDevice"])],
        "a miner, each round (mean of the four)": miner,
        f"a miner, one claim of {ROUNDS} rounds": [(1, "claim", claims["byMiner"])],
        "a miner, once: it stakes and joins": [
            (1, "deposit", first["deposit"]),
            (1, "registerMiner", first["registerMiner"]),
        ],
        "the requester, each round": [],
        "the requester, once: it creates and funds": [
            (1, "createFederation", first["createFederation"]),
            (1, "fund", first["fund"]),
        ],
    }
    return TEXT.format(
        rounds=ROUNDS, l1=L1_GWEI, blob=BLOB_GWEI, l1_scalar=L1_SCALAR, blob_scalar=BLOB_SCALAR,
        miners=MINERS, updates=UPDATES,
        prices=_table(
            ("network", "token", "gas price, gwei", "data fee, gwei a byte", "token, US$"),
            (
                (n.name, n.token, f"{n.gwei:g}", f"{n.gwei_per_byte:.3f}" if n.gwei_per_byte else "none", f"{n.dollars:,g}")
                for n in NETWORKS
            ),
        ),
        who=_table(("who", "gas", *_headings()), (_row(name, parts) for name, parts in who.items())),
        single=_table(
            ("transaction", "gas", *_headings()), (_row(f"`{n}`", [(1, n, gas)]) for n, gas in single.items())
        ),
        modules=_table(
            ("module", "gas of all miners in a round", *_headings()),
            (
                _row(f"{name}, {kind}", [(often, call, kinds[kind]["steady"][call]) for call, often in calls])
                for name, kinds in figures["modules"].items()
                for kind in kinds
            ),
        ),
    )  # fmt: skip


def _headings() -> list[str]:
    return [f"{network.name}, US$" for network in NETWORKS]


def _row(name: str, parts: Parts) -> list[str]:
    gas = sum(often * used for often, _, used in parts)
    size = sum(often * (_bytes_of(call) + ENVELOPE) for often, call, _ in parts)
    return [name, f"{gas:,.0f}", *(_dollars(network.price(gas, size)) for network in NETWORKS)]


def _bytes_of(call: str) -> int:
    return next(size for name, size in BYTES.items() if call.startswith(name))


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.2g}" if amount else "0"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


TEXT = """# What a federation costs

Written by `tools/run python benchmarks/gas.py --costs` from benchmarks/gas.json and the prices in benchmarks/costs.py:
do not edit. The federation: proof of work, stake and rewards in ether, {miners} miners, {updates} updates in each round,
storage no longer new.

## Prices (assumptions: put in the day's own)

{prices}

Ethereum's gas price is base fee plus tip. On an OP-stack network a transaction pays its gas and a fee for its data on Ethereum:
bytes × (16 × {l1_scalar} × base fee + {blob_scalar} × blob base fee), the scalars OP Mainnet's, here at {l1:g} and
{blob:g} gwei. Nothing is taken to compress, so that fee is an upper bound.

## Who pays what

{who}

Models lie on IPFS and cost no gas. In a round the requester sends nothing: what is due is done by those who act.

## Each transaction

{single}

## A round of each module

The {miners} miners' transactions of one round together (the committee has five, one of whom stands by); a proof of stake
is never without stake.

{modules}
"""
