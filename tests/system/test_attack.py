"""`minerva attack run --real`: an attack from real device processes, refused by its name by real miners."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from federation_site import SECONDS

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

WORDS = "attack run --real --attack no-training --devices 4 --fraction 0.25 --rounds 2 --rule median --epochs 1 --json"


def test_an_attack_is_refused_by_name_in_the_round_it_happens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "minerva.cli", *WORDS.split()],
        cwd=tmp_path, capture_output=True, text=True, timeout=4 * SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    (culprit,) = (who for who, name in summary["names"].items() if name == "device-3 (no-training)")
    assert summary["verified"] and len(summary["rounds"]) == 2
    for round_ in summary["rounds"]:
        assert [(refused["device"], refused["reason"]) for refused in round_["rejected"]] == [
            (culprit, "UNTRAINED")
        ]
        assert len(round_["accepted"]) == 3
