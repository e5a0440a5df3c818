"""What a federation's models reach on test data: measured by anybody who has some, for everybody to see.

The chain knows no accuracy. Whoever has test data measures each round's global model and publishes the figures on IPFS,
beside what the same training reaches in one place; the dashboard draws them (docs/webui.md has the fields).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minerva.learning.baseline import centralised
from minerva.learning.weights import bytes_to_state
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.records import Address

if TYPE_CHECKING:
    from minerva.learning.task import Task

VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Metrics by name, all finite, after a round; ``block`` is the hash of its block, nothing for a baseline."""

    round: int
    metrics: dict[str, float]
    block: bytes | None = None

    def document(self) -> dict[str, Any]:
        """Return what JSON holds; six decimals are kept."""
        named = {} if self.block is None else {"block": "0x" + self.block.hex()}
        metrics = {name: round(value, 6) for name, value in sorted(self.metrics.items())}
        return {"round": self.round, **named, "metrics": metrics}


@dataclass(frozen=True, slots=True)
class Results:
    """Figures of one federation, by round; ``central`` are those of centralised training, empty where none was done."""

    chain_id: int
    federation: Address
    measured_on: str
    rounds: Sequence[Row]
    central: Sequence[Row] = ()
    central_words: str = ""

    def document(self) -> dict[str, Any]:
        """Return what JSON holds."""
        baselines = [
            {
                "name": "centralised",
                "words": self.central_words,
                "rounds": [row.document() for row in self.central],
            }
        ]
        return {
            "minerva_results": VERSION,
            "chain_id": self.chain_id,
            "federation": self.federation,
            "measured_on": self.measured_on,
            "rounds": [row.document() for row in self.rounds],
            "baselines": baselines if self.central else [],
        }

    def to_bytes(self) -> bytes:
        """Return the document as it is published."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":")).encode()


def measure(
    task: Task,
    blocks: Sequence[Header],
    fetch: Callable[[Cid], bytes],
    *,
    baseline: bool,
    advance: Callable[[int, int], None],
) -> tuple[list[Row], list[Row]]:
    """Evaluate the model of each block on the task's test split, and of centralised training after as many epochs.

    Parameters
    ----------
    blocks
        Finalised headers in their order.
    fetch
        From a model's CID to its checked bytes.
    baseline
        Train the baseline too: the task's epochs for each block, on all that its ``load_data`` has for training.
    advance
        Told how many models of how many are measured.

    Returns
    -------
    tuple
        The blocks' rows and the baseline's, which are empty without ``baseline``.

    Raises
    ------
    TaskError, DataError
        The task's file or data are at fault, or a model is not the task's.
    """
    train, test = task.load_data()
    total = len(blocks) * (1 + baseline)
    rows: list[Row] = []
    for block in blocks:
        state = bytes_to_state(fetch(block.model), task.spec())
        rows.append(Row(block.round, task.evaluate_state(state, *test), block.hash()))
        advance(len(rows), total)
    central: list[Row] = []
    if baseline:
        states = centralised(task, train, epochs=len(blocks) * task.epochs)
        for epoch, state in enumerate(states, start=1):
            if epoch % task.epochs == 0:
                number = blocks[len(central)].round
                central.append(Row(number, task.evaluate_state(state, *test)))
                advance(len(rows) + len(central), total)
    return rows, central
