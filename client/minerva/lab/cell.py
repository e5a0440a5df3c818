"""One run of the lab: rounds of honest training, the attack, verification, the rule, a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minerva.attacks import Attack, Sight
from minerva.lab import judging
from minerva.lab.judging import Sent
from minerva.lab.settings import CONTROL, Setting
from minerva.lab.training import Deltas, Trainer, trainer_for
from minerva.learning.aggregation import rule
from minerva.learning.momentum import momentum
from minerva.learning.numbers import Float64
from minerva.learning.partition import parse as partition
from minerva.learning.task import Task
from minerva.learning.vectors import Layout, Vector
from minerva.learning.weights import UpdateRefused, parse
from minerva.protocol.reasons import Reason
from minerva.protocol.rules import MAX_WEIGHT, counted_weights

if TYPE_CHECKING:
    from torch import Tensor

    from minerva.attacks.base import Samples

State = Mapping[str, Vector]
_SEED_STRIDE = 1_000_000  # between the sample orders of two seeds; rounds take 1000 each
_PREDICT = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a cell.

    ``curve`` and ``successes``: accuracy and attack success after each round. ``refused``: how often each reason met a
    malicious update. ``false_alarms``: the same of honest ones. ``share``: the malicious part of the last aggregate's weight,
    None where it was not looked at.
    """

    curve: list[float]
    successes: list[float]
    refused: dict[str, int]
    false_alarms: dict[str, int]
    share: float | None

    @property
    def accuracy(self) -> float:
        """Share of right answers on the test samples at the end."""
        return self.curve[-1]

    @property
    def asr(self) -> float | None:
        """The attack's success rate at the end; None for an attack that aims at nothing in particular."""
        return self.successes[-1] if self.successes else None

    def document(self, setting: Setting) -> dict[str, Any]:
        """Return the cell of results.json."""
        return {
            "attack": setting.attack, "rule": setting.rule, "partition": setting.partition,
            "fraction": setting.fraction, "verify": setting.verify, "seed": setting.seed,
            "accuracy": self.accuracy, "asr": self.asr, "curve": self.curve, "refused": self.refused,
            "falseAlarms": self.false_alarms, "share": self.share,
        }  # fmt: skip


class Bench:
    """A task with its data and the fastest way to train it; cells share one.

    Everything is a function of the setting: one thread of torch, and random numbers from its seed only.
    """

    def __init__(self, task: Task) -> None:
        import torch

        torch.set_num_threads(1)
        self.task, self.layout = task, Layout(task.spec())
        self.trainer: Trainer = trainer_for(task)

    def run(
        self, setting: Setting, on_round: Callable[[int, float], None] = lambda round_, accuracy: None
    ) -> Outcome:
        """Run a cell; ``on_round`` hears of each round's number and accuracy."""
        return _Run(self, setting).rounds(on_round)


