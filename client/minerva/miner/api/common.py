"""What the blueprints share."""

from __future__ import annotations

from typing import cast

from flask import current_app

from minerva.miner.view import MinerView


def view() -> MinerView:
    """Return the miner that this application answers for."""
    return cast(MinerView, current_app.extensions["minerva"])
