"""The dev chain as the deploy scripts see it, and a node that fails."""

from __future__ import annotations

from eth_account import Account
from scripts.contracts import TABLE
from scripts.creation import Creation
from scripts.progress import Progress
from scripts.sending import Sender, genesis_of

from minerva.chain.fees import FeePolicy
from minerva.chain.rpc import RpcError
from minerva.errors import ChainUnreachable

ANVIL, SEPOLIA = 31337, 11155111


class Faulty:
    """A node that is lost for good at the N-th request of a method, before or after it was answered."""

    def __init__(self, rpc, method, number, when):
        self.rpc, self.url, self.method, self.when = rpc, rpc.url, method, when
        self.left, self.lost = number, False

    def call(self, method, *params):
        (answer,) = self.batch([(method, params)])
        if isinstance(answer, RpcError):
            raise answer
        return answer

    def batch(self, requests):
        if any(method == self.method for method, _ in requests):
            self.left -= 1
        failing = self.left < 0
        if failing and (self.when == "before" or self.lost):
            raise ChainUnreachable("no chain answers")
        answers = self.rpc.batch(requests)
        if failing:
            self.lost = True
            raise ChainUnreachable("no chain answers")
        return answers


class Site:
    """The dev chain, and accounts that pay."""

    def __init__(self, rpc, artefacts):
        self.rpc, self.artefacts, self.made = rpc, artefacts, 0

    def endow(self, address, wei):
        self.rpc.call("anvil_setBalance", address, hex(wei))

    def payer(self, wei=10**19):
        account = Account.create()
        self.endow(account.address, wei)
        return account

    def sender(self, account=None, *, rpc=None, fees=None, patience=20.0):
        return Sender(rpc or self.rpc, account or self.payer(), ANVIL, fees or FeePolicy(), patience=patience)

    def progress(self, folder):
        return Progress.load(folder / "deployment.json", ANVIL, genesis_of(self.rpc))

    def creation(self, sender, folder, **changes):
        table = changes.get("table", TABLE)
        return Creation(sender, self.progress(folder), changes.get("artefacts", self.artefacts), table)

    def create(self, sender, folder, **changes):
        """One run of the deployment, as the script does it."""
        creation = self.creation(sender, folder, **changes)
        creation.settle()
        return creation.run(lambda _: None)
