"""How far a deployment came: a file beside the deployment's own, so that a broken one can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from minerva.errors import ConfigError
from minerva.keys import ANVIL_CHAIN_ID
from scripts.files import write_json


@dataclass(frozen=True, slots=True)
class Deployed:
    """A contract that lies on the chain.

    Attributes
    ----------
    contract, address, arguments
        What, where, and what its constructor was given.
    code_hash
        As `scripts.contracts.code_hash`; empty where it is not known.
    block
        The block it came with, or one before.
    deployer, transaction
        Who sent the transaction, and its hash; empty where that is not known.
    """

    contract: str
    address: str
    arguments: tuple[str, ...]
    code_hash: str
    block: int
    deployer: str
    transaction: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A transaction that was signed and may have been sent. Its nonce fixes the address: it creates at most once.

    Attributes
    ----------
    part, contract, arguments, code_hash
        What it creates.
    sender, nonce, address
        Who signed, and where the contract will lie.
    since
        The head of the chain when it was signed.
    raw
        The signed transaction, in hex, and after it those with a higher fee that may replace it.
    max_fee
        What the last of them pays for a unit of gas at most.
    """

    part: str
    contract: str
    arguments: tuple[str, ...]
    code_hash: str
    sender: str
    nonce: int
    address: str
    since: int
    raw: tuple[str, ...]
    max_fee: int

    @property
    def hashes(self) -> list[str]:
        """The transactions' hashes."""
        return ["0x" + keccak(hexstr=raw).hex() for raw in self.raw]

    def deployed(self, receipt: Mapping[str, Any] | None) -> Deployed:
        """Return the contract that it created."""
        block = self.since if receipt is None else int(receipt["blockNumber"], 16)
        transaction = "" if receipt is None else str(receipt["transactionHash"])
        return Deployed(
            self.contract, self.address, self.arguments, self.code_hash, block, self.sender, transaction
        )


@dataclass(slots=True)
class Progress:
    """What is deployed by name of its part, and what is under way; `keep` writes it down.

    ``genesis`` is the hash of the chain's block 0: a chain started afresh under the same id is another one.
    """

    path: Path
    chain_id: int
    genesis: str
    deployed: dict[str, Deployed] = field(default_factory=dict)
    pending: Pending | None = None

    @classmethod
    def load(cls, deployment: Path, chain_id: int, genesis: str) -> Progress:
        """Read the record beside a deployment file; an empty one where there is none.

        Raises
        ------
        ConfigError
            It cannot be read, or is another chain's.
        """
        empty = cls(deployment.with_suffix(".progress.json"), chain_id, genesis)
        try:
            document = json.loads(empty.path.read_text(encoding="utf-8"))
            its_chain, its_genesis = int(document["chainId"]), str(document["genesis"])
            pending = document["pending"]
            found = cls(
                empty.path,
                its_chain,
                its_genesis,
                {name: _tuples(Deployed, entry) for name, entry in document["deployed"].items()},
                None if pending is None else _tuples(Pending, pending),
            )
        except FileNotFoundError:
            return empty
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                "the record of a broken deployment cannot be read",
                value=f"{empty.path}: {type(error).__name__}: {error}"[:300],
                remedy="Restore it, or move it away to deploy everything anew.",
            ) from None
        if (its_chain, its_genesis) == (chain_id, genesis):
            return found
        if its_chain == chain_id == ANVIL_CHAIN_ID:
            return empty
        raise ConfigError(
            "the record of a broken deployment is another chain's",
            value=f"{empty.path}: chain {its_chain} with genesis {its_genesis}, not {chain_id} with {genesis}",
            remedy="Name another deployment file, or move the record away.",
        )

    def keep(self) -> None:
        """Write it, whole."""
        document = {
            "chainId": self.chain_id,
            "genesis": self.genesis,
            "deployed": {name: asdict(entry) for name, entry in self.deployed.items()},
            "pending": None if self.pending is None else asdict(self.pending),
        }
        write_json(self.path, document)

    def settle(self, part: str, made: Deployed | None) -> None:
        """Note what became of the pending transaction: a contract, or nothing."""
        self.pending = None
        if made is not None:
            self.deployed[part] = made
        self.keep()

    def forget(self) -> None:
        """Remove the record: the deployment file has it all."""
        self.path.unlink(missing_ok=True)


def _tuples(kind: type[Any], entry: Mapping[str, Any]) -> Any:
    """Make a dataclass of JSON, whose lists are its tuples."""
    return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()})
