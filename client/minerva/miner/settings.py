"""How a miner behaves: one frozen value with a unit for every figure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MinerSettings:
    """Settings of one miner's process.

    Parameters
    ----------
    state
        Folder for the ledger (``miner.sqlite``), what was signed (``protection.sqlite``) and heard
        (``statements.sqlite``), the API's address (``api.json``), in a confidential federation the keys that open
        updates (``sealing.json``), and compiled code.
    host, port
        Where the HTTP API listens; port 0 takes any free one.
    public_url
        What the contract tells devices, e.g. behind a proxy; empty: ``http://host:port`` as bound.
    stake
        What to hold at stake when it joins, as `minerva.miner.stake.put_up` takes it.
    retention_rounds
        Rounds whose accepted updates stay pinned; 0: all, so that the whole chain can be re-derived from
        this miner.
    retention_models
        Rounds whose global models and block bodies stay pinned; 0: all, likewise.
    holdout, holdout_data, holdout_part, holdout_parts
        The task (its name or file) whose test split rule 6 measures updates on, empty for none; the folder of
        its data; and which of how many equal shares of it is this miner's.
    allow_list
        The federation's allow-list, where it has one: its CID or a file.
    fetch_workers
        Threads that fetch and judge updates; content that is not served yet occupies one each.
    fetch_slice_seconds
        Longest single attempt to fetch one update, so that withheld content cannot occupy every worker.
    retry_seconds, retry_most_seconds
        First and longest pause before something that failed is tried again.
    tick_delay_seconds
        How long each miner waits for the one before it (they take turns by round) to do what is due.
    heartbeat_seconds
        Between two looks at balance, chain head and store, for ``/health``; also the longest wait of the
        daemon.
    sync_seconds
        ``/health`` is red when the chain has not answered for this long.
    send_seconds
        Longest wait for a transaction's receipt.
    stop_seconds
        Longest clean shutdown.
    min_balance_wei
        ``/health`` is red below this balance.
    search_threads
        Threads that search for the proof of work.
    aggregation_threads
        Threads that share the arithmetic of one aggregation; the result is the same.
    cache_bytes
        Memory for contents at hand; what does not fit is read from the store again.
    api_threads
        Threads that answer HTTP requests, event streams apart.
    event_clients, event_queue
        Most event streams at once, and events kept for a slow one before it is dropped.
    event_heartbeat_seconds
        Between two comments on a quiet event stream, so that dead connections are noticed.
    push_wait_seconds
        How long a pushed update waits for its record to be seen on the chain.
    content_seconds
        Longest wait of the API for content that the store must fetch first.
    statement_seconds
        Between two looks at what the other miners signed.
    statement_timeout_seconds
        Longest wait for what one of them serves of a round.
    private_network
        Whether other miners may be on this machine or its private networks.
    canary_share
        The share of this miner's accepted devices, of those that committed to steps, that is asked for canaries.
    rate_limit
        Requests for each client address, in flask-limiter's words.
    """

    state: Path
    host: str = "127.0.0.1"
    port: int = 8650
    public_url: str = ""
    stake: int | str = ""
    retention_rounds: int = 0
    retention_models: int = 0
    holdout: str = ""
    holdout_data: str = ""
    holdout_part: int = 0
    holdout_parts: int = 1
    allow_list: str = ""
    fetch_workers: int = 16
    fetch_slice_seconds: float = 10.0
    retry_seconds: float = 0.1
    retry_most_seconds: float = 5.0
    tick_delay_seconds: float = 0.25
    heartbeat_seconds: float = 5.0
    sync_seconds: float = 60.0
    send_seconds: float = 60.0
    stop_seconds: float = 10.0
    min_balance_wei: int = 10**15
    search_threads: int = 1
    aggregation_threads: int = 1
    cache_bytes: int = 64 << 20
    api_threads: int = 16
    event_clients: int = 16
    event_queue: int = 256
    event_heartbeat_seconds: float = 15.0
    push_wait_seconds: float = 2.0
    content_seconds: float = 20.0
    statement_seconds: float = 5.0
    statement_timeout_seconds: float = 3.0
    private_network: bool = False
    canary_share: float = 0.0
    rate_limit: str = "200 per second"

    @property
    def kernel_cache(self) -> Path:
        """Where compiled code is kept: ``NUMBA_CACHE_DIR`` when set, else under ``state``."""
        shared = os.environ.get("NUMBA_CACHE_DIR")
        return Path(shared) if shared else self.state / "numba"
