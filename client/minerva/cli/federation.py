"""`minerva federation`: create, list, show, tick, pause, unpause, close."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.amounts import show_amount
from minerva.cli.announced import announced
from minerva.cli.common import Context, command, facts, table
from minerva.cli.escrow import escrow_document, escrow_words, unfunded
from minerva.cli.stake import stake_document, stakes_document, terms_words
from minerva.errors import MinervaError

if TYPE_CHECKING:
    from minerva.chain.port import Chain
    from minerva.protocol.actions import Action
    from minerva.protocol.allow_list import AllowList
    from minerva.protocol.cid import Cid
    from minerva.protocol.stake import Stakes
    from minerva.protocol.state import FederationState, MinerInfo

log = logging.getLogger(__name__)

app = typer.Typer(help="Federations: one task learned together.")
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_SHOWN = (
    "requester",
    "status",
    "phase",
    "height",
    "model",
    "manifest",
    "consensus",
    "policy",
    "devices",
    "waitingFor",
)
_MANIFEST_SECONDS = 5.0


class Policy(StrEnum):
    """The membership policies that a federation can be created with."""

    OPEN = "open"
    ALLOW_LIST = "allow-list"
    STAKE = "stake"
    BOTH = "allow-list+stake"


@command(
    app,
    "create",
    epilog="Example: minerva federation create --task digits --set create.rounds=5 --account anvil:0",
)
def create(
    context: Context,
    task: Annotated[str, typer.Option(help="A bundled task's name, or a path to a task file.")] = "digits",
    data: Annotated[
        Path | None, typer.Option(help="Folder for the task's load_data.", show_default=False)
    ] = None,
    stake: Annotated[
        str | None,
        typer.Option(help="What a miner must stake at least, e.g. '0.1 ether'.", show_default=False),
    ] = None,
    policy: Annotated[
        Policy | None, typer.Option(help="Who may join (create.policy).", show_default=False)
    ] = None,
    allow_list: Annotated[
        Path | None,
        typer.Option(help="File with who may join, and as what (create.allow_list).", show_default=False),
    ] = None,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="Seal updates to the miners (create.confidential).")
    ] = False,
) -> None:
    """Put manifest and genesis model on IPFS and create the federation.

    Its parameters are the section "create" of the configuration: --set create.rounds=5.
    """
    from minerva.admission import list_bytes, read_list
    from minerva.learning.task import load_task
    from minerva.requester import create_federation
    from minerva.store.cid import cid_of

    options = context.settings.create
    if confidential:
        options = options.model_copy(update={"confidential": True})
    if stake is not None:
        options = options.model_copy(update={"stake": True, "stake_minimum": stake})
    if policy is not None:
        options = options.model_copy(update={"policy": policy.value})
    listed = allow_list or (Path(options.allow_list) if options.allow_list else None)
    allowed = None if listed is None else read_list(listed)
    chain = context.chain()
    federation, manifest = create_federation(
        chain, context.actor(), context.store(), load_task(task, data=data), options, allowed=allowed
    )
    stakes = chain.stakes(federation)
    document: dict[str, Any] = {
        "federation": federation, "manifest": str(chain.config(federation).manifest), "title": manifest.title,
        "policy": options.policy,
        "allowList": None if allowed is None else list_facts(allowed, cid_of(list_bytes(allowed))),
        "escrow": escrow_document(chain.escrow(federation)),
        "stakes": stakes_document(stakes) if stakes else None,
    }  # fmt: skip

    def render(out: Console) -> None:
        out.print(f"{federation}  {manifest.title}")
        if document["escrow"]:
            out.print(f"It waits for its escrow: minerva federation fund {federation}")
        if allowed is not None:
            out.print(
                f"allow-list {cid_of(list_bytes(allowed))}: members name it as miner.allow_list, device.allow_list"
            )

    context.emit(document, render)


@command(app, "list", epilog="Example: minerva federation list --json")
def list_(context: Context) -> None:
    """List the factory's federations."""
    chain = context.chain()
    rows: list[dict[str, Any]] = []
    for federation in chain.federations():
        state, config = chain.state(federation), chain.config(federation)
        rows.append(
            {
                "federation": federation, "status": state.status.name.lower(), "round": state.round,
                "rounds": config.rounds, "phase": state.phase.name.lower(),
                "miners": state.members.bit_count(), "devices": state.devices, "height": state.height,
            }
        )  # fmt: skip

    def render(out: Console) -> None:
        if not rows:
            out.print("No federation yet: 'minerva federation create'.")
            return
        head = ("federation", "round", "phase", "miners", "devices")
        table(out, head, [[r["federation"], _of(r), _phase(r), r["miners"], r["devices"]] for r in rows])

    context.emit(rows, render)


