"""Rule 3, compute time against data size, in exact integers (docs/SPECIFICATION.md, V3 to V6).

The rule is that of H. Kim, J. Park, M. Bennis, S.-L. Kim, "Blockchained On-Device Federated Learning", IEEE
Communications Letters 24(6), 2020: a device that claims more samples must have computed for longer. Nothing
here touches a float, so every miner decides alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.protocol.records import PlacedUpdate, Update

MAX_WEIGHT = 2**29 - 1
"""A float32 (24 bits) times a weight (29 bits) is exact in a float64 (53 bits)."""
_US = 10**6
_PERMILLE = 1000

TOP_FLOPS = 5 * 10**15
"""Operations a second that no device exceeds: the tensor cores of NVIDIA's B200 at eight bits (4.5 x 10^15)."""
LEAST_RATE_NS = 10
"""Nor does one take a hundred million samples a second, however small the model: they must come from memory."""


def least_rate_ns(flops: int) -> int:
    """Return the plausible floor of rule 3d for a model of so many operations for each sample, in nanoseconds."""
    return max(LEAST_RATE_NS, flops * 10**9 // TOP_FLOPS)


def judge_record(
    placed: PlacedUpdate, *, opened_at: int, registration: Registration, rate_ns: int, rules: RuleParameters
) -> Reason | None:
    """Judge what a device says of its work by what the chain says of the device.

    The first of these that fails is the reason: samples and epochs at least 1 (3e), compute time within the
    chain's clock (3a), samples within the data set committed to (3b), the calibrated rate plausible (3d), the
    record's own rate near it (3c).

    Parameters
    ----------
    placed
        The record and the timestamp of the block that holds it (seconds).
    opened_at
        Timestamp of the block in which the round opened (seconds), `RoundRecord.opened_at`.
    registration
        The device's registration in force in this round.
    rate_ns
        The device's calibrated rate in force: nanoseconds per sample and epoch.
    rules
        The federation's parameters.

    Returns
    -------
    Reason or None
        Why the record is refused; None when it is not.
    """
    update = placed.update
    work = update.samples * update.epochs
    if work < 1:
        return Reason.NO_SAMPLES
    if update.compute_us > (placed.timestamp - opened_at + 1) * _US:
        return Reason.TIME_EXCEEDS_CLOCK
    if update.samples > registration.dataset_size:
        return Reason.SAMPLES_EXCEED_DATASET
    if not rules.min_rate_ns <= rate_ns <= rules.max_rate_ns:
        return Reason.RATE_IMPLAUSIBLE
    # rate_ns / tau <= compute_us * 1000 / work <= rate_ns * slow, with tau = tau_permille / 1000
    too_fast = update.compute_us * rules.tau_permille < rate_ns * work
    too_slow = update.compute_us * _PERMILLE * 1000 > rate_ns * work * rules.slow_permille
    return Reason.RATE_OUT_OF_RANGE if too_fast or too_slow else None


def counted_weights(samples: Sequence[int], cap: int) -> list[int]:
    """Weigh the aggregate: each count of samples, but at most ``cap`` times their lower median (rule 3e).

    Parameters
    ----------
    samples
        Samples of the accepted updates.
    cap
        `RuleParameters.sample_cap`.

    Returns
    -------
    list of int
        As long as ``samples``, each from 1 to 2^29 - 1.
    """
    if not samples:
        return []
    median = sorted(samples)[(len(samples) - 1) // 2]
    most = min(cap * median, MAX_WEIGHT)
    return [max(1, min(count, most)) for count in samples]


def next_rate(rate_ns: int, update: Update, registered_ns: int, rules: RuleParameters) -> int:
    """Move a device's calibrated rate towards that of an accepted update.

    An exponential moving average, floored to whole nanoseconds, then kept within ``rate_step_permille`` of
    ``rate_ns`` either way, then within ``rate_range_permille`` of the registered rate and at least 1. Without
    that range each inflated count that slips through would make room for the next; with it (less than
    ``tau_permille``) a device that was loaded for long passes as soon as it is not. An update without samples
    or epochs moves nothing.

    Parameters
    ----------
    rate_ns
        The rate so far: nanoseconds per sample and epoch.
    update
        The accepted update; its own rate is ``1000 * compute_us / (samples * epochs)``.
    registered_ns
        The rate of the device's registration in force.
    rules
        ``ema_permille``, ``rate_step_permille`` and ``rate_range_permille``.
    """
    work = update.samples * update.epochs
    if work < 1:
        return rate_ns
    old = rate_ns * (_PERMILLE - rules.ema_permille) * work
    new = update.compute_us * 1000 * rules.ema_permille
    step, widest = rules.rate_step_permille, rules.rate_range_permille
    moved = max(
        -(-rate_ns * _PERMILLE // step), min(rate_ns * step // _PERMILLE, (old + new) // (_PERMILLE * work))
    )
    lowest, highest = -(-registered_ns * _PERMILLE // widest), registered_ns * widest // _PERMILLE
    return max(1, lowest, min(highest, moved))
