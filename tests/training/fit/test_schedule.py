import math

import pytest
import torch

from training.fit.schedule import Schedule


def test_the_learning_rate_rises_in_a_line_and_falls_by_half_a_cosine():
    schedule = Schedule(peak=3.0, warmup=0.1, steps=40)
    assert schedule.rate(0) == 0
    assert schedule.rate(2) == pytest.approx(1.5)
    assert schedule.rate(4) == 3
    assert schedule.rate(22) == pytest.approx(1.5)
    assert schedule.rate(13) == pytest.approx(3 * (1 + math.cos(math.pi / 4)) / 2)
    assert schedule.rate(40) == pytest.approx(0)


def test_without_a_warmup_the_first_step_has_the_peak():
    assert Schedule(peak=3.0, warmup=0, steps=40).rate(0) == 3


def test_every_group_of_parameters_gets_the_rate_of_the_step():
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(2)]
    optimiser = torch.optim.SGD(groups, lr=9.0)
    rate = Schedule(peak=3.0, warmup=0.1, steps=40).apply(optimiser, 2)
    assert [group["lr"] for group in optimiser.param_groups] == [rate, rate] == [1.5, 1.5]
