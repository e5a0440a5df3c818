"""The Chain port over an Ethereum node, on web3.py's parts: provider, eth-abi and eth-account."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount

from minerva.chain.actor import Web3Actor
from minerva.chain.calls import Query
from minerva.chain.deployment import Deployment
from minerva.chain.fees import FeePolicy
from minerva.chain.heads import HeadFeed
from minerva.chain.logs import LogDecoder, LogReader, block_ref
from minerva.chain.money import Token
from minerva.chain.outbox import KeyLock, Outbox
from minerva.chain.port import BlockRef, Receipt
from minerva.chain.rpc import Rpc, RpcError
from minerva.chain.sender import Sender
from minerva.chain.watch import LogWatch
from minerva.errors import ChainError, WrongChain
from minerva.keys import ANVIL_CHAIN_ID
from minerva.protocol.allow_list import LISTED
from minerva.protocol.escrow import Escrow
from minerva.protocol.events import Log
from minerva.protocol.lanes import unpack
from minerva.protocol.records import ZERO_ADDRESS, Address, indices
from minerva.protocol.stake import Stake, Stakes
from minerva.protocol.state import DeviceInfo, FederationConfig, FederationState, MinerInfo, Pool, RewardTerms
from minerva.protocol.weights import committee_of

_IS_VALID = bytes.fromhex("1626ba7e")
"""Selector of ``isValidSignature(bytes32,bytes)``, and what it answers for yes (ERC-1271)."""
_SIGNATURE_GAS = 1_000_000


class Web3Chain:
    """The contracts of one deployment, through one node; threads may share it.

    Parameters
    ----------
    rpc_url
        ``http(s)://``, ``ws(s)://`` or the path of an IPC socket.
    deployment
        Which contracts.
    timeout
        Seconds that one answer of the node may take.
    patience
        Seconds for which a request is repeated while the node cannot be reached.
    fees
        Caps on what gas may cost.
    ws_url
        Where to subscribe to new blocks, when that is not the RPC address; without a subscription it polls.

    Raises
    ------
    ChainUnreachable
        No node answers there.
    WrongChain
        It is another chain, or the contracts are not there, or of another version.
    """

    def __init__(
        self,
        rpc_url: str,
        deployment: Deployment,
        *,
        timeout: float = 10.0,
        patience: float = 5.0,
        fees: FeePolicy | None = None,
        ws_url: str | None = None,
    ) -> None:
        self._deployment, self._fees = deployment, fees or FeePolicy()
        self.rpc = Rpc(rpc_url, timeout=timeout, patience=min(1.0, patience))
        try:
            self._reader, self._gateways = deployment.bind(self.rpc)
            self.rpc.patience = patience
            self._genesis = block_ref(self._block("0x0")).hash
        except ChainError:
            self.rpc.close()
            raise
        self._feed, self._decoder = HeadFeed(ws_url or rpc_url), LogDecoder(self._reader)
        self._configs: dict[Address, FederationConfig] = {}
        self._requesters: dict[Address, Address] = {}
        self._logs: dict[Address, LogReader] = {}
        self._vaults: dict[Address, Address] = {}
        self._stakes: dict[Address, Address] = {}

    @classmethod
    def connect(cls, rpc_url: str, deployment: str | Path, **options: Any) -> Web3Chain:
        """Connect to the contracts that a file names; raises `ConfigError` when it cannot be read."""
        return cls(rpc_url, Deployment.load(deployment), **options)

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self._deployment.chain_id

    @property
    def factory(self) -> Address:
        """The deployed `FederationFactory`."""
        return self._deployment.factory

    @property
    def proof_of_work(self) -> Address:
        """The deployed `ProofOfWork` module."""
        return self._deployment.proof_of_work

    @property
    def modules(self) -> Mapping[str, Address]:
        """The deployed consensus modules by name."""
        return self._deployment.consensus

    @property
    def policies(self) -> Mapping[str, Address]:
        """The deployed membership policies by name."""
        return self._deployment.policies

    def now(self) -> int:
        """Return the timestamp of the pending block, in seconds; this machine's where the node has none."""
        if self._reader.block == "pending":
            pending = self._reader.batch([("eth_getBlockByNumber", ("pending", False))])[0]
            if isinstance(pending, dict) and self._reader.block == "pending":
                return int(pending["timestamp"], 16)
        return max(int(self._block("latest")["timestamp"], 16) + 1, int(time.time()))

    def head(self) -> BlockRef:
        """Return the latest block."""
        return block_ref(self._block("latest"))

    def balance(self, account: Address) -> int:
        """Return wei."""
        answer = self._reader.batch([("eth_getBalance", (account, self._reader.block))])[0]
        if isinstance(answer, RpcError):
            raise answer
        return int(answer, 16)

    def federations(self) -> tuple[Address, ...]:
        """Return all of the factory's federations, in order of creation."""
        factory = self._gateways.factory
        count = self._reader.read(factory.federation_count())
        return tuple(self._reader.read_all([factory.federation_at(i) for i in range(count)]))

    def requester(self, federation: Address) -> Address:
        """Return who created it; raises `WrongChain` when there is no federation at the address."""
        if federation not in self._requesters:
            if not self._reader.read(self._gateways.factory.is_federation(federation)):
                raise WrongChain(
                    "there is no federation at the address",
                    value=federation,
                    remedy="'minerva federation list' shows those of this deployment.",
                )
            self._requesters[federation] = self._reader.read(
                self._gateways.federation(federation).requester()
            )
        return self._requesters[federation]

    def config(self, federation: Address) -> FederationConfig:
        """Return what it was created with."""
        if federation not in self._configs:
            self._configs[federation] = self._reader.read(self._gateways.federation(federation).config())
        return self._configs[federation]

    def allow_list_root(self, federation: Address) -> bytes | None:
        """Return the root of its allow-list; None where its policy is none of the deployment's with one."""
        policy = self.config(federation).policy
        if policy not in {self.policies.get(name) for name in LISTED}:
            return None
        return self._reader.read(self._gateways.allow_list_policy(policy).root_of(federation))

    def reward_terms(self, federation: Address) -> RewardTerms | None:
        """Return what the requester pays; None where nothing is paid."""
        vault = self._reward_vault(federation)
        return None if vault is None else self._reader.read(self._gateways.reward_vault(vault).terms())

    def escrow(self, federation: Address) -> Escrow | None:
        """Return what lies there for it, and where; None where nothing is paid."""
        vault = self._reward_vault(federation)
        if vault is None:
            return None
        gateway = self._gateways.reward_vault(vault)
        terms = self._reader.read(gateway.terms())
        queries = (
            gateway.required(), gateway.funded(), gateway.granted(), gateway.attestation_reward(),
            gateway.closes_at(),
        )  # fmt: skip
        required, funded, granted, attestation, closes_at = self._reader.read_all(queries)
        held = self.tokens(terms.token, vault)
        return Escrow(vault, terms, required, funded, granted, held, attestation, closes_at)

    def stakes(self, federation: Address) -> Stakes | None:
        """Return what is staked, on what terms, and where; None where nothing is staked."""
        vault = self._stake_vault(federation)
        if vault is None:
            return None
        gateway = self._gateways.stake_vault(vault)
        terms = self._reader.read(gateway.terms())
        unbonding, slashed = self._reader.read_all([gateway.unbonding_seconds(), gateway.slashed()])
        return Stakes(vault, terms, unbonding, slashed, self.tokens(terms.token, vault))

    def stake_of(self, federation: Address, account: Address) -> Stake:
        """Return what an account has staked there."""
        vault = self._stake_vault(federation)
        if vault is None:
            return Stake()
        gateway = self._gateways.stake_vault(vault)
        queries: list[Query[Any]] = [
            gateway.stake_of(account), gateway.unbonding_of(account), gateway.bounty_of(account),
            gateway.absences_of(account),
        ]  # fmt: skip
        bonded, (unbonding, release_at), bounty, absences = self._reader.read_all(queries)
        return Stake(bonded, unbonding, release_at, bounty, absences)

    def weights(self, federation: Address) -> Mapping[int, int]:
        """Return what the consensus module weighs miners by; empty where each weighs one."""
        module = self._reader.read(self._gateways.federation(federation).config()).consensus
        if module == self.proof_of_work:
            return {}
        lanes = unpack(self._reader.read(self._gateways.schedule(module).lanes(federation)))
        return committee_of(lanes) if module == self.modules.get("committee") else lanes

    def reward_accounts(self, federation: Address, accounts: Sequence[Address]) -> list[tuple[int, int]]:
        """Return what each account claimed of its grants, and what it may claim for attestations."""
        vault = self._reward_vault(federation)
        if vault is None:
            return [(0, 0)] * len(accounts)
        gateway = self._gateways.reward_vault(vault)
        return self._reader.read_all([gateway.account_of(account) for account in accounts])

    def tokens(self, token: Address, account: Address) -> int:
        """Return what an account has of an ERC-20, or of ether where ``token`` is the zero address."""
        return (
            self.balance(account)
            if token == ZERO_ADDRESS
            else self._reader.read(Token(token).balance_of(account))
        )

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """Return how much of an ERC-20 ``spender`` may take of ``owner``."""
        return self._reader.read(Token(token).allowance(owner, spender))

    def is_signed(self, account: Address, digest: bytes, signature: bytes) -> bool:
        """Whether a smart account says that it signed the digest (ERC-1271); False where there is none."""
        data = "0x" + (_IS_VALID + encode(("bytes32", "bytes"), (digest, signature))).hex()
        call = {"to": account, "data": data, "gas": hex(_SIGNATURE_GAS)}
        answer = self._reader.batch([("eth_call", (call, self._reader.block))])[0]
        return isinstance(answer, str) and answer == "0x" + _IS_VALID.hex() + "00" * 28

    def state(self, federation: Address) -> FederationState:
        """Return everything that moves."""
        return self._reader.read(self._gateways.federation(federation).state())

    def due(self, federation: Address) -> bool:
        """Return whether a `Tick` would do something in the pending block."""
        return self._reader.read(self._gateways.federation(federation).due())

    def miners(self, federation: Address) -> tuple[MinerInfo, ...]:
        """Return current members, leaving ones included, by index."""
        gateway = self._gateways.federation(federation)
        members = indices(self._reader.read(gateway.state()).members)
        places = self._reader.read_all([gateway.member(index) for index in members])
        found = [(i, *place) for i, place in zip(members, places, strict=True) if place[1] != ZERO_ADDRESS]
        endpoints = self._reader.read_all([self._gateways.miner(miner).endpoint() for _, _, miner in found])
        return tuple(MinerInfo(*info, endpoint) for info, endpoint in zip(found, endpoints, strict=True))

    def pool(self, miner: Address, round: int) -> Pool:
        """Return the pool of a miner's contract."""
        return self._reader.read(self._gateways.miner(miner).pool(round))

    def device(self, federation: Address, device: Address) -> DeviceInfo | None:
        """Return where a device is bound; None when it is not."""
        miner = self._reader.read(self._gateways.federation(federation).miner_of(device))
        if miner == ZERO_ADDRESS:
            return None
        query: Query[tuple[int, int, int]] = self._gateways.miner(miner).device_of(device)
        return DeviceInfo(miner, *self._reader.read(query))

    def block_of(self, federation: Address, round: int) -> bytes:
        """Return the header hash that ended ``round``; 32 zero bytes when none did."""
        return self._reader.read(self._gateways.federation(federation).block_of(round))

    def difficulty(self, federation: Address) -> int:
        """Return the expected number of hashes of the proof of work."""
        return self._reader.read(self._gateways.proof_of_work.difficulty(federation))

    def receipt(self, transaction: bytes) -> Receipt:
        """Return the receipt of a mined transaction; raises `ChainError` for an unknown one."""
        found = self.rpc.call("eth_getTransactionReceipt", "0x" + transaction.hex())
        if found is None or not found.get("blockHash"):
            raise ChainError("no such transaction is mined", value="0x" + transaction.hex())
        return self._receipt(found)

    def logs(self, federation: Address, *, from_block: int = 0, to_block: int | None = None) -> list[Log]:
        """Return the federation's logs in chain order, read in bounded ranges."""
        last = self.head().number if to_block is None else to_block
        return self._log_reader(federation).read(from_block, last)

    def watch(self, federation: Address, *, from_block: int = 0) -> LogWatch:
        """Follow the federation."""
        start = max(from_block, self._deployment.block)
        return LogWatch(self.rpc, self._log_reader(federation), self._feed, start, self._genesis)

    def actor(self, account: LocalAccount, folder: Path, *, locks: Path | None = None) -> Web3Actor:
        """Let an account act.

        Parameters
        ----------
        account
            Who signs.
        folder
            Where its outbox is; the file's name says which chain and account.
        locks
            Where lock files are; a folder of this user's for the whole machine when not given.

        Raises
        ------
        NodeConflict
            Another process signs with this key on this chain.
        """
        name = key_name(self.chain_id, self._genesis, account.address)
        lock = KeyLock(lock_name(self.chain_id, self._genesis, account.address, self.rpc.url), locks)
        try:
            outbox = Outbox(
                folder / f"{name}.sqlite",
                genesis=self._genesis,
                account=account.address,
                durable=self.chain_id != ANVIL_CHAIN_ID,
            )
        except Exception:
            lock.close()
            raise
        sender = Sender(self._reader, self.chain_id, account, outbox, self._fees)
        return Web3Actor(account.address, self._reader, self._gateways, sender, outbox, lock, self._receipt)

    def close(self) -> None:
        """Release connections."""
        self._feed.close()
        self.rpc.close()

    def _log_reader(self, federation: Address) -> LogReader:
        if federation not in self._logs:
            about = (self.factory, *self.modules.values(), *self.policies.values())
            vaults = (self._reward_vault(federation), self._stake_vault(federation))
            self._logs[federation] = LogReader(
                self._reader, self._decoder, federation, about, self._deployment.block,
                vaults=tuple(vault for vault in vaults if vault is not None),
            )  # fmt: skip
        return self._logs[federation]

    def _reward_vault(self, federation: Address) -> Address | None:
        """Return where a federation's escrow is; it never moves."""
        if federation not in self._vaults:
            self._vaults[federation] = self._reader.read(self._gateways.federation(federation).reward_vault())
        vault = self._vaults[federation]
        return None if vault == ZERO_ADDRESS else vault

    def _stake_vault(self, federation: Address) -> Address | None:
        """Return where a federation's stakes are; it never moves."""
        if federation not in self._stakes:
            self._stakes[federation] = self._reader.read(self._gateways.federation(federation).stake_vault())
        vault = self._stakes[federation]
        return None if vault == ZERO_ADDRESS else vault

    def _receipt(self, raw: Mapping[str, Any]) -> Receipt:
        gas = int(raw["gasUsed"], 16)
        return Receipt(
            bytes.fromhex(raw["transactionHash"][2:]),
            int(raw["blockNumber"], 16),
            bytes.fromhex(raw["blockHash"][2:]),
            gas,
            gas * int(raw.get("effectiveGasPrice", "0x0"), 16),
            tuple(self._decoder.decode(raw["logs"])),
        )

    def _block(self, block: str) -> Mapping[str, Any]:
        header: Mapping[str, Any] | None = self.rpc.call("eth_getBlockByNumber", block, False)
        if header is None:
            raise ChainError("the node has no block", value=block, remedy="Is it still starting?")
        return header


def key_name(chain_id: int, genesis: bytes, account: Address) -> str:
    """Return what an account's files on a chain are called."""
    return f"{chain_id}-{genesis.hex()[:16]}-{account}"


def lock_name(chain_id: int, genesis: bytes, account: Address, url: str) -> str:
    """Return what the lock of an account's key on a chain is called."""
    # Two local chains that were started in one second have the same genesis.
    where = f"-{_place(url)}" if chain_id == ANVIL_CHAIN_ID else ""
    return key_name(chain_id, genesis, account) + where


def _place(url: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in urlsplit(url).netloc or url)
