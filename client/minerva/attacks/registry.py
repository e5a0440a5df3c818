"""All attacks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from minerva.attacks import data, deltas, files
from minerva.attacks.base import Attack, Kind, Knowledge, Sight
from minerva.errors import UserError
from minerva.learning.numbers import Float64

if TYPE_CHECKING:
    from torch import Tensor

    from minerva.attacks.base import Samples

CLASSES = 10
SOURCE, TARGET = 9, 7
"""The targeted flip's classes; in Fashion-MNIST ankle boots that are to be called sneakers."""
BACKDOOR_TARGET = 0
BACKDOOR_SHARE = 0.5
"""Of an attacker's samples, those that bear the trigger."""
GROUP_NOISE = 0.05
"""Of a colluding group: two of its members have a cosine of 0.9975, under the 0.999 of rule 4."""
COPY_NOISE = 0.02
"""Of a noisy copy: a cosine of 0.9998 with its victim."""
RIDE_SIGMA = 1e-3


def _same(vector: Callable[[Float64], Float64]) -> Callable[[Sight], Float64]:
    """All malicious devices send one vector."""

    def craft(sight: Sight) -> Float64:
        made = vector(sight.honest)
        rows: Float64 = np.tile(made, (sight.malicious, 1))
        return rows

    return craft


def _wants_target(x: Tensor, y: Tensor) -> Samples:
    import torch

    others = y != BACKDOOR_TARGET
    return data.stamp(x[others]), torch.full_like(y[others], BACKDOOR_TARGET)


def _wants_flip(x: Tensor, y: Tensor) -> Samples:
    import torch

    chosen = y == SOURCE
    return x[chosen], torch.full_like(y[chosen], TARGET)


def _poisoned_labels(change: Callable[[Tensor], Tensor]) -> Callable[..., Samples]:
    return lambda x, y, random: (x, change(y))


_DATA = (
    Attack(
        "label-flip", f"trains on labels y -> {CLASSES - 1} - y", Kind.DATA, Knowledge.OWN_DATA,
        poison=_poisoned_labels(lambda y: data.flip_all(y, CLASSES)),
    ),
    Attack(
        "targeted-flip", f"trains on class {SOURCE} as class {TARGET}", Kind.DATA, Knowledge.OWN_DATA,
        poison=_poisoned_labels(lambda y: data.flip_one(y, SOURCE, TARGET)), success=_wants_flip,
    ),
    Attack(
        "backdoor", f"a trigger patch means class {BACKDOOR_TARGET}; deltas are scaled to replace the model",
        Kind.DATA, Knowledge.OWN_DATA,
        poison=lambda x, y, random: data.plant_trigger(x, y, BACKDOOR_TARGET, BACKDOOR_SHARE, random),
        craft=lambda sight: deltas.replace_model(sight.own, sight.total), success=_wants_target,
    ),
    Attack(
        "backdoor-unscaled", f"a trigger patch means class {BACKDOOR_TARGET}; deltas as they are trained",
        Kind.DATA, Knowledge.OWN_DATA,
        poison=lambda x, y, random: data.plant_trigger(x, y, BACKDOOR_TARGET, BACKDOOR_SHARE, random),
        success=_wants_target,
    ),
)  # fmt: skip


def _delta(
    name: str, words: str, craft: Callable[[Sight], Float64], knows: Knowledge = Knowledge.UPDATES
) -> Attack:
    return Attack(name, words, Kind.DELTA, knows, craft=craft, trains=False)


def _size(sight: Sight) -> tuple[int, int]:
    return sight.honest.shape[1], sight.malicious


