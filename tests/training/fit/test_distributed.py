"""Data-parallel training in two real processes over gloo, started by the documented command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training import synthetic
from training.errors import ConfigError
from training.fit.distributed import ALONE, World, check_gpus, joined_world
from training.registry import Component, Part, build
from training.runs.run_folder import RunFolder

ROOT = Path(__file__).parents[3]
STEP = """
import sys
from pathlib import Path
import torch
from tests.training import synthetic
from tests.training.fit.test_distributed import CONFIG, batch, losses, network
from training.fit.distributed import joined_world

torch.set_num_threads(1)
images, identities = batch()
with joined_world() as world:
    found = {}
    for name, loss in losses().items():
        # Process 1 begins with other weights; `prepare` replaces them by those of process 0.
        encoder = world.prepare(network(seed=world.rank))
        embeddings = world.gather(encoder(world.share(images)))
        value = loss(embeddings, identities)
        value.backward()
        world.average_gradients([*encoder.parameters(), *loss.parameters()])
        found[name] = (value.detach(), [p.grad for p in encoder.parameters()],
                       [p.grad for p in loss.parameters()])
    torch.save(found, f"{sys.argv[1]}/{world.rank}.pt")
    out = Path(sys.argv[1])
    synthetic.train(CONFIG, out / "data", out / "run", world=world)
"""
CONFIG = synthetic.chopra(epochs=2)


def batch():
    rng = torch.Generator().manual_seed(5)
    return torch.randn(16, 12, generator=rng), torch.tensor([0, 0, 1, 2] * 4)


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, 9), nn.Tanh(), nn.Linear(9, 4))


def losses():
    torch.manual_seed(7)
    return {
        name: build(Part.LOSS, Component(name=name, options=options), dim=4, identities=3)
        for name, options in {"exponential": {"q": 4.0}, "cosface": {}}.items()
    }


@pytest.fixture(scope="module")
def gloo(folder, tmp_path_factory):
    """Run two processes; returns the folder of their losses, gradients and run."""
    out = tmp_path_factory.mktemp("gloo")
    (out / "data").symlink_to(folder)
    script = out / "step.py"
    script.write_text(STEP)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, *launcher, str(script), str(out)],
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        check=True,
        timeout=120,
        capture_output=True,
    )
    return out


@pytest.fixture(scope="module")
def two_processes(gloo):
    """Load loss, encoder's gradients and loss's gradients of each process."""
    return [torch.load(gloo / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("name", ["exponential", "cosface"])
def test_two_processes_make_the_step_of_one(two_processes, name):
    images, identities = batch()
    encoder, loss = network(), losses()[name]
    value = loss(encoder(images), identities)
    value.backward()
    for found in two_processes:
        of_batch, of_encoder, of_loss = found[name]
        torch.testing.assert_close(of_batch, value.detach())
        for gradient, parameter in zip(of_encoder, encoder.parameters(), strict=True):
            torch.testing.assert_close(gradient, parameter.grad)
        for gradient, parameter in zip(of_loss, loss.parameters(), strict=True):
            torch.testing.assert_close(gradient, parameter.grad)


def test_a_run_of_two_processes_is_the_run_of_one(gloo, folder, tmp_path):
    synthetic.train(CONFIG, folder, tmp_path / "run")
    alone, together = RunFolder(tmp_path / "run"), RunFolder(gloo / "run")
    assert together.config() == alone.config()
    for one, two in zip(alone.history(), together.history(), strict=True):
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
        assert two["calibration EER"] == pytest.approx(one["calibration EER"], abs=0.02)
    one, two = alone.load_checkpoint()["encoder"], together.load_checkpoint()["encoder"]
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, rtol=1e-3, atol=1e-4)


def test_shares_put_together_are_the_batch_with_its_pairs_whole():
    rows = torch.arange(12)
    shares = [World(rank, 3).share(rows) for rank in range(3)]
    assert torch.cat(shares).tolist() == rows.tolist()
    assert all(share[0] % 2 == 0 and len(share) == 4 for share in shares)


def test_a_batch_that_cannot_be_divided_is_refused_with_what_to_choose():
    with pytest.raises(ConfigError, match="multiple of 4"):
        World(0, 2).share(torch.arange(10))


def test_processes_that_would_share_a_gpu_are_refused_with_what_to_do():
    with pytest.raises(ConfigError, match=r"2 processes .* 1 GPU.*--nproc-per-node 1"):
        check_gpus(processes=2, gpus=1)


@pytest.mark.parametrize(("processes", "gpus"), [(2, 0), (2, 2), (1, 4)])
def test_a_gpu_for_each_process_or_none_at_all_is_fine(processes, gpus):
    check_gpus(processes, gpus)


def test_a_process_that_was_started_alone_is_alone():
    with joined_world() as world:
        assert world == ALONE
        rows = torch.ones(3, 2)
        assert world.share(rows) is rows
        assert world.gather(rows) is rows
