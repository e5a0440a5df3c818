"""What a verifier of code (Sourcify, a block explorer) takes: standard JSON input and the compiler's metadata."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from minerva.errors import ConfigError
from minerva.paths import project_root
from minerva.store.cid import file_block
from scripts.contracts import Artefact
from scripts.files import write, write_json

_COMPILE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Sources:
    """One contract's.

    Attributes
    ----------
    contract
        Its name.
    metadata
        The compiler's, byte for byte: its hash ends the contract's code.
    input
        What gives the same code, whoever compiles it.
    """

    contract: str
    metadata: str
    input: Mapping[str, Any]

    @property
    def compiler(self) -> dict[str, Any]:
        """The compiler's version and its settings."""
        document = json.loads(self.metadata)
        settings = {
            k: v for k, v in document["settings"].items() if k not in ("compilationTarget", "libraries")
        }
        return {"version": document["compiler"]["version"], **settings}


def collect(artefacts: Iterable[Artefact]) -> dict[str, Sources]:
    """Ask the compiler for the metadata of contracts, and gather what they were compiled from.

    Raises
    ------
    ConfigError
        The files are not those that the contracts were built from, or the compiler refuses them.
    """
    built, settings = list(artefacts), _settings()
    wanted = {one.source: {one.contract: ["metadata"]} for one in built}
    document = compile_standard(
        {
            "language": "Solidity",
            "sources": _contents(wanted),
            "settings": settings | {"outputSelection": wanted},
        }
    )
    collected = {}
    for one in built:
        metadata = document["contracts"][one.source][one.contract]["metadata"]
        if hashlib.sha256(file_block(metadata.encode())).digest() not in one.creation:
            raise ConfigError(
                f"{one.contract} was not built from these sources",
                value=one.source,
                remedy="Run 'brownie compile --all'.",
            )
        selection = {one.source: {one.contract: ["metadata", "evm.bytecode.object", "evm.deployedBytecode"]}}
        given = {
            "language": "Solidity",
            "sources": _contents(json.loads(metadata)["sources"]),
            "settings": settings | {"outputSelection": selection},
        }
        collected[one.contract] = Sources(one.contract, metadata, given)
    return collected


def compile_standard(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the project's compiler makes of a standard JSON input; raises `ConfigError` when it refuses."""
    process = subprocess.run(
        ["node", str(project_root() / "tools" / "solc.cjs"), "--standard-json"],
        input=json.dumps(document).encode(),
        capture_output=True,
        timeout=_COMPILE_SECONDS,
        check=False,
    )
    try:
        output: dict[str, Any] = json.loads(process.stdout)
    except ValueError:
        why = process.stderr.decode(errors="replace").strip()[-200:]
        raise ConfigError("the compiler does not run", value=why, remedy="Run 'make setup'.") from None
    for error in output.get("errors", ()):
        if error["severity"] == "error":
            raise ConfigError("the compiler refuses the sources", value=error["message"])
    return output


def write_sources(collected: Mapping[str, Sources], deployment: Path) -> Path:
    """Write everything to the folder that belongs to a deployment file, and return it."""
    folder = deployment.with_suffix("") / "sources"
    for contract, sources in collected.items():
        write(folder / contract / "metadata.json", sources.metadata)
        write_json(folder / contract / "input.json", sources.input)
    for other in folder.iterdir():
        if other.name not in collected:
            shutil.rmtree(other)
    return folder


def _settings() -> dict[str, Any]:
    """Return brownie's settings of the compiler, as standard JSON has them."""
    compiler = yaml.safe_load((project_root() / "brownie-config.yaml").read_text())["compiler"]
    solc = compiler["solc"]
    return {
        "remappings": solc["remappings"],
        "optimizer": solc["optimizer"],
        "evmVersion": compiler["evm_version"],
        "viaIR": solc["viaIR"],
    }


def _contents(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    return {path: {"content": (project_root() / path).read_text(encoding="utf-8")} for path in sorted(paths)}
