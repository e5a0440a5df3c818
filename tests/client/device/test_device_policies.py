"""A device of a federation that takes members by a list, when the list is another one later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from device_scene import Scene, await_, running
from federation_driver import REQUESTER, Driver

from minerva.chain.memory import POLICIES
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.governance import SetAllowList

MEMBERS = [(Driver.owner(0), Role.MINER), (Driver.device(0), Role.DEVICE)]
EXTENDED = [*MEMBERS, (Driver.device(1), Role.DEVICE)]


class Listed(Scene):
    """A federation of one miner and one device, and the file that both were given."""

    def __init__(self, folder: Path) -> None:
        policy = {"policy": POLICIES["allow-list"], "policy_parameters": AllowList(MEMBERS).root}
        super().__init__(folder, **policy)
        self.file = folder / "members.txt"
        self.write(MEMBERS)
        self.driver.join(0, evidence=AllowList(MEMBERS).evidence(*MEMBERS[0]))

    def write(self, entries: list[Any]) -> None:
        self.file.write_text("".join(f"{who} {role.name.lower()}\n" for who, role in entries))


def test_a_list_that_it_does_not_have_yet_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A re-organisation takes its registration, and the list is extended before it registers again."""
    scene = Listed(tmp_path)
    device = scene.device(rounds=0, allow_list=str(scene.file))
    device.register()
    with running(device):
        root = AllowList(EXTENDED).root
        extend = SetAllowList(scene.federation, POLICIES["allow-list"], root, scene.chain.now())
        scene.chain.actor(REQUESTER).send(extend)
        assert len(scene.chain.reorg(2, keep=lambda lost: lost.sender == REQUESTER)) == 1
        await_(lambda: "not the federation's present one" in caplog.text)
        assert scene.bound() is None
        scene.write(EXTENDED)
        await_(lambda: scene.bound() == scene.driver.contract(0))
