"""`minerva miner`: register, run, status."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from minerva.cli.common import Context, command, stop_on_signals
from minerva.errors import MinervaError, UserError

app = typer.Typer(help="Miners: fetch, verify, vote, mine, attest, serve.", no_args_is_help=True)

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_STATUS_SECONDS = 10


@command(app, "register", epilog="Example: minerva miner register 0xFederation --account miner.json")
def register(
    context: Context,
    federation: _Federation = None,
    endpoint: Annotated[str, typer.Option(help="Where the miner's API will answer.")] = "",
) -> None:
    """Join a federation as a miner; it counts from the next opening."""
    from minerva.protocol.actions import RegisterMiner

    address, chain, actor = context.federation(federation), context.chain(), context.actor()
    chain.requester(address)
    mine = [m for m in chain.miners(address) if m.owner == actor.address]
    if not mine:
        actor.send(RegisterMiner(chain.factory, address, endpoint or context.settings.miner.public_url))
        mine = [m for m in chain.miners(address) if m.owner == actor.address]
    document = asdict(mine[0])
    context.emit(document, lambda out: out.print(f"{actor.address} is miner {mine[0].index}: {mine[0].contract}", highlight=False))


@command(app, "run", epilog="Example: minerva miner run 0xFederation --account miner.json --store kubo:/ip4/127.0.0.1/tcp/5001")
def run(context: Context, federation: _Federation = None) -> None:
    """Run the miner's daemon and API until Ctrl-C (registers first when needed); a restart resumes it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from minerva.miner.service import run_miner
    from minerva.miner.settings import MinerSettings

    address = context.federation(federation)
    chain = context.chain()
    chain.requester(address)
    section = context.settings.miner
    settings = MinerSettings(
        state=context.state,
        host=section.host,
        port=section.port,
        public_url=section.public_url,
        retention_rounds=section.retention_rounds,
    )
    with stop_on_signals() as stop:
        run_miner(
            chain,
            context.store(),
            context.actor(),
            address,
            settings,
            stop=stop,
            ready=lambda url: context.err.print(f"miner's API: {url}  (OpenAPI page: {url}/docs)", highlight=False),
        )


@command(app, "status", epilog="Example: minerva miner status --url http://127.0.0.1:8650")
def status(
    context: Context,
    url: Annotated[str | None, typer.Option(help="The miner's API; default: the one that ran here.", show_default=False)] = None,
) -> None:
    """Ask a running miner what it does, what it waits for until when, and whether it is healthy."""
    where = (url or _last_url(context)).rstrip("/")
    document = {"url": where, "health": _ask(f"{where}/health"), "status": _ask(f"{where}/status")}

    def render(out: Console) -> None:
        for name in ("health", "status"):
            for key, value in document[name].items():  # type: ignore[union-attr]
                out.print(f"{key:>20}: {value}", highlight=False)

    context.emit(document, render)


def _last_url(context: Context) -> str:
    file = context.state / "api.json"
    try:
        return str(json.loads(file.read_text())["url"])
    except (OSError, ValueError, KeyError):
        raise UserError("no miner ran here", value=file, remedy="Name its API with --url, or its folder with --state.") from None


def _ask(url: str) -> dict[str, Any]:
    import requests

    try:
        document = requests.get(url, timeout=_STATUS_SECONDS).json()
    except requests.RequestException as error:
        raise MinervaError("the miner does not answer", value=f"{url}: {type(error).__name__}", remedy="Is it running?") from None
    except ValueError:
        raise MinervaError("that is not a miner's API", value=url, remedy="Name another with --url.") from None
    return document if isinstance(document, dict) else {"answer": document}
