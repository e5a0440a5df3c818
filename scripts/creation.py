"""Creating the contracts of a table on a chain: what is missing, what it costs, and doing it, each once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.crypto import keccak

from minerva.chain.abi import Values
from minerva.chain.rpc import RpcError
from minerva.errors import ChainError, ConfigError
from scripts.contracts import TABLE, Artefact, Part, code_hash
from scripts.progress import Deployed, Pending, Progress
from scripts.sending import LAG_SECONDS, Sender, Wanted, creation_address, estimate_gas
from scripts.verify import code_at

Say = Callable[[str], None]

_L1_FEES = "0x420000000000000000000000000000000000000F"
"""Where chains of the OP stack say what a transaction's bytes cost on the chain below."""
_GET_L1_FEE = bytes(keccak(text="getL1Fee(bytes)")[:4])
_LAG_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """A contract to be deployed: its part, its constructor's arguments, its code, and where it will lie."""

    part: Part
    arguments: tuple[str, ...]
    init_code: bytes
    address: str


class Creation:
    """Deploys what is missing of a table.

    Parameters
    ----------
    sender
        Who pays.
    progress
        What is there already; written after every step.
    artefacts
        The builds by the contract's name.
    table
        What to deploy, in order.
    """

    def __init__(
        self,
        sender: Sender,
        progress: Progress,
        artefacts: Mapping[str, Artefact],
        table: Sequence[Part] = TABLE,
    ) -> None:
        self._sender, self._rpc, self._progress = sender, sender.rpc, progress
        self._artefacts, self._table = artefacts, table

    def settle(self) -> None:
        """Find out what became of a transaction that was signed before, without sending anything.

        Raises
        ------
        ConfigError
            It is still under way, and another account's.
        ChainError
            Transactions before it are missing.
        """
        pending, since = self._progress.pending, time.monotonic()
        while pending is not None:
            receipt = self._sender.receipt(pending.hashes)
            if receipt is not None and int(receipt["status"], 16) != 1:
                self._progress.settle(pending.part, None)
                return
            if code_at(self._rpc, pending.address):
                self._progress.settle(pending.part, pending.deployed(receipt))
                return
            counts = [
                int(self._rpc.call("eth_getTransactionCount", pending.sender, block), 16)
                for block in ("latest", "pending")
            ]
            if counts[0] <= pending.nonce:
                self._refuse_stuck(pending, counts[1])
                return
            if time.monotonic() - since > LAG_SECONDS:  # its nonce went to another one
                self._progress.settle(pending.part, None)
                return
            time.sleep(_LAG_PAUSE)

    def missing(self) -> list[Step]:
        """Return what has to be deployed: all that does not lie on the chain with the build's code."""
        return list(self._steps())

    def estimate(self, steps: Sequence[Step]) -> int:
        """Return the gas that contracts use."""
        return sum(self._gas(step) for step in steps)

    def surcharge(self, steps: Sequence[Step]) -> int:
        """Return the wei that a chain of the OP stack takes besides, for the bytes that it writes below."""
        if not code_at(self._rpc, _L1_FEES):
            return 0
        total = 0
        for step in steps:
            data = _GET_L1_FEE + Values([{"name": "", "type": "bytes"}]).encode([step.init_code])
            total += int(
                self._rpc.call("eth_call", {"to": _L1_FEES, "data": "0x" + data.hex()}, "latest"), 16
            )
        return total

    def run(self, say: Say = print) -> dict[str, Deployed]:
        """Deploy what is missing, in order, and return everything.

        Raises
        ------
        ChainError
            A transaction was refused, or did not do what it should. Running it again goes on from there.
        """
        if (pending := self._progress.pending) is not None:
            self._follow(pending, say)
        for step in self._steps():
            say(f"deploying   {step.part.contract}")
            self._create(step, say)
        return {part.name: self._progress.deployed[part.name] for part in self._table}

    def _steps(self) -> Iterator[Step]:
        """Yield the missing contracts; each has to be deployed before the next is taken, or none of them."""
        addresses: dict[str, str] = {}
        nonce = self._sender.nonce()
        for part in self._table:
            arguments = tuple(addresses[name] for name in part.arguments)
            artefact = self._artefacts[part.contract]
            init_code = artefact.init_code(arguments)
            known, hashed = self._progress.deployed.get(part.name), code_hash(init_code)
            if (
                known is not None
                and known.code_hash == hashed
                and (artefact.matches(code_at(self._rpc, known.address)))
            ):
                addresses[part.name] = known.address
                continue
            pending = self._progress.pending
            if pending is not None and (pending.part, pending.code_hash) == (part.name, hashed):
                address, nonce = pending.address, max(nonce, pending.nonce + 1)
            else:
                address, nonce = creation_address(self._sender.address, nonce), nonce + 1
            addresses[part.name] = address
            yield Step(part, arguments, init_code, address)
            made = self._progress.deployed.get(part.name)
            if made is not None and made is not known:
                addresses[part.name] = made.address

    def _gas(self, step: Step) -> int:
        try:
            return estimate_gas(self._rpc, self._sender.address, None, step.init_code)
        except RpcError:
            # Its constructor asks contracts that are not there yet: what its bytes cost, and half as much again.
            code = self._artefacts[step.part.contract].runtime
            return (53_000 + 16 * len(step.init_code) + 200 * len(code)) * 3 // 2

    def _create(self, step: Step, say: Say) -> None:
        wanted = Wanted(self._sender.nonce(), None, step.init_code)
        made = Pending(
            part=step.part.name,
            contract=step.part.contract,
            arguments=step.arguments,
            code_hash=code_hash(step.init_code),
            sender=self._sender.address,
            nonce=wanted.nonce,
            address=creation_address(self._sender.address, wanted.nonce),
            since=int(self._rpc.call("eth_blockNumber"), 16),
            raw=(),
            max_fee=0,
        )
        try:
            receipt = self._sender.send(wanted, self._keeping(made))
        except RpcError as error:
            raise ChainError(
                f"the node refuses to deploy {made.contract}",
                value=error,
                remedy="If its constructor reverts, check its line in scripts/contracts.py.",
            ) from None
        self._finish(made, receipt, say)

    def _follow(self, pending: Pending, say: Say) -> None:
        """See a transaction of an earlier run through."""
        say(f"waiting     {pending.contract}, sent before")
        data = self._init_code(pending)
        wanted = Wanted(pending.nonce, None, data)
        receipt = self._sender.follow(wanted, pending.raw, pending.max_fee, self._keeping(pending))
        self._finish(pending, receipt, say)

    def _init_code(self, pending: Pending) -> bytes:
        """Return what a pending transaction carries, for one with a higher fee."""
        data = self._artefacts[pending.contract].init_code(pending.arguments)
        if code_hash(data) != pending.code_hash:
            raise ConfigError(
                f"{pending.contract} is under way with other code than this build's",
                value=pending.hashes[-1],
                remedy=f"Wait until it is mined, or finish with that build; {self._progress.path} has it.",
            )
        return data

    def _keeping(self, made: Pending) -> Callable[[str, int], None]:
        def keep(raw: str, max_fee: int) -> None:
            before = self._progress.pending.raw if self._progress.pending else ()
            self._progress.pending = replace(made, raw=(*before, raw), max_fee=max_fee)
            self._progress.keep()

        return keep

    def _finish(self, made: Pending, receipt: Mapping[str, Any], say: Say) -> None:
        if int(receipt["status"], 16) != 1:
            self._progress.settle(made.part, None)
            raise ChainError(
                f"the constructor of {made.contract} reverted",
                value=receipt["transactionHash"],
                remedy="Check its line in scripts/contracts.py.",
            )
        if not self._artefacts[made.contract].matches(self._await_code(made.address)):
            self._progress.settle(made.part, None)
            raise ChainError(
                f"other code than {made.contract}'s lies at the address",
                value=made.address,
                remedy="Run it again; if that does not help, ask another node.",
            )
        self._progress.settle(made.part, made.deployed(receipt))
        say(f"deployed    {made.contract} at {made.address}")

    def _await_code(self, address: str) -> bytes:
        """Return the code at an address, once the node knows it."""
        until = time.monotonic() + LAG_SECONDS
        while not (code := code_at(self._rpc, address)) and time.monotonic() < until:
            time.sleep(_LAG_PAUSE)
        return code

    def _refuse_stuck(self, pending: Pending, next_nonce: int) -> None:
        if pending.sender != self._sender.address:
            raise ConfigError(
                f"{pending.contract} is under way from another account",
                value=pending.sender,
                remedy=f"Go on with that account, or wait until it is mined; {self._progress.path} has it.",
            )
        if pending.nonce > next_nonce:
            raise ChainError(
                f"transactions before that of {pending.contract} are missing",
                value=f"{pending.sender} is at nonce {next_nonce}, it has {pending.nonce}",
                remedy=f"Ask another node; on a chain that was reset, move {self._progress.path} away.",
            )
