"""`minerva key`: make a keystore file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from minerva.cli.common import Context, command

app = typer.Typer(help="Keys: keystore v3 files.")


@command(app, "new", epilog="Example: minerva key new device.keystore.json --password-file password.txt")
def new(context: Context, path: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Make a key and write it, encrypted, with mode 0600; an existing file is never replaced."""
    from minerva.connect import password_source
    from minerva.keys import create_keystore

    address = create_keystore(path, password_source(context.settings).read(str(path))).address
    context.emit({"address": address, "file": str(path)}, lambda out: out.print(f"{address}  {path}"))
