"""Give accounts test ether:  MINERVA_FUND_ACCOUNTS=0x…,device.json tools/run brownie run scripts/fund.py --network sepolia.

Each is topped up to MINERVA_FUND_ETHER, so that running it again gives nobody more.

Pay into a federation's escrow:  MINERVA_FEDERATION=0x… tools/run brownie run scripts/fund.py --network sepolia.

It gets all that it lacks, or MINERVA_FUND_AMOUNT (wei, 0.5ether, or a token's least unit) of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from minerva.cli.common import Context
from minerva.cli.rewards import fund as pay_in
from minerva.errors import InsufficientFunds, TransactionLost
from minerva.keys import PasswordSource, load_account
from scripts.config import ACCOUNTS, FundConfig, ScriptConfig
from scripts.connection import connect, report
from scripts.create_federation import settings
from scripts.sending import Sender, Wanted, estimate_gas, ether

FEDERATION = "MINERVA_FEDERATION"
AMOUNT = "MINERVA_FUND_AMOUNT"
_PAUSE = 0.5


def fund(sender: Sender, config: FundConfig) -> dict[str, int]:
    """Top accounts up, and return what each was given.

    Raises
    ------
    InsufficientFunds
        The sender cannot pay for all of it; nothing was sent.
    TransactionLost
        An earlier transaction of the sender's is not mined, and may be what is wanted.
    """
    _await_earlier(sender)
    lacking = {a: config.wei - _balance(sender, a) for a in config.accounts}
    gifts = {account: wei for account, wei in lacking.items() if wei > 0 and account != sender.address}
    gas = sum(estimate_gas(sender.rpc, sender.address, to, b"") for to in gifts)
    balance, cost = sender.balance(), sum(gifts.values()) + gas * sender.price() if gifts else 0
    if balance < cost:
        raise InsufficientFunds(
            "the account cannot give that much",
            value=f"{sender.address} has {ether(balance)} of {ether(cost)}",
            remedy="Send it some, or give less.",
        )
    for account, wei in gifts.items():
        sender.send(Wanted(sender.nonce(), account, value=wei), lambda *_: None)
        print(f"given       {ether(wei)} to {account}")
    for account in config.accounts:
        if account not in gifts:
            print(f"enough      {ether(_balance(sender, account))} has {account}")
    return gifts


def fund_escrow(environment: Mapping[str, str], rpc: str, chain_id: int) -> None:
    """Do what `minerva federation fund` does; raises as that."""
    context = Context(settings(environment, rpc, chain_id), as_json=False)
    try:
        pay_in(context, environment[FEDERATION], environment.get(AMOUNT) or None)
    finally:
        context.close()


def run() -> None:
    """Fund whom the environment names."""
    rpc, chain_id = connect()
    if os.environ.get(FEDERATION):
        fund_escrow(os.environ, rpc.url, chain_id)
        if not os.environ.get(ACCOUNTS):
            return
    config, whom = ScriptConfig.read(os.environ, chain_id), FundConfig.read(os.environ)
    account = load_account(config.account, chain_id, PasswordSource(file=config.password_file))
    sender = Sender(rpc, account, chain_id, config.fees)
    with sender.locked():
        fund(sender, whom)


def main() -> None:
    """Run as brownie's script."""
    report(run)


def _balance(sender: Sender, account: str) -> int:
    return int(sender.rpc.call("eth_getBalance", account, "latest"), 16)


def _await_earlier(sender: Sender) -> None:
    """Wait until all that the account sent is mined: a run that broke may have given already."""
    until = time.monotonic() + sender.patience
    while (waiting := sender.nonce() - sender.nonce("latest")) > 0:
        if time.monotonic() > until:
            raise TransactionLost(
                f"{waiting} earlier transactions are not mined",
                value=sender.address,
                remedy="Wait until they are, and run it again.",
            )
        time.sleep(_PAUSE)
