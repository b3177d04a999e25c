import numpy as np
import pytest
import torch
from torch import nn

from tests.training import synthetic
from training.config.overrides import override
from training.data.decoding import canvas_of, decode
from training.data.readers.folder import read_folder
from training.data.split import split_identities
from training.encoder import trained_encoder
from training.errors import CollapsedError, DivergedError
from training.fit.trainer import Trainer, TrainingData
from training.registry import Component
from training.runs.run_folder import RunFolder, RunRecord

RECORD = RunRecord(
    data="data",
    data_name="patterns",
    data_sha256="0" * 64,
    command="tests",
    git_revision="none",
    libraries={},
    started_at="2026-01-01T00:00:00+00:00",
)


class FakeProgress:
    """Progress that records losses and epochs, and can stop a training within an epoch."""

    def __init__(self, stop_in=None, stop=None):
        self.losses, self.epochs = [], []
        self.stop_in, self.stop = stop_in, stop

    def step(self, loss, images):
        assert images == 16
        self.losses.append(loss)
        if self.stop is not None and len(self.epochs) == self.stop_in:
            self.stop()

    def epoch(self, epoch, summary):
        assert epoch == len(self.epochs)
        self.epochs.append(summary)


class Stopped(Exception):  # noqa: N818 (not an error: the test's own signal)
    pass


def stop():
    raise Stopped


def trainer(config, folder, out):
    """Build a trainer in a run folder, which is created if it does not exist."""
    images = read_folder(folder)
    split = split_identities(images, config.split, config.seed)
    run = RunFolder(out)
    if not out.exists():
        run.create(config, RECORD, split)
    return Trainer(
        config,
        TrainingData(
            train=decode(images.of(split.train), canvas_of(config.input, config.canvas)),
            calibration=decode(images.of(split.calibration), config.input),
        ),
        run,
    )


def trained(config, folder, out):
    made = trainer(config, folder, out)
    progress = FakeProgress()
    made.fit(progress)
    return made, progress


def state(out):
    return RunFolder(out).load_checkpoint()


