"""A development chain on this machine: anvil, with mainnet's rules and a state that survives any end.

anvil's own `--state-interval` writes over its one file in place, so that a kill at the wrong moment leaves
nothing but half of it. Here the state is asked for over RPC and put in the old one's place at once. Blocks,
receipts and logs are part of it. A running anvil keeps the last 256 states besides, for `anvil_reorg`.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from minerva.chain.transport import Disconnected, HttpTransport
from minerva.errors import ChainError, ChainUnreachable, ConfigError, MinervaError, NodeConflict
from minerva.keys import ANVIL_CHAIN_ID
from minerva.paths import project_root
from minerva.processes import Child, free_port, spawn

log = logging.getLogger(__name__)

READY_SECONDS = 30.0
SAVE_SECONDS = 5.0
"""Most that a kill of the chain loses; saving takes a tenth of a second for a thousand blocks."""
_NEVER = 10**9
_FLAGS = ("--gas-limit", "60000000", "--enable-tx-gas-limit", "--prune-history", "256", "--quiet")
_TRIES = 3


class AnvilNode:
    """One anvil, started and stopped; as a context manager it runs within the block.

    Parameters
    ----------
    folder
        Keeps its state and its log; made when missing. A chain that was there goes on.
    port
        TCP port on the loopback; 0 takes a free one, and keeps it over restarts.
    binary
        The programme; `find_anvil` when not given.
    accounts
        How many of anvil's published accounts have 10,000 ETH. Each costs 20 µs a block.
    block_time
        Seconds between blocks; when not given, each transaction gets its own at once.
    hardfork
        Rules of the EVM. From prague on (EIP-2935) each of the first 8,191 blocks makes the next ones slower:
        2 ms for the first, 9 ms for the 4,000th; with cancun it stays below 2 ms.
    chain_id
        EIP-155 chain id.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        binary: Path | None = None,
        accounts: int = 40,
        block_time: float | None = None,
        hardfork: str = "osaka",
        save_seconds: float = SAVE_SECONDS,
        chain_id: int = ANVIL_CHAIN_ID,
    ) -> None:
        self.folder, self.port, self.accounts = folder.absolute(), port, accounts
        self.binary, self.block_time, self.hardfork = binary, block_time, hardfork
        self.save_seconds, self.chain_id = save_seconds, chain_id
        self._any_port = port == 0
        self._child: Child | None = None
        self._saver: threading.Thread | None = None
        self._ending, self._saved = threading.Event(), ""
        self._saving = threading.Lock()

    @property
    def url(self) -> str:
        """Its RPC address; WebSocket is on the same port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def child(self) -> Child:
        """The process; raises `ChainUnreachable` when it was not started."""
        if self._child is None:
            raise ChainUnreachable("the chain is not started", value=self.folder)
        return self._child

    def start(self, *, detached: bool = False) -> Self:
        """Start it and wait until it answers.

        Parameters
        ----------
        detached
            Let it outlive this process, under one of its own that saves the state; end it through
            ``child.record``. Otherwise it ends with this process, however that ends.

        Raises
        ------
        NodeConflict
            Another programme listens on the port.
        MinervaError
            It ended, or does not answer within 30 s; with the last line of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(_TRIES):
            if self._any_port:
                self.port = free_port()
            _refuse_taken(self.port)
            child = self._child = self._spawn_keeper() if detached else self._spawn()
            try:
                child.await_ready(self._answers, READY_SECONDS)
                self._any_port = False
                break
            except MinervaError:
                child.terminate()
                self._child = None
                if not self._any_port or attempt == _TRIES - 1:  # else another took the port
                    raise
        if not detached:
            self._ending.clear()
            self._saver = threading.Thread(target=self._keep_saving, name="anvil-state", daemon=True)
            self._saver.start()
        return self

    def stop(self) -> None:
        """Save the state and end it."""
        self._ending.set()
        if self._saver is not None:
            self._saver.join()
            self._saver = None
            if self._child is not None and self._child.alive:
                self._save_quietly()
        if self._child is not None:
            self._child.terminate()
            self._child = None

    def kill(self) -> None:
        """End it as a loss of power would; what was not saved is lost."""
        self._ending.set()
        if self._saver is not None:
            self._saver.join()
            self._saver = None
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGKILL)
            self._child.wait(READY_SECONDS)
            self._child = None

    def save(self) -> None:
        """Write the state, unless the chain did not move since; raises `ChainUnreachable` when it is gone."""
        with self._saving:  # two at once would write over each other's file
            head = str(self.rpc("eth_getBlockByNumber", "latest", False)["hash"])
            if head == self._saved:
                return
            state = gzip.decompress(bytes.fromhex(self.rpc("anvil_dumpState", timeout=READY_SECONDS)[2:]))
            new = self._state.with_suffix(".new")
            new.write_bytes(state)
            new.replace(self._state)
            self._saved = head

    def rpc(self, method: str, *params: Any, timeout: float = 10.0) -> Any:
        """Return the result of a request, e.g. ``anvil_reorg``; raises `ChainUnreachable` or `ChainError`."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        transport = HttpTransport(self.url)
        try:
            answer = json.loads(transport.exchange(body, timeout))
        except (Disconnected, ValueError) as error:
            raise ChainUnreachable(f"no chain answers at {self.url}", value=error) from None
        finally:
            transport.close()
        if "error" in answer:
            raise ChainError(f"anvil refused {method}", value=answer["error"].get("message"))
        return answer["result"]

    def __enter__(self) -> Self:
        """Start it, unless it runs."""
        return self if self._child is not None else self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    def _spawn(self) -> Child:
        last = self.folder / "exit.json"  # anvil writes it when it ends by itself or by SIGTERM
        self._take_newest(last)
        argv: list[str | Path] = [self.binary or find_anvil(), "--port", str(self.port), *_FLAGS]
        argv += ["--hardfork", self.hardfork, "--accounts", str(self.accounts)]
        argv += ["--chain-id", str(self.chain_id)]
        argv += ["--block-time", f"{self.block_time:g}"] if self.block_time is not None else []
        argv += ["--load-state", self._state] if self._state.exists() else []
        argv += ["--dump-state", last, "--state-interval", str(_NEVER)]
        return spawn(argv, log_path=self.folder / "anvil.log")

    def _spawn_keeper(self) -> Child:
        settings = {
            "folder": str(self.folder), "port": self.port, "accounts": self.accounts,
            "hardfork": self.hardfork, "block_time": self.block_time, "save_seconds": self.save_seconds,
            "chain_id": self.chain_id,
            "binary": None if self.binary is None else str(self.binary),
        }  # fmt: skip
        argv = [sys.executable, "-m", "minerva.chain.dev", json.dumps(settings)]
        return spawn(argv, log_path=self.folder / "keeper.log", detached=True)

    def _take_newest(self, last: Path) -> None:
        """Prefer what anvil wrote at its end, if that is newer and whole."""
        if not last.exists():
            return
        if not self._state.exists() or last.stat().st_mtime > self._state.stat().st_mtime:
            try:
                json.loads(last.read_bytes())
                last.replace(self._state)
            except ValueError:
                log.warning("%s is cut off: going on from an earlier state", last)
        last.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            self.rpc("eth_chainId", timeout=1.0)
        except ChainUnreachable:
            return False
        return True

    def _keep_saving(self) -> None:
        pause = self.save_seconds
        while not self._ending.wait(pause) and self._child is not None and self._child.alive:
            begun = time.monotonic()
            self._save_quietly()
            pause = max(self.save_seconds, 20 * (time.monotonic() - begun))  # at most a twentieth of the time

    def _save_quietly(self) -> None:
        try:
            self.save()
        except (MinervaError, OSError) as error:
            log.warning("the state of the chain is not saved: %s", error)


def _refuse_taken(port: int) -> None:
    """Raise `NodeConflict` when somebody listens on a port: it would answer in anvil's place."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            remedy = "End it ('minerva down' ends a stack), or choose another."
            raise NodeConflict("another programme uses the port", value=port, remedy=remedy) from None


def find_anvil() -> Path:
    """Return anvil: the project's, else the one on PATH; raises `ConfigError` when there is none."""
    try:
        own = project_root() / "tools" / "bin" / "anvil"
    except MinervaError:
        own = Path()
    if own.is_file():
        return own
    found = shutil.which("anvil")
    if found is None:
        raise ConfigError(
            "anvil is not installed", remedy="Run 'make setup', or install Foundry and put it on PATH."
        )
    return Path(found)


def main() -> int:
    """Run one anvil until SIGTERM, saving its state: what `AnvilNode.start` detaches."""
    settings = json.loads(sys.argv[1])
    binary = settings.pop("binary")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    node = AnvilNode(
        Path(settings.pop("folder")), binary=Path(binary) if binary else None, **settings
    ).start()
    try:
        while node.child.alive and not ending.wait(0.2):
            pass
        return 0 if ending.is_set() else 1
    finally:
        node.stop()


if __name__ == "__main__":
    sys.exit(main())
