"""The commands on a chain in memory, and what they printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from federation_driver import Driver, make_config
from typer.main import get_command

from minerva.chain.memory import MemoryActor, MemoryChain
from minerva.cli.app import app
from minerva.keys import anvil_address

TASK = """
import torch
from torch import nn

def model():
    return nn.Linear(2, 2)

def load_data(folder=None):
    x = torch.arange(40.0).reshape(20, 2) / 40
    y = torch.arange(20) % 2
    return (x, y), (x, y)

def train(model, x, y, *, epochs, seed):
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.01 * epochs)

def evaluate(model, x, y):
    return {"loss": 1.0, "accuracy": 0.5}
"""
"""A task that is whole; tests break it."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


class CommandActor(MemoryActor):
    """An account for the length of a command."""

    def __enter__(self) -> CommandActor:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


class CommandChain:
    """What `minerva.connect.connect` returns, on a chain in memory."""

    def __init__(self, chain: MemoryChain) -> None:
        self._chain = chain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def actor(self, account: Any, folder: Path) -> CommandActor:
        return CommandActor(self._chain._node, account.address)

    def close(self) -> None:
        """Leave the chain for the next command."""


class Scene:
    """One federation, whose requester and miners a test plays."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chain = folder, MemoryChain()
        self.driver = Driver(self._perform, self.chain)

    def _perform(self, action: Any, sender: str) -> list[Any]:
        return [log.event for log in self.chain.actor(sender).send(action).logs]

    def found(self, **config: Any) -> str:
        """Create a federation."""
        return self.driver.found(make_config(self.chain.proof_of_work, **config))

    @property
    def account(self) -> str:
        """The address that commands act with."""
        return anvil_address(5)


def commands() -> list[tuple[str, ...]]:
    """Every command there is, by the words that name it."""
    found: list[tuple[str, ...]] = []

    def walk(node: Any, words: tuple[str, ...]) -> None:
        if not hasattr(node, "commands"):
            found.append(words)
            return
        for name, inner in node.commands.items():
            walk(inner, (*words, name))

    walk(get_command(app), ())
    return found
