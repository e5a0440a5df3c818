"""`minerva task`: scaffold one's own task file, try it, and publish it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from minerva.cli.common import Context, command, facts, write_whole
from minerva.errors import UserError

app = typer.Typer(help="Tasks: one plain Python file with model, data, train and evaluate.")


@command(app, "new", epilog="Example: minerva task new my_task.py")
def new(
    context: Context,
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a task file that runs as it is, to be changed into your own."""
    from minerva.learning.task import scaffold

    path = path if path.suffix == ".py" else Path(f"{path}.py")
    if path.exists() and not force:
        raise UserError(
            "the file is there already", value=path, remedy="Name another, or replace it with --force."
        )
    write_whole(path, scaffold(path.stem).encode())
    context.emit(
        {"task": str(path)}, lambda out: out.print(f"Wrote {path}. Try it: minerva task check {path}")
    )


@command(app, "check", epilog="Example: minerva task check my_task.py --data ./scans")
def check(
    context: Context,
    name: Annotated[str, typer.Argument(help="A bundled task's name, or a path.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder for the task's load_data.", show_default=False)
    ] = None,
) -> None:
    """Load a task and its data, train one epoch and evaluate: what a device would do, without a chain."""
    import torch

    from minerva.learning.task import load_task
    from minerva.learning.training import train_local
    from minerva.learning.weights import state_to_bytes

    torch.set_num_threads(1)
    task = load_task(name, data=data)
    (x, y), test = task.load_data()
    base = state_to_bytes(task.initial_state(0), {"federation": "0x" + "0" * 40, "round": "0"})
    result = train_local(task, base, x, y, epochs=1, seed=1000)
    metrics = task.evaluate_state(result.state, *test)
    document = {
        "task": task.name, "codeSha256": task.code_sha256, "samples": len(x), "testSamples": len(test[0]),
        "parameters": sum(math.prod(tensor.shape) for tensor in task.spec()),
        "secondsPerEpoch": result.compute_us / 1e6, "metrics": metrics,
    }  # fmt: skip
    context.emit(document, lambda out: facts(out, document.items(), indent=16))


@command(app, "publish", epilog="Example: minerva task publish digits --set create.aggregation=median")
def publish(
    context: Context,
    name: Annotated[str, typer.Argument(help="A bundled task's name, or a path.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder for the task's load_data.", show_default=False)
    ] = None,
) -> None:
    """Put a task's manifest and genesis model on IPFS, and name the dashboard's page that creates a federation of them.

    Of the section "create" it reads what they hold: title, aggregation, confidential, initial_seed; and min_devices, for
    which the aggregation rule must suffice. No account is needed.
    """
    from minerva.learning.task import load_task
    from minerva.requester import publish_task
    from minerva.webui.service import last_served

    manifest, named, model = publish_task(
        context.store(), load_task(name, data=data), context.settings.create
    )
    link = f"{last_served(context.settings)[0]}/#/create?manifest={named}&model={model}"
    document = {
        "title": manifest.title, "aggregation": manifest.aggregation, "manifest": str(named), "model": str(model),
        "create": link,
    }  # fmt: skip
    context.emit(document, lambda out: facts(out, document.items()))
