"""A miner as a process: registration, API and daemon, from start to a clean end."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from minerva.admission import MAX_LIST_BYTES, evidence
from minerva.chain.port import Actor, Chain
from minerva.errors import ConfigError, MinervaError, NodeConflict, UserError
from minerva.miner.api import ApiConfig, MinerServer, create_app
from minerva.miner.daemon import Miner
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.stake import put_up
from minerva.protocol.actions import RegisterMiner, SetEndpoint
from minerva.protocol.allow_list import Role
from minerva.protocol.cid import Cid
from minerva.protocol.machine.checks import require_endpoint
from minerva.protocol.records import Address
from minerva.protocol.state import MinerInfo, Status
from minerva.sealing.address import published, publishing
from minerva.store.port import Store

log = logging.getLogger(__name__)

_LIST_SECONDS = 60.0
_SWITCH_SECONDS = 0.001
"""How long a busy thread may keep the interpreter from the daemon's: the default of 5 ms adds up."""


def run_miner(
    chain: Chain,
    store: Store,
    actor: Actor,
    federation: Address,
    settings: MinerSettings,
    *,
    stop: threading.Event | None = None,
    ready: Callable[[str], None] | None = None,
    kind: Callable[..., Miner] = Miner,
) -> None:
    """Run a miner until ``stop`` is set, or SIGTERM or SIGINT comes.

    It joins the federation unless it is a member, tells the contract where its API answers, and writes that
    to ``api.json`` in its state folder as ``{"url": …}``.

    Parameters
    ----------
    stop
        Ends it; without one the signals' handlers are set here (in the main thread).
    ready
        Told the API's address once it answers.
    kind
        What makes the miner, of the arguments that `Miner` takes.

    Raises
    ------
    NodeConflict
        The port or the state folder is another process's.
    ConfigError
        The API listens on every address, and none is named for devices.
    StoreError, ChainError
        Store or chain do not answer at the start; later that is waited out.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    store.health()
    with contextlib.ExitStack() as open_:
        if stop is None:
            stop = open_.enter_context(_signals())
        open_.enter_context(_lock(settings.state))
        ledger = Ledger(
            settings.state / "miner.sqlite",
            federation=federation,
            chain_id=chain.chain_id,
            address=actor.address,
        )
        open_.callback(ledger.close)
        miner = kind(chain, store, actor, federation, settings=settings, ledger=ledger)
        open_.callback(miner.close)
        config = ApiConfig(
            rate_limit=settings.rate_limit, event_heartbeat_seconds=settings.event_heartbeat_seconds
        )
        server = MinerServer(
            create_app(miner, config),
            host=settings.host,
            port=settings.port,
            threads=settings.api_threads + settings.event_clients,
            max_body_bytes=miner.max_content_bytes,
        )
        open_.callback(server.stop)
        server.start()
        endpoint = settings.public_url or _reachable(server)
        if miner.keys is not None:
            endpoint = publishing(endpoint, miner.keys.public)
            _name_keyless(chain, federation, actor.address)
        register(
            chain, actor, federation, endpoint, settings.stake,
            lambda: admission(chain, actor, federation, settings.allow_list, store),
        )  # fmt: skip
        address = settings.state / "api.json"
        _write(address, {"url": server.url})
        open_.callback(address.unlink, missing_ok=True)
        if ready is not None:
            ready(server.url)
        miner.run(stop)
    log.info("ended")


def admission(chain: Chain, actor: Actor, federation: Address, allow_list: str, store: Store | None) -> bytes:
    """Return what the account joins with as a miner; raises as `minerva.admission.evidence`."""

    def fetch(cid: Cid) -> bytes:
        if store is None:
            raise ConfigError("the allow-list is on IPFS, and no store is configured", value=cid)
        return store.get(cid, max_bytes=MAX_LIST_BYTES, timeout=_LIST_SECONDS)

    return evidence(chain, federation, actor.address, Role.MINER, allow_list, fetch)


def register(
    chain: Chain,
    actor: Actor,
    federation: Address,
    endpoint: str,
    stake: int | str = "",
    evidence: Callable[[], bytes] = bytes,
) -> MinerInfo:
    """Make the account's miner a member whose contract names ``endpoint``; does nothing that is done already.

    Before it joins, what was sent before a restart is seen through; once nothing else is in the way, what the account
    lacks of ``stake`` is put up (`minerva.miner.stake.put_up`).

    Parameters
    ----------
    evidence
        Gives what the federation's policy is shown; asked when the account joins.

    Raises
    ------
    UserError
        The federation is full, paused or closed, or ``evidence`` has none.
    ContractReverted
        The federation refuses.
    TransactionLost
        What was sent before is still not mined.
    MinervaError
        The miner joined and left since the last opening.
    """
    mine = _mine(chain, actor, federation)
    if mine is None:
        for receipt in actor.recover():
            log.info("sent before: transaction 0x%s", receipt.transaction.hex())
        mine = _mine(chain, actor, federation)
    if mine is None:
        require_endpoint(endpoint)
        shown = evidence()
        round_ = _require_place(chain, federation)
        put_up(chain, actor, federation, stake)
        actor.send(RegisterMiner(chain.factory, federation, endpoint, round_, shown))
        mine = _mine(chain, actor, federation)
        if mine is None:
            raise MinervaError(
                "this account's miner left the federation a moment ago",
                value=actor.address,
                remedy="It can join again once a round has opened.",
            )
        log.info("registered as miner %d, contract %s", mine.index, mine.contract)
    if mine.endpoint != endpoint:
        actor.send(SetEndpoint(federation, mine.contract, endpoint, chain.now()))
        log.info("the contract tells devices %s now", endpoint)
    return mine


def _name_keyless(chain: Chain, federation: Address, own: Address) -> None:
    """Say which other miners devices cannot seal to."""
    for info in chain.miners(federation):
        if info.owner != own and published(info.endpoint) is None:
            log.warning(
                "miner %d publishes no sealing key: it can open no update, and abstains; it does once it starts anew",
                info.index,
            )


def _require_place(chain: Chain, federation: Address) -> int:
    """Return the last opened round; raises `UserError` where the federation takes no miner now."""
    state, most = chain.state(federation), chain.config(federation).max_miners
    if state.status in (Status.CLOSED, Status.PAUSED):
        raise UserError(
            f"the federation is {state.status.name.lower()}",
            value=federation,
            remedy="Join another."
            if state.status is Status.CLOSED
            else "Join when the requester lets it go on.",
        )
    if state.members.bit_count() >= most:
        raise UserError(
            "the federation has as many miners as it takes",
            value=most,
            remedy="Wait until one leaves, or join another federation.",
        )
    return state.round


def _reachable(server: MinerServer) -> str:
    if ipaddress.ip_address(server.address).is_unspecified:
        raise ConfigError(
            "devices cannot connect to every address at once",
            value=server.url,
            remedy="Name the one that they reach with --set miner.public_url=http://…",
        )
    return server.url


def _mine(chain: Chain, actor: Actor, federation: Address) -> MinerInfo | None:
    return next((info for info in chain.miners(federation) if info.owner == actor.address), None)


def _write(path: Path, document: dict[str, str]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(path)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the state folder; raises `NodeConflict` when another process does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "miner.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NodeConflict(
                "another miner runs with this state folder",
                value=folder,
                remedy="Stop it, or name another with --state.",
            ) from None
        yield


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
