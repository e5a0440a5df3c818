"""An account that acts: the Actor port over a node, with an outbox."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from minerva.chain.calls import Reader
from minerva.chain.contracts import Gateways
from minerva.chain.outbox import Entry, KeyLock, Outbox
from minerva.chain.port import Receipt
from minerva.chain.rpc import Request, RpcError
from minerva.chain.sender import GAP, Again, Sender
from minerva.errors import ChainError, ContractReverted, TransactionLost
from minerva.protocol.actions import Action
from minerva.protocol.records import Address

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.5
NUDGE_SECONDS = 3.0
_TRIES = 3
RawReceipt = Mapping[str, Any]


class Web3Actor:
    """Sends actions so that each intent takes effect at most once; threads may share it.

    Made by `Web3Chain.actor`; as a context manager it lets go of its key at the end.
    """

    def __init__(
        self,
        address: Address,
        reader: Reader,
        gateways: Gateways,
        sender: Sender,
        outbox: Outbox,
        lock: KeyLock,
        decode: Callable[[RawReceipt], Receipt],
    ) -> None:
        self._address, self._reader, self._rpc, self._gateways = address, reader, reader.rpc, gateways
        self._sender, self._outbox, self._lock, self._decode = sender, outbox, lock, decode

    @property
    def address(self) -> Address:
        """Who signs."""
        return self._address

    @property
    def mined(self) -> int:
        """How many of its transactions are known to be mined."""
        return self._outbox.count_mined()

    def sign(self, digest: bytes) -> bytes:
        """Sign the 32 bytes of an EIP-712 digest: 65 bytes, r, s and v."""
        return self._sender.sign(digest)

    def send(self, action: Action, *, timeout: float = 60.0) -> Receipt:
        """Sign, send and wait for the receipt; an action that was mined already returns that receipt.

        Raises
        ------
        ContractReverted
            The contract refuses.
        InsufficientFunds
            The account cannot pay.
        TransactionLost
            It was not mined in ``timeout`` seconds; it is kept and sent again when there is occasion.
        ChainUnreachable
            No node answers; what was signed is kept.
        """
        deadline, tries = time.monotonic() + timeout, 0
        while True:
            try:
                self._start(action)
                entry, receipt = self._await(action.intent, deadline)
            except Again as error:
                if time.monotonic() > deadline:
                    raise _lost(action.intent, timeout, str(error)) from None
                time.sleep(0.02)
                continue
            if self._note(entry, receipt):
                return self._decode(receipt)
            tries += 1
            if tries == _TRIES:
                raise self._why(entry)
            # The simulation of the next try says why, unless it would be taken now.

    def send_many(self, actions: Sequence[Action], *, timeout: float = 60.0) -> list[Receipt | Exception]:
        """Send several at once with consecutive nonces; one result for each action."""
        deadline = time.monotonic() + timeout
        results: list[Receipt | Exception] = []
        while len(results) < len(actions):
            todo = actions[len(results) :]
            started = self._start_many(todo)
            for action, outcome in zip(todo, started, strict=False):
                results.append(self._finish(action, outcome, deadline))
        return results

    def settle(self, confirmations: int, *, timeout: float = 60.0) -> None:
        """Wait until all that was sent lies ``confirmations`` blocks deep, re-sending what a re-org dropped.

        Raises
        ------
        ContractReverted
            What was sent again is refused now; everything else lies deep.
        TransactionLost
            The blocks did not come in ``timeout`` seconds.
        """
        deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
        refused: list[ContractReverted] = []
        self._sender.repair()  # also what lay deep and is gone all the same
        while True:
            shallow, missing, reverted = self._survey(confirmations)
            refused += reverted
            if not (shallow or missing):
                break
            if missing:
                self._put_back(missing)
            if time.monotonic() > deadline:
                raise _lost(
                    f"{len(shallow) + len(missing)} transactions", timeout, f"{confirmations} blocks deep"
                )
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 1.5)
        if refused:
            raise refused[0]

    def recover(self) -> list[Receipt]:
        """After a restart: re-send what the outbox holds unmined, and return the receipts.

        What the contracts refuse by now is noted and left out.
        """
        open_before = [e for e in self._outbox.unsettled() if e.state == "signed"]
        _, missing, _ = self._survey(None)
        self._put_back(missing)
        receipts = []
        for intent in dict.fromkeys(entry.intent for entry in [*open_before, *missing]):
            try:
                entry, receipt = self._await(intent, time.monotonic() + 60.0)
            except Again:
                continue
            if self._note(entry, receipt):
                receipts.append(self._decode(receipt))
        return receipts

    def close(self) -> None:
        """Close the outbox and let others use the key."""
        self._outbox.close()
        self._lock.close()

    def __enter__(self) -> Self:
        """Return the actor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _start(self, action: Action) -> None:
        """Have the action under way; raises why it is refused."""
        with self._sender.lock:
            if not self._under_way(action.intent):
                outcome = self._sender.submit([(action, self._gateways.call(action))])[0]
                if isinstance(outcome, Exception):
                    raise outcome

    def _under_way(self, intent: str) -> bool:
        """Return whether an intent is mined or sent already; what the chain lost is sent again."""
        entries = self._outbox.live(intent)
        if entries and not any(self._receipts(entries)):
            self._sender.repair()
        return bool(entries)

    def _start_many(self, actions: Sequence[Action]) -> list[Entry | Exception | None]:
        """Start as many as can be at once; None for what was under way."""
        started: list[Entry | Exception | None] = []
        with self._sender.lock:
            fresh: list[Action] = []
            for action in actions:
                if self._under_way(action.intent) or action.intent in {a.intent for a in fresh}:
                    break
                fresh.append(action)
            if not fresh:
                return [None]
            try:
                started += self._sender.submit([(action, self._gateways.call(action)) for action in fresh])
            except ChainError as error:
                started += [error] * len(fresh)
        return started

    def _finish(
        self, action: Action, outcome: Entry | Exception | None, deadline: float
    ) -> Receipt | Exception:
        if isinstance(outcome, ChainError):
            return outcome
        try:
            if isinstance(outcome, Entry):
                with suppress(Again):
                    entry, receipt = self._await(action.intent, deadline)
                    if self._note(entry, receipt):
                        return self._decode(receipt)
            return self.send(action, timeout=max(0.0, deadline - time.monotonic()))
        except ChainError as error:
            return error

    def _await(self, intent: str, deadline: float) -> tuple[Entry, RawReceipt]:
        pause, looked, begun = FIRST_PAUSE, time.monotonic(), time.monotonic()
        while True:
            entries = self._outbox.live(intent)
            if not entries:
                raise Again("another transaction took its nonce")
            for entry, receipt in zip(entries, self._receipts(entries), strict=True):
                if receipt is not None:
                    return entry, receipt
            now = time.monotonic()
            if now > deadline:
                raise _lost("0x" + entries[0].hash.hex(), now - begun)
            if now - looked > NUDGE_SECONDS:
                self._sender.nudge(entries[0])
                looked = now
            time.sleep(min(pause, max(0.0, deadline - now)))
            pause = min(LONGEST_PAUSE, pause * 1.5)

    def _receipts(self, entries: Sequence[Entry]) -> list[RawReceipt | None]:
        requests: list[Request] = [("eth_getTransactionReceipt", ("0x" + e.hash.hex(),)) for e in entries]
        answers = self._rpc.batch(requests)
        return [
            None if a is None or isinstance(a, RpcError) or not a.get("blockHash") else a for a in answers
        ]

    def _note(self, entry: Entry, receipt: RawReceipt) -> bool:
        """Keep what a receipt says; return whether the transaction took effect."""
        done = int(receipt["status"], 16) == 1 and not self._unheard(entry, receipt)
        self._outbox.mark(entry, "mined" if done else "reverted")
        if not done:
            log.info("%s reverted in block %d", entry.intent, int(receipt["blockNumber"], 16))
        return done

    def _unheard(self, entry: Entry, receipt: RawReceipt) -> bool:
        """Whether no contract was there: a re-organisation may take one away, and the chain takes a call all the same."""
        if receipt["logs"] or entry.intent.startswith(GAP):
            return False
        answer = self._rpc.batch([("eth_getCode", (receipt["to"], receipt["blockNumber"]))])[0]
        return answer in ("0x", "")

    def _put_back(self, missing: Sequence[Entry]) -> None:
        self._sender.repair()
        for entry in missing:
            self._sender.nudge(entry)

    def _survey(self, confirmations: int | None) -> tuple[list[Entry], list[Entry], list[ContractReverted]]:
        """Note what lies deep; return what does not, what is not on the chain, and what was refused."""
        entries = self._outbox.unsettled()
        if not entries:
            return [], [], []
        head = int(self._rpc.call("eth_blockNumber"), 16)
        deep, shallow, refused = [], [], []
        missing: dict[int, Entry] = {}
        found: set[int] = set()
        for entry, receipt in zip(entries, self._receipts(entries), strict=True):
            if receipt is None:
                missing[entry.nonce] = entry
                continue
            found.add(entry.nonce)
            if not self._note(entry, receipt):
                refused.append(self._why(entry))
            elif confirmations is not None and head - int(receipt["blockNumber"], 16) >= confirmations:
                deep.append(entry)
            else:
                shallow.append(entry)
        self._outbox.mark_settled(deep)
        return shallow, [e for nonce, e in missing.items() if nonce not in found], refused

    def _why(self, entry: Entry) -> ContractReverted:
        """Return why a mined transaction was refused, as far as running it again tells."""
        was = self._rpc.call("eth_getTransactionByHash", "0x" + entry.hash.hex())
        if was is not None:
            call = {"from": was["from"], "to": was["to"], "data": was["input"]}
            call["value"] = was.get("value", "0x0")
            answer = self._reader.batch([("eth_call", (call, self._reader.block))])[0]
            if isinstance(answer, RpcError) and (reason := self._reader.codec.refusal(answer)) is not None:
                return reason
        return ContractReverted("TransactionReverted", (entry.hash,), remedy="The state was another by then.")


def _lost(what: str, seconds: float, how: str = "mined") -> TransactionLost:
    return TransactionLost(
        f"not {how} after {seconds:.0f} s",
        value=what,
        remedy="It is kept, and sent again with the next action or start.",
    )
