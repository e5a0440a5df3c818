"""The `minerva` command."""

from minerva.cli.app import main

__all__ = ["main"]
