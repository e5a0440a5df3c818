"""What every script does first: find out which chain brownie is connected to, and end with one line on a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brownie._config import CONFIG

from brownie import network, web3
from minerva.chain.rpc import Rpc
from minerva.cli.common import complain
from minerva.cli.refusals import explain
from minerva.errors import ContractReverted, MinervaError, WrongChain

_RPC_SECONDS = 60.0


def connect() -> tuple[Rpc, int]:
    """Return the way to the node that brownie is connected to, and its chain id.

    Raises
    ------
    ChainUnreachable
        It does not answer.
    WrongChain
        It is on another chain than the network that was named.
    """
    rpc = Rpc(str(web3.provider.endpoint_uri), timeout=_RPC_SECONDS)
    return rpc, check_chain(rpc, str(network.show_active()), _expected(CONFIG.active_network))


def check_chain(rpc: Rpc, name: str, expected: int) -> int:
    """Return the node's chain id; raises `WrongChain` when it is another than the network's."""
    chain_id = int(rpc.call("eth_chainId"), 16)
    if chain_id != expected:
        remedy = "Name a node of that network, or another network with --network."
        if name == "local":
            remedy = f"Set MINERVA_CHAIN_ID to {chain_id} if that is the chain you mean, or MINERVA_RPC_URL to another."
        raise WrongChain(
            "the node is on another chain", value=f"{chain_id}; {name} is {expected}", remedy=remedy
        )
    return chain_id


def report(action: Callable[[], None]) -> None:
    """Run a script; a mistake ends it with one line and its status."""
    try:
        action()
    except MinervaError as error:
        complain(explain(error) if isinstance(error, ContractReverted) else error)
        raise SystemExit(error.exit_code) from None


def _expected(active: Any) -> int:
    """Return the chain id that tools/brownie/network-config.yaml has for a network."""
    return int(active["chainid"] if "chainid" in active else active["cmd_settings"]["chain_id"])
