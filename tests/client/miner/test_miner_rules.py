"""Miners of a federation whose rule remembers: the state is stored, found again after a restart, and pinned."""

from __future__ import annotations

from collections.abc import Callable

from miner_scene import Scene

from minerva.protocol.history import History
from minerva.verification.audit import audit
from minerva.verification.combining import state_named


def models(scene: Scene) -> list[bytes]:
    history = History(scene.chain.chain_id, scene.federation)
    history.apply(scene.chain.logs(scene.federation))
    return [scene.store.get(header.model, max_bytes=1 << 20, timeout=1.0) for header in history.blocks]


def test_miners_agree_on_the_state_also_after_a_restart(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene(aggregation="centred_clipping+fedadam")
    scene.start_all()
    scene.play(1)
    scene.await_height(1)
    scene.end(0)
    scene.end(1)
    scene.start(0)  # knows no block: it fetches the parent's model and state
    scene.start(1)
    scene.play(2)
    scene.await_height(2)
    scene.close()
    states = [state_named(model) for model in models(scene)[:2]]
    assert None not in states and len(set(states)) == 2
    scene.store.collect()
    assert all(scene.store.has(state) for state in states if state is not None)
    report = audit(scene.chain, scene.store, scene.federation, timeout=0.5)
    assert report.ok, (report.first_difference, report.unavailable)
