"""What the scripts take from the environment; nothing else reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_utils.address import is_address, to_checksum_address

from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ConfigError
from minerva.keys import ANVIL_CHAIN_ID, account_address

KEYSTORE = "MINERVA_KEYSTORE"
PASSWORD_FILE = "MINERVA_PASSWORD_FILE"
DEPLOYMENT = "MINERVA_DEPLOYMENT"
MAX_FEE = "MINERVA_MAX_FEE_GWEI"
MAX_TIP = "MINERVA_MAX_TIP_GWEI"
ACCOUNTS = "MINERVA_FUND_ACCOUNTS"
ETHER = "MINERVA_FUND_ETHER"

_TIPS = {80002: 50}
"""The most in gwei for a block's producer, where the usual is below what a chain's nodes take: Polygon's want 25."""


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """How to send to one chain.

    Attributes
    ----------
    account
        As `minerva.keys.load_account` takes it: path of a keystore file, or ``anvil:0``.
    password_file
        Its first line unlocks the keystore; None asks elsewhere (`minerva.keys.PasswordSource`).
    deployment
        The deployment file.
    fees
        Caps on what a unit of gas may cost.
    """

    account: str
    password_file: Path | None
    deployment: Path
    fees: FeePolicy

    @classmethod
    def read(cls, environment: Mapping[str, str], chain_id: int) -> ScriptConfig:
        """Take the variables for the chain ``chain_id``.

        Raises
        ------
        ConfigError
            No account is named on a chain other than anvil's, or a cap on fees is no number above 0.
        """
        account = environment.get(KEYSTORE, "")
        if not account:
            if chain_id != ANVIL_CHAIN_ID:
                raise ConfigError(
                    f"no account is named for chain {chain_id}",
                    remedy=f"Set {KEYSTORE} to a keystore file and {PASSWORD_FILE} to its password's.",
                )
            account = "anvil:0"
        password_file = environment.get(PASSWORD_FILE, "")
        return cls(
            account=account,
            password_file=Path(password_file) if password_file else None,
            deployment=deployment_file(environment, chain_id),
            fees=_fees(environment, chain_id),
        )


@dataclass(frozen=True, slots=True)
class FundConfig:
    """Whom to give ether.

    Attributes
    ----------
    accounts
        Their addresses.
    wei
        What each of them shall have.
    """

    accounts: tuple[str, ...]
    wei: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> FundConfig:
        """Take the variables.

        Raises
        ------
        ConfigError
            No account is named, or the sum is no number above 0.
        KeystoreError
            What is no address is no account either.
        """
        named = [word for word in re.split(r"[\s,]+", environment.get(ACCOUNTS, "")) if word]
        if not named:
            raise ConfigError(
                "no account is named",
                remedy=f"Set {ACCOUNTS} to addresses or keystore files, with commas between them.",
            )
        addresses = [to_checksum_address(n) if is_address(n) else account_address(n) for n in named]
        return cls(tuple(dict.fromkeys(addresses)), _positive(environment, ETHER, "0.05", 10**18, "in ether"))


def deployment_file(environment: Mapping[str, str], chain_id: int) -> Path:
    """Return the deployment file of a chain."""
    return Path(environment.get(DEPLOYMENT) or f"deployments/{chain_id}.json")


def _fees(environment: Mapping[str, str], chain_id: int) -> FeePolicy:
    usual = FeePolicy()
    most = _positive(environment, MAX_FEE, f"{usual.max_fee / GWEI}", GWEI, "in gwei")
    tip = _positive(environment, MAX_TIP, f"{_TIPS.get(chain_id, usual.max_tip / GWEI)}", GWEI, "in gwei")
    return FeePolicy(max_fee=most, max_tip=tip)


def _positive(environment: Mapping[str, str], name: str, default: str, unit: int, how: str) -> int:
    given = environment.get(name) or default
    try:
        wei = float(given) * unit
    except ValueError:
        wei = 0.0
    if not 1 <= wei < float("inf"):
        raise ConfigError(f"{name} is no number above 0", value=given, remedy=f"Give a number, {how}.")
    return round(wei)
