"""How a device behaves: one frozen value with a unit for every figure."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.device.privacy import PrivacyTerms
from minerva.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Settings of one device.

    Attributes
    ----------
    fetch_seconds
        Deadline of one download or publication.
    poll_seconds
        The longest wait between two looks at the chain when nothing is heard.
    retry_seconds
        First pause after something failed; it doubles up to ``poll_seconds``.
    rebind
        Move to another miner when the own one does not count any more.
    allow_list
        The federation's allow-list, where it has one: its CID or a file.
    rounds
        Stop after so many submissions; 0: when the federation closes.
    privacy
        Differential privacy of what leaves the device; None: without.
    canary
        Commit to the steps of each training, and train again when the own miner asks for it.

    Raises
    ------
    ConfigError
        Canaries with differential privacy.
    """

    fetch_seconds: float = 60.0
    poll_seconds: float = 5.0
    retry_seconds: float = 0.25
    rebind: bool = True
    allow_list: str = ""
    rounds: int = 0
    privacy: PrivacyTerms | None = None
    canary: bool = False

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.canary and self.privacy is not None:
            raise ConfigError(
                "canaries and differential privacy do not go together",
                value="device.canary = true, device.dp.noise_multiplier above 0",
                remedy="Leave one out: hashes of the steps would tell of the model without its noise.",
            )