_DELTAS = (
    _delta("sign-flip", "the honest mean, backwards", _same(deltas.sign_flip)),
    _delta("ipm-0.1", "-0.1 x the honest mean", _same(lambda honest: deltas.inner_product(honest, 0.1))),
    _delta("ipm-2", "-2 x the honest mean", _same(lambda honest: deltas.inner_product(honest, 2.0))),
    _delta("ipm-10", "-10 x the honest mean", _same(lambda honest: deltas.inner_product(honest, 10.0))),
    _delta(
        "alie", "honest mean + 1.5 deviations", _same(lambda honest: deltas.little_is_enough(honest, 1.5))
    ),
    _delta(
        "alie-optimised", "honest mean + as many deviations as harm this rule most",
        lambda sight: _same(
            lambda honest: deltas.optimised_little(honest, sight.malicious, sight.combine)
        )(sight), Knowledge.RULE,
    ),
    _delta("min-max", "against the spread, no further off than the honest are", _same(deltas.min_max)),
    _delta("min-sum", "against the spread, sums of distances as the honest", _same(deltas.min_sum)),
    _delta("mimic", "all send what the most unusual honest device sends", _same(deltas.mimic)),
    _delta(
        "gaussian", "noise with deviation 1 in each coordinate",
        lambda sight: deltas.gaussian(*_size(sight), 1.0, sight.random), Knowledge.NOTHING,
    ),
    _delta(
        "colluding", "-10 x the honest mean, each with noise of its own so that none is a copy",
        lambda sight: deltas.disguise(
            _same(lambda honest: deltas.inner_product(honest, 10.0))(sight), GROUP_NOISE, sight.random
        ),
    ),
    _delta(
        "no-training", "sends the global model back",
        lambda sight: deltas.free_ride(*_size(sight), 0.0, sight.random), Knowledge.NOTHING,
    ),
    _delta(
        "no-training-noise", "sends the global model back with a little noise",
        lambda sight: deltas.free_ride(*_size(sight), RIDE_SIGMA, sight.random), Knowledge.NOTHING,
    ),
    _delta("copy", "copies another's delta", lambda sight: deltas.copies(sight.honest, sight.malicious)),
    _delta(
        "copy-noise", "copies another's delta with a little noise",
        lambda sight: deltas.disguise(
            deltas.copies(sight.honest, sight.malicious), COPY_NOISE, sight.random
        ),
    ),
    _delta(
        "copy-scaled", "copies twice another's delta",
        lambda sight: deltas.copies(sight.honest, sight.malicious, scale=2.0),
    ),
    _delta("copy-sum", "copies the mean of two deltas", lambda sight: deltas.sums(sight.honest, sight.malicious)),
)  # fmt: skip


def _file(name: str, words: str, tamper: Callable[[bytes, int], bytes]) -> Attack:
    return Attack(name, words, Kind.FILE, Knowledge.NOTHING, tamper=tamper)


def _record(name: str, words: str, claim: Callable[[files.Claim], files.Claim]) -> Attack:
    return Attack(name, words, Kind.FILE, Knowledge.NOTHING, claim=claim)


_FILES = (
    _record("sample-inflation", f"claims {files.INFLATION} times its samples", files.inflate_samples),
    _record("record-inflation", "claims more samples than at registration", files.inflate_record),
    _record("forged-time", f"claims {files.INFLATION} times its compute time", files.forge_time),
    _record(
        "consistent-liar", f"claims {files.CONSISTENT} times its samples and its compute time", files.forge_both
    ),
    _file("nan", "a NaN in a tensor", lambda content, most: files.poison_number(content, float("nan"))),
    _file("infinity", "an infinity in a tensor", lambda content, most: files.poison_number(content, float("inf"))),
    _file("oversized", "a file longer than allowed", files.oversize),
    _file("truncated", "a file without its end", lambda content, most: files.truncate(content)),
    _file("wrong-shape", "a tensor of another shape", lambda content, most: files.reshape(content)),
    Attack(
        "withheld", "commits to a file and never serves it", Kind.FILE, Knowledge.NOTHING, serves=False,
    ),
    Attack(
        "front-run-copy", "posts another's CID before it", Kind.FILE, Knowledge.UPDATES,
        trains=False, first=True, steals=True, serves=False,
    ),
)  # fmt: skip

NONE = Attack("none", "all devices are honest", Kind.NONE, Knowledge.NOTHING, success=_wants_target)

ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {attack.name: attack for attack in (NONE, *_DATA, *_DELTAS, *_FILES)}
)
"""Every attack of a device; ``none`` is the baseline, whose success is a clean model's error under the trigger."""


def attack(name: str) -> Attack:
    """Look an attack up; raises `UserError` that lists the known ones."""
    if name not in ATTACKS:
        raise UserError("unknown attack", value=ascii(name)[:80], remedy=f"Known: {', '.join(ATTACKS)}.")
    return ATTACKS[name]
