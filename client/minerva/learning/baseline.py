"""What a federation is measured against: centralised training, and FedAvg as a bare loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minerva.learning.partition import Indices
    from minerva.learning.task import Samples, State, Task


def centralised(task: Task, train: Samples, *, epochs: int, seed: int = 0) -> Iterator[State]:
    """Train one model on all the data, one epoch at a time, and yield its state after each.

    The samples that the federation only has apart, in one place: the mark that it wants to reach with as many
    epochs as it has rounds. Epoch e (1-based) is seeded by ``1000·e + seed``.
    """
    model = task.model()
    for epoch in range(1, epochs + 1):
        task.train(model, *train, epochs=1, seed=1000 * epoch + seed)
        yield {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def bare_fedavg(
    task: Task,
    train: Samples,
    parts: Sequence[Indices],
    *,
    rounds: int,
    epochs: int = 1,
    orders: Sequence[Sequence[int]] | None = None,
) -> Iterator[State]:
    """FedAvg (McMahan et al. 2017) in a bare loop of torch; yields the global model's state after each round.

    Client c (0-based) is seeded by ``1000·round + c`` in round 1, 2, …; the arithmetic is the protocol's, so
    that a federation that accepts every update in this order reaches the same bytes (F32 and F16 models:
    torch rounds float64 to bfloat16 twice).

    Parameters
    ----------
    orders
        For each round the clients that take part, in the order of summation, e.g. that of a block's accepted
        updates; None for all of them in theirs.
    """
    import torch

    x, y = train
    state = task.initial_state()
    for round_ in range(1, rounds + 1):
        sums = {name: torch.zeros_like(tensor, dtype=torch.float64) for name, tensor in state.items()}
        first: State = {}
        clients = range(len(parts)) if orders is None else orders[round_ - 1]
        for client in clients:
            part = parts[client]
            local = task.model_with(state)
            task.train(local, x[part], y[part], epochs=epochs, seed=1000 * round_ + client)
            for name, tensor in local.state_dict().items():
                sums[name] += tensor.double() * len(part)
                first.setdefault(name, tensor)
        total = sum(len(parts[client]) for client in clients)
        state = {
            name: (value / total).to(first[name].dtype) if first[name].is_floating_point() else first[name]
            for name, value in sums.items()
        }
        yield state
