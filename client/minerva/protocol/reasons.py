"""Why an update is refused.

One table for ballots, blocks, API, tables and receipts (docs/SPECIFICATION.md, R4).
"""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """A refusal code of a verdict byte; codes 25 to 63 are free for later rules."""

    UNAVAILABLE = 1
    TOO_LARGE = 2
    MALFORMED = 3
    WRONG_TENSORS = 4
    NOT_FINITE = 5
    WRONG_METADATA = 6
    TIME_EXCEEDS_CLOCK = 10
    SAMPLES_EXCEED_DATASET = 11
    RATE_OUT_OF_RANGE = 12
    RATE_IMPLAUSIBLE = 13
    NO_SAMPLES = 14
    COPY = 20
    UNTRAINED = 21
    COMBINATION = 22
    OUT_OF_BOUND = 23
    HARMFUL = 24

    @property
    def words(self) -> str:
        """The reason in words for a person."""
        return _WORDS[self]


_WORDS = {
    Reason.UNAVAILABLE: "its content could not be fetched in time",
    Reason.TOO_LARGE: "its content is larger than the federation allows",
    Reason.MALFORMED: "its content is not a well-formed safetensors file",
    Reason.WRONG_TENSORS: "its tensors' names, shapes or dtypes differ from the model's",
    Reason.NOT_FINITE: "a tensor holds NaN or infinity",
    Reason.WRONG_METADATA: "its file names another federation, round or device",
    Reason.TIME_EXCEEDS_CLOCK: "it claims more compute time than the round had",
    Reason.SAMPLES_EXCEED_DATASET: "it claims more samples than the device committed to",
    Reason.RATE_OUT_OF_RANGE: "its compute time does not fit its number of samples",
    Reason.RATE_IMPLAUSIBLE: "the device's calibrated rate is not plausible for this model",
    Reason.NO_SAMPLES: "it claims no samples or no epochs",
    Reason.COPY: "it is a copy of an earlier update of the round",
    Reason.UNTRAINED: "it is the global model, not trained at all",
    Reason.COMBINATION: "it is put together from earlier updates of the round",
    Reason.OUT_OF_BOUND: "it moves the model much further than the round's other updates do",
    Reason.HARMFUL: "with it the model does worse on the miners' own data than the round's other updates explain",
}


def words(code: int) -> str:
    """Words for any refusal code, also one of a later version."""
    try:
        return Reason(code).words
    except ValueError:
        return f"reason {code}, unknown to this version"
