"""Client momentum on the device: what it sends under a rule that asks for it, across rounds, restarts and re-orgs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from minerva.device.journal import Journal
from minerva.learning.momentum import momentum
from minerva.learning.training import LocalResult
from minerva.learning.vectors import Layout, Vector
from minerva.learning.weights import Buffer, UpdateRefused, bytes_to_state, parse, state_to_bytes
from minerva.protocol.manifest import TensorSpec

log = logging.getLogger(__name__)

FRESH = 4
"""Rounds for which a momentum is worth going on with; after a longer absence the model has moved on."""
_PRIVATE = "private"


class Momentum:
    """The device's momentum, kept in its journal: of the last update whose record stands on the chain, and no other.

    So a round that is trained again begins where it began before, and an update that never left plays no part.

    Parameters
    ----------
    journal
        Where it is kept.
    beta
        The rule's, see `minerva.learning.momentum.momentum`.
    spec
        The model's tensors, all float32; raises `TaskError` for others.
    """

    def __init__(self, journal: Journal, beta: float, spec: Sequence[TensorSpec]) -> None:
        self._journal, self._beta, self._layout = journal, beta, Layout(spec)

    def apply(
        self, base: Buffer, result: LocalResult, round_: int, *, sent: int, private: bool
    ) -> LocalResult:
        """Put the global model plus the new momentum in the place of the local model; raises `StoreError`.

        Parameters
        ----------
        sent
            The round of the device's last record on the chain; more than `FRESH` rounds ago, or 0, the momentum begins anew.
        private
            Whether ``result`` was noised. Then a momentum of updates that were not is left out: it would tell of them.
        """
        layout = self._layout
        start = layout.vector(bytes_to_state(base, layout.spec))
        moved = layout.vector(result.state) - start
        before = self._before(sent, private) if 0 < sent < round_ <= sent + FRESH else None
        if before is not None:
            moved = momentum(self._beta, moved, before)
        self._journal.save_momentum(round_, state_to_bytes(layout.state(moved), {_PRIVATE: str(private)}))
        return replace(result, state=layout.state(start + moved))

    def _before(self, round_: int, private: bool) -> Vector | None:
        data = self._journal.load_momentum(round_)
        if data is None:
            return None
        try:
            if private and parse(data).metadata.get(_PRIVATE) != str(True):
                return None
            before = self._layout.vector(bytes_to_state(data, self._layout.spec))
            if np.isfinite(before).all():
                return before
        except UpdateRefused:
            pass
        log.warning("the momentum of the last round is damaged: it begins anew")
        return None
