"""What commands share: the effective configuration, what they open, and output for people or machines."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer
from rich.console import Console

from minerva import config
from minerva.cli.options import SHARED
from minerva.durable import replace_file
from minerva.errors import ConfigError, MinervaError, UserError

if TYPE_CHECKING:
    from minerva.chain.port import Actor
    from minerva.chain.web3 import Web3Chain
    from minerva.store.port import Store


class Interrupted(MinervaError):
    """Ctrl-C."""

    exit_code = 130


class _Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closable)


def _console(*, stderr: bool = False) -> Console:
    """Make a console that never cuts a line: addresses and paths stay whole."""
    return Console(stderr=stderr, soft_wrap=True, highlight=False, markup=False, emoji=False)


@dataclass
class Context:
    """The effective configuration of one command, and what it opens (all closed when the command ends)."""

    settings: config.Settings
    as_json: bool
    out: Console = field(default_factory=_console)
    err: Console = field(default_factory=lambda: _console(stderr=True))
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _chain: Web3Chain | None = None
    _actor: Actor | None = None
    _store: Store | None = None

    @property
    def state(self) -> Path:
        """The folder for outboxes, journals and ledgers."""
        return Path(self.settings.state)

    def emit(
        self, document: Any, render: Callable[[Console], None], failure: MinervaError | None = None
    ) -> None:
        """Print one JSON document with ``--json``, else what ``render`` draws.

        Parameters
        ----------
        failure
            What the document tells of: its line goes to standard error, and the command ends with its status.
        """
        if self.as_json:
            print(json.dumps(document, indent=2, default=str))
        else:
            render(self.out)
        if failure is not None:
            complain(failure)
            raise typer.Exit(failure.exit_code)

    def chain(self) -> Web3Chain:
        """Return the chain of this configuration; connects at the first call."""
        if self._chain is None:
            from minerva.connect import connect

            self._chain = self.closing(connect(self.settings))
        return self._chain

    def store(self) -> Store:
        """Return the store of this configuration; raises `ConfigError` when none is named."""
        found = self.store_or_none()
        if found is None:
            raise ConfigError(
                "no store is configured", remedy="Name one with --store, e.g. kubo:/ip4/127.0.0.1/tcp/5001."
            )
        return found

    def store_or_none(self) -> Store | None:
        """Return the store of this configuration, if any; raises `StoreUnreachable` when it is silent."""
        if self._store is None and self.settings.store.url:
            from minerva.store import open_store

            store = self.closing(open_store(self.settings.store.url))
            store.health()
            self._store = store
        return self._store

    def actor(self) -> Actor:
        """Return the configured account, able to act; its key is locked until the command ends."""
        if self._actor is None:
            from minerva.connect import connect_actor

            self._actor = self._open.enter_context(connect_actor(self.chain(), self.settings))
        return self._actor

    def account_address(self) -> str:
        """Return the address of the configured account, without unlocking it."""
        from minerva.keys import account_address

        return account_address(self.settings.key.account)

    def closing(self, thing: T) -> T:
        """Close ``thing`` when the command ends; return it."""
        self._open.callback(thing.close)
        return thing

    def federation(self, given: str | None) -> str:
        """Return the federation that was named, checksummed.

        Raises
        ------
        ConfigError
            None was named.
        WrongChain
            The deployment's factory knows none of that address.
        """
        named = given or self.settings.federation
        if not named:
            raise ConfigError("no federation is named", remedy="'minerva federation list' shows them.")
        found = address(named)
        self.chain().requester(found)
        return found

    def close(self) -> None:
        """Close what was opened."""
        self._open.close()


def address(text: str) -> str:
    """Return an address with its checksum; raises `UserError` when the text is none."""
    from eth_utils.address import is_address, to_checksum_address

    if not text.startswith("0x") or not is_address(text):
        raise UserError(
            "not an address", value=ascii(text)[:100], remedy="It is 0x and 40 hex digits; copy it whole."
        )
    return str(to_checksum_address(text))


def complain(error: MinervaError | str) -> None:
    """Print one line to standard error."""
    print(f"minerva: {one_line(error)}", file=sys.stderr)


def one_line(text: object) -> str:
    """Return a text with its line breaks made spaces."""
    return " ".join(str(text).split())


def program(app: typer.Typer) -> None:
    """Run a module that is a program of its own: a mistake is one line, and the exit status says which."""
    try:
        app(standalone_mode=False)
    except MinervaError as failure:
        print(f"minerva: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises `UserError` when it cannot be written."""
    try:
        replace_file(path, data, durable=False)
    except OSError as error:
        raise UserError(
            "the file cannot be written", value=f"{path}: {error.strerror}", remedy="Name another file."
        ) from None


def table(out: Console, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns; nothing is cut, whatever the width of the terminal."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        out.print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def facts(out: Console, items: Iterable[tuple[str, object]], indent: int = 12) -> None:
    """Print a name and a value a line."""
    for name, value in items:
        out.print(f"{name:>{indent}}: {value}")


def command(
    app: typer.Typer, name: str, **keywords: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command that takes a `Context` first, then its own options, then the shared ones."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        taken = {parameter.name for parameter in own}
        shared = [
            inspect.Parameter(
                option, inspect.Parameter.KEYWORD_ONLY, default=known.default, annotation=known.annotation
            )
            for option, known in SHARED.items()
            if option not in taken
        ]

        @functools.wraps(function)
        def run(**values: Any) -> None:
            given = {option.name: values.pop(option.name) for option in shared}
            context = _context(given)
            try:
                if given["show_config"]:
                    settings = context.settings
                    context.emit(settings.model_dump(), lambda out: out.print(settings.to_toml(), end=""))
                else:
                    function(context, **values)
            except KeyboardInterrupt:
                raise Interrupted("interrupted") from None  # typer would end without a word
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
        known.key: given[option] for option, known in SHARED.items() if known.key and option in given
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
    """Make an event that SIGTERM and Ctrl-C set, for daemons that end at the next occasion.

    A second Ctrl-C interrupts at once. After one, the command ends with status 130; after SIGTERM with 0.
    """
    stop, received = threading.Event(), set[int]()

    def handle(number: int, _frame: object) -> None:
        if number == signal.SIGINT and number in received:
            raise KeyboardInterrupt
        received.add(number)
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if signal.SIGINT in received:
        raise typer.Exit(130)
