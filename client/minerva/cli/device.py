"""`minerva device`: register, commitment, run, leave, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.cli.common import Context, address, command, facts, stop_on_signals
from minerva.config import DeviceSection
from minerva.errors import ConfigError, DataError, UserError

if TYPE_CHECKING:
    from minerva.device.daemon import Device
    from minerva.device.training import TaskTrainer

app = typer.Typer(help="Devices: train on private data, commit, publish, follow the blocks.")

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Miner = Annotated[
    str | None,
    typer.Option("--miner", help="Miner's contract or owner; default: any active one.", show_default=False),
]
_Device = Annotated[
    str | None, typer.Option("--device", help="Another device's address.", show_default=False)
]


@command(
    app,
    "register",
    epilog="Example: minerva device register 0xFederation --account device.json --set device.task=digits",
)
def register(context: Context, federation: _Federation = None, miner: _Miner = None) -> None:
    """Join: check the manifest against the local task, commit to the data, calibrate, bind to a miner."""
    device = build_device(context, context.federation(federation))
    info = device.register(address(miner) if miner else None)
    me = device.actor.address
    document = {"device": me, "miner": info.miner, "fromRound": info.from_round}
    context.emit(
        document,
        lambda out: out.print(f"{me} is bound to {info.miner}, counting from round {info.from_round}"),
    )


@command(app, "commitment", epilog="Example: minerva device commitment --set device.data=./scans")
def commitment(context: Context) -> None:
    """Say what the device would commit to when it registers: its data's root, how many samples, how fast it trains.

    For whoever registers from elsewhere, e.g. from a wallet in the dashboard. Nothing is sent, and no data leaves.
    """
    root, size, rate_ns = build_trainer(context.settings.device).commitment()
    document = {"datasetRoot": "0x" + root.hex(), "datasetSize": size, "rateNs": rate_ns}
    context.emit(document, lambda out: facts(out, document.items()))


@command(app, "leave", epilog="Example: minerva device leave 0xFederation --account device.json")
def leave(context: Context, federation: _Federation = None) -> None:
    """Leave the federation; an update that was submitted stays."""
    from minerva.cli.federation import act
    from minerva.protocol.actions import LeaveDevice

    where, chain = context.federation(federation), context.chain()
    bound = chain.device(where, context.account_address())
    if bound is None:
        raise UserError(
            "the device is not registered", value=context.account_address(), remedy="Is it the right account?"
        )
    act(context, where, LeaveDevice(where, bound.miner, chain.state(where).round))


@command(
    app,
    "run",
    epilog="Example: minerva device run 0xFederation --account device.json --set device.data=./scans",
)
def run(
    context: Context,
    federation: _Federation = None,
    miner: _Miner = None,
    canary: Annotated[
        bool, typer.Option("--canary", help="Commit to each training's steps (device.canary).")
    ] = False,
) -> None:
    """Take part until the federation closes; registers first when needed.

    Ctrl-C ends it, a restart resumes it.
    """
    device = build_device(context, context.federation(federation), canary=canary)
    wanted = address(miner) if miner else None
    with stop_on_signals() as stop:
        if wanted is not None:
            device.register(wanted)
        submitted = device.run(stop)
        me = device.actor.address
        context.emit(
            {"device": me, "submitted": submitted},
            lambda out: out.print(f"{me}: {submitted} updates submitted"),
        )


@command(app, "status", epilog="Example: minerva device status 0xFederation --account device.json")
def status(context: Context, federation: _Federation = None, device: _Device = None) -> None:
    """Say where a device is bound, what it last did, and what the federation waits for."""
    named, chain = context.federation(federation), context.chain()
    who = address(device) if device else context.account_address()
    info, state = chain.device(named, who), chain.state(named)
    if info is None:
        raise UserError(
            "the device is not registered in this federation",
            value=who,
            remedy="'minerva device register' joins it; --device names another.",
        )
    last = _read_status(context, named, who)
    document: dict[str, Any] = {
        "device": who, "federation": named, "miner": info.miner, "fromRound": info.from_round,
        "lastSeenRound": info.seen, "lastSubmittedRound": info.submitted,
        "round": state.round, "phase": state.phase.name.lower(), "status": state.status.name.lower(),
        "lastRun": last,
    }  # fmt: skip

    def render(out: Console) -> None:
        facts(out, [(name, value) for name, value in document.items() if name != "lastRun"], indent=20)
        facts(out, [(name, last[name]) for name in ("doing", "verdict", "problem") if last.get(name)], 20)
        if privacy := last.get("privacy"):
            facts(out, [("privacy", _spent(privacy))], 20)
        if rounds := last.get("canaries", {}).get("rounds"):
            shown = ", ".join(f"{state} for round {round_}" for round_, state in rounds.items())
            facts(out, [("canaries", shown)], 20)

    context.emit(document, render)


def _spent(privacy: dict[str, Any]) -> str:
    rounds = ", ".join(f"{epsilon} after round {round_}" for round_, epsilon in privacy["rounds"].items())
    spent = f"ε = {privacy['epsilon']} of {privacy['budgetEpsilon']} at δ = {privacy['delta']}"
    return f"{spent} ({rounds})" if rounds else spent


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
                "there is no such share of the data",
                value=f"client {section.client} of {section.clients}",
                remedy="Numbers start at 0.",
            )
        part = parse(section.partition)(y.numpy(), section.clients, section.seed)[section.client]
        x, y = x[part], y[part]
    return TaskTrainer(
        task, x, y, client=section.client, epochs=section.epochs, trust_code=section.trust_code,
        canary=section.canary,
    )  # fmt: skip


def build_device(
    context: Context,
    federation: str,
    kind: type[Device] | None = None,
    *,
    allow_list: str = "",
    canary: bool = False,
) -> Device:
    """Put a device together from the effective configuration.

    ``allow_list`` stands for one that names none, and ``canary`` for one that does not ask for it.
    """
    from minerva.config import PrivacySection
    from minerva.device.daemon import Device, DeviceSettings
    from minerva.device.journal import Journal
    from minerva.device.privacy import PrivacyTerms
    from minerva.device.transport import Transport
    from minerva.keys import ANVIL_CHAIN_ID

    section = context.settings.device
    section = section.model_copy(update={"canary": section.canary or canary})
    if section.dp != PrivacySection() and not section.dp.noise_multiplier:
        raise ConfigError(
            "privacy is set up and off: without noise there is none",
            value="device.dp.noise_multiplier = 0",
            remedy="Set it, e.g. to 1.0, or leave the section [device.dp] out.",
        )
    terms = PrivacyTerms(**section.dp.model_dump()) if section.dp.noise_multiplier else None
    settings = DeviceSettings(
        rounds=section.rounds,
        allow_list=section.allow_list or allow_list,
        privacy=terms,
        canary=section.canary,
    )
    chain, actor = context.chain(), context.actor()
    local = section.private_network or chain.chain_id == ANVIL_CHAIN_ID
    transport = context.closing(Transport(context.store_or_none(), push=section.push, local=local))
    trainer = build_trainer(section)
    journal = Journal(_journal_folder(context, federation, actor.address))
    return (kind or Device)(chain, actor, transport, federation, trainer, journal, settings)


def _journal_folder(context: Context, federation: str, device: str) -> Path:
    return context.state / "devices" / federation / device


def _read_status(context: Context, federation: str, device: str) -> dict[str, Any]:
    from minerva.device.journal import Journal

    folder = _journal_folder(context, federation, device)
    return Journal(folder).read_status() if folder.is_dir() else {}
