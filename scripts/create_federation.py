"""Create a federation:  MINERVA_CONFIG=federation.toml tools/run brownie run scripts/create_federation.py --network sepolia.

Its parameters are those of `minerva federation create`: the file's section [create], and over it variables as
MINERVA_CREATE_ROUNDS=5.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minerva import config
from minerva.cli.common import Context
from minerva.cli.federation import create
from minerva.config import CreateSection, Settings
from scripts.config import (
    DEPLOYMENT,
    KEYSTORE,
    MAX_FEE,
    MAX_TIP,
    PASSWORD_FILE,
    ScriptConfig,
    deployment_file,
)
from scripts.connection import connect, report

CONFIG = "MINERVA_CONFIG"
STORE = "MINERVA_STORE"
STATE = "MINERVA_STATE"
TASK = "MINERVA_TASK"
DATA = "MINERVA_DATA"


def settings(environment: Mapping[str, str], rpc: str, chain_id: int) -> Settings:
    """Return the configuration of `minerva federation create` on the connected chain.

    Raises
    ------
    ConfigError
        The file cannot be read, or a value is out of bounds.
    """
    given: dict[str, str | None] = {
        "key.account": environment.get(KEYSTORE),
        "key.password_file": environment.get(PASSWORD_FILE),
        "chain.deployment": environment.get(DEPLOYMENT),
        "chain.max_fee_gwei": environment.get(MAX_FEE),
        "chain.max_tip_gwei": environment.get(MAX_TIP),
        "store.url": environment.get(STORE),
        "state": environment.get(STATE),
        **{f"create.{key}": environment.get(_variable(key)) for key in config.keys_of(CreateSection)},
    }
    file = Path(environment[CONFIG]) if environment.get(CONFIG) else None
    overrides: dict[str, Any] = {key: value for key, value in given.items() if value} | {"chain.rpc": rpc}
    named = config.load(file, overrides)
    if "deployment" not in named.chain.model_fields_set:
        overrides["chain.deployment"] = str(deployment_file(environment, chain_id))
    if not named.key.account:
        overrides["key.account"] = ScriptConfig.read(environment, chain_id).account
    return config.load(file, overrides)


def _variable(key: str) -> str:
    return f"MINERVA_CREATE_{key.replace('.', '_').upper()}"


def run() -> None:
    """Create the federation that the environment describes."""
    rpc, chain_id = connect()
    context = Context(settings(os.environ, rpc.url, chain_id), as_json=False)
    rpc.close()
    data = os.environ.get(DATA)
    try:
        create(context, os.environ.get(TASK) or "digits", Path(data) if data else None)
    finally:
        context.close()


def main() -> None:
    """Run as brownie's script."""
    report(run)
