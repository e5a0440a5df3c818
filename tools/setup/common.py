"""What every step of the set-up shares: where things are, progress lines, errors, stamps, commands."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
CACHE = TOOLS / "cache"
VENV = ROOT / ".venv"

PROBE_SECONDS = 3.0
"""How long a host may take to answer before the next source is used."""

RETRY_DELAYS = (2.0, 8.0)
"""Seconds waited before the second and the third attempt of a command that uses the network."""


class SetupError(Exception):
    """Why the set-up cannot go on, in one line: what was wrong, with which value, what to do."""


def say(step: str, text: str) -> None:
    """Print one progress line."""
    print(f"setup: {step:<8} {text}", flush=True)


def digest(*inputs: Path | str) -> str:
    """Return a digest of files' contents and of plain texts."""
    total = hashlib.sha256()
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item.encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


class Stamp:
    """The mark that a step was done from given inputs.

    It is removed before the step begins and written after it ends, so an interrupted step is done again.
    The project's path is among the inputs, because virtual environments do not survive a move.
    """

    def __init__(self, step: str, *inputs: Path | str) -> None:
        self.path = TOOLS / "stamps" / step
        self.key = digest(str(ROOT), *inputs)

    @property
    def note(self) -> str | None:
        """What the step noted when it was done from these inputs, or None where it was not."""
        try:
            key, _, note = self.path.read_text().partition("\n")
        except OSError:
            return None
        return note.strip() if key == self.key else None

    def clear(self) -> None:
        """Forget that the step was done."""
        self.path.unlink(missing_ok=True)

    def write(self, note: str) -> None:
        """Mark the step as done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{self.key}\n{note}\n")
        fresh.replace(self.path)


def answers(url: str) -> bool:
    """Tell whether `url` is served, by an answer within `PROBE_SECONDS`, name look-up included."""
    served: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
                served.append(True)
        except (OSError, http.client.HTTPException):
            served.append(False)

    # No time-out of a socket covers the look-up of its host's name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return served == [True]


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    timeout: float,
    attempts: int = 1,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> str:
    """Run a command quietly and return its output.

    Parameters
    ----------
    command
        The programme and its arguments.
    what
        What the command does, for the error message.
    timeout
        Seconds until one attempt is given up.
    attempts
        How often to try; the pauses between are `RETRY_DELAYS`.
    env, cwd
        Variables added to the environment, and the folder to run in.

    Raises
    ------
    SetupError
        If no attempt succeeds; the command's last lines are printed first.
    """
    words = [str(word) for word in command]
    for attempt in range(1, attempts + 1):
        try:
            output, failure = _attempt(words, timeout, {**os.environ, **(env or {})}, cwd)
        except OSError as error:
            raise SetupError(f"{what}: {words[0]} cannot be run: {error.strerror}") from error
        if not failure:
            return output
        if attempt < attempts:
            delay = RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1]
            say("retry", f"{what}: {failure}; again in {delay:.0f} s")
            time.sleep(delay)
    print("\n".join(f"  | {line}" for line in output.strip().splitlines()[-15:]), file=sys.stderr)
    raise SetupError(f"{what} failed ({failure}): {' '.join(words)}")


def _attempt(words: list[str], timeout: float, env: dict[str, str], cwd: Path) -> tuple[str, str]:
    """Run a command once; return its output and why it failed, which is empty if it did not.

    The command gets a process group of its own, so that an end by time-out or Ctrl-C takes along whatever
    it started.
    """
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except BaseException as stopped:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(stopped, subprocess.TimeoutExpired):
                raise
            output, _ = process.communicate()
            return output, f"no end within {timeout:.0f} s"
    return output, f"exit status {process.returncode}" if process.returncode else ""