@command(app, "show", epilog="Example: minerva federation show 0xFederation")
def show(context: Context, federation: _Federation = None) -> None:
    """Show what a federation is, where it stands, who takes part, and what it waits for until when."""
    from minerva.admission import policy_name

    address, chain = context.federation(federation), context.chain()
    config, state, now = chain.config(address), chain.state(address), chain.now()
    stakes, weights = chain.stakes(address), chain.weights(address)
    coming = announced(chain.logs(address))
    miners = [
        _miner(chain, state, miner)
        | {"expelled": miner.index in coming.expelled}
        | _standing(chain, address, stakes, weights, miner)
        for miner in chain.miners(address)
    ]
    change: dict[str, Any] | None = None
    if coming.consensus is not None:
        module, from_round = coming.consensus.module, coming.consensus.from_round
        change = {"consensus": _module_name(chain, module), "module": module, "fromRound": from_round}
    escrow, root = chain.escrow(address), chain.allow_list_root(address)
    document = {
        "federation": address, "requester": chain.requester(address),
        "status": state.status.name.lower(), "phase": state.phase.name.lower(),
        "round": state.round, "rounds": config.rounds, "height": state.height,
        "head": "0x" + state.head.hex(), "model": str(state.model), "manifest": str(config.manifest),
        "consensus": _module_name(chain, config.consensus), "announcedConsensus": change,
        "devices": state.devices, "policy": policy_name(chain, config.policy),
        "allowListRoot": None if root is None else "0x" + root.hex(),
        "deadline": state.deadline, "secondsLeft": max(0, state.deadline - now), "due": chain.due(address),
        "waitingFor": unfunded(escrow) or waiting_for(state, miners), "escrow": escrow_document(escrow),
        "stakes": stakes_document(stakes) if stakes else None,
        "difficulty": chain.difficulty(address), "miners": miners,
        "manifestDocument": _manifest(context, config.manifest),
    }  # fmt: skip

    def render(out: Console) -> None:
        facts(out, [("federation", address), ("round", _of(document))])
        facts(out, [(name, document[name]) for name in _SHOWN])
        if change is not None:
            facts(out, [("announced", f"{change['consensus']} decides from round {change['fromRound']} on")])
        if escrow is not None:
            facts(out, [("escrow", escrow_words(escrow))])
        if stakes is not None:
            facts(out, [(f"stake: {name}", value) for name, value in terms_words(stakes)], indent=24)
        for miner in miners:
            out.print(f"miner {miner['index']}, {_place(miner)}: {_updates(miner)}")
            facts(out, [(name, miner[name] or "none") for name in ("contract", "owner", "endpoint")])
            if stakes is not None:
                facts(out, [("staked", show_amount(int(miner["stake"]["bonded"]), stakes.terms.token))])
            if weights:
                facts(out, [("weight", miner["weight"] or "none in this round")])

    context.emit(document, render)


@command(app, "tick", epilog="Example: minerva federation tick 0xFederation --account anvil:0")
def tick(context: Context, federation: _Federation = None) -> None:
    """Do what is due: close or extend a phase, skip a round, open the next. Anyone may."""
    from minerva.protocol.actions import Tick

    address, chain = context.federation(federation), context.chain()
    # The time makes each run an intent of its own: nothing but it may change between two openings.
    act(context, address, Tick(address, chain.state(address).round, chain.now()))


@command(app, "pause", epilog="Example: minerva federation pause 0xFederation --account requester.json")
def pause(context: Context, federation: _Federation = None) -> None:
    """Stop the deadlines (the requester's right, for as long as the federation was created with)."""
    from minerva.protocol.actions import Pause

    address = context.federation(federation)
    act(context, address, Pause(address, context.chain().now()))


@command(app, "unpause", epilog="Example: minerva federation unpause 0xFederation --account requester.json")
def unpause(context: Context, federation: _Federation = None) -> None:
    """Start the deadlines again; anyone may once the pause is used up."""
    from minerva.protocol.actions import Unpause

    address = context.federation(federation)
    act(context, address, Unpause(address, context.chain().now()))


