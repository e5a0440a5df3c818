"""`minerva federation`: create, list, show, tick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from minerva.cli.common import Context, command
from minerva.protocol.actions import Tick
from minerva.protocol.manifest import Manifest
from minerva.protocol.records import indices

app = typer.Typer(help="Federations: one task learned together.", no_args_is_help=True)
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]


@command(app, "create", epilog="Example: minerva federation create --task digits --set create.rounds=5 --account anvil:0")
def create(
    context: Context,
    task: Annotated[str, typer.Option(help="A bundled task's name, or a path to a task file.")] = "digits",
    data: Annotated[Path | None, typer.Option(help="Folder for the task's load_data.", show_default=False)] = None,
) -> None:
    """Put manifest and genesis model on IPFS and create the federation (parameters: [create] in the configuration)."""
    from minerva.learning.task import load_task
    from minerva.requester import create_federation

    federation, manifest = create_federation(
        context.chain(), context.actor(), context.store(), load_task(task, data=data), context.settings.create
    )
    document = {"federation": federation, "manifest": str(context.chain().config(federation).manifest), "title": manifest.title}
    context.emit(document, lambda out: out.print(f"{federation}  {manifest.title}", highlight=False))


@command(app, "list", epilog="Example: minerva federation list --json")
def list_(context: Context) -> None:
    """List the factory's federations."""
    chain = context.chain()
    rows: list[dict[str, Any]] = []
    for address in chain.federations():
        state, config = chain.state(address), chain.config(address)
        rows.append(
            {
                "federation": address, "status": state.status.name.lower(), "round": state.round, "rounds": config.rounds,
                "phase": state.phase.name.lower(), "miners": state.members.bit_count(), "devices": state.devices,
                "height": state.height,
            }
        )  # fmt: skip

    def render(out: Console) -> None:
        table = Table("federation", "status", "round", "phase", "miners", "devices", "blocks")
        for row in rows:
            table.add_row(
                row["federation"], row["status"], f"{row['round']}/{row['rounds']}", row["phase"],
                str(row["miners"]), str(row["devices"]), str(row["height"]),
            )  # fmt: skip
        out.print(table if rows else "No federation yet: 'minerva federation create'.")

    context.emit(rows, render)


@command(app, "show", epilog="Example: minerva federation show 0xFederation")
def show(context: Context, federation: _Federation = None) -> None:
    """Show what a federation is, where it stands, who takes part, and what it waits for until when."""
    chain = context.chain()
    address = context.federation(federation)
    requester = chain.requester(address)
    config, state, now = chain.config(address), chain.state(address), chain.now()
    miners = [
        {
            "index": m.index, "owner": m.owner, "contract": m.contract, "endpoint": m.endpoint,
            "dormant": bool(state.dormant >> m.index & 1), "leaving": bool(state.leaving >> m.index & 1),
            "inSnapshot": bool(state.snapshot >> m.index & 1), **_pool(chain, m.contract, state.round),
        }
        for m in chain.miners(address)
    ]  # fmt: skip
    document = {
        "federation": address, "requester": requester, "status": state.status.name.lower(), "phase": state.phase.name.lower(),
        "round": state.round, "rounds": config.rounds, "height": state.height, "head": "0x" + state.head.hex(),
        "model": str(state.model), "manifest": str(config.manifest), "devices": state.devices,
        "deadline": state.deadline, "secondsLeft": max(0, state.deadline - now), "due": chain.due(address),
        "waitingFor": waiting_for(state, miners), "difficulty": chain.difficulty(address), "miners": miners,
        "manifestDocument": _manifest(context, config.manifest),
    }  # fmt: skip

    def render(out: Console) -> None:
        for key in ("federation", "requester", "status", "phase", "height", "model", "manifest", "devices", "waitingFor"):
            out.print(f"{key:>12}: {document[key]}", highlight=False)
        out.print(f"{'round':>12}: {state.round} of {config.rounds}", highlight=False)
        table = Table("#", "miner", "owner", "updates", "outstanding", "state", "endpoint")
        for m in miners:
            word = "dormant" if m["dormant"] else "leaving" if m["leaving"] else "in the round" if m["inSnapshot"] else "next round"
            table.add_row(
                str(m["index"]), str(m["contract"]), str(m["owner"]), str(m["updates"]), str(m["outstanding"]), word, str(m["endpoint"])
            )
        out.print(table)

    context.emit(document, render)


@command(app, "tick", epilog="Example: minerva federation tick 0xFederation --account anvil:0")
def tick(context: Context, federation: _Federation = None) -> None:
    """Do what is due: close or extend a phase, skip a round, open the next. Anyone may."""
    chain = context.chain()
    address = context.federation(federation)
    before = chain.state(address)
    receipt = context.actor().send(Tick(address, before.round, before.deadline))
    events = [type(log.event).__name__ for log in receipt.logs]
    document = {"federation": address, "events": events, "gas": receipt.gas_used}
    context.emit(document, lambda out: out.print(", ".join(events), highlight=False))


def waiting_for(state: Any, miners: list[dict[str, Any]]) -> str:
    """What the federation waits for, in words."""
    names = {m["index"]: m["contract"] for m in miners}
    match state.phase.name if state.status.name == "RUNNING" else state.status.name:
        case "TRAINING":
            missing = sum(m["outstanding"] for m in miners if m["inSnapshot"])
            return f"updates of {missing} devices"
        case "VERIFICATION":
            silent = [names.get(i, i) for i in indices(state.snapshot & ~state.voted)]
            return f"ballots of {', '.join(map(str, silent))}"
        case "MINING":
            return "a candidate block"
        case "ATTESTATION":
            return "a majority of attestations"
        case "PAUSED":
            return "the requester, who paused it"
        case "CLOSED":
            return "nothing: it is closed"
        case _:
            return "enough miners and devices to open the next round"


def _pool(chain: Any, contract: str, round_: int) -> dict[str, int]:
    pool = chain.pool(contract, round_)
    return {"updates": pool.count, "outstanding": pool.outstanding}


def _manifest(context: Context, cid: Any) -> dict[str, Any] | None:
    store = context.store_or_none()
    if store is None:
        return None
    manifest = Manifest.from_bytes(store.get(cid, max_bytes=16 << 20, timeout=30.0))
    return {"title": manifest.title, "task": manifest.task, "codeSha256": manifest.code_sha256, "aggregation": manifest.aggregation}
