"""A federation and its extension see one storage (docs/decisions/0010-one-federation-in-two-codes.md)."""

from __future__ import annotations

import re

from scripts.sources import compile_standard

ROOT = "contracts/core"


def layout(name):
    """Each variable with its place and its type, as the compiler lays them out, in order."""
    path = f"{ROOT}/{name}.sol"
    output = compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"urls": [path]}},
            "settings": {
                "remappings": ["@openzeppelin=node_modules/@openzeppelin"],
                "outputSelection": {path: {name: ["storageLayout"]}},
            },
        }
    )
    # A type's name holds the number of its node in this compilation.
    plain = re.compile(r"\)\d+")
    return [
        (variable["label"], variable["slot"], variable["offset"], plain.sub(")", variable["type"]))
        for variable in output["contracts"][path][name]["storageLayout"]["storage"]
    ]


def test_the_extension_continues_the_federations_storage():
    """Each variable of the federation has its place in the extension too; what only one has comes after."""
    core, extension = layout("Federation"), layout("FederationExtension")
    assert len(core) > 5
    assert extension[: len(core)] == core
