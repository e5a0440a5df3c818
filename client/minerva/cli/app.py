"""The `minerva` command: its groups, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from minerva import __version__
from minerva.cli import (
    attack,
    demo,
    device,
    doctor,
    evidence,
    key,
    miner,
    model,
    node,
    reputation,
    rewards,
    stack,
    task,
    verify,
    webui,
)
from minerva.cli.common import complain, one_line
from minerva.errors import ContractReverted, MinervaError

app = typer.Typer(
    name="minerva",
    help="Federated learning whose updates are verified and aggregated by miners on a blockchain.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
doctor.add(app)
stack.add(app)
demo.add(app)
verify.add(app)
webui.add(app)
for name, group in (
    ("federation", reputation.app),
    ("device", device.app),
    ("miner", miner.app),
    ("rewards", rewards.app),
    ("stake", evidence.app),
    ("node", node.app),
    ("model", model.app),
    ("task", task.app),
    ("attack", attack.app),
    ("key", key.app),
):
    app.add_typer(group, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"minerva {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        The exit status: 0, 1 (a fault), 2 (the user's mistake) or 130 (Ctrl-C).
    """
    words = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = app(words, prog_name="minerva", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as error:  # what typer's completion ends with
        return error.code if isinstance(error.code, int) else 1
    except Exception as error:
        if os.environ.get("MINERVA_DEBUG"):
            raise
        return _fail(error, words)


def _fail(error: Exception, words: list[str]) -> int:
    """Tell of an error in one line, and as JSON where that was asked for; return the exit status."""
    what, value, remedy, status = _describe(error)
    if "--json" in words:
        document: dict[str, Any] = {"error": what, "value": value, "remedy": remedy, "status": status}
        print(json.dumps(document))
    complain(MinervaError(what, value=value, remedy=remedy))
    return status


def _describe(error: Exception) -> tuple[str, str | None, str, int]:
    """Return what was wrong, with which value, what to do, and the exit status."""
    if isinstance(error, ContractReverted):
        from minerva.cli.refusals import explain

        error = explain(error)
    match error:
        case MinervaError():
            value = None if error.value is None else one_line(error.value)
            return error.what, value, error.remedy, error.exit_code
        case TyperException():
            where = getattr(getattr(error, "ctx", None), "command_path", "minerva")
            what = error.format_message() or "a command is needed"
            return one_line(what).rstrip("."), None, f"See '{where} --help'.", 2
        case OSError():
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            value = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
            remedy = "Free some space." if full else "Check the path and its permissions."
            return "the system refused", value or type(error).__name__, remedy, 1
        case _:
            remedy = "Run it again with MINERVA_DEBUG=1 and report the traceback."
            return "a fault of minerva itself", one_line(f"{type(error).__name__}: {error}"), remedy, 1
