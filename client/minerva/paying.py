"""What every payment into a vault needs: the token's address, the money, and leave to take it."""

from __future__ import annotations

from eth_utils.address import is_address, to_checksum_address

from minerva.amounts import show_amount
from minerva.chain.port import Actor, Chain
from minerva.errors import ConfigError, InsufficientFunds
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.reward_actions import Approve


def token_address(key: str, text: str) -> Address:
    """Return the token that a configuration key names, the zero address (ether) for ""; raises `ConfigError`."""
    if not text:
        return ZERO_ADDRESS
    if not is_address(text):
        raise ConfigError(f"{key} is no address", value=text, remedy="Leave it empty for ether.")
    return str(to_checksum_address(text))


def require_money(
    chain: Chain, account: Address, token: Address, amount: int, what: str, remedy: str
) -> None:
    """Raise `InsufficientFunds`, which says ``what`` and ``remedy``, where the account has less than ``amount``."""
    if (had := chain.tokens(token, account)) < amount:
        raise InsufficientFunds(
            what,
            value=f"{account} has {show_amount(had, token)}, needs {show_amount(amount, token)}",
            remedy=remedy,
        )


def allow_exactly(
    chain: Chain, actor: Actor, federation: Address, token: Address, vault: Address, amount: int
) -> None:
    """Let the vault take exactly ``amount`` of an ERC-20; of ether there is nothing to do."""
    if token == ZERO_ADDRESS:
        return
    allowed = chain.allowance(token, actor.address, vault)
    if 0 < allowed != amount:  # some tokens change an allowance by way of none only
        actor.send(Approve(federation, token, vault, 0, actor.mined))
    if allowed != amount:
        actor.send(Approve(federation, token, vault, amount, actor.mined))
