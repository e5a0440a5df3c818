"""What the scripts take from the environment; nothing else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ConfigError
from minerva.keys import ANVIL_CHAIN_ID

KEYSTORE = "MINERVA_KEYSTORE"
PASSWORD_FILE = "MINERVA_PASSWORD_FILE"
DEPLOYMENT = "MINERVA_DEPLOYMENT"
MAX_FEE = "MINERVA_MAX_FEE_GWEI"
FACTORY = "MINERVA_FACTORY"
PROOF_OF_WORK = "MINERVA_PROOF_OF_WORK"


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """How to deploy to one chain.

    Attributes
    ----------
    account
        As `minerva.keys.load_account` takes it: path of a keystore file, or ``anvil:0``.
    password_file
        Its first line unlocks the keystore; None asks elsewhere (`minerva.keys.PasswordSource`).
    deployment
        The file to write.
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
            No account is named on a chain other than anvil's, or the cap on fees is no number above 0.
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
            deployment=_deployment(environment, chain_id),
            fees=_fees(environment.get(MAX_FEE, "")),
        )


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """Which deployment to describe anew.

    Attributes
    ----------
    deployment
        The file to write; what it says of where the contracts are is read from it before.
    factory, proof_of_work
        Addresses where there is no such file; empty when not given.
    """

    deployment: Path
    factory: str
    proof_of_work: str

    @classmethod
    def read(cls, environment: Mapping[str, str], chain_id: int) -> ExportConfig:
        """Take the variables for the chain ``chain_id``."""
        return cls(
            deployment=_deployment(environment, chain_id),
            factory=environment.get(FACTORY, ""),
            proof_of_work=environment.get(PROOF_OF_WORK, ""),
        )


def _deployment(environment: Mapping[str, str], chain_id: int) -> Path:
    return Path(environment.get(DEPLOYMENT) or f"deployments/{chain_id}.json")


def _fees(given: str) -> FeePolicy:
    if not given:
        return FeePolicy()
    try:
        wei = float(given) * GWEI
    except ValueError:
        wei = 0.0
    if not 1 <= wei < float("inf"):
        raise ConfigError(
            f"{MAX_FEE} is no number above 0",
            value=given,
            remedy="Give the most that a unit of gas may cost, in gwei.",
        )
    return FeePolicy(max_fee=int(wei))
