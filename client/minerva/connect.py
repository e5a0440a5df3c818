"""From a configuration to a connected chain and an account that acts on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minerva.chain.actor import Web3Actor
    from minerva.chain.web3 import Web3Chain
    from minerva.config import Settings
    from minerva.keys import PasswordSource


def connect(settings: Settings) -> Web3Chain:
    """Connect to the chain and check that the contracts are there.

    Raises
    ------
    ChainUnreachable, WrongChain, ConfigError
        As they say.
    """
    from minerva.chain.fees import GWEI, FeePolicy
    from minerva.chain.web3 import Web3Chain

    section = settings.chain
    fees = FeePolicy(max_fee=int(section.max_fee_gwei * GWEI), max_tip=int(section.max_tip_gwei * GWEI))
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

    account = load_account(settings.key.account, chain.chain_id, password_source(settings))
    return chain.actor(account, Path(settings.state) / "outbox")


def password_source(settings: Settings) -> PasswordSource:
    """Where the configured account's password comes from."""
    from minerva.keys import PasswordSource

    return PasswordSource(file=Path(settings.key.password_file) if settings.key.password_file else None)
