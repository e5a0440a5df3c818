"""`minerva miner`: register, run, leave, check-in, status."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.cli.common import Context, command, facts, stop_on_signals
from minerva.errors import MinervaError, UserError

if TYPE_CHECKING:
    from minerva.miner.daemon import Miner
    from minerva.miner.settings import MinerSettings

app = typer.Typer(help="Miners: fetch, verify, vote, mine, attest, serve.")

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_STATUS_SECONDS = 10


@command(app, "register", epilog="Example: minerva miner register 0xFederation --account miner.json")
def register(
    context: Context,
    federation: _Federation = None,
    endpoint: Annotated[str, typer.Option(help="Where the miner's API will answer.")] = "",
) -> None:
    """Join a federation as a miner; it counts from the next opening."""
    from minerva.miner.service import admission
    from minerva.miner.service import register as join

    named, chain, actor = context.federation(federation), context.chain(), context.actor()
    wanted = endpoint or context.settings.miner.public_url
    before = next((m.endpoint for m in chain.miners(named) if m.owner == actor.address), "")
    wanted = _with_sealing_key(context, wanted or before, before)  # empty: as it said before
    section = context.settings.miner

    def evidence() -> bytes:
        return admission(chain, actor, named, section.allow_list, context.store_or_none())

    info = join(chain, actor, named, wanted, section.stake, evidence)
    context.emit(
        asdict(info) | {"endpoint": wanted},
        lambda out: out.print(f"{actor.address} is miner {info.index}: {info.contract}"),
    )


@command(app, "rotate-key", epilog="Example: minerva miner rotate-key --state miner-state")
def rotate_key(context: Context) -> None:
    """Make a new sealing key (confidential mode), which the miner publishes when it starts anew.

    The former ones stay in the file: they open the rounds that were sealed to them.
    """
    from minerva.sealing.keyring import FILE, Keyring

    if not (context.state / FILE).exists():
        raise UserError(
            "there are no sealing keys here",
            value=context.state,
            remedy="The miner of a confidential federation makes the first at its first start; name its folder with --state.",
        )
    keys = Keyring.at(context.state)
    keys.rotate()
    context.emit(
        {"public": keys.public.hex(), "file": str(keys.path)},
        lambda out: out.print(f"{keys.path}: the next start publishes {keys.public.hex()}"),
    )


@command(app, "leave", epilog="Example: minerva miner leave 0xFederation --account miner.json")
def leave(context: Context, federation: _Federation = None) -> None:
    """Leave the federation at the next opening; until then the miner keeps its duties."""
    from minerva.cli.federation import act
    from minerva.protocol.actions import LeaveMiner

    where = context.federation(federation)
    act(context, where, LeaveMiner(where, context.chain().state(where).round))


@command(app, "check-in", epilog="Example: minerva miner check-in 0xFederation --account miner.json")
def check_in(context: Context, federation: _Federation = None) -> None:
    """Come back from dormancy, which a running miner does by itself; it counts from the next opening."""
    from minerva.cli.federation import act
    from minerva.protocol.actions import CheckInMiner
    from minerva.protocol.events import MinerReturned

    where, chain, me = context.federation(federation), context.chain(), context.account_address()
    mine = next((info for info in chain.miners(where) if info.owner == me), None)
    if mine is None:
        raise UserError(
            "the account has no miner in this federation", value=me, remedy="Is it the right one?"
        )
    state = chain.state(where)
    if not state.dormant >> mine.index & 1:
        raise UserError("the miner is not dormant", value=me, remedy="It takes part without.")
    returns = sum(log.event == MinerReturned(mine.index) for log in chain.logs(where))
    act(context, where, CheckInMiner(where, state.round, returns))


@command(
    app,
    "run",
    epilog="Example: minerva miner run 0xFederation --account miner.json --store http://127.0.0.1:5001",
)
def run(context: Context, federation: _Federation = None) -> None:
    """Run the miner's daemon and API until Ctrl-C (registers first when needed); a restart resumes it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from minerva.miner.daemon import Miner

    serve(context, federation, Miner)


def serve(context: Context, federation: str | None, kind: Callable[..., Miner]) -> None:
    """Run a miner of this kind until a signal ends it."""
    from minerva.miner.service import run_miner

    named, chain = context.federation(federation), context.chain()
    settings = miner_settings(context)
    with stop_on_signals() as stop:
        actor = context.actor()
        run_miner(
            chain,
            context.store(),
            actor,
            named,
            settings,
            stop=stop,
            ready=lambda url: context.err.print(f"miner's API: {url}  (OpenAPI page: {url}/docs)"),
            kind=kind,
        )
        context.emit(
            {"miner": actor.address, "federation": named}, lambda out: out.print(f"{actor.address}: ended")
        )


@command(app, "status", epilog="Example: minerva miner status --url http://127.0.0.1:8650")
def status(
    context: Context,
    url: Annotated[
        str | None, typer.Option(help="The miner's API; default: the one that ran here.", show_default=False)
    ] = None,
) -> None:
    """Ask a running miner what it does, what it waits for until when, and whether it is healthy."""
    where = (url or _last_url(context)).rstrip("/")
    health, now = _ask(f"{where}/health"), _ask(f"{where}/status")

    def render(out: Console) -> None:
        facts(out, [("url", where), *health.items(), *now.items()], indent=20)

    context.emit({"url": where, "health": health, "status": now}, render)


def miner_settings(context: Context) -> MinerSettings:
    """Return the miner's settings from the effective configuration."""
    from minerva.keys import ANVIL_CHAIN_ID
    from minerva.miner.settings import MinerSettings

    section = context.settings.miner
    return MinerSettings(
        state=context.state,
        host=section.host,
        port=section.port,
        public_url=section.public_url,
        stake=section.stake,
        retention_rounds=section.retention_rounds,
        holdout=section.holdout,
        holdout_data=section.holdout_data,
        holdout_part=section.holdout_part,
        holdout_parts=section.holdout_parts,
        allow_list=section.allow_list,
        canary_share=section.canary_share,
        private_network=section.private_network or context.chain().chain_id == ANVIL_CHAIN_ID,
    )


def _with_sealing_key(context: Context, endpoint: str, before: str) -> str:
    """Return the endpoint with the key that opens updates here, else with the one published ``before``, if any.

    In a confidential federation the first key is made, and published, when the miner first runs.
    """
    from minerva.sealing.address import plain, published, publishing
    from minerva.sealing.keyring import FILE, Keyring

    here = (context.state / FILE).exists()
    key = Keyring.at(context.state).public if here else published(before)
    return endpoint if key is None else publishing(plain(endpoint), key)


def _last_url(context: Context) -> str:
    file = context.state / "api.json"
    try:
        return str(json.loads(file.read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            "no miner ran here", value=file, remedy="Name its API with --url, or its folder with --state."
        ) from None


def _ask(url: str) -> dict[str, Any]:
    import requests
    from urllib3.exceptions import HTTPError

    document: object = None
    try:
        document = requests.get(url, timeout=_STATUS_SECONDS).json()
    except requests.JSONDecodeError:
        pass
    except (requests.RequestException, HTTPError, UnicodeError) as error:
        raise MinervaError(
            "the miner does not answer",
            value=f"{url}: {type(error).__name__}",
            remedy="Is it running? Name another with --url.",
        ) from None
    if not isinstance(document, dict):
        raise MinervaError("that is not a miner's API", value=url, remedy="Name another with --url.")
    return document
