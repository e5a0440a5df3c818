"""Rule 6: an update is measured on the miner's own data, among the others of its round (V13)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from small_federation import MAX_BYTES, RULES, TENSORS, arrays
from test_judge import BASE, FEDERATION, content, placed, see

from minerva.errors import DataError, TaskError
from minerva.learning.holdout import Holdout
from minerva.learning.task import load_task
from minerva.learning.weights import parse, state_to_bytes
from minerva.protocol.ballots import ACCEPT, ACCEPT_FROM
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.verification.judge import Judge
from minerva.verification.useful import BEST, judge_losses

LOSSES = [1.0, 1.1, 1.2, 1.3, 1.4]


def test_quality_falls_from_the_lowest_loss_to_the_limit() -> None:
    found = judge_losses(1.0, LOSSES, RuleParameters(useful_permille=4000))
    assert found == [ACCEPT_FROM + quality for quality in (190, 158, 126, 95, 63)]  # the limit: 1.2 + 4 x 0.1
    assert found[0] - ACCEPT_FROM == BEST


@pytest.mark.parametrize("loss", [1.8, 100.0, math.inf])
def test_one_far_above_the_others_is_harmful(loss: float) -> None:
    assert judge_losses(1.0, [*LOSSES, loss], RULES)[-1] is Reason.HARMFUL
    assert Reason.HARMFUL not in judge_losses(1.0, [*LOSSES, 1.65], RULES)


def test_what_is_no_worse_than_the_global_model_passes() -> None:
    """Where all devices make it much better, one that leaves it as it is does no harm."""
    assert Reason.HARMFUL not in judge_losses(3.0, [*LOSSES, 2.9], RULES)
    assert judge_losses(2.0, [*LOSSES, 2.9], RULES)[-1] is Reason.HARMFUL


def test_a_small_round_or_one_without_losses_is_not_judged() -> None:
    assert judge_losses(1.0, [1.0, 1.0, 1.0, 50.0], RULES) == [ACCEPT] * 4
    assert judge_losses(1.0, [math.inf] * 6, RULES) == [ACCEPT] * 6


@pytest.mark.parametrize("base", [math.inf, math.nan])
def test_a_global_model_without_a_finite_loss_says_nothing(base: float) -> None:
    """It may have diverged before this round: the updates are then judged among themselves."""
    losses = [*LOSSES, 1.65, 100.0, math.inf]
    assert judge_losses(base, losses, RULES) == judge_losses(0.0, losses, RULES)
    assert [verdict is Reason.HARMFUL for verdict in judge_losses(base, losses, RULES)] == [False] * 6 + [
        True
    ] * 2


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_an_update_without_a_finite_loss_is_harmful(loss: float) -> None:
    for place in range(6):
        losses = [*LOSSES[:place], loss, *LOSSES[place:]]
        assert [verdict is Reason.HARMFUL for verdict in judge_losses(1.0, losses, RULES)] == [
            number == place for number in range(6)
        ]


def test_equal_losses_are_all_the_best() -> None:
    assert judge_losses(1.0, [1.0] * 5, RULES) == [ACCEPT_FROM + BEST] * 5


@pytest.mark.parametrize("measured", [True, False])
def test_a_ballot_refuses_what_harms_only_where_it_is_measured(measured: bool) -> None:
    """The same round with and without a holdout: its loss of a model is the number of its device."""
    numbers = {content_hash(number): float(number) for number in range(1, 8)} | {content_hash(8): 1000.0}

    def loss(weights: object) -> float:
        return numbers.get(np.asarray(weights["bias"]).tobytes(), 4.0)  # type: ignore[index]

    found = Judge(FEDERATION, 1, TENSORS, RULES, BASE, MAX_BYTES, holdout=loss if measured else None)
    updates = [placed(number, number) for number in range(1, 9)]
    for number, update in enumerate(updates, 1):
        see(found, update)
        found.admit(update, content(number, arrays(number)))
    ballot = found.verdicts(updates)
    assert ballot[-1] == (Reason.HARMFUL if measured else ACCEPT)
    assert all(ACCEPT_FROM <= verdict < ACCEPT for verdict in ballot[:-1]) is measured
    assert list(ballot[:-1]) == sorted(ballot[:-1], reverse=True)


def content_hash(number: int) -> bytes:
    return arrays(number)["bias"].tobytes()


def test_a_holdout_is_a_share_of_the_tasks_test_data() -> None:
    task = load_task("digits")
    _, (x, y) = task.load_data()
    model = task.initial_state()
    weights = parse(state_to_bytes(model, {}))
    torch.set_num_threads(1)
    assert Holdout(task)(weights) == task.evaluate_state(model, x, y)["loss"]
    assert Holdout(task, part=1, parts=3)(weights) == task.evaluate_state(model, x[1::3], y[1::3])["loss"]
    with pytest.raises(DataError, match="no such share"):
        Holdout(task, part=3, parts=3)


def test_a_model_without_a_finite_loss_has_an_infinite_one() -> None:
    task = load_task("digits")
    model = {name: tensor * 1e30 for name, tensor in task.initial_state().items()}
    assert Holdout(task)(parse(state_to_bytes(model, {}))) == math.inf


def test_a_holdout_with_other_code_than_the_federations_is_refused() -> None:
    manifest = load_task("breast_cancer").manifest(RuleParameters())
    with pytest.raises(TaskError, match="training code"):
        Holdout.load("digits", "", 0, 1, manifest)