@command(app, "close", epilog="Example: minerva federation close 0xFederation --account requester.json")
def close(context: Context, federation: _Federation = None) -> None:
    """End the federation at the end of the round (the requester's right)."""
    from minerva.protocol.actions import Close

    address = context.federation(federation)
    act(context, address, Close(address))


def act(context: Context, federation: str, action: Action) -> None:
    """Send one action of the configured account and print what it did."""
    chain = context.chain()
    chain.requester(federation)
    receipt = context.actor().send(action)
    events = [type(entry.event).__name__ for entry in receipt.logs]
    document = {"federation": federation, "events": events, "gas": receipt.gas_used}
    context.emit(document, lambda out: out.print(", ".join(events)))


def list_facts(allowed: AllowList, cid: Cid) -> dict[str, Any]:
    """Return what to tell of a list that was published."""
    from minerva.protocol.allow_list import Role

    counts = {role: sum(entry[1] is role for entry in allowed.entries) for role in Role}
    return {
        "cid": str(cid), "root": "0x" + allowed.root.hex(),
        "miners": counts[Role.MINER], "devices": counts[Role.DEVICE],
    }  # fmt: skip


def waiting_for(state: FederationState, miners: list[dict[str, Any]]) -> str:
    """Return what the federation waits for, in words."""
    from minerva.protocol.records import indices

    match state.phase.name if state.status.name == "RUNNING" else state.status.name:
        case "TRAINING":
            missing = sum(m["outstanding"] for m in miners if m["inSnapshot"])
            return f"updates of {missing} devices"
        case "VERIFICATION":
            silent = [f"miner {index}" for index in indices(state.voters & ~state.voted)]
            return f"ballots of {', '.join(silent)}"
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


def _of(row: dict[str, Any]) -> str:
    return f"{row['round']}/{row['rounds']}"


def _phase(row: dict[str, Any]) -> str:
    return str(row["phase"] if row["status"] == "running" else row["status"])


def _place(miner: dict[str, Any]) -> str:
    if miner["dormant"] or miner["leaving"]:
        return "dormant" if miner["dormant"] else "leaving"
    if miner["expelled"]:
        return "expelled, with its duties until it goes"
    return "in the round" if miner["inSnapshot"] else "from the next round"


def _updates(miner: dict[str, Any]) -> str:
    return f"{miner['updates']} updates, {miner['outstanding']} outstanding"


def _module_name(chain: Chain, module: str) -> str:
    """Return the name of a consensus module, or its address where the deployment does not know it."""
    return next((name for name, address in chain.modules.items() if address == module), module)


def _miner(chain: Chain, state: FederationState, miner: MinerInfo) -> dict[str, Any]:
    pool = chain.pool(miner.contract, state.round)
    return {
        "index": miner.index, "owner": miner.owner, "contract": miner.contract, "endpoint": miner.endpoint,
        "dormant": bool(state.dormant >> miner.index & 1), "leaving": bool(state.leaving >> miner.index & 1),
        "inSnapshot": bool(state.snapshot >> miner.index & 1),
        "updates": pool.count, "outstanding": pool.outstanding,
    }  # fmt: skip


def _standing(
    chain: Chain, federation: str, stakes: Stakes | None, weights: Mapping[int, int], miner: MinerInfo
) -> dict[str, Any]:
    """Return what a miner has staked, and what its word weighs by the consensus module."""
    stake = None
    if stakes is not None:
        stake = stake_document(stakes, miner.owner, chain.stake_of(federation, miner.owner))
    return {"stake": stake, "weight": weights.get(miner.index) if weights else 1}


def _manifest(context: Context, cid: Cid) -> dict[str, Any] | None:
    """Return the manifest's description; None, with a warning, when it cannot be had."""
    from minerva.protocol.manifest import Manifest

    try:
        store = context.store_or_none()
        if store is None:
            return None
        manifest = Manifest.from_bytes(store.get(cid, max_bytes=16 << 20, timeout=_MANIFEST_SECONDS))
    except MinervaError as error:
        log.warning("the manifest is not shown: %s", error)
        return None
    return {
        "title": manifest.title,
        "task": manifest.task,
        "codeSha256": manifest.code_sha256,
        "aggregation": manifest.aggregation,
        "confidential": manifest.confidential,
    }
