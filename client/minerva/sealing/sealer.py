"""The device's side of confidential mode: its update, sealed to the miners of the round (Q3)."""

from __future__ import annotations

import logging

from minerva.chain.port import Chain
from minerva.errors import ChainError
from minerva.protocol.records import Address
from minerva.protocol.state import FederationState, MinerInfo
from minerva.sealing.envelope import Context, seal
from minerva.sealing.reading import recipients

log = logging.getLogger(__name__)


class Sealer:
    """Seals the updates of one device.

    Parameters
    ----------
    chain
        Asked for the miners' keys afresh each time: they may change while the device trains.
    device
        Its address.
    """

    def __init__(self, chain: Chain, federation: Address, device: Address) -> None:
        self._chain, self._federation, self._device = chain, federation, device

    def require_keys(self, state: FederationState) -> None:
        """See that there is somebody to seal to, before a device trains in vain.

        Raises
        ------
        ChainError
            No miner of the round publishes a key, so that nobody could open an update; one may, later.
        """
        self._keys(state)

    def seal(self, content: bytes, state: FederationState) -> bytes:
        """Seal to every miner of the open round that publishes a key; the log names the others. Raises as above."""
        keys, without = self._keys(state)
        if without:
            log.warning(
                "round %d: the update is not sealed to %s: no sealing key is published there",
                state.round,
                ", ".join(f"miner {miner.index}, {miner.contract}" for miner in without),
            )
        return seal(Context(self._chain.chain_id, self._federation, state.round, self._device), content, keys)

    def _keys(self, state: FederationState) -> tuple[dict[Address, bytes], list[MinerInfo]]:
        found = self._chain.miners(self._federation)
        miners = [miner for miner in found if state.snapshot >> miner.index & 1]
        keys = recipients(miners)
        if not keys:
            raise ChainError(
                f"no miner of round {state.round} publishes a sealing key",
                value=self._federation,
                remedy="A miner does when it starts; the device tries again.",
            )
        return keys, [miner for miner in miners if miner.contract not in keys]
