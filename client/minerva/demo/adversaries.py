"""The demo's devices that cheat, each in one way that verification names (docs/SPECIFICATION.md, section V)."""

from __future__ import annotations

from dataclasses import replace

from minerva.attacks import ATTACKS
from minerva.attacks.devices import MaliciousDevice, malicious
from minerva.attacks.files import INFLATION, inflate_samples
from minerva.device.daemon import Device
from minerva.errors import UserError

OVER_REPORT_FACTOR = INFLATION


class OverReporter(MaliciousDevice):
    """Claims samples that its compute time does not fit (rule 3)."""

    attack = replace(
        ATTACKS["sample-inflation"], claim=lambda claim: inflate_samples(claim, OVER_REPORT_FACTOR)
    )


KINDS: dict[str, type[Device]] = {
    "honest": Device,
    "over-reporter": OverReporter,
    "copier": malicious(
        "copy", from_round=2, wanted=1
    ),  # re-wraps another's tensors under its own name (rule 4)
    "withholder": malicious(
        "withheld", from_round=3
    ),  # posts a CID and never serves what is behind it (rule 1)
}


def kind(name: str) -> type[Device]:
    """Look a kind of device up: one of the demo's, or an attack's; raises `UserError` that lists the known ones."""
    if name in KINDS:
        return KINDS[name]
    if name not in ATTACKS:
        known = ", ".join([*KINDS, *ATTACKS])
        raise UserError("unknown kind of device", value=ascii(name)[:80], remedy=f"Known: {known}.")
    return malicious(name)
