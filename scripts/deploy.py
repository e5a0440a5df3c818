"""Deploy the contracts:  tools/run brownie run scripts/deploy.py --network sepolia.

What is there already is left alone: run it again when it broke half-way, or when the table has a contract more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from minerva.chain.fees import GWEI
from minerva.errors import ConfigError, InsufficientFunds
from minerva.keys import ANVIL_CHAIN_ID, PasswordSource, load_account
from scripts.config import DEPLOYMENT, ScriptConfig
from scripts.connection import connect, report
from scripts.contracts import TABLE, Role, code_hash, load_all
from scripts.creation import Creation, Step
from scripts.export import describe, former_contracts
from scripts.files import write_json
from scripts.progress import Deployed, Progress
from scripts.sending import Sender, ether, genesis_of
from scripts.sources import collect, write_sources
from scripts.verify import verify


def plan(creation: Creation, sender: Sender, steps: Sequence[Step], config: ScriptConfig) -> str:
    """Say what is about to be done.

    Raises
    ------
    InsufficientFunds
        The account cannot pay.
    ChainError
        Gas costs more than the cap allows.
    """
    gas, price, balance = creation.estimate(steps), sender.price(), sender.balance()
    cost = gas * price + creation.surcharge(steps)
    if balance < cost:
        raise InsufficientFunds(
            "the account cannot pay for the deployment",
            value=f"{sender.address} has {ether(balance)} of {ether(cost)}",
            remedy="Send it some, or lower MINERVA_MAX_FEE_GWEI, the most that a unit of gas may cost.",
        )
    return "\n".join(
        (
            f"account     {sender.address}, {ether(balance)}",
            f"contracts   {', '.join(step.part.contract for step in steps)}",
            f"gas         about {gas:,} at no more than {price / GWEI:g} gwei: {ether(cost)}",
            f"deployment  {config.deployment}",
        )
    )


def refuse_to_replace(
    steps: Sequence[Step], finished: Mapping[str, Deployed], config: ScriptConfig, chain_id: int
) -> None:
    """Raise `ConfigError` where the file of a deployment to a lasting chain would lose a contract."""
    for step in steps:
        known = finished.get(step.part.name)
        if known is not None and known.code_hash != code_hash(step.init_code) and chain_id != ANVIL_CHAIN_ID:
            raise ConfigError(
                f"there is a deployment already, whose {step.part.contract} is of other code than this build",
                value=config.deployment,
                remedy=f"Name another file with {DEPLOYMENT}, or move that one away.",
            )


def deploy(sender: Sender, config: ScriptConfig) -> dict[str, Deployed]:
    """Deploy what is missing, ask the chain whether it is right, and write the deployment file."""
    artefacts = load_all()
    sources = collect(artefacts.values())
    progress = Progress.load(config.deployment, sender.chain_id, genesis_of(sender.rpc))
    finished = former_contracts(config.deployment, sender.chain_id) if config.deployment.exists() else {}
    progress.deployed = finished | progress.deployed
    creation = Creation(sender, progress, artefacts)
    creation.settle()
    steps = creation.missing()
    refuse_to_replace(steps, finished, config, sender.chain_id)
    print(plan(creation, sender, steps, config) if steps else "contracts   all there")
    deployed = creation.run()
    verify(sender.rpc, deployed, artefacts)
    print(f"sources     {write_sources(sources, config.deployment)}")
    document = describe(sender.chain_id, deployed, artefacts, sources)
    print(f"written     {write_json(config.deployment, document)}")
    progress.forget()
    return deployed


def run() -> None:
    """Deploy as the environment says."""
    rpc, chain_id = connect()
    config = ScriptConfig.read(os.environ, chain_id)
    account = load_account(config.account, chain_id, PasswordSource(file=config.password_file))
    sender = Sender(rpc, account, chain_id, config.fees)
    print(f"network     chain {chain_id}")
    with sender.locked():
        factory = next(part.name for part in TABLE if part.role is Role.FACTORY)
        print(f"factory     {deploy(sender, config)[factory].address}")


def main() -> None:
    """Run as brownie's script."""
    report(run)
