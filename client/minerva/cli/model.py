"""`minerva model`: download a global model, turn it into another format, measure all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from minerva.cli.common import Context, command, write_whole
from minerva.errors import ConfigError, UserError

if TYPE_CHECKING:
    from minerva.chain.port import Chain
    from minerva.learning.task import Task
    from minerva.protocol.cid import Cid
    from minerva.results import Results

app = typer.Typer(help="Global models: safetensors as they are, ONNX where torch can.")

_FETCH_SECONDS = 60.0
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Round = Annotated[
    int | None, typer.Option("--round", min=0, help="After this round; 0: genesis.", show_default=False)
]
_Task = Annotated[str | None, typer.Option(help="The task that the model belongs to.", show_default=False)]
_Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write.")]


@command(app, "download", epilog="Example: minerva model download 0xFederation --out model.safetensors")
def download(
    context: Context,
    federation: _Federation = None,
    round_: _Round = None,
    out: _Out = Path("model.safetensors"),
) -> None:
    """Fetch the global model, check its bytes against the CID that the chain names, and write them."""
    address = context.federation(federation)
    cid, data = _fetch(context, address, round_)
    write_whole(out, data)
    document = {"federation": address, "cid": str(cid), "bytes": len(data), "file": str(out)}
    context.emit(document, lambda o: o.print(f"{out}: {len(data)} bytes, {cid}"))


@command(app, "export", epilog="Example: minerva model export 0xFederation --out model.onnx --task digits")
def export(
    context: Context,
    federation: _Federation = None,
    round_: _Round = None,
    out: _Out = Path("model.onnx"),
    task: _Task = None,
) -> None:
    """Write the global model as ONNX (needs the task's code) or safetensors, by the file's ending."""
    address = context.federation(federation)
    if out.suffix not in (".onnx", ".safetensors"):
        raise UserError(
            "unknown format", value=out.suffix or out, remedy="End the file's name in .onnx or .safetensors."
        )
    cid, data = _fetch(context, address, round_)
    if out.suffix == ".safetensors":
        from minerva.learning.export import export_safetensors

        export_safetensors(data, out)
    else:
        from minerva.learning.export import export_onnx

        export_onnx(_load_task(context, address, task), data, out)
    document = {"federation": address, "cid": str(cid), "file": str(out)}
    context.emit(document, lambda o: o.print(f"{out}: from {cid}"))


@command(app, "evaluate", epilog="Example: minerva model evaluate 0xFederation --baseline --publish")
def evaluate(
    context: Context,
    federation: _Federation = None,
    task: _Task = None,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Beside centralised training, with as many epochs.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Put the figures on IPFS, for the dashboard to show.")
    ] = False,
) -> None:
    """Measure the global model of every round on the task's test data (device.data: the folder that it reads).

    The figures are this machine's word: nobody can check them who has not the data.
    """
    import torch

    from minerva.protocol.history import History
    from minerva.results import Results, measure

    torch.set_num_threads(1)
    address = context.federation(federation)
    chain, store = context.chain(), context.store()
    limit = chain.config(address).max_model_bytes
    history = History(chain.chain_id, address)
    history.apply(chain.logs(address))
    if not history.blocks:
        raise UserError(
            "there is nothing to measure yet", value=address, remedy="No round has ended in a block."
        )
    loaded = _load_task(context, address, task)
    quiet = context.as_json or not context.err.is_terminal
    with Progress(console=context.err, transient=True, disable=quiet) as progress:
        bar = progress.add_task("measuring", total=None)
        rounds, central = measure(
            loaded, history.blocks, lambda cid: store.get(cid, max_bytes=limit, timeout=_FETCH_SECONDS),
            baseline=baseline, advance=lambda done, total: progress.update(bar, completed=done, total=total),
        )  # fmt: skip
    results = Results(
        chain.chain_id, address, f"the test data of the task {loaded.name}", rounds, central,
        f"one model, all training data in one place, epochs for each round: {loaded.epochs}",
    )  # fmt: skip
    document = {**results.document(), **(_publish(context, results) if publish else {})}
    context.emit(document, lambda out: _show(out, document))


def _publish(context: Context, results: Results) -> dict[str, str]:
    """Put the figures on IPFS and have the dashboard that runs from here show them."""
    from minerva.webui.service import last_served
    from minerva.webui.shown import remember

    cid = context.store().put(results.to_bytes())
    url, folder = last_served(context.settings)
    if folder is not None:
        remember(folder, results.federation, cid)
    return {"cid": str(cid), "link": f"{url}/#/federation/{results.federation}?results={cid}"}


def _show(out: Console, document: dict[str, Any]) -> None:
    central = {row["round"]: row["metrics"] for base in document["baselines"] for row in base["rounds"]}
    names = sorted({name for row in document["rounds"] for name in row["metrics"]})
    table = Table("round", *names, *(f"centralised {name}" for name in names if central))
    for row in document["rounds"]:
        both = (row["metrics"], central[row["round"]]) if central else (row["metrics"],)
        figures = [f"{metrics[name]:.4f}" if name in metrics else "" for metrics in both for name in names]
        table.add_row(str(row["round"]), *figures)
    out.print(table)
    if "link" in document:
        out.print(f"published as {document['cid']}: {document['link']}", soft_wrap=True, highlight=False)


def _load_task(context: Context, federation: str, name: str | None) -> Task:
    """Load the federation's task, or the one of this name; raises `UserError` where its code is another."""
    from minerva.learning.task import load_task
    from minerva.protocol.manifest import Manifest

    cid = context.chain().config(federation).manifest
    manifest = Manifest.from_bytes(context.store().get(cid, max_bytes=16 << 20, timeout=_FETCH_SECONDS))
    section = context.settings.device
    loaded = load_task(name or manifest.task, data=Path(section.data) if section.data else None)
    loaded.check_code(manifest, trust=section.trust_code)
    return loaded


def model_cid(chain: Chain, federation: str, round_: int | None) -> Cid:
    """Return the CID of the global model after ``round_`` (None: now, 0: genesis)."""
    if round_ is None:
        return chain.state(federation).model
    from minerva.protocol.events import BlockProposed

    current = chain.state(federation).round
    if round_ > current:
        raise ConfigError("that round has not opened yet", value=round_, remedy=f"The last one is {current}.")
    headers = {
        log.event.hash: log.event.header
        for log in chain.logs(federation)
        if isinstance(log.event, BlockProposed)
    }
    for past in range(round_, 0, -1):
        hash_ = chain.block_of(federation, past)
        if hash_ in headers:
            return headers[hash_].model
    return chain.config(federation).model


def _fetch(context: Context, federation: str, round_: int | None) -> tuple[Cid, bytes]:
    chain = context.chain()
    cid = model_cid(chain, federation, round_)
    limit = chain.config(federation).max_model_bytes
    return cid, context.store().get(cid, max_bytes=limit, timeout=_FETCH_SECONDS)
