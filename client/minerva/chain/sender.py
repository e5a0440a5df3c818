"""Signing and sending for one account: nonces, fees, and putting back what the chain lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_typing import Hash32
from hexbytes import HexBytes

from minerva.chain.abi import checksummed
from minerva.chain.calls import Call, Reader
from minerva.chain.fees import GWEI, FeePolicy, Quote, gas_limit
from minerva.chain.outbox import Entry, Outbox
from minerva.chain.rpc import Request, RpcError
from minerva.errors import ChainError, InsufficientFunds, WrongChain
from minerva.protocol.actions import Action

log = logging.getLogger(__name__)

GAP = "gap/"
"""Begins the intent of what only fills a nonce."""
_PLAIN_GAS = 21_000
_SUSPICION_SECONDS = 15.0
"""More than a block's time: a node that is behind by one does not have what another has mined."""
_REFUSALS = {
    "known": ("already known", "already imported", "known transaction", "already exists"),
    "nonce": ("nonce too low", "nonce is too low"),
    "underpriced": ("underpriced",),
    "funds": ("insufficient funds",),
    "fee": ("less than block base fee", "fee cap less than", "feetoolow"),
}


class Again(Exception):
    """Another transaction came first, or fees rose: sign anew."""


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a transaction would meet: gas by call, or why it is refused; the account's next nonce and wei."""

    gas: list[int | ChainError]
    nonce: int
    base_fee: int
    tip: int
    balance: int


