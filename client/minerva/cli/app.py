"""The `minerva` command: its groups, and how it ends."""

from __future__ import annotations

import json
import os
import sys

import typer
from typer.exceptions import TyperException

from minerva.cli import demo, device, doctor, federation, key, miner, model, stack, task, verify
from minerva.errors import MinervaError

app = typer.Typer(
    name="minerva",
    help="Federated learning whose updates are verified and aggregated by miners on a blockchain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
doctor.add(app)
stack.add(app)
demo.add(app)
verify.add(app)
for name, group in (
    ("federation", federation.app),
    ("device", device.app),
    ("miner", miner.app),
    ("model", model.app),
    ("task", task.app),
    ("key", key.app),
):
    app.add_typer(group, name=name)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, 1 (a fault), 2 (the user's mistake) or 130 (Ctrl-C)."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(words, standalone_mode=False)
        return status if isinstance(status, int) else 0
    except MinervaError as error:
        return _fail(str(error), error.exit_code, words, remedy=error.remedy)
    except TyperException as error:
        return _fail(_usage(error), int(getattr(error, "exit_code", 2)), words)
    except typer.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130, words)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        what = error.strerror or type(error).__name__
        return _fail(f"the system refused: {what}: {error.filename or ''}".rstrip(": "), 1, words)
    except Exception as error:
        if os.environ.get("MINERVA_DEBUG"):
            raise
        return _fail(
            f"a fault of minerva itself: {type(error).__name__}: {error}. Run it again with MINERVA_DEBUG=1 and report the traceback.",
            1,
            words,
        )


def _usage(error: TyperException) -> str:
    message = (error.format_message() if hasattr(error, "format_message") else str(error)) or "A command is needed."
    context = getattr(error, "ctx", None)
    return f"{message} See '{context.command_path} --help'." if context is not None else message


def _fail(message: str, status: int, words: list[str], *, remedy: str = "") -> int:
    line = " ".join(message.split())
    if "--json" in words:
        print(json.dumps({"error": line, "remedy": remedy, "status": status}))
    print(f"minerva: {line}", file=sys.stderr)
    return status
