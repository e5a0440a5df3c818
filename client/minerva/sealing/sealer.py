"""The device's side of confidential mode: its update, sealed to the miners of the round (Q3)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from minerva.errors import ChainError
from minerva.protocol.records import Address
from minerva.protocol.state import MinerInfo
from minerva.sealing.envelope import Context, seal
from minerva.sealing.reading import recipients

log = logging.getLogger(__name__)


def seal_update(context: Context, content: bytes, miners: Iterable[MinerInfo]) -> bytes:
    """Seal an update to every one of the round's miners that publishes a key; the log names the others.

    Raises
    ------
    ChainError
        None of them does, so that nobody could open it; one may, later.
    """
    miners = tuple(miners)
    keys = recipients(miners)
    without: list[Address] = [miner.contract for miner in miners if miner.contract not in keys]
    if not keys:
        raise ChainError(
            f"no miner of round {context.round} publishes a sealing key",
            value=context.federation,
            remedy="A miner does when it starts; the round waits until then.",
        )
    if without:
        log.warning(
            "round %d: the update is not sealed to %s: no sealing key is published there",
            context.round,
            ", ".join(without),
        )
    return seal(context, content, keys)
