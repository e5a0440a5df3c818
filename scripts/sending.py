"""Signing and sending for the scripts: one transaction at a time, each looked for before it is sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from rlp import encode as rlp_encode

from minerva.chain.fees import GWEI, MAX_GAS, FeePolicy
from minerva.chain.outbox import KeyLock
from minerva.chain.rpc import Rpc, RpcError
from minerva.chain.sender import refusal_kind
from minerva.chain.web3 import lock_name
from minerva.errors import ChainError, InsufficientFunds, TransactionLost

PATIENCE_SECONDS = 600.0
NUDGE_SECONDS = 3.0
LAG_SECONDS = 6.0
"""For how long a node may not know yet what another behind the same address knows."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
_ZERO = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """A transaction as it is wanted: its fees and its gas are found when it is signed."""

    nonce: int
    to: str | None
    data: bytes = b""
    value: int = 0


Keep = Callable[[str, int], None]
"""Told a signed transaction, in hex, and its fee cap, before it is sent."""


class Sender:
    """One account on one chain.

    Parameters
    ----------
    rpc
        The node.
    account
        Who signs.
    chain_id
        EIP-155 chain id.
    fees
        Caps on what a unit of gas may cost.
    patience
        Seconds to wait for one receipt.
    """

    def __init__(
        self,
        rpc: Rpc,
        account: LocalAccount,
        chain_id: int,
        fees: FeePolicy,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.rpc, self.chain_id, self.patience = rpc, chain_id, patience
        self._account, self._fees = account, fees

    @property
    def address(self) -> str:
        """Who signs."""
        return str(self._account.address)

    @contextmanager
    def locked(self) -> Any:
        """Keep other processes of this machine from signing with this key on this chain meanwhile."""
        genesis = bytes.fromhex(genesis_of(self.rpc)[2:])
        lock = KeyLock(lock_name(self.chain_id, genesis, self.address, self.rpc.url))
        try:
            yield
        finally:
            lock.close()

    def nonce(self, block: str = "pending") -> int:
        """Return the account's next nonce, after all that the node knows of."""
        return int(self.rpc.call("eth_getTransactionCount", self.address, block), 16)

    def balance(self) -> int:
        """Return the account's wei."""
        return int(self.rpc.call("eth_getBalance", self.address, "latest"), 16)

    def price(self) -> int:
        """Return the most that a unit of gas may cost now; raises `ChainError` above the cap."""
        return max(self._quote(None).values())

    def send(self, wanted: Wanted, keep: Keep) -> Mapping[str, Any]:
        """Sign, keep and send a transaction, and wait for its receipt; raises as `follow`."""
        raw, max_fee = self._sign(wanted, None)
        keep(raw, max_fee)
        return self.follow(wanted, [raw], max_fee, keep)

    def follow(self, wanted: Wanted, raw: Sequence[str], max_fee: int, keep: Keep) -> Mapping[str, Any]:
        """Send what was signed, again where the node lost it, and return its receipt.

        Parameters
        ----------
        raw
            The signed transactions with this nonce, the last with the highest fee.
        max_fee
            The last one's fee cap.
        keep
            Told of one with a higher fee, where it takes that.

        Raises
        ------
        InsufficientFunds
            The account cannot pay.
        TransactionLost
            It was not mined in time.
        ChainError
            The node refuses it, or its nonce went to another one.
        """
        sent, cap = list(raw), max_fee
        deadline, pause, looked, gone = time.monotonic() + self.patience, _FIRST_PAUSE, 0.0, 0.0
        while (receipt := self.receipt([hash_of(one) for one in sent])) is None:
            now = time.monotonic()
            if now > deadline:
                raise TransactionLost(
                    f"no receipt after {self.patience:.0f} s",
                    value=hash_of(sent[-1]),
                    remedy="Run it again: it is looked for before anything else is sent.",
                )
            if now - looked > NUDGE_SECONDS or not looked:
                if self.nonce("latest") > wanted.nonce:
                    gone = gone or now
                    if now - gone > LAG_SECONDS:
                        raise ChainError(
                            "another transaction took the nonce",
                            value=f"{wanted.nonce} of {self.address}",
                            remedy="Let nothing else sign with this key, and run it again.",
                        )
                elif (dearer := self._put(wanted, sent[-1], cap)) is not None:
                    sent.append(dearer[0])
                    cap = dearer[1]
                    keep(*dearer)
                    self._refuse(self._post(dearer[0]))
                looked = now
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)
        return receipt

    def receipt(self, hashes: Sequence[str]) -> Mapping[str, Any] | None:
        """Return the receipt of the one that was mined, if any."""
        for answer in self.rpc.batch([("eth_getTransactionReceipt", (one,)) for one in hashes]):
            if isinstance(answer, Mapping) and answer.get("blockHash"):
                return answer
        return None

    def _put(self, wanted: Wanted, raw: str, max_fee: int) -> tuple[str, int] | None:
        """Give the node a transaction; return one with a higher fee where this one's is too low by now."""
        error = self._post(raw)
        if error is None or refusal_kind(error) in ("known", "nonce"):
            return self._sign(wanted, max_fee) if self._base_fee() > max_fee else None
        if refusal_kind(error) in ("fee", "underpriced"):
            return self._sign(wanted, max_fee)
        self._refuse(error)
        return None

    def _post(self, raw: str) -> RpcError | None:
        answer = self.rpc.batch([("eth_sendRawTransaction", (raw,))])[0]
        return answer if isinstance(answer, RpcError) else None

    def _refuse(self, error: RpcError | None) -> None:
        kind = "" if error is None else refusal_kind(error)
        if error is None or kind in ("known", "nonce"):
            return
        if kind == "funds":
            raise InsufficientFunds(
                "the account cannot pay for the transaction",
                value=f"{self.address} has {ether(self.balance())}",
                remedy="Send it some, and run it again.",
            )
        if kind in ("underpriced", "fee"):
            raise ChainError(
                "the node wants a higher fee",
                value=error.message,
                remedy="Raise MINERVA_MAX_TIP_GWEI or MINERVA_MAX_FEE_GWEI, and run it again.",
            )
        raise error

    def _sign(self, wanted: Wanted, replaced: int | None) -> tuple[str, int]:
        """Return a signed transaction, in hex, and its fee cap."""
        fees = self._quote(replaced)
        fields: dict[str, Any] = {
            "nonce": wanted.nonce, "data": wanted.data, "value": wanted.value, "chainId": self.chain_id,
            "gas": self._limit(wanted), **({} if wanted.to is None else {"to": wanted.to}), **fees,
        }  # fmt: skip
        signed = self._account.sign_transaction(fields)
        return "0x" + bytes(signed.raw_transaction).hex(), max(fees.values())

    def _limit(self, wanted: Wanted) -> int:
        estimate = estimate_gas(self.rpc, self.address, wanted.to, wanted.data, wanted.value)
        return min(MAX_GAS, estimate + estimate // 5)

    def _quote(self, replaced: int | None) -> dict[str, int]:
        """Return the fees to offer, as fields of a transaction; a price on a chain without EIP-1559."""
        base_fee = self._base_fee(None)
        if base_fee is None:
            price = int(self.rpc.call("eth_gasPrice"), 16)
            return {"gasPrice": self._fees.quote(price, 0, replaced=replaced).max_fee}
        tip = self.rpc.batch([("eth_maxPriorityFeePerGas", ())])[0]
        suggested = GWEI if isinstance(tip, RpcError) else int(tip, 16)
        quote = self._fees.quote(base_fee, suggested, replaced=replaced)
        return {"maxFeePerGas": quote.max_fee, "maxPriorityFeePerGas": min(quote.tip, quote.max_fee)}

    def _base_fee(self, default: int | None = 0) -> Any:
        header = self.rpc.call("eth_getBlockByNumber", "latest", False)
        return int(header["baseFeePerGas"], 16) if "baseFeePerGas" in header else default


def genesis_of(rpc: Rpc) -> str:
    """Return the hash of the chain's block 0."""
    return str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])


def estimate_gas(rpc: Rpc, sender: str, to: str | None, data: bytes, value: int = 0) -> int:
    """Return the gas that the node says a transaction uses; raises its `RpcError`."""
    call = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
    return int(rpc.call("eth_estimateGas", call if to is None else call | {"to": to}), 16)


def creation_address(sender: str, nonce: int) -> str:
    """Return where the contract lies that an account's transaction with this nonce creates."""
    packed = rlp_encode([bytes.fromhex(sender[2:]), nonce])
    return str(to_checksum_address(keccak(packed)[12:]))


def hash_of(raw: str) -> str:
    """Return the hash of a signed transaction."""
    return "0x" + keccak(hexstr=raw).hex()


def ether(wei: int) -> str:
    """Return a sum in words."""
    return f"{wei / 10**18:.6f} ether"
