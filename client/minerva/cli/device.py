"""`minerva device`: register, run, status."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.cli.common import Context, command, stop_on_signals
from minerva.config import DeviceSection
from minerva.errors import DataError

if TYPE_CHECKING:
    from minerva.device.daemon import Device
    from minerva.device.training import TaskTrainer

app = typer.Typer(help="Devices: train on private data, commit, publish, follow the blocks.", no_args_is_help=True)

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Miner = Annotated[str | None, typer.Option("--miner", help="Miner's contract or owner; default: any active one.", show_default=False)]


@command(app, "register", epilog="Example: minerva device register 0xFederation --account device.json --set device.task=digits")
def register(context: Context, federation: _Federation = None, miner: _Miner = None) -> None:
    """Join: check the manifest against the local task, commit to the data, calibrate, bind to a miner."""
    device = build_device(context, context.federation(federation))
    info = device.register(miner)
    document = {"device": device.actor.address, "miner": info.miner, "fromRound": info.from_round}
    context.emit(
        document,
        lambda out: out.print(f"{device.actor.address} is bound to {info.miner}, counting from round {info.from_round}", highlight=False),
    )


@command(app, "run", epilog="Example: minerva device run 0xFederation --account device.json --set device.data=./scans")
def run(context: Context, federation: _Federation = None, miner: _Miner = None) -> None:
    """Take part until the federation closes (registers first when needed); Ctrl-C ends it, a restart resumes it."""
    device = build_device(context, context.federation(federation))
    with stop_on_signals() as stop:
        device.register(miner)
        submitted = device.run(stop)
    context.emit(
        {"device": device.actor.address, "submitted": submitted},
        lambda out: out.print(f"{device.actor.address}: {submitted} updates submitted", highlight=False),
    )


@command(app, "status", epilog="Example: minerva device status 0xFederation --account device.json")
def status(
    context: Context,
    federation: _Federation = None,
    device: Annotated[str | None, typer.Option("--device", help="Another device's address.", show_default=False)] = None,
) -> None:
    """Say where a device is bound, what it last did, and what the federation waits for."""
    from eth_utils.address import to_checksum_address

    address = context.federation(federation)
    chain = context.chain()
    who = str(to_checksum_address(device)) if device else context.account_address()
    info, state = chain.device(address, who), chain.state(address)
    local = _read_status(context, address, who)
    document: dict[str, Any] = {
        "device": who, "federation": address, "registered": info is not None,
        "miner": info.miner if info else None, "fromRound": info.from_round if info else None,
        "lastSeenRound": info.seen if info else None, "lastSubmittedRound": info.submitted if info else None,
        "round": state.round, "phase": state.phase.name.lower(), "status": state.status.name.lower(), "lastRun": local,
    }  # fmt: skip

    def render(out: Console) -> None:
        for key, value in document.items():
            if key != "lastRun":
                out.print(f"{key:>20}: {value}", highlight=False)

    context.emit(document, render)


def build_trainer(section: DeviceSection) -> TaskTrainer:
    """Load the task and this device's share of its data."""
    import torch

    from minerva.device.training import TaskTrainer
    from minerva.learning.partition import parse
    from minerva.learning.task import load_task

    torch.set_num_threads(1)  # several threads beside a busy core are far slower than one
    task = load_task(section.task, data=Path(section.data) if section.data else None)
    (x, y), _ = task.load_data()
    if section.partition:
        if section.client >= section.clients:
            raise DataError(
                "there is no such share of the data", value=f"client {section.client} of {section.clients}", remedy="Numbers start at 0."
            )
        part = parse(section.partition)(y.numpy(), section.clients, section.seed)[section.client]
        x, y = x[part], y[part]
    return TaskTrainer(task, x, y, client=section.client, epochs=section.epochs, trust_code=section.trust_code)


def build_device(context: Context, federation: str, kind: type[Device] | None = None) -> Device:
    """Put a device together from the effective configuration."""
    from minerva.device.daemon import Device, DeviceSettings
    from minerva.device.journal import Journal
    from minerva.device.transport import Transport

    section = context.settings.device
    chain, actor = context.chain(), context.actor()
    trainer = build_trainer(section)
    journal = Journal(_journal_folder(context, federation, actor.address))
    transport = Transport(context.store_or_none(), push=section.push)
    settings = DeviceSettings(rounds=section.rounds)
    return (kind or Device)(chain, actor, transport, federation, trainer, journal, settings)


def _journal_folder(context: Context, federation: str, device: str) -> Path:
    return context.state / "devices" / federation / device


def _read_status(context: Context, federation: str, device: str) -> dict[str, Any]:
    from minerva.device.journal import Journal

    folder = _journal_folder(context, federation, device)
    return Journal(folder).read_status() if os.path.isdir(folder) else {}
