"""From a configuration to a connected chain and an account that acts on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from minerva.errors import ConfigError

if TYPE_CHECKING:
    from minerva.chain.actor import Web3Actor
    from minerva.chain.web3 import Web3Chain
    from minerva.config import Settings


def connect(settings: Settings) -> Web3Chain:
    """Connect to the chain and check that the contracts are there.

    Raises
    ------
    ChainUnreachable, WrongChain, ConfigError
        As they say.
    """
    from minerva.chain.fees import FeePolicy
    from minerva.chain.web3 import Web3Chain

    section = settings.chain
    fees = FeePolicy(max_fee_wei=int(section.max_fee_gwei * 10**9))
    return Web3Chain.connect(section.rpc, section.deployment, timeout=section.timeout_seconds, fees=fees)


def connect_actor(chain: Web3Chain, settings: Settings) -> Web3Actor:
    """Unlock the configured account and let it act; its key is locked for this process.

    Raises
    ------
    KeystoreError
        The key cannot be unlocked, or is not allowed on this chain.
    NodeConflict
        Another process acts with it.
    """
    from minerva.keys import load_account

    section = settings.key
    if not section.account:
        raise ConfigError("no account is configured", remedy="Name a keystore file (or anvil:N on chain 31337) with --account.")
    password_file = Path(section.password_file) if section.password_file else None
    account = load_account(section.account, chain.chain_id, password_file=password_file)
    return chain.actor(account, Path(settings.state) / "outbox")
