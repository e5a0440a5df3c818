"""Whole federations of miners, from opening to block."""

from __future__ import annotations

from miner_scene import Scene


def test_three_miners_play_rounds(scene: Scene) -> None:
    scene.start_all()
    for round_ in (1, 2, 3):
        scene.play(round_)
    assert scene.state.height == 3
