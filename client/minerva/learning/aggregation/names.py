"""The text that names an aggregation rule: ``nnm:f=4+trimmed_mean:f=4``, ``fedadam`` (docs/SPECIFICATION.md, G1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from minerva.errors import UserError

MAX_TEXT = 200
"""Longest name of a rule, in characters."""
_PART = re.compile(r"([a-z][a-z0-9_]*)(?::(.*))?", re.ASCII)
_PAIR = re.compile(r"([a-z][a-z0-9_]*)=(0|[1-9][0-9]{0,8})", re.ASCII)


class Place(IntEnum):
    """Where a part may stand: at most one of the devices, any number of mixers, one rule, at most one optimiser."""

    DEVICE = 0
    MIXER = 1
    RULE = 2
    OPTIMISER = 3


@dataclass(frozen=True, slots=True)
class Known:
    """A part that can be named: where it stands, what it does, and its parameters.

    ``parameters`` are (default, least, most) by key. A default of None is worked out from the number of
    updates (see `tolerance.tolerated`).
    """

    place: Place
    words: str
    parameters: Mapping[str, tuple[int | None, int, int]]


_F: tuple[int | None, int, int] = (None, 0, 10**6)
_RATE = (1, 10**6)

RULES: Mapping[str, Known] = {
    "client_momentum": Known(
        Place.DEVICE, "devices send the momentum of their deltas", {"beta": (900, 0, 999)}
    ),
    "nnm": Known(Place.MIXER, "each update becomes the mean of its n - f nearest ones", {"f": _F}),
    "bucketing": Known(
        Place.MIXER, "updates are averaged in buckets of s before the rule", {"s": (2, 2, 1000)}
    ),
    "clip": Known(
        Place.MIXER, "norms are clipped to a multiple of their median", {"permille": (1000, *_RATE)}
    ),
    "fedavg": Known(Place.RULE, "the mean, weighted by samples; no defence", {}),
    "median": Known(Place.RULE, "the median of each coordinate", {}),
    "trimmed_mean": Known(Place.RULE, "each coordinate's mean without its f least and f most", {"f": _F}),
    "krum": Known(Place.RULE, "the one update that is closest to its n - f nearest", {"f": _F}),
    "multi_krum": Known(Place.RULE, "the mean of the n - f updates that Krum scores best", {"f": _F}),
    "geometric_median": Known(Place.RULE, "the point of least total distance (RFA)", {"steps": (64, 1, 1000)}),
    "centred_clipping": Known(
        Place.RULE,
        "last round's step, moved by the updates' clipped differences to it",
        {"permille": (1000, *_RATE), "steps": (3, 1, 100)},
    ),
    "fedavgm": Known(
        Place.OPTIMISER, "server momentum", {"beta": (900, 0, 999), "lr": (1000, *_RATE)}
    ),
    "fedadam": Known(
        Place.OPTIMISER,
        "the server steps by Adam",
        {"beta1": (900, 0, 999), "beta2": (990, 0, 999), "lr": (30, *_RATE), "tau": (1, *_RATE)},
    ),
    "fedyogi": Known(
        Place.OPTIMISER,
        "the server steps by Yogi",
        {"beta1": (900, 0, 999), "beta2": (990, 0, 999), "lr": (30, *_RATE), "tau": (1, *_RATE)},
    ),
}  # fmt: skip
"""Every part by name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a rule; ``given`` are the parameters that differ from their defaults, by key."""

    name: str
    given: Mapping[str, int]

    def __getitem__(self, key: str) -> int:
        """Return a parameter that has a default."""
        value = self.given.get(key, RULES[self.name].parameters[key][0])
        assert value is not None
        return value

    @property
    def f(self) -> int | None:
        """Malicious updates that it stands; None where nobody said."""
        return self.given.get("f")

    @property
    def text(self) -> str:
        """Canonical: keys sorted, defaults left out."""
        given = ",".join(f"{key}={value}" for key, value in sorted(self.given.items()))
        return f"{self.name}:{given}" if given else self.name


def parse(text: str) -> tuple[Part, ...]:
    """Read a rule's name.

    Returns
    -------
    tuple
        Mixers, the rule (``fedavg`` where there is an optimiser alone), an optimiser if one is named.

    Raises
    ------
    UserError
        Not a rule: unknown names list the known ones, parameters their bounds.
    """
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT:
        raise _unknown(text)
    parts = [_part(part) for part in text.split("+")]
    places = [RULES[part.name].place for part in parts]
    if Place.RULE not in places and places[-1] is Place.OPTIMISER:
        parts.insert(len(parts) - 1, Part("fedavg", {}))
        places.insert(len(places) - 1, Place.RULE)
    once = (places.count(place) <= 1 for place in (Place.DEVICE, Place.OPTIMISER))
    if places != sorted(places) or places.count(Place.RULE) != 1 or not all(once):
        raise UserError(
            "not an aggregation rule",
            value=ascii(text)[:80],
            remedy="It is at most client_momentum, then mixers (nnm, bucketing, clip), then one rule, then at most one"
            " optimiser, joined by +: nnm+trimmed_mean.",
        )
    return tuple(parts)


def canonical(parts: tuple[Part, ...]) -> str:
    """Return the one text of these parts."""
    *front, last = parts
    if RULES[last.name].place is Place.OPTIMISER and front[-1].text == "fedavg":
        front.pop()
    return "+".join(part.text for part in (*front, last))


def _part(text: str) -> Part:
    match = _PART.fullmatch(text)
    if match is None or match[1] not in RULES:
        raise _unknown(match[1] if match else text)
    name, parameters = match[1], RULES[match[1]].parameters
    given: dict[str, int] = {}
    for pair in match[2].split(",") if match[2] is not None else ():
        found = _PAIR.fullmatch(pair)
        if found is None or found[1] not in parameters or found[1] in given:
            keys = ", ".join(sorted(parameters))
            raise UserError(
                f"not a parameter of the rule {name}",
                value=ascii(pair)[:80],
                remedy=f"It takes {keys}, each once, as key=integer." if keys else "It takes none.",
            )
        default, least, most = parameters[found[1]]
        value = int(found[2])
        if not least <= value <= most:
            raise UserError(
                f"a parameter of the rule {name} is out of bounds",
                value=pair,
                remedy=f"It is an integer from {least} to {most}.",
            )
        given[found[1]] = value
    return Part(name, {key: value for key, value in given.items() if value != parameters[key][0]})


def _unknown(name: object) -> UserError:
    known = ", ".join(sorted(RULES))
    return UserError("unknown aggregation rule", value=ascii(name)[:80], remedy=f"Known: {known}.")
