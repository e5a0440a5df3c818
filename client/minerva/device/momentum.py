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
from minerva.learning.weights import Buffer, UpdateRefused, bytes_to_state, state_to_bytes
from minerva.protocol.manifest import TensorSpec

log = logging.getLogger(__name__)


class Momentum:
    """The device's momentum, kept in its journal; a round that is trained again begins where it began before.

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

    def apply(self, base: Buffer, result: LocalResult, round_: int) -> LocalResult:
        """Put the global model plus the new momentum in the place of the local model; raises `StoreError`."""
        layout = self._layout
        start = layout.vector(bytes_to_state(base, layout.spec))
        sent = layout.vector(result.state) - start
        before = self._before(round_)
        if before is not None:
            sent = momentum(self._beta, sent, before)
        self._journal.save_momentum(round_, state_to_bytes(layout.state(sent), {"round": str(round_)}))
        return replace(result, state=layout.state(start + sent))

    def _before(self, round_: int) -> Vector | None:
        data = self._journal.load_momentum(round_)
        if data is None:
            return None
        try:
            before = self._layout.vector(bytes_to_state(data, self._layout.spec))
            if np.isfinite(before).all():
                return before
        except UpdateRefused:
            pass
        log.warning("the momentum of the last round is damaged: it begins anew")
        return None
