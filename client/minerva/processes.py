"""Child processes that never outlive their purpose: nodes and chains that a command starts and stops."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

import psutil

from minerva.errors import ConfigError, MinervaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    _Popen = subprocess.Popen[bytes]

_LINUX = sys.platform == "linux"
_KILL_SECONDS = 10.0  # the kernel needs no more to end what got SIGKILL
_LOOK = 0.01  # seconds between two looks at something that gives no event

# PR_SET_PDEATHSIG = 1: the kernel kills the child when its parent dies, however it dies. The ids are compared
# because the parent may be dead already; Python ignores two signals that other programs expect to be sent.
_TETHER = (
    "import _signal as s,ctypes,os,sys\n"
    "ctypes.CDLL(None).prctl(1,9,0,0,0)\n"
    "os.getppid()==int(sys.argv[1]) or os._exit(1)\n"
    "for n in (s.SIGPIPE,s.SIGXFSZ): s.signal(n,s.SIG_DFL)\n"
    "os.execv(sys.argv[2],sys.argv[2:])\n"
)


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One run of one process, to be kept in a file; ``started`` tells it from a later one of that id."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessRecord | None:
        """Describe the process that has ``pid`` now; ``None`` when there is none, or a zombie."""
        started = _started(pid)
        return None if started is None else cls(pid, started)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _started(self.pid) == self.started

    def terminate(self, timeout: float = 10.0) -> bool:
        """Send SIGTERM to the process and its group, SIGKILL after ``timeout`` seconds, and wait for its end.

        Returns whether there was anything to end: a stranger with a recycled id is left alone. Raises
        `MinervaError` when it survives.
        """
        if not self.alive:
            return False
        self._signal(signal.SIGTERM)
        if not self._ends_within(timeout):
            self._signal(signal.SIGKILL)
            if not self._ends_within(_KILL_SECONDS):
                raise MinervaError("a process survives SIGKILL", value=self.pid, remedy="Is its disk stuck?")
        return True

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        try:
            handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # another system than Linux, or gone
            while self.alive and time.monotonic() < deadline:
                time.sleep(_LOOK)
            return not self.alive
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            while self.alive and (left := deadline - time.monotonic()) > 0:
                poll.poll(left * 1000)
            return not self.alive
        finally:
            os.close(handle)


class Child:
    """A process that `spawn` started; as a context manager it ends with the block."""

    def __init__(self, popen: _Popen, program: str, log_path: Path) -> None:
        self._popen, self._program, self.log_path = popen, program, log_path
        self.pid = popen.pid
        self.record = ProcessRecord.of(popen.pid) or ProcessRecord(popen.pid, "ended")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.terminate()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def terminate(self, timeout: float = 10.0) -> int:
        """End it as `ProcessRecord.terminate` does; return its exit status, negative for a signal."""
        if self.alive:
            self.record.terminate(timeout)
        return self._popen.wait(_KILL_SECONDS)

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its exit status; raises `MinervaError` after ``timeout`` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self._failed(f"still runs after {timeout:g} s") from None

    def await_ready(self, ready: Callable[[], bool], timeout: float) -> None:
        """Look every 10 ms until ``ready()``.

        Raises
        ------
        MinervaError
            It ended before, or ``timeout`` seconds passed; with the last line of its log.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise self._failed(f"ended with status {self._popen.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self._failed(f"is not ready after {timeout:g} s")
            time.sleep(_LOOK)

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its log, stdout and stderr together."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _failed(self, how: str) -> MinervaError:
        last = self.tail(1).strip()
        return MinervaError(f"{self._program} {how}", value=last or None, remedy=f"See {self.log_path}.")


def spawn(
    argv: Sequence[str | Path],
    *,
    log_path: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    detached: bool = False,
) -> Child:
    """Start a program in a session of its own, its output appended to ``log_path``, its input empty.

    Parameters
    ----------
    argv
        The program, looked up on PATH, and its arguments.
    env
        Variables over those of this process.
    detached
        Let it outlive this process; keep `Child.record` to end it later. Otherwise it dies with this process,
        however that ends (on Linux; elsewhere only when `Child.terminate` is called).

    Raises
    ------
    ConfigError
        There is no such program, it does not run, or the log cannot be written.
    """
    program = shutil.which(argv[0])
    if program is None:
        raise ConfigError("no such program to run", value=argv[0], remedy="Install it or give its path.")
    command = [str(Path(program).absolute()), *map(str, argv[1:])]
    tethered = _LINUX and not detached
    if tethered:
        command = [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *command]

    def start() -> _Popen:
        with log_path.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        popen = _parent_thread.run(start) if tethered else start()
    except OSError as error:
        raise ConfigError(f"cannot start {program}", value=error) from error
    return Child(popen, Path(program).name, log_path)


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on now; the next moment somebody may."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _ParentThread:
    """Forks for everybody: to Linux a parent is a thread, and its end is the end of its tethered children."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] | None = None

    def run(self, start: Callable[[], _Popen]) -> _Popen:
        with self._lock:
            if self._jobs is None:
                self._jobs = SimpleQueue()
                threading.Thread(target=self._work, args=(self._jobs,), name="spawn", daemon=True).start()
        done: Future[_Popen] = Future()

        def job() -> None:
            try:
                done.set_result(start())
            except OSError as error:
                done.set_exception(error)

        self._jobs.put(job)
        return done.result()

    @staticmethod
    def _work(jobs: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            jobs.get()()


_parent_thread = _ParentThread()
if _LINUX:
    os.register_at_fork(after_in_child=_parent_thread.__init__)  # type: ignore[misc]


def _started(pid: int) -> str | None:
    """Tell one run of a process from all others: boot id and ticks since boot, which no clock moves."""
    if not _LINUX:
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
        except psutil.NoSuchProcess:
            return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    if state in "ZX":
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{fields[18]}"
