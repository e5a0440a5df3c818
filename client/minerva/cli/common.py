"""What every command shares: the options, the effective configuration, output for people or machines, and how errors end."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva import config
from minerva.errors import ConfigError, UserError

if TYPE_CHECKING:
    from minerva.chain.port import Actor
    from minerva.chain.web3 import Web3Chain
    from minerva.store.port import Store

_OPTIONS: dict[str, tuple[Any, Any, str | None]] = {
    "config_file": (
        Annotated[Path | None, typer.Option("--config", help="TOML file; flags override it.", show_default=False)], None, None,
    ),
    "rpc": (Annotated[str | None, typer.Option(help="RPC address of the chain.", show_default=False)], None, "chain.rpc"),
    "deployment": (
        Annotated[str | None, typer.Option(help="File with addresses and ABIs.", show_default=False)], None, "chain.deployment",
    ),
    "store": (
        Annotated[str | None, typer.Option(help="kubo:MULTIADDR, http://HOST:PORT or local:FOLDER.", show_default=False)],
        None,
        "store.url",
    ),
    "account": (
        Annotated[str | None, typer.Option(help="Keystore file, or anvil:N on chain 31337.", show_default=False)],
        None,
        "key.account",
    ),
    "password_file": (
        Annotated[str | None, typer.Option(help="File whose first line unlocks the keystore.", show_default=False)],
        None,
        "key.password_file",
    ),
    "state": (Annotated[str | None, typer.Option(help="Folder for outboxes, journals, ledgers.", show_default=False)], None, "state"),
    "assign": (
        Annotated[
            list[str] | None,
            typer.Option("--set", help="Any configuration key: --set miner.port=0", metavar="KEY=VALUE", show_default=False),
        ],
        None,
        None,
    ),
    "as_json": (Annotated[bool, typer.Option("--json", help="Print one JSON document.")], False, None),
    "show_config": (Annotated[bool, typer.Option("--show-config", help="Print the effective configuration and stop.")], False, None),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error.")], False, None),
}  # fmt: skip


@dataclass
class Context:
    """The effective configuration of one command, and what it opens (all closed when the command ends)."""

    settings: config.Settings
    as_json: bool
    out: Console = field(default_factory=lambda: Console(soft_wrap=True))
    err: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _chain: Web3Chain | None = None
    _store: Store | None = None

    @property
    def state(self) -> Path:
        """The folder for outboxes, journals and ledgers."""
        return Path(self.settings.state)

    def emit(self, document: Any, render: Callable[[Console], None]) -> None:
        """Print one JSON document with ``--json``, else what ``render`` draws."""
        if self.as_json:
            print(json.dumps(document, indent=2, default=str))
        else:
            render(self.out)

    def chain(self) -> Web3Chain:
        """The chain of this configuration; connects at the first call."""
        if self._chain is None:
            from minerva.cli.connect import connect

            self._chain = connect(self.settings)
            self._open.callback(self._chain.close)
        return self._chain

    def store(self) -> Store:
        """The store of this configuration; raises `ConfigError` when none is named."""
        found = self.store_or_none()
        if found is None:
            raise ConfigError("no store is configured", remedy="Name one with --store, e.g. kubo:/ip4/127.0.0.1/tcp/5001.")
        return found

    def store_or_none(self) -> Store | None:
        """The store of this configuration, if it names one; raises `StoreUnreachable` when that does not answer."""
        if self._store is None and self.settings.store.url:
            from minerva.store import open_store

            self._store = open_store(self.settings.store.url)
            self._open.callback(self._store.close)
            self._store.health()
        return self._store

    def actor(self) -> Actor:
        """The account of this configuration, able to act; holds the lock on its key until the command ends."""
        from minerva.cli.connect import connect_actor

        return self._open.enter_context(connect_actor(self.chain(), self.settings))

    def account_address(self) -> str:
        """The address of the configured account."""
        from minerva.cli.connect import password_source
        from minerva.keys import load_account

        return str(load_account(self.settings.key.account, self.chain().chain_id, password_source(self.settings)).address)

    def federation(self, given: str | None) -> str:
        """The federation that was named, checksummed; raises `ConfigError` when none was."""
        from eth_utils.address import is_address, to_checksum_address

        address = given or self.settings.federation
        if not address or not is_address(address):
            raise ConfigError(
                "a federation's address is needed", value=repr(address), remedy="'minerva federation list' shows them."
            )
        return str(to_checksum_address(address))

    def close(self) -> None:
        """Close what was opened."""
        self._open.close()


def command(app: typer.Typer, name: str, **keywords: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command that takes a `Context` first, then its own options, then the shared ones."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        taken = {parameter.name for parameter in own}
        shared = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for option, (annotation, default, _) in _OPTIONS.items()
            if option not in taken
        ]

        @functools.wraps(function)
        def run(**values: Any) -> None:
            given = {option.name: values.pop(option.name) for option in shared}
            context = _context(given)
            if given["show_config"]:
                print(context.settings.to_toml(), end="")
                return
            try:
                function(context, **values)
            finally:
                context.close()

        keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature([*keyword_only, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*keyword_only, *shared]}
        app.command(name, **keywords)(run)
        return function

    return register


def _context(given: dict[str, Any]) -> Context:
    overrides: dict[str, Any] = {
        dotted: given[option] for option, (_, _, dotted) in _OPTIONS.items() if dotted is not None and option in given
    }
    for assignment in given["assign"] or []:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UserError("not an assignment", value=assignment, remedy="Write --set KEY=VALUE.")
        overrides[key.strip()] = value.strip()
    logging.basicConfig(
        level=logging.INFO if given["verbose"] else logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    return Context(config.load(given["config_file"], overrides), given["as_json"])


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, for daemons that end at the next event; a second SIGINT interrupts at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
