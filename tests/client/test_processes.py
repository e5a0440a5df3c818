"""Children that end when they should: asked, forced, orphaned; and strangers that must not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from minerva.errors import ConfigError, MinervaError
from minerva.processes import Child, ProcessRecord, free_port, spawn

PYTHON = sys.executable
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


@pytest.fixture
def sleeper(log: Path) -> Iterator[Child]:
    with start(SLEEPER, log) as child:
        yield child


def start(code: str, log: Path, **options: bool) -> Child:
    child = spawn([PYTHON, "-c", code], log_path=log, **options)
    child.await_ready(lambda: "up" in child.tail(), 60)
    return child


def gone(pid: int, timeout: float = 30) -> bool:
    """Wait for a process that is no child of ours."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or process.wait(timeout) is None
    return True


def test_runs_a_program_with_its_output_in_the_log(log: Path) -> None:
    code = "import os, sys; print('out', os.environ['GREETING']); print('err', file=sys.stderr); sys.exit(3)"
    child = spawn([PYTHON, "-c", code], log_path=log, env={"GREETING": "hello"}, cwd=log.parents[1])
    assert child.wait(60) == 3
    assert sorted(child.tail().splitlines()) == ["err", "out hello"]
    assert child.tail(1) in ("err", "out hello")


def test_keeps_earlier_output_of_the_log(log: Path) -> None:
    for word in ("first", "second"):
        spawn([PYTHON, "-c", f"print('{word}')"], log_path=log).wait(60)
    assert log.read_text().split() == ["first", "second"]


def test_the_program_gets_default_signals(log: Path) -> None:
    child = spawn(["sh", "-c", "trap; kill -PIPE $$; echo survived"], log_path=log)
    assert child.wait(60) == -signal.SIGPIPE
    assert child.tail() == ""


def test_terminates(sleeper: Child) -> None:
    assert sleeper.alive
    assert sleeper.terminate() == -signal.SIGTERM
    assert not sleeper.alive
    assert sleeper.terminate() == -signal.SIGTERM  # again is no error


def test_kills_what_ignores_the_request(log: Path) -> None:
    with start(STUBBORN, log) as child:
        assert child.terminate(timeout=0.2) == -signal.SIGKILL


def test_takes_grandchildren_along(log: Path) -> None:
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
        "print(child.pid, flush=True); child.wait()"
    )
    with start(code, log) as child:
        grandchild = next(int(word) for word in log.read_text().split() if word.isdigit())
        child.terminate()
    assert gone(grandchild)


def test_refuses_an_unknown_program(log: Path) -> None:
    with pytest.raises(ConfigError, match="no such program to run: no-such-program"):
        spawn(["no-such-program"], log_path=log)


def test_refuses_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot start .*File exists"):
        spawn([PYTHON], log_path=tmp_path / "file" / "log")


def test_refuses_a_folder_that_is_not_there(log: Path) -> None:
    for detached in (False, True):
        with pytest.raises(ConfigError, match="cannot start .*No such file"):
            spawn([PYTHON], log_path=log, cwd=log.parents[1] / "missing", detached=detached)


def test_waits_for_readiness_and_tells_the_last_line_when_it_dies(log: Path) -> None:
    child = spawn([PYTHON, "-c", "print('port 1 is taken'); raise SystemExit(4)"], log_path=log)
    with pytest.raises(MinervaError, match="ended with status 4 before it was ready: port 1 is taken. See "):
        child.await_ready(lambda: False, 60)


def test_readiness_has_a_deadline(sleeper: Child) -> None:
    with pytest.raises(MinervaError, match="is not ready after 0.05 s"):
        sleeper.await_ready(lambda: False, 0.05)
    with pytest.raises(MinervaError, match="still runs after 0.05 s"):
        sleeper.wait(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
@pytest.mark.parametrize(
    "end", [signal.SIGKILL, signal.SIGTERM, None], ids=["killed", "terminated", "returns"]
)
def test_dies_with_its_parent_however_that_ends(log: Path, end: signal.Signals | None) -> None:
    code = (
        "import sys; from pathlib import Path; from minerva.processes import spawn\n"
        f"child = spawn([sys.executable, '-c', {SLEEPER!r}], log_path=Path(sys.argv[1]))\n"
        "child.await_ready(lambda: 'up' in child.tail(), 60); print(child.pid, flush=True)\n"
        "if sys.stdin.read() == 'end': sys.exit()\n"
    )
    with subprocess.Popen(
        [PYTHON, "-c", code, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        if end is None:
            parent.communicate("end")
        else:
            parent.send_signal(end)
    assert gone(child)


def test_outlives_the_thread_that_asked_for_it(log: Path) -> None:
    started: list[Child] = []
    thread = threading.Thread(target=lambda: started.append(start(SLEEPER, log)))
    thread.start()
    thread.join()
    with started[0] as child:
        with pytest.raises(MinervaError, match="still runs"):
            child.wait(0.2)
        assert child.alive


def test_starts_from_a_forked_process(log: Path, sleeper: Child) -> None:
    pid = os.fork()
    if not pid:  # the fixture has used the thread that forks, and a fork has no threads
        status = spawn([PYTHON, "-c", "raise SystemExit(7)"], log_path=log).wait(60)
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_a_detached_child_outlives_its_parent_and_ends_by_its_record(log: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from minerva.processes import spawn\n"
        f"child = spawn([sys.executable, '-c', {SLEEPER!r}], log_path=Path(sys.argv[1]), detached=True)\n"
        "child.await_ready(lambda: 'up' in child.tail(), 60); print(child.record.pid, child.record.started)\n"
    )
    done = subprocess.run(
        [PYTHON, "-c", code, str(log)], capture_output=True, text=True, timeout=60, check=True
    )
    pid, started = done.stdout.split()
    record = ProcessRecord(int(pid), started)
    assert record.alive
    assert record == ProcessRecord.of(record.pid)
    assert record.terminate()
    assert not record.alive
    assert not record.terminate()


def test_a_record_never_ends_a_stranger_with_the_same_id(sleeper: Child) -> None:
    recycled = ProcessRecord(sleeper.pid, sleeper.record.started + "0")
    assert not recycled.alive
    assert not recycled.terminate()
    assert sleeper.alive


def test_zombies_are_not_alive(log: Path) -> None:
    child = spawn([PYTHON, "-c", ""], log_path=log)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has collected it
    assert ProcessRecord.of(child.pid) is None
    assert not child.record.alive
    assert child.terminate() == 0


def test_without_a_handle_on_processes_it_looks_instead(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    with start(STUBBORN, log) as child:
        assert child.terminate(timeout=0.2) == -signal.SIGKILL


def test_free_ports_differ_and_are_free() -> None:
    import socket

    port = free_port()
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        assert free_port() != port
