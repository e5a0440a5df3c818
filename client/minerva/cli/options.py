"""The options that every command has, and the configuration keys that they override."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer


@dataclass(frozen=True, slots=True)
class Option:
    """An option of every command.

    ``annotation`` and ``default`` are typer's; ``key`` is the dotted configuration key that it overrides,
    None for one that is no part of the configuration.
    """

    annotation: Any
    default: Any = None
    key: str | None = None


def _text(key: str, words: str) -> Option:
    return Option(Annotated[str | None, typer.Option(help=words, show_default=False)], key=key)


def _flag(*names: str, words: str) -> Option:
    return Option(Annotated[bool, typer.Option(*names, help=words)], default=False)


SHARED: dict[str, Option] = {
    "config_file": Option(
        Annotated[
            Path | None, typer.Option("--config", help="TOML file; flags override it.", show_default=False)
        ]
    ),
    "rpc": _text("chain.rpc", "RPC address of the chain."),
    "deployment": _text("chain.deployment", "File with addresses and ABIs."),
    "store": _text("store.url", "kubo:MULTIADDR, http://HOST:PORT or local:FOLDER."),
    "account": _text("key.account", "Keystore file, or anvil:N on chain 31337."),
    "password_file": _text("key.password_file", "File whose first line unlocks the keystore."),
    "state": _text("state", "Folder for outboxes, journals, ledgers."),
    "assign": Option(
        Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                help="Any configuration key: --set miner.port=0",
                metavar="KEY=VALUE",
                show_default=False,
            ),
        ]
    ),
    "as_json": _flag("--json", words="Print one JSON document."),
    "show_config": _flag("--show-config", words="Print the effective configuration and stop."),
    "verbose": _flag("--verbose", "-v", words="Log to standard error."),
}
"""By the parameter's name."""
