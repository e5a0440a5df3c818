"""Deploy the contracts:  tools/run brownie run scripts/deploy.py --network sepolia."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from brownie import Federation, FederationFactory, Miner, ProofOfWork, accounts, network, web3
from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ChainError, ConfigError
from minerva.keys import ANVIL_CHAIN_ID, PasswordSource, load_account
from scripts.config import DEPLOYMENT, ScriptConfig
from scripts.export import Deployment, export

Account = Any
"""Brownie's account."""


def deploy(account: Account, fees: Mapping[str, int] | None = None) -> Deployment:
    """Deploy everything that federations need.

    Parameters
    ----------
    account
        Who pays.
    fees
        Brownie's transaction parameters; the network's own when not given.
    """
    parameters = {"from": account, **(fees or {})}
    federation = Federation.deploy(parameters)
    miner = Miner.deploy(parameters)
    factory = FederationFactory.deploy(federation, miner, parameters)
    return Deployment(federation, miner, factory, ProofOfWork.deploy(parameters))


def estimate(account: Account) -> int:
    """Return the gas that `deploy` will use, before anything is sent."""
    nobody = "0x" + "0" * 40
    arguments = ((Federation, ()), (Miner, ()), (FederationFactory, (nobody, nobody)), (ProofOfWork, ()))
    return sum(contract.deploy.estimate_gas(*given, {"from": account}) for contract, given in arguments)


def quote(policy: FeePolicy) -> dict[str, int]:
    """Return what to offer for a unit of gas now, within the caps; a price on a chain without EIP-1559."""
    base_fee = web3.eth.get_block("latest").get("baseFeePerGas")
    if base_fee is None:
        return {"gas_price": policy.quote(web3.eth.gas_price, 0).max_fee}
    fees = policy.quote(base_fee, web3.eth.max_priority_fee)
    return {"max_fee": fees.max_fee, "priority_fee": fees.tip}


def plan(config: ScriptConfig, account: Account, chain_id: int, fees: Mapping[str, int]) -> str:
    """Say what `main` is about to do.

    Raises
    ------
    ConfigError
        The file of an earlier deployment to a lasting chain would be lost.
    ChainError
        The account cannot pay.
    """
    if config.deployment.exists() and chain_id != ANVIL_CHAIN_ID:
        raise ConfigError(
            "there is a deployment already",
            value=config.deployment,
            remedy=f"Name another file with {DEPLOYMENT}, or move that one away.",
        )
    gas, most = estimate(account), fees.get("max_fee", fees.get("gas_price", 0))
    balance, cost = int(account.balance()), gas * most
    if balance < cost:
        raise ChainError(
            "the account cannot pay for the deployment",
            value=f"{account.address} has {balance / 10**18:.6f} of {cost / 10**18:.6f} ether",
            remedy="Send it some.",
        )
    return "\n".join(
        (
            f"network     {network.show_active()}, chain {chain_id}",
            f"account     {account.address}, {balance / 10**18:.6f} ether",
            f"gas         about {gas:,} at no more than {most / GWEI:g} gwei: {cost / 10**18:.6f} ether",
            f"deployment  {config.deployment}",
        )
    )


def main() -> None:
    """Deploy as the environment says, and write the deployment file."""
    chain_id = web3.chain_id
    config = ScriptConfig.read(os.environ, chain_id)
    password = PasswordSource(file=config.password_file)
    account = accounts.add(load_account(config.account, chain_id, password).key)
    fees = quote(config.fees)
    print(plan(config, account, chain_id, fees))
    deployment = deploy(account, fees)
    print(f"factory     {deployment.factory.address}")
    print(f"written     {export(deployment, config.deployment)}")
