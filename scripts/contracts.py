"""What a deployment consists of, and how each contract was built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eth_utils.crypto import keccak

from minerva.chain.abi import Abi, Function, Values
from minerva.errors import ConfigError
from minerva.paths import project_root

_PUSH1, _PUSH32, _WORD = 0x60, 0x7F, 32


class Role(StrEnum):
    """What a contract is for; the last two name a map of the deployment file."""

    IMPLEMENTATION = "implementation"
    """Cloned by the factory, used by nobody directly."""
    FACTORY = "factory"
    CONSENSUS = "consensus"
    POLICY = "policies"


@dataclass(frozen=True, slots=True)
class Part:
    """One contract of a deployment.

    Attributes
    ----------
    name
        For a module what its ``name()`` answers; any other is a name of this table alone.
    contract
        Name of its source.
    role
        What it is for.
    arguments
        The parts whose addresses its constructor takes, all of them earlier in the table.
    """

    name: str
    contract: str
    role: Role
    arguments: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that says where it is, for a deployment whose file was lost."""
        words = "factory" if self.role is Role.FACTORY else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.contract)
        return f"MINERVA_{words.upper()}"


TABLE = (
    Part("extension", "FederationExtension", Role.IMPLEMENTATION),
    Part("federation", "Federation", Role.IMPLEMENTATION, ("extension",)),
    Part("miner", "Miner", Role.IMPLEMENTATION),
    Part("stakeVault", "StakeVault", Role.IMPLEMENTATION),
    Part("rewardVault", "RewardVault", Role.IMPLEMENTATION),
    Part("factory", "FederationFactory", Role.FACTORY, ("federation", "miner", "stakeVault", "rewardVault")),
    Part("pow", "ProofOfWork", Role.CONSENSUS),
    Part("pos", "ProofOfStake", Role.CONSENSUS),
    Part("por", "ProofOfReputation", Role.CONSENSUS),
    Part("committee", "CommitteeConsensus", Role.CONSENSUS),
    Part("allow-list", "AllowListPolicy", Role.POLICY),
    Part("stake", "StakePolicy", Role.POLICY),
    Part("allow-list-and-stake", "AllowListAndStakePolicy", Role.POLICY),
)
"""Everything that is deployed, in this order. A contract more is a line more."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A contract as brownie compiled it.

    Attributes
    ----------
    contract
        Its name.
    abi
        What it declares.
    creation, runtime
        The code that creates it, without arguments, and the code that then lies on the chain, its immutables zero.
    source
        The file that defines it.
    """

    contract: str
    abi: Abi
    creation: bytes
    runtime: bytes
    source: str

    @classmethod
    def load(cls, contract: str, folder: Path | None = None) -> Artefact:
        """Read what brownie keeps; raises `ConfigError` when there is none, or it needs a library's address."""
        path = (folder or project_root() / "build" / "contracts") / f"{contract}.json"
        try:
            build = json.loads(path.read_text(encoding="utf-8"))
            code = bytes.fromhex(build["bytecode"]), bytes.fromhex(build["deployedBytecode"])
            return cls(contract, build["abi"], *code, build["sourcePath"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                "no usable build of the contract",
                value=f"{path}: {type(error).__name__}: {error}"[:300],
                remedy="Run 'brownie compile'; a contract that links libraries cannot be deployed.",
            ) from None

    @property
    def inputs(self) -> Abi:
        """The constructor's parameters."""
        declared = (e for e in self.abi if e["type"] == "constructor")
        inputs: Abi = next(declared, {"inputs": ()})["inputs"]
        return inputs

    def init_code(self, arguments: Sequence[str]) -> bytes:
        """Return what a transaction has to carry to create it."""
        if len(self.inputs) != len(arguments):
            raise ConfigError(
                f"{self.contract}'s constructor takes {len(self.inputs)} arguments, the table has {len(arguments)}",
                remedy="Correct its line in scripts/contracts.py.",
            )
        return self.creation + Values(self.inputs).encode(arguments)

    def getters(self) -> Iterator[tuple[int, Function]]:
        """Yield the views that answer what the constructor was given: ``x()`` for its parameter ``x_``."""
        views = {
            e["name"]: e
            for e in self.abi
            if e["type"] == "function" and e["stateMutability"] in ("view", "pure") and not e["inputs"]
        }
        for position, parameter in enumerate(self.inputs):
            if (entry := views.get(parameter["name"].strip("_"))) is not None:
                yield position, Function(entry)

    def matches(self, code: bytes) -> bool:
        """Return whether ``code`` is this contract's, whatever its immutables are."""
        blanked = bytearray(code)
        for word in self.immutable_words():
            blanked[word] = bytes(_WORD)
        return len(code) == len(self.runtime) and bytes(blanked) == self.runtime

    def immutables(self, code: bytes) -> tuple[bytes, ...]:
        """Return the words that ``code`` has for immutables, each once; none when the code is not this contract's."""
        words = (code[word] for word in self.immutable_words()) if self.matches(code) else ()
        return tuple(dict.fromkeys(words))

    def immutable_words(self) -> Iterator[slice]:
        """Yield where code has an immutable: each word of zeros that the build pushes."""
        at = 0
        while at < len(self.runtime):
            operation = self.runtime[at]
            width = operation - _PUSH1 + 1 if _PUSH1 <= operation <= _PUSH32 else 0
            operand = slice(at + 1, at + 1 + width)
            if width == _WORD and not any(self.runtime[operand]):
                yield operand
            at += 1 + width


def load_all(table: Iterable[Part] = TABLE) -> dict[str, Artefact]:
    """Return the builds of a table's contracts, by the contract's name."""
    return {part.contract: Artefact.load(part.contract) for part in table}


def code_hash(init_code: bytes) -> str:
    """Return what a record is bound to: the hash of the creating code with its arguments."""
    return "0x" + keccak(init_code).hex()
