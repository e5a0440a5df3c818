"""The Gaussian mechanism: what it clips, how much noise it adds, what it leaves alone, and that nobody foretells it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minerva.errors import TaskError
from minerva.learning.privacy import Noise, privatise
from minerva.learning.weights import serialize

KEY = bytes(range(32))
N = 200_000


def made(delta: float, multiplier: float, *, max_norm: float = 2.0, key: bytes | None = KEY) -> np.ndarray:
    """What is added to the global model when training added ``delta`` to each of N elements."""
    start = np.linspace(-1, 1, N, dtype=np.float32)
    local = {"w": torch.from_numpy(start + np.float32(delta))}
    state = privatise(
        serialize({"w": start}, {}), local, max_norm=max_norm, noise_multiplier=multiplier, noise=Noise(key)
    )
    return state["w"].numpy().astype(np.float64) - start


def test_a_long_update_is_scaled_to_the_norm_and_a_short_one_left_alone() -> None:
    assert np.linalg.norm(made(1.0, 0.0)) == pytest.approx(2.0, rel=1e-3)
    assert np.linalg.norm(made(0.001, 0.0)) == pytest.approx(0.001 * math.sqrt(N), rel=1e-3)


def test_the_norm_is_that_of_all_tensors_together() -> None:
    start = {"a": np.zeros(1, np.float32), "b": np.zeros(1, np.float32)}
    local = {"a": torch.tensor([3.0]), "b": torch.tensor([4.0])}
    state = privatise(serialize(start, {}), local, max_norm=1.0, noise_multiplier=0, noise=Noise(KEY))
    assert [round(float(state[name]), 6) for name in "ab"] == [0.6, 0.8]


@pytest.mark.parametrize(("multiplier", "max_norm"), [(0.5, 2.0), (3.0, 0.1)])
def test_the_noise_is_gaussian_of_multiplier_times_norm(multiplier: float, max_norm: float) -> None:
    """Four standard errors each, at a fixed key."""
    noise = made(0.0, multiplier, max_norm=max_norm) / (multiplier * max_norm)
    assert abs(noise.mean()) < 4 / math.sqrt(N)
    assert abs(noise.std() - 1) < 4 / math.sqrt(2 * N)
    for bound, share in ((1, 0.682689), (2, 0.954500), (3, 0.997300)):
        found = float((np.abs(noise) < bound).mean())
        assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / N)
    for lag in (1, N // 2):
        assert abs(float(np.corrcoef(noise[:-lag], noise[lag:])[0, 1])) < 4 / math.sqrt(N - lag)


def test_noise_without_a_key_is_never_the_same() -> None:
    assert np.array_equal(Noise(KEY).draw(99), Noise(KEY).draw(99))
    assert not np.array_equal(Noise().draw(99), Noise().draw(99))


def test_what_is_not_floating_stays_the_global_models() -> None:
    start = {"steps": np.array([7]), "w": np.zeros(3, np.float32)}
    local = {"steps": torch.tensor([9]), "w": torch.ones(3)}
    state = privatise(serialize(start, {}), local, max_norm=1.0, noise_multiplier=1.0, noise=Noise(KEY))
    assert state["steps"].tolist() == [7] and state["w"].abs().sum() > 0


def test_half_precision_and_tensors_without_elements_or_dimensions() -> None:
    local = {"h": torch.ones(5, dtype=torch.bfloat16), "none": torch.zeros(0, 3), "one": torch.tensor(1.0)}
    start = {name: torch.zeros_like(tensor) for name, tensor in local.items()}
    state = privatise(serialize(start, {}), local, max_norm=100.0, noise_multiplier=0.0, noise=Noise(KEY))
    assert all(torch.equal(state[name], local[name]) for name in local)


def test_a_model_that_diverged_is_refused() -> None:
    local = {"w": torch.tensor([float("nan")])}
    with pytest.raises(TaskError, match="local model is not finite"):
        privatise(
            serialize({"w": np.zeros(1, np.float32)}, {}), local,
            max_norm=1.0, noise_multiplier=1.0, noise=Noise(KEY),
        )  # fmt: skip
