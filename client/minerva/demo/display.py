"""The live table on a terminal, plain lines when piped."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from minerva.demo.observer import Observer, RoundView

_LINES = 8


class Display:
    """Shows rounds as they go.

    Writes to standard error, so that ``--json`` leaves standard output to the summary.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console, self._quiet = console, quiet
        self._started = time.monotonic()
        self._lines: list[str] = []
        self._observer: Observer | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=8)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def watch(self, observer: Observer) -> None:
        """Show this federation from now on."""
        self._observer = observer

    def say(self, line: str) -> None:
        """One line of the story."""
        stamped = f"{time.monotonic() - self._started:7.1f} s  {line}"
        if self._live is not None:
            self._lines = [*self._lines[1 - _LINES :], stamped]
        elif not self._quiet:
            self._console.print(stamped, highlight=False, markup=False)

    def _draw(self) -> Group:
        parts: list[Table | Text] = []
        if self._observer is not None and self._observer.rounds:
            parts.append(rounds_table(self._observer, list(self._observer.rounds.values())))
        parts += [Text(line) for line in self._lines]
        return Group(*parts)


def rounds_table(observer: Observer, rounds: list[RoundView]) -> Table:
    """Draw rounds, phases, verdicts."""
    table = Table(
        "round", "phase", "updates", "ballots", "accepted", "refused", "winner", "accuracy", "seconds"
    )
    for view in rounds:
        refused = "\n".join(f"{observer.name(device)}: {reason}" for device, reason, _ in view.rejected)
        seconds = view.seconds if view.over else time.monotonic() - view.started
        table.add_row(
            str(view.number), view.phase, str(view.updates), str(view.ballots),
            str(len(view.accepted)) if view.over else "", refused, observer.name(view.winner),
            "" if view.accuracy is None else f"{view.accuracy:.4f}", f"{seconds:.1f}",
        )  # fmt: skip
    return table