def assert_same(left, right):
    """Check that two nested states are bitwise equal."""
    assert type(left) is type(right)
    if isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            assert_same(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert left == right


CONFIGS = {
    "residual": synthetic.config(canvas=1.25),
    "bfloat16": synthetic.config(bfloat16=True),
    "moving average": synthetic.config(average_decay=0.9),
    "chopra": synthetic.chopra(),
    "hinge": override(synthetic.chopra(), ["loss.options.impostors=hinge"]),
    "pair": synthetic.pair(),
}


@pytest.mark.parametrize("name", ["residual", "chopra", "hinge", "pair"])
def test_the_loss_falls(folder, tmp_path, name):
    config = CONFIGS[name].model_copy(update={"epochs": 8})
    _, progress = trained(config, folder, tmp_path / "run")
    losses = [summary["loss"] for summary in progress.epochs]
    assert losses[-1] < 0.9 * losses[0]
    assert np.mean(progress.losses[: len(progress.losses) // 8]) == pytest.approx(losses[0])


def test_training_tells_identities_apart_that_it_has_not_seen(folder, tmp_path):
    config = CONFIGS["residual"].model_copy(update={"epochs": 8})
    _, progress = trained(config, folder, tmp_path / "run")
    assert progress.epochs[-1]["calibration EER"] < 0.25


def test_a_seed_gives_the_same_weights_and_another_seed_others(folder, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        trained(CONFIGS["residual"].model_copy(update={"seed": seed}), folder, tmp_path / name)
    assert_same(state(tmp_path / "a"), state(tmp_path / "b"))
    weights = "stem.0.weight"
    one, other = (state(tmp_path / name)["encoder"][weights] for name in "ac")
    assert not torch.equal(one, other)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("finished", [1, 2])
def test_a_run_that_was_stopped_and_resumed_is_bitwise_an_unbroken_run(
    folder, tmp_path, name, finished
):
    config = CONFIGS[name]
    trained(config, folder, tmp_path / "unbroken")
    with pytest.raises(Stopped):
        trainer(config, folder, tmp_path / "broken").fit(FakeProgress(finished, stop))
    torch.manual_seed(987)  # Resuming must not depend on the global generator.
    resumed = trainer(config, folder, tmp_path / "broken")
    start = resumed.restore()
    assert start == finished
    progress = FakeProgress()
    progress.epochs = [None] * start
    resumed.fit(progress, start)
    assert_same(state(tmp_path / "broken"), state(tmp_path / "unbroken"))
    histories = [RunFolder(tmp_path / run).history() for run in ("unbroken", "broken")]
    assert [h["loss"] for h in histories[0]] == [h["loss"] for h in histories[1]]
    assert [h["epoch"] for h in histories[1]] == [1, 2, 3]


def test_a_run_without_a_checkpoint_begins_at_the_start(folder, tmp_path):
    assert trainer(synthetic.config(), folder, tmp_path / "run").restore() == 0


@pytest.mark.parametrize(("name", "rate"), [("residual", 1e38), ("chopra", 1e36)])
def test_an_absurd_learning_rate_is_said_to_diverge(folder, tmp_path, name, rate):
    config = CONFIGS[name].model_copy(update={"learning_rate": rate, "warmup": 0})
    with pytest.raises(DivergedError, match="lower learning_rate"):
        trained(config, folder, tmp_path / "run")


def test_weights_that_are_no_numbers_do_not_replace_the_checkpoint(folder, tmp_path):
    made = trainer(synthetic.config(epochs=2), folder, tmp_path / "run")

    def spoil():
        with torch.no_grad():  # After the epoch's last loss: only the weights are bad.
            if len(progress.losses) == 2 * made.batches.steps:
                next(made.encoder.parameters()).fill_(torch.nan)

    progress = FakeProgress(1, spoil)
    with pytest.raises(DivergedError, match="last checkpoint is good"):
        made.fit(progress)
    kept = state(tmp_path / "run")
    assert kept["epoch"] == 1
    assert all(torch.isfinite(t).all() for t in kept["encoder"].values())


def test_a_constant_encoder_is_said_to_be_collapsed(folder, tmp_path):
    config = synthetic.chopra(epochs=1, learning_rate=1e-12)
    made = trainer(config, folder, tmp_path / "run")
    nn.init.zeros_(made.encoder.f6.weight)
    nn.init.constant_(made.encoder.f6.bias, 0.5)
    with pytest.raises(CollapsedError):
        made.fit(FakeProgress())


def test_the_moving_average_is_what_is_kept(folder, tmp_path):
    config = synthetic.config(average_decay=0.9, epochs=1)
    made, _ = trained(config, folder, tmp_path / "run")
    raw, kept = made.encoder.state_dict(), made.average.result.state_dict()
    assert any(not torch.equal(raw[name], kept[name]) for name in raw)
    loaded = trained_encoder(config, state(tmp_path / "run")).state_dict()
    assert_same(dict(loaded), dict(kept))


def test_the_moving_average_is_its_recursion(folder, tmp_path):
    config = synthetic.config(average_decay=0.75, epochs=1)
    made = trainer(config, folder, tmp_path / "run")
    name = "stem.0.weight"
    seen = []

    class Recorder(FakeProgress):
        def step(self, loss, images):
            super().step(loss, images)
            seen.append(made.encoder.state_dict()[name].clone())

    made.fit(Recorder())
    expected = seen[0]
    for weights in seen[1:]:
        expected = 0.75 * expected + 0.25 * weights
    torch.testing.assert_close(made.average.result.state_dict()[name], expected)


def test_without_an_average_the_encoder_itself_is_kept(folder, tmp_path):
    config = synthetic.config(epochs=1)
    made, _ = trained(config, folder, tmp_path / "run")
    loaded = trained_encoder(config, state(tmp_path / "run"))
    assert not loaded.training
    assert_same(dict(loaded.state_dict()), dict(made.encoder.state_dict()))


@pytest.mark.parametrize("has_it", [True, False])
def test_bfloat16_is_used_where_it_is_asked_for_and_computed(folder, tmp_path, monkeypatch, has_it):
    monkeypatch.setattr("training.fit.trainer.has_bfloat16", lambda _: has_it)
    made = trainer(synthetic.config(bfloat16=True), folder, tmp_path / "run")
    seen = []
    made.encoder.stem[0].register_forward_hook(lambda _m, _i, out: seen.append(out.dtype))
    made._train_epoch(0, FakeProgress())
    assert set(seen) == {torch.bfloat16 if has_it else torch.float32}
    assert all(p.dtype == torch.float32 for p in made.encoder.parameters())


def test_kernels_and_maps_are_ordered_as_the_images_are(folder, tmp_path):
    made = trainer(synthetic.config(), folder, tmp_path / "run")
    seen = []
    made.encoder.stem[0].register_forward_hook(lambda _m, inputs, out: seen.extend([*inputs, out]))
    made._train_epoch(0, FakeProgress())
    kernels = [each for each in made.encoder.parameters() if each.ndim == 4]
    assert kernels
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in [*seen, *kernels])


def test_an_optimiser_decays_kernels_and_spares_biases_and_norms(folder, tmp_path):
    config = synthetic.config(
        optimiser=Component(name="adamw", options={"weight_decay": 0.3}), learning_rate=0.01
    )
    made = trainer(config, folder, tmp_path / "run")
    decayed, spared = made.optimiser.param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.3, 0)
    assert all(p.ndim > 1 for p in decayed["params"])
    assert all(p.ndim <= 1 for p in spared["params"])
    count = len(list(made.encoder.parameters())) + len(list(made.loss.parameters()))
    assert len(decayed["params"]) + len(spared["params"]) == count


def test_training_stops_early_and_keeps_the_best_epoch(folder, tmp_path):
    config = synthetic.config(epochs=30, patience=2)
    trained(config, folder, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    rates = [epoch["calibration EER"] for epoch in run.history()]
    assert len(rates) == int(np.argmin(rates)) + 1 + 2 < 30
    best = len(rates) - int(np.argmin(rates[::-1]))  # The last of equal ones.
    assert run.load_checkpoint()["epoch"] == len(rates)
    kept = run.load_result()
    assert kept["epoch"] == best
    unhurried = trainer(config.model_copy(update={"patience": None}), folder, tmp_path / "other")
    with pytest.raises(Stopped):
        unhurried.fit(FakeProgress(best, stop))
    assert_same(kept, state(tmp_path / "other"))


def test_a_training_that_stops_early_is_resumed_bitwise_too(folder, tmp_path):
    config = synthetic.config(epochs=30, patience=2, average_decay=0.9)
    trained(config, folder, tmp_path / "unbroken")
    with pytest.raises(Stopped):
        trainer(config, folder, tmp_path / "broken").fit(FakeProgress(1, stop))
    runs = [RunFolder(tmp_path / name) for name in ("unbroken", "broken")]
    for _ in range(2):  # The second time nothing is left to train.
        resumed = trainer(config, folder, tmp_path / "broken")
        start = resumed.restore()
        progress = FakeProgress()
        progress.epochs = [None] * start
        resumed.fit(progress, start)
        assert_same(*(run.load_checkpoint() for run in runs))
        assert_same(*(run.load_result() for run in runs))
        assert len(runs[1].history()) == len(runs[0].history()) < 30


def test_a_batch_in_parts_makes_the_step_of_the_whole_batch(folder, tmp_path):
    whole = synthetic.chopra(batch_size=32)
    states = []
    for accumulate in (1, 4):
        config = whole.model_copy(update={"accumulate": accumulate})
        made = trainer(config, folder, tmp_path / f"{accumulate}")
        batches = list(made.batches.epoch(0))[:2]
        sizes = []
        made.encoder.register_forward_pre_hook(lambda _, taken, s=sizes: s.append(len(taken[0])))
        losses = [made._step(batch) for batch in batches]
        assert sizes == [32 // accumulate] * 2 * accumulate
        states.append((made.encoder.state_dict(), losses))
    (expected, expected_losses), (found, losses) = states
    assert losses == pytest.approx(expected_losses, rel=1e-5)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


def test_a_run_with_batches_in_parts_is_resumed_bitwise(folder, tmp_path):
    config = synthetic.config(accumulate=2)
    trained(config, folder, tmp_path / "unbroken")
    with pytest.raises(Stopped):
        trainer(config, folder, tmp_path / "broken").fit(FakeProgress(1, stop))
    resumed = trainer(config, folder, tmp_path / "broken")
    progress = FakeProgress()
    progress.epochs = [None]
    resumed.fit(progress, resumed.restore())
    assert_same(state(tmp_path / "broken"), state(tmp_path / "unbroken"))
