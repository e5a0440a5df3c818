"""`minerva model`: download a global model, or turn it into another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from minerva.cli.common import Context, command, write_whole
from minerva.errors import ConfigError, UserError

if TYPE_CHECKING:
    from minerva.chain.port import Chain
    from minerva.protocol.cid import Cid

app = typer.Typer(help="Global models: safetensors as they are, ONNX where torch can.")

_FETCH_SECONDS = 60.0
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Round = Annotated[
    int | None, typer.Option("--round", min=0, help="After this round; 0: genesis.", show_default=False)
]
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
    task: Annotated[
        str | None, typer.Option(help="The task that the model belongs to.", show_default=False)
    ] = None,
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
        from minerva.learning.task import load_task
        from minerva.protocol.manifest import Manifest

        chain, store = context.chain(), context.store()
        config = chain.config(address)
        manifest = Manifest.from_bytes(store.get(config.manifest, max_bytes=16 << 20, timeout=_FETCH_SECONDS))
        section = context.settings.device
        loaded = load_task(task or manifest.task, data=Path(section.data) if section.data else None)
        loaded.check_code(manifest, trust=section.trust_code)
        export_onnx(loaded, data, out)
    document = {"federation": address, "cid": str(cid), "file": str(out)}
    context.emit(document, lambda o: o.print(f"{out}: from {cid}"))


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
