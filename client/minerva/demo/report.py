"""What a run leaves behind: summary.json, metrics.jsonl, accuracy.png, the last model, and a page of tables."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from minerva.amounts import show_amount
from minerva.chain.port import Chain
from minerva.demo.observer import Observer
from minerva.demo.payments import PARTS
from minerva.durable import replace_file
from minerva.protocol.events import (
    Attested,
    BallotCast,
    BlockProposed,
    DeviceCheckedIn,
    DeviceRegistered,
    EndpointChanged,
    FederationCreated,
    MinerCreated,
    MinerReturned,
    UpdateSubmitted,
)
from minerva.protocol.records import Address
from minerva.protocol.reward_events import RewardsClaimed, RewardsFunded, RewardsReturned
from minerva.protocol.stake_events import StakeDeposited, StakeSlashed

_ACTIONS: tuple[tuple[type, str], ...] = (
    (UpdateSubmitted, "submitUpdate"),
    (BallotCast, "vote"),
    (BlockProposed, "propose"),
    (Attested, "attest"),
    (DeviceRegistered, "registerDevice"),
    (MinerCreated, "registerMiner"),
    (FederationCreated, "createFederation"),
    (MinerReturned, "checkIn"),
    (DeviceCheckedIn, "checkIn"),
    (EndpointChanged, "setEndpoint"),
    (StakeDeposited, "depositStake"),
    (RewardsFunded, "fund"),
    (RewardsClaimed, "claim"),
    (RewardsReturned, "reclaim"),
)


def gas_by_action(chain: Chain, federation: Address) -> dict[str, dict[str, int]]:
    """Count, median and most gas of each action that this federation saw, from the receipts."""
    events: dict[bytes, set[type]] = defaultdict(set)
    for log in chain.logs(federation):
        events[log.transaction].add(type(log.event))
    found: dict[str, list[int]] = defaultdict(list)
    for transaction, kinds in events.items():
        action = next((name for kind, name in _ACTIONS if kind in kinds), "tick")
        found[action].append(chain.receipt(transaction).gas_used)
    return {
        action: {"count": len(values), "median": sorted(values)[len(values) // 2], "max": max(values)}
        for action, values in sorted(found.items())
    }


def standing(chain: Chain, federation: Address, names: Mapping[Address, str]) -> dict[str, Any] | None:
    """Return what the miners have at stake at the end, and weighed in the last round; None where nothing is staked."""
    stakes = chain.stakes(federation)
    if stakes is None:
        return None
    weights = chain.weights(federation)
    miners: list[dict[str, Any]] = []
    for info in chain.miners(federation):
        stake = chain.stake_of(federation, info.owner)
        miners.append(
            {
                "miner": names.get(info.contract, info.contract),
                "bonded": str(stake.bonded),
                "weight": weights.get(info.index),
            }
        )
    slashed = [log.event for log in chain.logs(federation) if isinstance(log.event, StakeSlashed)]
    return {
        "token": stakes.terms.token,
        "minimum": str(stakes.terms.minimum),
        "held": str(stakes.held),
        "toBurn": str(stakes.slashed),
        "miners": sorted(miners, key=lambda miner: str(miner["miner"])),
        "slashed": [
            {
                "miner": names.get(event.account, event.account),
                "round": event.round,
                "offence": event.offence.name.lower(),
                "amount": str(event.amount),
            }
            for event in slashed
        ],
    }


def summarise(
    *,
    observer: Observer,
    store: str,
    gas: dict[str, dict[str, int]],
    verified: bool,
    rewards: dict[str, Any],
    first_difference: str | None,
    baseline: dict[str, list[float]],
    seconds: float,
    killed: dict[str, Any],
    stakes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the document of ``summary.json``."""
    rounds = [
        {
            "number": view.number,
            "winner": view.winner,
            "modelCid": str(view.header.model) if view.header else None,
            "bodyCid": str(view.header.body) if view.header else None,
            "blockHash": "0x" + view.header.hash().hex() if view.header else None,
            "parent": "0x" + view.header.parent.hex() if view.header else None,
            "skipped": view.phase == "Skipped",
            "accepted": view.accepted,
            "rejected": [
                {"device": device, "reason": reason, "words": text} for device, reason, text in view.rejected
            ],
            "accuracy": view.accuracy,
            "loss": view.loss,
            "seconds": round(view.seconds, 3),
        }
        for view in observer.rounds.values()
    ]
    return {
        "store": store,
        "chainId": observer.chain.chain_id,
        "federation": observer.federation,
        "names": {address: name for address, name in observer.names.items()},
        "rounds": rounds,
        "dropped": [{"round": r, "proposer": p, "reason": why} for r, p, why in observer.dropped],
        "killed": killed,
        "stakes": stakes,
        "gas": gas,
        "rewards": rewards,
        "verified": verified,
        "firstDifference": first_difference,
        "baseline": baseline,
        "seconds": round(seconds, 3),
    }


