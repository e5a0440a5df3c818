"""A node in memory that answers JSON-RPC: blocks, a queue, receipts, logs, and faults when a test asks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, cast

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from minerva.chain.rpc import Rpc, RpcError

Json = dict[str, Any]
GWEI = 10**9


class FakeNode:
    """Mines each transaction at once unless ``automine`` is off.

    ``refuse`` stands for the contracts: given a transaction's data it returns revert data, or None.
    ``effects`` lists the data of what took effect on the chain as it is now.
    """

    url = "fake://node"
    patience = 0.0

    def __init__(self) -> None:
        self.base_fee, self.tip, self.automine = GWEI, GWEI, True
        self.refuse: Callable[[bytes], bytes | None] = lambda data: None
        self.balances: dict[str, int] = {}
        self.nonces: dict[str, int] = {}
        self.queue: dict[tuple[str, int], tuple[Json, str, bytes]] = {}
        self.blocks: list[Json] = []
        self.faults: dict[str, list[Exception]] = {}
        self.calls: list[str] = []
        self.pending = True
        self.without_code: set[str] = set()
        self.log_limit: int | None = None
        self.with_timestamps = True
        self._salt = itertools.count()
        self._append(None, [])

    # -- what a test does ------------------------------------------------------------------------------------

    @property
    def rpc(self) -> Rpc:
        return cast(Rpc, self)

    @property
    def effects(self) -> list[bytes]:
        return [bytes(b["tx"]["data"]) for b in self.blocks if b["tx"] and b["status"]]

    def fail(self, method: str, *errors: Exception) -> None:
        """Let the next calls of ``method`` raise these."""
        self.faults.setdefault(method, []).extend(errors)

    def emit(self, *entries: Json) -> None:
        """Mine a block with these log entries (address, topics, data)."""
        self._append(None, list(entries))

    def drop(self, depth: int) -> list[Json]:
        """Forget the last blocks and what was in them, as a re-organisation that re-queues nothing."""
        kept = len(self.blocks) - depth
        gone, self.blocks = self.blocks[kept:], self.blocks[:kept]
        for block in gone:
            if block["tx"]:
                self.nonces[block["sender"]] -= 1
        return gone

    def mine(self) -> None:
        """Mine all of the queue that can be mined."""
        progress = True
        while progress:
            progress = False
            for (sender, nonce), (tx, hash_, _) in sorted(self.queue.items()):
                if nonce == self.nonces.get(sender, 0) and tx["maxFeePerGas"] >= self.base_fee:
                    del self.queue[sender, nonce]
                    self.nonces[sender] = nonce + 1
                    self._append(tx, [], hash_, sender)
                    progress = True

    # -- Rpc -------------------------------------------------------------------------------------------------

    def call(self, method: str, *params: Any) -> Any:
        answer = self.batch([(method, params)])[0]
        if isinstance(answer, RpcError):
            raise answer
        return answer

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers: list[Any] = []
        for method, params in requests:
            self.calls.append(method)
            if errors := self.faults.get(method):
                error = errors.pop(0)
                if not isinstance(error, RpcError):
                    raise error
                answers.append(error)
                continue
            try:
                answers.append(getattr(self, method)(*params))
            except RpcError as error:
                answers.append(error)
        return answers

    def close(self) -> None:
        pass

    # -- methods ---------------------------------------------------------------------------------------------

    def eth_getBlockByNumber(self, block: str, full: bool) -> Json | None:
        if block == "pending":
            self._check("eth_getBlockByNumber", block)
            return self.blocks[-1]["header"] | {"number": None, "hash": None}
        number = len(self.blocks) - 1 if block == "latest" else int(block, 16)
        return self.blocks[number]["header"] if number < len(self.blocks) else None

    def eth_getBlockByHash(self, block: str, full: bool) -> Json | None:
        return next((b["header"] for b in self.blocks if b["header"]["hash"] == block), None)

    def eth_blockNumber(self) -> str:
        return hex(len(self.blocks) - 1)

    def eth_getLogs(self, wanted: Json) -> list[Json]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        if self.log_limit is not None and last - first + 1 > self.log_limit:
            raise RpcError("eth_getLogs", -32005, "query returned more than 10000 results")
        addresses = {a.lower() for a in wanted["address"]}
        found = []
        for block in self.blocks[first : last + 1]:
            for entry in block["logs"]:
                if entry["address"].lower() in addresses and _matches(entry["topics"], wanted["topics"]):
                    found.append(entry)
        return found

    def eth_estimateGas(self, tx: Json, block: str) -> str:
        self._check("eth_estimateGas", block)
        self._run(tx)
        return hex(50_000)

    def eth_call(self, tx: Json, block: str) -> str:
        self._check("eth_call", block)
        self._run(tx)
        return "0x"

    def eth_getTransactionCount(self, address: str, block: str) -> str:
        self._check("eth_getTransactionCount", block)
        nonce = self.nonces.get(address, 0)
        if block == "pending":
            while (address, nonce) in self.queue:
                nonce += 1
        return hex(nonce)

    def eth_getBalance(self, address: str, block: str) -> str:
        self._check("eth_getBalance", block)
        return hex(self.balances.get(address, 10**18))

    def eth_getCode(self, address: str, block: str) -> str:
        return "0x" if address in self.without_code else "0x60"

    def eth_maxPriorityFeePerGas(self) -> str:
        return hex(self.tip)

    def eth_sendRawTransaction(self, raw: str) -> str:
        blob = bytes.fromhex(raw[2:])
        tx, hash_ = TypedTransaction.from_bytes(HexBytes(blob)).as_dict(), "0x" + keccak(blob).hex()
        sender = str(Account.recover_transaction(blob))
        key = (sender, tx["nonce"])
        if tx["nonce"] < self.nonces.get(sender, 0):
            raise RpcError("eth_sendRawTransaction", -32003, "nonce too low")
        if tx["maxFeePerGas"] < self.base_fee:
            raise RpcError("eth_sendRawTransaction", -32003, "max fee per gas less than block base fee")
        if key in self.queue:
            if self.queue[key][1] == hash_:
                raise RpcError("eth_sendRawTransaction", -32003, "transaction already imported")
            if tx["maxFeePerGas"] * 100 < self.queue[key][0]["maxFeePerGas"] * 110:
                raise RpcError("eth_sendRawTransaction", -32003, "replacement transaction underpriced")
        self.queue[key] = (tx, hash_, blob)
        if self.automine:
            self.mine()
        return hash_

    def eth_getTransactionByHash(self, hash_: str) -> Json | None:
        found = [(b["tx"], b["sender"]) for b in self.blocks if b["hash"] == hash_]
        found += [(tx, sender) for (sender, _), (tx, h, _) in self.queue.items() if h == hash_]
        if not found:
            return None
        tx, sender = found[0]
        return {"from": sender, "to": tx["to"], "input": "0x" + bytes(tx["data"]).hex()}

    def eth_getTransactionReceipt(self, hash_: str) -> Json | None:
        for block in self.blocks:
            if block["hash"] == hash_:
                header, to = block["header"], "0x" + bytes(HexBytes(block["tx"]["to"])).hex()
                heard = [] if to in self.without_code else [{"address": to, "topics": [], "data": "0x"}]
                return {
                    "transactionHash": hash_, "blockHash": header["hash"], "blockNumber": header["number"],
                    "status": hex(block["status"]), "gasUsed": hex(50_000), "effectiveGasPrice": hex(GWEI),
                    "logs": block["logs"] or heard, "to": to,
                }  # fmt: skip
        return None

    # -- inside ----------------------------------------------------------------------------------------------

    def _append(self, tx: Json | None, logs: list[Json], hash_: str = "", sender: str = "") -> None:
        number, parent = (
            len(self.blocks),
            self.blocks[-1]["header"]["hash"] if self.blocks else "0x" + "00" * 32,
        )
        block_hash = "0x" + keccak(text=f"{parent}/{next(self._salt)}").hex()
        header = {
            "number": hex(number), "hash": block_hash, "parentHash": parent, "timestamp": hex(1_000 + number),
            "baseFeePerGas": hex(self.base_fee),
        }  # fmt: skip
        place = {
            "blockNumber": hex(number),
            "blockHash": block_hash,
            "transactionHash": hash_ or "0x" + "07" * 32,
        }
        if self.with_timestamps:
            place["blockTimestamp"] = header["timestamp"]
        placed = [entry | place | {"logIndex": hex(i)} for i, entry in enumerate(logs)]
        status = 1 if tx is None or self.refuse(bytes(tx["data"])) is None else 0
        self.blocks.append(
            {"header": header, "tx": tx, "hash": hash_, "sender": sender, "logs": placed, "status": status}
        )

    def _run(self, tx: Json) -> None:
        if (reason := self.refuse(bytes.fromhex(tx["data"][2:]))) is not None:
            raise RpcError("eth_call", 3, "execution reverted", "0x" + reason.hex())

    def _check(self, method: str, block: str) -> None:
        if block == "pending" and not self.pending:
            raise RpcError(method, -32000, "pending block is not available")


def _matches(topics: list[str], wanted: list[Any]) -> bool:
    for topic, want in zip(topics, wanted, strict=False):
        if want is not None and topic not in (want if isinstance(want, list) else [want]):
            return False
    return len(topics) >= len(wanted)
