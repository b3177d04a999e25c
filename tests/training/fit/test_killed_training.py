"""A training that is killed while it writes a checkpoint continues to the same result."""

import itertools
import multiprocessing
import os
import random
import signal
import time
from functools import partial

import pytest

from tests.training import synthetic
from tests.training.fit.test_trainer import FakeProgress, assert_same, trainer
from training.runs.run_folder import RunFolder

EPOCHS = 5
MOMENTS = int(os.environ.get("LIKEWISE_KILLS", "2"))
"""Kills in the test; more take longer: about 2 s each."""


def config():
    return synthetic.config(epochs=EPOCHS, patience=4, average_decay=0.9)


def work(data, out):
    """Begin or continue a run, in a process of its own."""
    import torch  # noqa: PLC0415 (imported by the server of forked processes)

    torch.set_num_threads(1)
    if RunFolder(out).is_begun:
        synthetic.resume(out)
    else:
        synthetic.train(config(), data, out)


def names(out):
    try:
        return set(os.listdir(out))  # noqa: PTH208 (called in a tight loop)
    except OSError:
        return set()


def kill_while_writing(process, out, rng):
    """Kill a training at a random moment after it has begun to write one of its next files.

    Returns:
        False if the training ended first.
    """
    writes = rng.randrange(1, 12)
    previous = names(out)
    while process.is_alive():
        now = names(out)
        begun = {name for name in now - previous if name.endswith(".new")}
        writes -= len(begun)
        if begun and writes <= 0:
            time.sleep(rng.uniform(0, 0.004))
            process.kill()
            process.join()
            return True
        previous = now
    process.join()
    return False


@pytest.fixture(scope="module")
def context():
    """Processes that are forked where PyTorch, and what it imports to train, already are."""
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload(["torch._dynamo", "tests.training.fit.test_trainer"])
    return forked


@pytest.mark.timeout(1800)
def test_a_training_that_is_killed_while_it_writes_continues_to_the_same_result(
    context, folder, tmp_path
):
    synthetic.train(config(), folder, tmp_path / "unbroken")
    unbroken = RunFolder(tmp_path / "unbroken")
    rng, kills, torn = random.Random(7), 0, 0  # noqa: S311 (a seed)
    for number in itertools.count():
        out = tmp_path / f"killed{number}"
        while True:
            process = context.Process(target=work, args=(folder, out))
            process.start()
            if kills >= MOMENTS or not kill_while_writing(process, out, rng):
                process.join()
                assert process.exitcode == 0
                break
            kills += 1
            torn += any(name.endswith(".new") for name in names(out))
        assert_same(RunFolder(out).load_checkpoint(), unbroken.load_checkpoint())
        assert_same(RunFolder(out).load_checkpoint("best.pt"), unbroken.load_checkpoint("best.pt"))
        assert [entry["epoch"] for entry in RunFolder(out).history()] == [
            entry["epoch"] for entry in unbroken.history()
        ]
        if kills >= MOMENTS:
            break
    print(f"{kills} kills, {torn} left a torn file")  # noqa: T201 (read with -s)
    assert torn


def die_in_the_third_epoch(data, out):
    import torch  # noqa: PLC0415 (as above)

    torch.set_num_threads(1)
    kill = partial(os.kill, os.getpid(), signal.SIGKILL)
    trainer(synthetic.config(), data, out).fit(FakeProgress(2, kill))


def test_a_run_whose_process_was_killed_is_resumed_to_bitwise_the_same(context, folder, tmp_path):
    trainer(synthetic.config(), folder, tmp_path / "unbroken").fit(FakeProgress())
    process = context.Process(target=die_in_the_third_epoch, args=(folder, tmp_path / "killed"))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    resumed = trainer(synthetic.config(), folder, tmp_path / "killed")
    start = resumed.restore()
    assert start == 2
    progress = FakeProgress()
    progress.epochs = [None] * start
    resumed.fit(progress, start)
    states = [RunFolder(tmp_path / name).load_checkpoint() for name in ("killed", "unbroken")]
    assert_same(*states)