class _Run:
    def __init__(self, bench: Bench, setting: Setting) -> None:
        import torch

        setting.check()
        self._bench, self._setting, self._layout = bench, setting, bench.layout
        self._epochs = setting.epochs or bench.task.epochs
        self._attack: Attack = setting.how
        (x, y), test = bench.task.load_data()
        parts = partition(setting.partition)(y.numpy(), setting.devices, setting.seed)
        self._parts = [torch.from_numpy(part) for part in parts]
        self._honest = setting.devices - setting.malicious
        self._random = np.random.Generator(np.random.PCG64([setting.seed, 0xA77AC]))
        self._x, self._y = self._poisoned(x, y)
        self._test = test
        self._wanted: Samples | None = self._attack.success(*test) if self._attack.success else None
        self._rule = rule(setting.rule)
        self._state: State = {}
        self._model = self._layout.vector(bench.task.initial_state(setting.seed))
        self._refused: Counter[str] = Counter()
        self._alarms: Counter[str] = Counter()
        self._share = 0.0
        self._momenta: Deltas | None = None

    def rounds(self, on_round: Callable[[int, float], None]) -> Outcome:
        curve, successes = [], []
        for round_ in range(1, self._setting.rounds + 1):
            self._round(round_)
            curve.append(self._right(*self._test))
            if self._wanted is not None and len(self._wanted[0]):
                successes.append(self._right(*self._wanted))
            on_round(round_, curve[-1])
        return Outcome(
            curve,
            successes,
            dict(sorted(self._refused.items())),
            dict(sorted(self._alarms.items())),
            self._share,
        )

    # -- one round

    def _round(self, round_: int) -> None:
        deltas = self._deltas(round_)
        sent = self._sent(deltas, round_)
        reasons = self._verdicts(sent, round_) if self._setting.verify else [None] * len(sent)
        kept = [number for number, reason in enumerate(reasons) if reason is None]
        if not self._setting.verify:  # a miner that does not look loads what it is given
            loaded = [self._loaded(made.content) for made in sent]
            if any(vector is None for vector in loaded):
                return  # and stops at what is no model: the round gives none
            with np.errstate(over="ignore", invalid="ignore"):
                deltas = np.stack([vector - self._model for vector in loaded if vector is not None])
        if kept:
            weights = self._weights([sent[number].claim.samples for number in kept])
            step, counted = self._step(np.ascontiguousarray(deltas[kept]), weights)
            kept_weights = zip(kept, weights, counted, strict=True)
            bad = sum(weight for number, weight, counts in kept_weights if counts and number >= self._honest)
            self._share = bad / max(
                1, sum(weight for weight, counts in zip(weights, counted, strict=True) if counts)
            )
            with np.errstate(over="ignore", invalid="ignore"):
                self._model = (self._model + step).astype(np.float32)

    def _step(self, rows: Deltas, weights: Sequence[int]) -> tuple[Float64, list[bool]]:
        """Return the rule's step, and which rows it counts.

        A rule leaves out rows that are not finite, which is a defence (G2). The undefended control takes all: one
        NaN or infinity in its mean is one in the model.
        """
        finite = [bool(np.isfinite(row).all()) for row in rows]
        if all(finite) or self._setting.verify or self._rule.text != CONTROL:
            step, self._state = self._rule.combine(rows, weights, self._state)
            return step, finite
        with np.errstate(over="ignore", invalid="ignore"):
            return np.average(rows.astype(np.float64), axis=0, weights=weights), [True] * len(rows)

    def _deltas(self, round_: int) -> Deltas:
        """All devices' deltas after the attack, honest ones first, as the files would give them."""
        trained = self._setting.devices if self._attack.trains else self._honest
        seeds = [_SEED_STRIDE * self._setting.seed + 1000 * round_ + device for device in range(trained)]
        deltas = self._bench.trainer(
            self._model, self._x, self._y, self._parts[:trained], seeds, self._epochs
        )
        if self._rule.client_momentum:
            deltas = self._with_momentum(deltas)
        if self._attack.craft is None or not self._setting.malicious:
            return deltas
        honest = deltas[: self._honest].astype(np.float64)
        own = np.zeros((self._setting.malicious, self._layout.size))
        if self._attack.trains:
            own[:] = deltas[self._honest :]
        crafted = self._attack.craft(Sight(honest, own, self._random, self._combine))
        with np.errstate(over="ignore"):
            local = (self._model + crafted).astype(np.float32)
        return np.concatenate([deltas[: self._honest], local - self._model])

    def _with_momentum(self, deltas: Deltas) -> Deltas:
        """Return what devices send under a rule with client momentum."""
        if self._momenta is None:
            self._momenta = deltas
        else:
            self._momenta = momentum(self._rule.client_momentum, deltas, self._momenta)
        return self._momenta.copy()

    def _combine(self, rows: Any) -> Any:
        samples = [len(part) for part in self._parts][: len(rows)]
        return self._rule.combine(rows, self._weights(samples), self._state)[0]

    def _sent(self, deltas: Deltas, round_: int) -> list[Sent]:
        sent: list[Sent] = []
        for number in range(self._setting.devices):
            claim = judging.honest_claim(len(self._parts[number]), self._epochs)
            bad = number >= self._honest
            if bad and self._attack.steals:
                victim = sent[number - self._honest]
                sent.append(Sent(victim.content, claim))
                continue
            content = judging.file_of(self._layout, self._model + deltas[number], number, round_)
            if bad and self._attack.tamper is not None:
                content = self._attack.tamper(content, judging.most_bytes(self._layout))
            if bad and self._attack.claim is not None:
                claim = self._attack.claim(claim)
            sent.append(Sent(content if self._attack.serves or not bad else None, claim))
        return sent

    def _verdicts(self, sent: Sequence[Sent], round_: int) -> list[Reason | None]:
        numbers = list(range(len(sent)))
        order = numbers[self._honest :] + numbers[: self._honest] if self._attack.first else numbers
        reasons = judging.judge_round(self._layout, self._model, sent, order, round_)
        for number, reason in enumerate(reasons):
            if reason is not None:
                (self._alarms if number < self._honest else self._refused)[reason.name] += 1
        return reasons

    def _loaded(self, content: bytes | None) -> Vector | None:
        """Read a file without any check but that its numbers fill the model."""
        try:
            arrays = () if content is None else parse(content).arrays
        except UpdateRefused:
            return None
        flat = [array.reshape(-1) for array in arrays]
        vector = np.concatenate(flat) if flat else np.empty(0, np.float32)
        return vector if vector.shape == self._model.shape else None

    def _weights(self, samples: Sequence[int]) -> list[int]:
        if self._setting.verify:
            return counted_weights(samples, judging.RULES.sample_cap)
        return [min(count, MAX_WEIGHT) for count in samples]

    # -- data and measurement

    def _poisoned(self, x: Tensor, y: Tensor) -> Samples:
        """Return the data with the malicious devices' share changed."""
        if self._attack.poison is None:
            return x, y
        bad = self._parts[self._honest :]
        own = [self._attack.poison(x[part], y[part], self._random) for part in bad]
        x, y = x.clone(), y.clone()
        for part, (samples, labels) in zip(bad, own, strict=True):
            x[part], y[part] = samples, labels
        return x, y

    def _right(self, x: Tensor, y: Tensor) -> float:
        """Share of samples to which the model gives the label asked for."""
        import torch

        model = self._bench.task.model_with(self._layout.state(self._model))
        model.eval()
        right = 0
        with torch.no_grad():
            for images, labels in zip(torch.split(x, _PREDICT), torch.split(y, _PREDICT), strict=True):
                right += int((model(images).argmax(dim=1) == labels).sum())
        return round(right / len(x), 6)
