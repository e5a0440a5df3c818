"""Where the contracts are and what they look like: the file that scripts/export.py writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from minerva.chain.abi import Abi, AbiMismatch
from minerva.chain.calls import Reader
from minerva.chain.codec import CONTRACTS, Codec
from minerva.chain.contracts import Gateways
from minerva.chain.rpc import Rpc, RpcError
from minerva.errors import ChainError, ConfigError, WrongChain
from minerva.protocol.records import Address

PROTOCOL_VERSION = "1"
"""What this client speaks; `FederationFactory.version()` must say the same."""
PROOF_OF_WORK = "pow"
_REMEDY = "Deploy the contracts with scripts/deploy.py, or name another file with --deployment."


@dataclass(frozen=True, slots=True)
class Deployment:
    """Contracts on one chain.

    Parameters
    ----------
    chain_id
        EIP-155 chain id.
    version
        Protocol version of the contracts.
    block
        Where they were deployed: no log is older.
    factory
        Address of the `FederationFactory`.
    consensus
        Addresses of the consensus modules, by what their ``name()`` answers.
    abis
        ABI by the contract's name.
    policies
        Addresses of the membership policies, by what their ``name()`` answers.
    """

    chain_id: int
    version: str
    block: int
    factory: Address
    consensus: Mapping[str, Address]
    abis: Mapping[str, Abi]
    policies: Mapping[str, Address] = field(default_factory=dict)

    @property
    def proof_of_work(self) -> Address:
        """The `ProofOfWork` module."""
        return self.consensus[PROOF_OF_WORK]

    @classmethod
    def load(cls, path: str | Path) -> Deployment:
        """Read a file; raises `ConfigError` when it is missing or not of that form."""
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            what = "the deployment file cannot be read"
            raise ConfigError(what, value=f"{path}: {error.strerror}", remedy=_REMEDY) from None
        except ValueError as error:
            raise ConfigError("not a deployment file", value=f"{path}: {error}", remedy=_REMEDY) from None
        try:
            return cls.parse(document)
        except (KeyError, TypeError, ValueError) as error:
            why = f"{path}: {type(error).__name__}: {error}"
            raise ConfigError("not a deployment file", value=why, remedy=_REMEDY) from None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Deployment:
        """Take a document; raises `KeyError`, `TypeError` or `ValueError` when it is not of that form."""
        contracts = document["contracts"]
        # The first form of the file had no maps, and one module.
        first = "consensus" not in document
        consensus = {PROOF_OF_WORK: contracts["ProofOfWork"]["address"]} if first else document["consensus"]
        if PROOF_OF_WORK not in consensus:
            raise KeyError(PROOF_OF_WORK)
        return cls(
            chain_id=int(document["chainId"]),
            version=str(document["version"]),
            block=int(document["block"]),
            factory=_address(contracts["FederationFactory"]["address"]),
            consensus=_addresses(consensus),
            abis={name: list(contracts[name]["abi"]) for name in CONTRACTS},
            policies=_addresses(document.get("policies", {})),
        )

    def bind(self, rpc: Rpc) -> tuple[Reader, Gateways]:
        """Check that these contracts answer, and return the way to them.

        Raises
        ------
        ChainUnreachable
            No node answers.
        WrongChain
            It is another chain, no contract lies at the factory's address, or it is one of another version.
        """
        if self.version != PROTOCOL_VERSION:
            raise _other_version(self.version)
        try:
            codec = Codec(self.abis)
            gateways = Gateways(codec, self.factory, self.proof_of_work)
        except (AbiMismatch, LookupError) as error:
            what = "the deployment's ABI is of another version than this client"
            raise WrongChain(what, value=error, remedy=_REMEDY) from None
        self._check_place(rpc)
        reader = Reader(rpc, codec)
        version = _version(reader, gateways)
        if version != PROTOCOL_VERSION:
            raise _other_version(version)
        return reader, gateways

    def _check_place(self, rpc: Rpc) -> None:
        places = (self.factory, *self.consensus.values(), *self.policies.values())
        asked = [("eth_chainId", ()), *(("eth_getCode", (place, "latest")) for place in places)]
        chain_id, *codes = rpc.batch(asked)
        for answer in (chain_id, *codes):
            if isinstance(answer, RpcError):
                raise answer
        if (given := int(chain_id, 16)) != self.chain_id:
            what = f"the node is on chain {given}, the deployment on chain {self.chain_id}"
            raise WrongChain(what, remedy="Name the node with --rpc, or the deployment with --deployment.")
        for address, code in zip(places, codes, strict=True):
            if code in ("0x", "", None):
                remedy = f"Was the chain started afresh? {_REMEDY}"
                raise WrongChain("there is no contract at the address", value=address, remedy=remedy)


def _version(reader: Reader, gateways: Gateways) -> str:
    try:
        return reader.read(gateways.factory.version())
    except WrongChain:
        raise
    except ChainError as error:
        what = "the contract at the factory's address is no FederationFactory"
        raise WrongChain(what, value=f"{gateways.factory.address}: {error.what}", remedy=_REMEDY) from None


def _other_version(version: str) -> WrongChain:
    return WrongChain(
        f"the contracts speak version {version!r} of the protocol, this client {PROTOCOL_VERSION!r}",
        remedy="Use the client of that version, or another deployment.",
    )


def _addresses(values: Mapping[str, object]) -> dict[str, Address]:
    return {str(name): _address(value) for name, value in dict(values).items()}


def _address(value: object) -> Address:
    if not is_address(value):
        raise ValueError(f"not an address: {value!r}")
    return str(to_checksum_address(str(value)))
