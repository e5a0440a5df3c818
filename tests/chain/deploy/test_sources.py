"""What a verifier of the code is given: it gives the very code that was deployed, whoever compiles it."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from scripts import sources as script
from scripts.contracts import TABLE
from scripts.verify import code_at

from minerva.errors import ConfigError
from minerva.store.cid import file_block

CONTRACTS = [part.contract for part in TABLE]


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_input_compiles_to_the_same_code(sources, site, tmp_path, contract):
    """Read back from the folder, through the project's compiler, with nothing but what it says.

    The compiler also says where the immutables are: the comparison of code leaves out these bytes and no others.
    """
    folder = script.write_sources(sources, tmp_path / "5.json")
    given = json.loads((folder / contract / "input.json").read_text())
    artefact = site.artefacts[contract]
    made = script.compile_standard(given)["contracts"][artefact.source][contract]
    assert made["metadata"] == (folder / contract / "metadata.json").read_text()
    assert bytes.fromhex(made["evm"]["bytecode"]["object"]) == artefact.creation
    runtime = made["evm"]["deployedBytecode"]
    assert bytes.fromhex(runtime["object"]) == artefact.runtime
    places = [place for found in runtime.get("immutableReferences", {}).values() for place in found]
    expected = {at for p in places for at in range(p["start"], p["start"] + p["length"])}
    assert {at for word in artefact.immutable_words() for at in range(word.start, word.stop)} == expected


@pytest.mark.parametrize("part", TABLE, ids=lambda part: part.name)
def test_the_code_on_the_chain_names_the_metadata_that_the_input_gives(
    sources, site, deployed, tmp_path, part
):
    """The end of the code is CBOR: the metadata's IPFS hash, and the compiler's version. Sourcify starts from there."""
    given = json.loads(
        (script.write_sources(sources, tmp_path / "5.json") / part.contract / "input.json").read_text()
    )
    source = site.artefacts[part.contract].source
    given["settings"]["outputSelection"] = {source: {part.contract: ["metadata"]}}
    metadata = script.compile_standard(given)["contracts"][source][part.contract]["metadata"]
    tail = cbor_tail(code_at(site.rpc, deployed[part.name].address))
    assert tail["ipfs"] == b"\x12\x20" + sha256(file_block(metadata.encode())).digest()
    assert tail["solc"] == bytes((0, 8, 36))


def cbor_tail(code):
    """Decode what ends a contract's code: a map of short texts to bytes, and the map's length in two bytes."""
    length = int.from_bytes(code[-2:], "big")
    cbor, words = code[-2 - length : -2], []
    assert cbor[0] & 0xE0 == 0xA0, "a map"
    left, cbor = cbor[0] & 0x1F, cbor[1:]
    for _ in range(2 * left):
        size, cbor = (cbor[1], cbor[2:]) if cbor[0] & 0x1F == 24 else (cbor[0] & 0x1F, cbor[1:])
        words.append(cbor[:size])
        cbor = cbor[size:]
    assert cbor == b""
    return {key.decode(): value for key, value in zip(words[::2], words[1::2], strict=True)}


def test_the_input_has_every_source_and_no_path_of_this_machine(sources):
    from minerva.paths import project_root

    for one in sources.values():
        assert set(one.input["sources"]) == set(json.loads(one.metadata)["sources"])
        assert str(project_root()) not in json.dumps(one.input)


def test_the_settings_are_told(sources):
    compiler = sources["Federation"].compiler
    assert compiler["version"].startswith("0.8.36")
    assert compiler["evmVersion"] == "cancun" and compiler["viaIR"] is True
    assert compiler["optimizer"] == {"enabled": True, "runs": 200}


def test_a_folder_has_nothing_of_another_deployment(sources, tmp_path):
    other = tmp_path / "5" / "sources" / "Gone"
    other.mkdir(parents=True)
    folder = script.write_sources(sources, tmp_path / "5.json")
    assert {path.name for path in folder.iterdir()} == set(CONTRACTS)


def test_sources_that_were_edited_since_are_refused(site):
    """The hash of the metadata ends the code: here that of a build of something else."""
    other = replace(site.artefacts["ProofOfWork"], creation=site.artefacts["Miner"].creation)
    with pytest.raises(ConfigError, match="ProofOfWork was not built from these sources"):
        script.collect([other])


def test_what_the_compiler_refuses_is_told():
    broken = {"language": "Solidity", "sources": {"x.sol": {"content": "contract {"}}, "settings": {}}
    with pytest.raises(ConfigError, match="the compiler refuses the sources: .*[Ii]dentifier"):
        script.compile_standard(broken)


def test_a_compiler_that_does_not_run_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(script, "project_root", lambda: tmp_path)
    with pytest.raises(ConfigError, match="the compiler does not run: "):
        script.compile_standard({})