def write(folder: Path, summary: dict[str, Any], model: bytes) -> None:
    """Write ``model.safetensors``, ``metrics.jsonl`` (one round a line), ``accuracy.png``, and ``summary.json`` last."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(entry) for entry in summary["rounds"]]
    replace_file(folder / "model.safetensors", model, durable=False)
    replace_file(folder / "metrics.jsonl", ("\n".join(lines) + "\n").encode(), durable=False)
    _plot(folder / "accuracy.png", summary)
    replace_file(folder / "summary.json", (json.dumps(summary, indent=2) + "\n").encode(), durable=False)


def _plot(path: Path, summary: dict[str, Any]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    done = [r for r in summary["rounds"] if r["accuracy"] is not None]
    axes.plot(
        [r["number"] for r in done], [r["accuracy"] for r in done], "o-", label="Minerva (attacked, verified)"
    )
    for key, label, style in (
        ("fedavg", "plain FedAvg, honest devices", "s--"),
        ("centralised", "centralised, all data", "^:"),
    ):
        values = summary["baseline"][key]
        axes.plot(range(1, len(values) + 1), values, style, label=label)
    axes.set_xlabel("round")
    axes.set_ylabel("test accuracy")
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=150)


def print_summary(out: Console, observer: Observer, summary: dict[str, Any], folder: Path) -> None:
    """Accuracy beside the baselines, refused updates, gas, lineage."""
    table = Table(
        "round",
        "Minerva",
        "plain FedAvg",
        "centralised",
        "accepted",
        "winner",
        "seconds",
        title="Test accuracy by round",
    )
    for entry in summary["rounds"]:
        position = entry["number"] - 1
        table.add_row(
            str(entry["number"]), _number(entry["accuracy"]),
            _number(_at(summary["baseline"]["fedavg"], position)),
            _number(_at(summary["baseline"]["centralised"], position)), str(len(entry["accepted"])),
            observer.name(entry["winner"]), f"{entry['seconds']:.1f}",
        )  # fmt: skip
    out.print(table)
    refused = Table("round", "device", "reason", title="Refused updates")
    for entry in summary["rounds"]:
        for item in entry["rejected"]:
            refused.add_row(
                str(entry["number"]), observer.name(item["device"]), f"{item['reason']}: {item['words']}"
            )
    out.print(refused)
    if summary["dropped"]:
        dropped = Table("round", "proposer", "reason", title="Candidates that the other miners dropped")
        for entry in summary["dropped"]:
            dropped.add_row(str(entry["round"]), observer.name(entry["proposer"]), str(entry["reason"]))
        out.print(dropped)
    _print_rewards(out, summary["rewards"])
    gas = Table("action", "count", "median gas", "most gas", title="Gas")
    for action, figures in summary["gas"].items():
        gas.add_row(action, str(figures["count"]), f"{figures['median']:,}", f"{figures['max']:,}")
    out.print(gas)
    if stakes := summary["stakes"]:
        staked = Table("miner", "at stake", "weight", "slashed", title="Stakes")
        for miner in stakes["miners"]:
            lost = sum(int(s["amount"]) for s in stakes["slashed"] if s["miner"] == miner["miner"])
            bonded, slashed = (show_amount(s, stakes["token"]) for s in (int(miner["bonded"]), lost))
            staked.add_row(miner["miner"], bonded, str(miner["weight"] or "none"), slashed)
        out.print(staked)
    out.print(
        "Lineage: genesis"
        + "".join(f" ← {e['blockHash'][:10]}" for e in summary["rounds"] if e["blockHash"]),
        highlight=False,
    )
    verdict = "every block re-derives" if summary["verified"] else f"DIFFERS: {summary['firstDifference']}"
    out.print(f"Verified from chain and {summary['store']}: {verdict}", highlight=False)
    out.print(
        f"Written: {folder}/summary.json, metrics.jsonl, accuracy.png, model.safetensors", highlight=False
    )


def _print_rewards(out: Console, rewards: dict[str, Any]) -> None:
    """Who was paid how much for what."""
    paid = Table("account", "data", "blocks", "ballots", "attestations", "paid (ether)", title="Paid out")
    for payout in rewards["payouts"]:
        sums = [_ether(payout[part]) for part in (*PARTS, "paid")]
        paid.add_row(payout["name"], *sums)
    out.print(paid)
    kept = "" if rewards["withinEscrow"] else "  THE SUMS DO NOT AGREE"
    out.print(
        f"Escrow {_ether(rewards['funded'])}: claimed {_ether(rewards['claimed'])}, returned to the requester "
        f"{_ether(rewards['returned'])}, left {_ether(rewards['held'])}{kept}",
        highlight=False,
    )


def _ether(wei: str) -> str:
    return f"{int(wei) / 10**18:.6f}"


def _at(values: list[float], position: int) -> float | None:
    return values[position] if position < len(values) else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
