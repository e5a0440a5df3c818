"""Why an update is refused.

One table for ballots, blocks, API, tables and receipts (docs/SPECIFICATION.md, R4).
"""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """A refusal code of a verdict byte; all other codes below 64 are free for later rules."""

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
    NOT_SEALED = 30
    MALFORMED_SEAL = 31
    SEALED_ELSEWHERE = 32
    NOT_OPENED = 33
    WRONG_RECIPIENTS = 34
    SEALED_UNEQUALLY = 35
    WRONG_CONTENT = 36

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
    Reason.NOT_SEALED: "the federation is confidential, and its content is not sealed",
    Reason.MALFORMED_SEAL: "its sealed envelope is malformed",
    Reason.SEALED_ELSEWHERE: "its envelope was sealed for another device, round or federation",
    Reason.NOT_OPENED: "its envelope cannot be opened with this miner's key",
    Reason.WRONG_RECIPIENTS: "its envelope is not sealed to the miners of the round",
    Reason.SEALED_UNEQUALLY: "its envelope does not open alike for every miner of the round",
    Reason.WRONG_CONTENT: "its envelope does not hold the content that it names",
}

NEUTRAL = frozenset((Reason.UNAVAILABLE, Reason.NOT_OPENED))
"""What a miner says that could not judge: neither agreement nor disagreement with the outcome (Y4, K8)."""


def words(code: int) -> str:
    """Words for any refusal code, also one of a later version."""
    try:
        return Reason(code).words
    except ValueError:
        return f"reason {code}, unknown to this version"
