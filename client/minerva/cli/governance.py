"""`minerva federation`: what the requester, and those to whom it gives a role, decide on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from minerva.cli.common import Context, address, command, facts
from minerva.cli.federation import act, list_facts
from minerva.cli.federation import app as app
from minerva.errors import UserError

if TYPE_CHECKING:
    from minerva.protocol.allow_list import AllowList
    from minerva.protocol.cid import Cid
    from minerva.protocol.records import Address

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Change = Annotated[list[str] | None, typer.Option(metavar="ROLE=ADDRESS", show_default=False)]
_LIST_SECONDS = 60.0


def _added(role: str) -> Any:
    words = f"An account to add as a {role}; may be repeated."
    return typer.Option(help=words, metavar="ADDRESS", show_default=False)


@command(
    app,
    "allow",
    epilog="Example: minerva federation allow 0xFederation --allow-list members.txt --account requester.json",
)
def allow(
    context: Context,
    federation: _Federation = None,
    allow_list: Annotated[
        Path | None, typer.Option(help="File with the list: who may join, and as what.", show_default=False)
    ] = None,
    miner: Annotated[list[str] | None, _added("miner")] = None,
    device: Annotated[list[str] | None, _added("device")] = None,
    node: Annotated[list[str] | None, _added("node: miner and device")] = None,
) -> None:
    """Let others in: publish the list of the file and put its root on the chain (the requester's right).

    With --miner, --device or --node the file must hold the present list; these are added to it, in the file too. Broken off
    before the file was written, the same command writes it.
    """
    from minerva.admission import ROLES, current_list, list_bytes, policy_name, read_list
    from minerva.protocol.allow_list import AllowList
    from minerva.protocol.governance import SetAllowList

    where, chain = context.federation(federation), context.chain()
    root, policy = chain.allow_list_root(where), chain.config(where).policy
    if root is None:
        name = policy_name(chain, policy)
        raise UserError(
            "the federation's policy keeps no allow-list", value=name, remedy="It has no list to change."
        )
    path = allow_list or Path(context.settings.create.allow_list)
    if path == Path():
        raise UserError("no allow-list is named", remedy="Name its file with --allow-list.")
    given = {"miner": miner, "device": device, "node": node}
    added = [(address(account), role) for role, accounts in given.items() for account in accounts or []]
    before = wanted = read_list(path)
    if added:
        wanted = AllowList([*before.entries, *((who, one) for who, role in added for one in ROLES[role])])
        if root != wanted.root:  # else a former run broke off before it wrote the file
            current_list(root, str(path), _no_cid, "--allow-list")
    cid = context.store().put(list_bytes(wanted))
    events: list[str] = []
    if wanted.root != root:
        receipt = context.actor().send(SetAllowList(where, policy, wanted.root, chain.now()))
        events = [type(entry.event).__name__ for entry in receipt.logs]
    if wanted.entries != before.entries:
        _write(path, wanted, added)
    document = {"federation": where, "events": events, "allowList": list_facts(wanted, cid)}
    context.emit(document, lambda out: facts(out, document["allowList"].items()))  # type: ignore[attr-defined]


@command(
    app,
    "change-consensus",
    epilog="Example: minerva federation change-consensus 0xFederation --consensus committee --account requester.json",
)
def change_consensus(
    context: Context,
    federation: _Federation = None,
    consensus: Annotated[
        str | None, typer.Option(help="The module: pow, pos, por or committee.", show_default=False)
    ] = None,
) -> None:
    """Announce another consensus module; it decides from the round after the next one (the governor's right).

    Its parameters are in the section "create" of the configuration: --set create.committee_size=5.
    """
    from minerva.config import CreateSection
    from minerva.protocol.actions import ChangeConsensus
    from minerva.protocol.events import ConsensusChangeAnnounced
    from minerva.requester import consensus_module

    where, chain = context.federation(federation), context.chain()
    options = context.settings.create
    if consensus is not None:
        options = CreateSection.model_construct(**{**options.model_dump(), "consensus": consensus})
    module, parameters = consensus_module(chain, options)
    round_, now = chain.state(where).round, chain.now()
    receipt = context.actor().send(ChangeConsensus(where, module, parameters, round_, now))
    told = [log.event for log in receipt.logs if isinstance(log.event, ConsensusChangeAnnounced)]
    document = {
        "federation": where, "consensus": options.consensus, "module": module,
        "fromRound": told[0].from_round, "events": [type(entry.event).__name__ for entry in receipt.logs],
    }  # fmt: skip
    context.emit(
        document, lambda out: out.print(f"{options.consensus} decides from round {document['fromRound']} on")
    )


@command(
    app, "expel", epilog="Example: minerva federation expel 0xFederation --miner 2 --account requester.json"
)
def expel(
    context: Context,
    federation: _Federation = None,
    miner: Annotated[
        str, typer.Option(help="The miner's index, owner or contract.", show_default=False)
    ] = "",
) -> None:
    """Let a miner go at the end of the round after the running one (the governor's right)."""
    from minerva.protocol.actions import Expel

    where, chain = context.federation(federation), context.chain()
    members = chain.miners(where)
    found = [m for m in members if miner.lower() in (str(m.index), m.owner.lower(), m.contract.lower())]
    if not found:
        raise UserError(
            "no such miner is in this federation",
            value=ascii(miner)[:100],
            remedy="Name one with --miner; 'minerva federation show' lists them.",
        )
    act(context, where, Expel(where, found[0].index, chain.state(where).round))


@command(
    app,
    "roles",
    epilog="Example: minerva federation roles 0xFederation --grant pauser=0x00000000000000000000000000000000000000aa",
)
def roles(
    context: Context, federation: _Federation = None, grant: _Change = None, revoke: _Change = None
) -> None:
    """Show who has which role; give and take roles (the admin's right): admin, governor, pauser."""
    from minerva.protocol.governance import GrantRole, RevokeRole

    where, chain = context.federation(federation), context.chain()
    changes: list[GrantRole | RevokeRole] = [
        GrantRole(where, *_role(text), chain.now()) for text in grant or []
    ]
    changes += [RevokeRole(where, *_role(text), chain.now()) for text in revoke or []]
    events = []
    for change in changes:
        receipt = context.actor().send(change)
        events += [type(entry.event).__name__ for entry in receipt.logs]
    held = _holders(context, where)
    document = {"federation": where, "roles": held, "events": events}
    context.emit(
        document, lambda out: facts(out, [(role, ", ".join(who) or "nobody") for role, who in held.items()])
    )


def _no_cid(cid: Cid) -> bytes:
    raise UserError("a list is extended in its file", value=cid, remedy="Name the file with --allow-list.")


def _write(path: Path, wanted: AllowList, added: list[tuple[Address, str]]) -> None:
    """Add the accounts to the file, in its form."""
    from minerva.admission import list_bytes
    from minerva.cli.common import write_whole

    text = path.read_text(encoding="utf-8")
    if text.lstrip()[:1] in ("{", "["):
        return write_whole(path, list_bytes(wanted))
    lines = "".join(f"{account} {role}\n" for account, role in added)
    write_whole(path, (text + ("" if text.endswith("\n") or not text else "\n") + lines).encode())
    return None


def _role(text: str) -> tuple[bytes, Address]:
    """Take ROLE=ADDRESS apart."""
    from minerva.protocol.governance import ROLES

    name, _, account = text.partition("=")
    if name not in ROLES:
        raise UserError(
            "not a role", value=ascii(text)[:100], remedy=f"Write ROLE=ADDRESS; ROLE is {', '.join(ROLES)}."
        )
    return ROLES[name], address(account)


def _holders(context: Context, federation: Address) -> dict[str, list[Address]]:
    """Return who has each role, as the federation's events tell."""
    from minerva.protocol.governance import ROLES, RoleGranted, RoleRevoked

    held: dict[bytes, dict[Address, None]] = {}
    for log in context.chain().logs(federation):
        if isinstance(log.event, RoleGranted):
            held.setdefault(log.event.role, {})[log.event.account] = None
        elif isinstance(log.event, RoleRevoked):
            held[log.event.role].pop(log.event.account, None)
    return {name: list(held.get(role, ())) for name, role in ROLES.items()}
