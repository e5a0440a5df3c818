"""The Chain port and its implementations: a node through web3.py's parts, and the specification in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minerva.chain.actor import Web3Actor
    from minerva.chain.port import Chain
    from minerva.chain.web3 import Web3Chain
    from minerva.config import Settings


def connect(settings: Settings) -> Web3Chain:
    """Connect to the chain of a configuration; raises as `minerva.chain.web3.Web3Chain` does."""
    from minerva.chain.fees import GWEI, FeePolicy
    from minerva.chain.web3 import Web3Chain

    section = settings.chain
    fees = FeePolicy(max_fee=round(section.max_fee_gwei * GWEI))
    return Web3Chain.connect(section.rpc, section.deployment, timeout=section.timeout_seconds, fees=fees)


def connect_actor(chain: Chain, settings: Settings) -> Web3Actor:
    """Unlock the account of a configuration, with its outbox in the state folder.

    Raises
    ------
    KeystoreError
        There is no such account, or it stays locked.
    NodeConflict
        Another process signs with its key.
    """
    from minerva.chain.web3 import Web3Chain
    from minerva.keys import PasswordSource, load_account

    if not isinstance(chain, Web3Chain):
        raise TypeError(f"an actor of a configuration needs a node, not {type(chain).__name__}")
    key = settings.key
    source = PasswordSource(Path(key.password_file) if key.password_file else None)
    account = load_account(key.account, chain.chain_id, source)
    return chain.actor(account, Path(settings.state) / "outbox")
