"""Broken files through the real upload: HTTP PUT to a miner, its verdicts, its ballot, a block without them."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable

import pytest
import requests
from broken_files import MUTATIONS, Whole, assembled, bombs
from miner_scene import Scene, arrays, eventually

from minerva.learning.parsing import MAX_HEADER
from minerva.miner.api import ApiConfig, MinerServer, create_app
from minerva.protocol.reasons import Reason
from minerva.store.cid import cid_of

MAX_BYTES = 2 * MAX_HEADER
SOUND = 10
BROKEN = (Reason.MALFORMED, Reason.WRONG_TENSORS, Reason.NOT_FINITE, Reason.WRONG_METADATA)
EACH = 29
"""Broken files of each kind."""


def broken(scene: Scene, device: int, dice: random.Random) -> tuple[bytes, bool]:
    """Return a file that would be the device's update but for one mutation, and whether it still is."""
    names = {"federation": scene.federation, "round": "1", "device": scene.driver.device(device)}
    whole = Whole(arrays(device + 1), names)
    data = MUTATIONS[device % len(MUTATIONS)](whole, dice)
    return data, whole.is_sound(data)


@pytest.mark.timeout(300)
def test_broken_files_are_refused_by_name_and_the_miner_stays_well(
    make_scene: Callable[..., Scene], caplog: pytest.LogCaptureFixture
) -> None:
    longest = bombs(MAX_HEADER)
    devices = SOUND + len(longest) + EACH * len(MUTATIONS)
    scene = make_scene(
        miners=1,
        devices_each=devices,
        max_devices=devices + 1,
        max_joins=devices + 1,
        max_model_bytes=MAX_BYTES,
        training_seconds=10_000,
    )
    miner = scene.start(0)
    server = MinerServer(create_app(miner, ApiConfig()), max_body_bytes=MAX_BYTES).start()
    try:
        with caplog.at_level(logging.INFO):
            dice, sound, answers = random.Random(7), dict[str, bool](), Counter[int]()
            scene.await_round(1)
            for device in range(devices):
                if device < SOUND:
                    data, sound_still = scene.content(device), True
                elif device < SOUND + len(longest):
                    data, sound_still = assembled(longest[device - SOUND], b""), False
                else:
                    data, sound_still = broken(scene, device, dice)
                scene.submit(device, data, serve=False)
                sound[scene.driver.device(device)] = sound_still
                answer = requests.put(f"{server.url}/updates/{cid_of(data)}", data=data, timeout=30)
                answers[answer.status_code] += 1
            scene.await_height(1, 120)
            eventually(lambda: miner.status.height == 1)
        assert set(answers) == {201} and answers[201] == devices
        rows = requests.get(f"{server.url}/updates", params={"round": 1}, timeout=30).json()["updates"]
        assert requests.get(f"{server.url}/health", timeout=5).status_code == 200
    finally:
        server.stop()
    assert len(rows) == devices
    for row in rows:  # a flipped bit may make a number that is sound and large
        as_broken = row["refusal_words"] in {reason.words for reason in BROKEN}
        assert as_broken != sound[row["device"]], row
        assert as_broken or row["accepted"] or row["refusal_words"] == Reason.OUT_OF_BOUND.words, row
    refused = Counter(row["refusal_words"] for row in rows if not row["accepted"])
    assert refused.total() >= 8 * EACH + len(longest) and refused[Reason.MALFORMED.words] >= 7 * EACH + len(
        longest
    )
    assert not [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()]
