"""The deployment file, and what it is checked against."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from eth_abi.abi import encode
from interfaces import abis

from minerva.chain.deployment import Deployment
from minerva.chain.rpc import Rpc, RpcError
from minerva.errors import ConfigError, WrongChain

FACTORY, POW = "0x" + "11" * 20, "0x" + "22" * 20
STAKE, LIST = "0x" + "33" * 20, "0x" + "44" * 20
MODULES = {"consensus": {"pow": POW, "pos": STAKE}, "policies": {"allow-list": LIST}}


class Node:
    """Answers what a connection asks."""

    def __init__(self) -> None:
        self.chain_id, self.version = "0x7a69", "1"
        self.codes = dict.fromkeys((FACTORY, POW, STAKE, LIST), "0x60")
        self.call: str | RpcError | None = None

    def batch(self, requests: Sequence[tuple[str, Any]]) -> list[Any]:
        return [self._answer(method, params) for method, params in requests]

    def _answer(self, method: str, params: Any) -> Any:
        if method == "eth_chainId":
            return self.chain_id
        if method == "eth_getCode":
            return self.codes.get(params[0], "0x")
        return self.call if self.call is not None else "0x" + encode(["string"], [self.version]).hex()


def document(**changes: Any) -> dict[str, Any]:
    contracts: dict[str, Any] = {name: {"abi": abi} for name, abi in abis().items()}
    contracts["FederationFactory"]["address"] = FACTORY
    contracts["ProofOfWork"]["address"] = POW
    return {"chainId": 31337, "version": "1", "block": 4, "deployer": POW, "contracts": contracts} | changes


def bind(node: Node, **changes: Any) -> None:
    Deployment.parse(document(**changes)).bind(cast(Rpc, node))


def test_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps(document()))
    deployment = Deployment.load(tmp_path / "d.json")
    assert (deployment.chain_id, deployment.block, deployment.version) == (31337, 4, "1")
    assert (deployment.factory, deployment.proof_of_work) == (FACTORY, POW)


def test_modules_are_found_by_name() -> None:
    deployment = Deployment.parse(document(**MODULES))
    assert deployment.consensus == {"pow": POW, "pos": STAKE} and deployment.policies == {"allow-list": LIST}
    assert deployment.proof_of_work == POW


def test_the_first_form_of_the_file_has_one_module() -> None:
    deployment = Deployment.parse(document())
    assert (deployment.consensus, deployment.policies) == ({"pow": POW}, {})


@pytest.mark.parametrize(
    "changes",
    [{"consensus": {"pos": STAKE}}, {"consensus": []}, {"consensus": {"pow": "0x12"}}, {"policies": ["x"]},
     {"policies": {"allow-list": None}}, {"consensus": 5}],
)  # fmt: skip
def test_maps_that_are_no_use_are_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "d.json").write_text(json.dumps(document(**changes)))
    with pytest.raises(ConfigError, match="not a deployment file"):
        Deployment.load(tmp_path / "d.json")


@pytest.mark.parametrize("lost", [POW, STAKE, LIST])
def test_missing_module_is_named(lost: str) -> None:
    bind(Node(), **MODULES)
    node = Node()
    del node.codes[lost]
    with pytest.raises(WrongChain, match=f"there is no contract at the address: {lost}"):
        bind(node, **MODULES)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps(document(contracts={})), json.dumps(document(chainId="x"))]
)
def test_other_files_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "d.json").write_text(content)
    with pytest.raises(ConfigError, match=r"not a deployment file: .*d\.json.*scripts/deploy\.py"):
        Deployment.load(tmp_path / "d.json")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: .*nowhere.json: No such file"):
        Deployment.load(tmp_path / "nowhere.json")


def test_address_that_is_none_is_refused() -> None:
    broken = document()
    broken["contracts"]["ProofOfWork"]["address"] = "0x12"
    with pytest.raises(ValueError, match="not an address"):
        Deployment.parse(broken)


def test_contracts_that_answer_are_bound() -> None:
    bind(Node())


def test_another_chain_is_named() -> None:
    node = Node()
    node.chain_id = "0x1"
    with pytest.raises(WrongChain, match="the node is on chain 1, the deployment on chain 31337.*--rpc"):
        bind(node)


@pytest.mark.parametrize("lost", [FACTORY, POW])
def test_missing_contract_is_named(lost: str) -> None:
    node = Node()
    del node.codes[lost]
    with pytest.raises(WrongChain, match=f"there is no contract at the address: {lost}"):
        bind(node)


def test_contracts_of_another_version_are_refused() -> None:
    node = Node()
    node.version = "2"
    with pytest.raises(WrongChain, match="speak version '2' of the protocol, this client '1'"):
        bind(node)
    with pytest.raises(WrongChain, match="speak version '3'"):
        bind(Node(), version="3")


@pytest.mark.parametrize("answer", ["0x", "0x1234", RpcError("eth_call", 3, "execution reverted", "0x")])
def test_other_contract_at_the_address_is_refused(answer: str | RpcError) -> None:
    node = Node()
    node.call = answer
    with pytest.raises(WrongChain, match=r"answers version\(\)|no FederationFactory"):
        bind(node)


def test_abi_of_another_version_is_refused() -> None:
    changed = document()
    changed["contracts"]["Federation"]["abi"] = [
        e for e in abis()["Federation"] if e["name"] != "RoundOpened"
    ]
    with pytest.raises(WrongChain, match="ABI is of another version than this client: no event RoundOpened"):
        Deployment.parse(changed).bind(cast(Rpc, Node()))