class Sender:
    """Signs and sends one account's transactions in the order of their nonces; threads take turns."""

    def __init__(
        self, reader: Reader, chain_id: int, account: LocalAccount, outbox: Outbox, fees: FeePolicy
    ) -> None:
        self._reader, self._rpc, self._chain_id = reader, reader.rpc, chain_id
        self._account, self._outbox, self._fees = account, outbox, fees
        self._suspects: dict[bytes, float] = {}
        self.lock = threading.RLock()

    def sign(self, digest: bytes) -> bytes:
        """Sign the 32 bytes of an EIP-712 digest: 65 bytes, r, s and v."""
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)

    def submit(self, steps: Sequence[tuple[Action, Call]]) -> list[Entry | Exception]:
        """Simulate, sign, keep and send.

        Returns what became of the first ones: a step that is refused after others were sent may depend on
        them, so it and what follows is left out, to be tried when those are mined.
        """
        with self.lock:
            now = self._prepare([call for _, call in steps])
            quote = self._fees.quote(now.base_fee, now.tip)
            nonce, needed = max(now.nonce, self._outbox.next_nonce()), 0
            results: list[Entry | Exception] = []
            signed: list[Entry] = []
            for (action, call), gas in zip(steps, now.gas, strict=True):
                limit = 0 if isinstance(gas, ChainError) else gas_limit(action, gas)
                needed += limit * quote.max_fee + call.value
                refusal = gas if isinstance(gas, ChainError) else self._unpaid(now.balance, needed)
                if refusal is None:
                    signed.append(self._sign(action.intent, call, nonce + len(signed), limit, quote))
                elif signed:
                    break
                results.append(refusal or signed[-1])
            failed = self._send_new(signed)
            return [failed.get(r.hash, r) if isinstance(r, Entry) else r for r in results]

    def repair(self, nonce: int | None = None) -> list[Entry]:
        """Send again what the node does not have, by nonce; one that is missing is filled with nothing.

        A node that lost blocks, or its queue, does not come back to what was in them by itself. ``nonce`` is
        the account's next one there. Returns what was sent.
        """
        with self.lock:
            first = self._nonce() if nonce is None else nonce
            lost: dict[int, Entry] = {entry.nonce: entry for entry in self._outbox.live_from(first)}
            if not lost:
                return []
            gaps = [n for n in range(first, max(lost)) if n not in lost]
            if gaps:
                fill = Call(self._account.address, b"")
                quote = self._quote()
                filled = [self._sign(f"{GAP}{n}", fill, n, _PLAIN_GAS, quote) for n in gaps]
                self._outbox.add(filled)
                lost |= {entry.nonce: entry for entry in filled}
            entries = [lost[n] for n in sorted(lost)]
            log.info("sending %d transactions again from nonce %d", len(entries), first)
            self._outbox.mark_settled(entries, settled=False)
            for entry, error in zip(entries, self._send(entries), strict=True):
                self._take_refusal(entry, error)
            return entries

    def nudge(self, entry: Entry) -> None:
        """Look why a transaction is not mined: send it again, raise its fee, or see its nonce gone."""
        with self.lock:
            requests: list[Request] = [
                ("eth_getTransactionByHash", ("0x" + entry.hash.hex(),)),
                ("eth_getTransactionReceipt", ("0x" + entry.hash.hex(),)),
                ("eth_getTransactionCount", (self._account.address, "latest")),
            ]
            found, receipt, count = self._rpc.batch(requests)
            if found is not None or receipt is not None:
                self._suspects.pop(entry.hash, None)
            if isinstance(count, RpcError) or receipt is not None:
                return
            if found is None and int(count, 16) > entry.nonce:
                if entry.settled:
                    return  # the node has forgotten an old one
                # One of several nodes behind an address may be behind the others: only time tells.
                since = self._suspects.setdefault(entry.hash, time.monotonic())
                if time.monotonic() - since > _SUSPICION_SECONDS:
                    log.warning("the nonce of %s (%d) went to another transaction", entry.intent, entry.nonce)
                    self._outbox.mark(entry, "replaced")
            elif found is None:
                self._take_refusal(entry, self._send([entry])[0])
            else:
                self.repair()  # it may wait behind one that a roll-back took
                if self._prices()[0] > entry.max_fee:
                    self._raise_fee(entry)

    def _prepare(self, calls: Sequence[Call]) -> _Situation:
        now = self._look(calls)
        if now.nonce < self._outbox.next_nonce() and self.repair(now.nonce):
            now = self._look(calls)  # these calls may depend on what was lost
        return now

    def _look(self, calls: Sequence[Call]) -> _Situation:
        address, block = self._account.address, self._reader.block
        targets = sorted({call.to for call in calls})
        simulations: list[Request] = [
            ("eth_estimateGas", ({"from": address, **_fields(call)}, block)) for call in calls
        ]
        rest: list[Request] = [
            *(("eth_getCode", (target, block)) for target in targets),
            ("eth_getTransactionCount", (address, block)),
            ("eth_getBalance", (address, block)),
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_maxPriorityFeePerGas", ()),
        ]
        answers = self._reader.batch([*simulations, *rest])
        *gas, nonce, balance, header, tip = answers
        for answer in (nonce, balance, header):
            if isinstance(answer, RpcError):
                raise answer
        empty = {t for t, code in zip(targets, gas[len(calls) :], strict=True) if code in ("0x", "", None)}
        return _Situation(
            [
                _nobody(call) if call.to in empty else self._gas(g)
                for call, g in zip(calls, gas, strict=False)
            ],
            int(nonce, 16),
            int((header or {}).get("baseFeePerGas", "0x0"), 16),
            GWEI if isinstance(tip, RpcError) else int(tip, 16),
            int(balance, 16),
        )

    def _gas(self, answer: Any) -> int | ChainError:
        if isinstance(answer, RpcError):
            return self._reader.codec.refusal(answer) or answer
        return int(answer, 16)

    def _prices(self) -> tuple[int, int]:
        now = self._look([])
        return now.base_fee, now.tip

    def _quote(self) -> Quote:
        return self._fees.quote(*self._prices())

    def _nonce(self) -> int:
        return self._look([]).nonce

    def _sign(self, intent: str, call: Call, nonce: int, gas: int, quote: Quote) -> Entry:
        fields = {"nonce": nonce, "to": checksummed(call.to), "data": call.data, "gas": gas}
        return self._sign_fields(intent, fields | {"value": call.value}, quote)

    def _sign_fields(self, intent: str, fields: dict[str, Any], quote: Quote) -> Entry:
        fees = {"maxFeePerGas": quote.max_fee, "maxPriorityFeePerGas": quote.tip}
        signed = self._account.sign_transaction({"type": 2, "chainId": self._chain_id, **fields, **fees})
        return Entry(
            bytes(signed.hash), intent, fields["nonce"], bytes(signed.raw_transaction), quote.max_fee
        )

    def _send_new(self, signed: Sequence[Entry]) -> dict[bytes, Exception]:
        """Keep and send; return why the node refused, by hash. What it refused and does not have is kept no more.

        A request whose answer is lost is repeated: the copy may be refused though the first one was taken.
        """
        if not signed:
            return {}
        self._outbox.add(signed)
        failed: dict[bytes, Exception] = {}
        for entry, error in zip(signed, self._send(signed), strict=True):
            if error is not None and not self._may_have(entry):
                self._outbox.forget([entry])
                failed[entry.hash] = self._explain(error)
        if failed and len(failed) < len(signed):
            self.repair()  # those after a refused one wait for its nonce
        return failed

    def _may_have(self, entry: Entry) -> bool:
        """Whether the node has a transaction, or cannot say."""
        hash_ = "0x" + entry.hash.hex()
        answers = self._rpc.batch(
            [("eth_getTransactionReceipt", (hash_,)), ("eth_getTransactionByHash", (hash_,))]
        )
        return any(answer is not None for answer in answers)

    def _send(self, entries: Sequence[Entry]) -> list[RpcError | None]:
        answers = self._rpc.batch([("eth_sendRawTransaction", ("0x" + e.raw.hex(),)) for e in entries])
        return [a if isinstance(a, RpcError) and refusal_kind(a) != "known" else None for a in answers]

    def _take_refusal(self, entry: Entry, error: RpcError | None) -> None:
        """Act on what a node says of a transaction that is sent again."""
        kind = refusal_kind(error) if error is not None else ""
        if kind == "fee":
            self._raise_fee(entry)
        elif kind == "funds" and error is not None:
            raise self._explain(error)
        elif error is not None and kind not in ("nonce", "underpriced"):
            log.warning("%s cannot be sent again: %s", entry.intent, error)

    def _raise_fee(self, entry: Entry) -> None:
        base_fee, tip = self._prices()
        quote = self._fees.quote(base_fee, tip, replaced=entry.max_fee)
        was = TypedTransaction.from_bytes(HexBytes(entry.raw)).as_dict()
        fields = {key: was[key] for key in ("nonce", "to", "data", "value", "gas")}
        quote = Quote(quote.max_fee, max(quote.tip, was["maxPriorityFeePerGas"] * 9 // 8 + 1))
        again = self._sign_fields(entry.intent, fields, quote)
        self._outbox.add([again])
        log.info("raising the fee of %s to %.3f gwei", entry.intent, quote.max_fee / GWEI)
        self._send([again])

    def _explain(self, error: RpcError) -> Exception:
        kind = refusal_kind(error)
        if kind == "funds":
            return self._unpaid(self._look([]).balance) or error
        return Again(str(error)) if kind else self._reader.codec.refusal(error) or error

    def _unpaid(self, balance: int, needed: int | None = None) -> InsufficientFunds | None:
        """Return the error that ``balance`` (wei) does not pay for what is ``needed``; None if it does."""
        if needed is not None and balance >= needed:
            return None
        most = "" if needed is None else f" of up to {needed / 10**18:.6f}"
        return InsufficientFunds(
            "the account cannot pay for the transaction",
            value=f"{self._account.address} has {balance / 10**18:.6f}{most} ETH",
            remedy="Send it some; chain.max_fee_gwei says what gas may cost at most.",
        )


def _fields(call: Call) -> dict[str, str]:
    """Return a call as JSON-RPC has it."""
    value = {"value": hex(call.value)} if call.value else {}
    return {"to": call.to, "data": "0x" + call.data.hex(), **value}


def _nobody(call: Call) -> WrongChain:
    """Return the error for a call that no contract would answer: the chain would take it all the same."""
    remedy = "Was the chain started afresh? Deploy again, or name the right deployment."
    return WrongChain("there is no contract at the address", value=call.to, remedy=remedy)


def refusal_kind(error: RpcError) -> str:
    """Return what a node's refusal means, "" when it is none of the usual ones; nodes word it differently."""
    message = error.message.lower()
    return next((kind for kind, words in _REFUSALS.items() if any(word in message for word in words)), "")
