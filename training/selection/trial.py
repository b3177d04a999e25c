"""Trial of a candidate: a training, and its errors on the identities held out of it."""

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.manifest import Metric
from training.config.schema import TrainingConfig
from training.data.image_set import ImageSet
from training.data.split import DataSplit
from training.errors import CollapsedError, ConfigError, DivergedError
from training.fit.progress import Progress
from training.fit.trainer import Trainer
from training.inference.pytorch import embed
from training.metrics.pairs import PairEnergies, all_pairs
from training.metrics.rates import equal_error
from training.runs.run_folder import RunFolder
from training.selection.image_pool import ImagePool
from training.selection.threads import ThreadWatch
from training.serving_graph.multi_view import served_input, with_views
from training.serving_graph.wccn import measured_whitening
from training.transfer.pretrained import TrainedWeights

WHITENINGS = (None, 0.5, 0.1, 0.03)
"""Shrinkages of whitening that each encoder is measured with."""
WORST = 0.5
"""EER and overlap of a training that failed."""
_STATISTICS_IMAGES = 512
_TIMED_STEPS = 4
_PATIENCE = 20
"""Steps of one thread, as a time after which several threads are given up."""

Embedded = tuple[NDArray[np.float32], ImageSet]
"""Embeddings, (images, dim), and their images; NaN where a locator finds nothing to embed."""
_FAR = 1e3
"""Distance of an image that is NaN from all others, where others are 2 apart at most."""


class Score(NamedTuple):
    """Errors on the held-out identities of a fold.

    Attributes:
        eer: Equal error rate.
        overlap: Share of all couples of a genuine and an impostor pair of which the impostor pair
            has the lower energy, the area above the ROC curve: finer than the EER of few pairs.
    """

    eer: float
    overlap: float

    @property
    def total(self) -> float:
        """Sum of both, by which scores are compared."""
        return self.eer + self.overlap


Scores = Mapping[float | None, Score]
"""Score by shrinkage of the whitening."""
FAILED: Scores = {None: Score(WORST, WORST)}
"""Scores of a training that failed."""


class Epoch(NamedTuple):
    """Time of an epoch and of the measurement after it, in seconds, and images of its batches."""

    seconds: float
    images: int


class _Stopwatch(Progress):
    """Stops a training after some steps or seconds, and times all steps but the first."""

    def __init__(self, steps: int, clock: Callable[[], float], limit: float = float("inf")) -> None:
        self._steps, self._clock, self._limit = steps, clock, limit
        self._times = [clock()]

    @property
    def seconds_per_step(self) -> float:
        """Mean time of a step; of the first one where the training failed after it."""
        times = self._times if len(self._times) > 1 else [*self._times, self._clock()]
        timed = times[1:] if len(times) > 2 else times  # noqa: PLR2004 (start and one step)
        return (timed[-1] - timed[0]) / (len(timed) - 1)

    def step(self, loss: float, images: int) -> None:  # noqa: ARG002 (as every observer)
        """Note the time, and stop after the last step."""
        self._times.append(self._clock())
        if len(self._times) > self._steps or self._times[-1] - self._times[0] > self._limit:
            raise StopIteration


class Trials:
    """Trials on the images of a pool.

    Args:
        pool: The images.
        progress: Observer of each training.
        clock: Time in seconds.
    """

    def __init__(
        self, pool: ImagePool, progress: Progress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._progress, self._clock = pool, progress, clock

    def trained(
        self, config: TrainingConfig, fold: DataSplit, weights: TrainedWeights | None
    ) -> nn.Module | None:
        """Train on a fold; returns the encoder, or None where the training failed."""
        try:
            return self._trained(config, fold, weights)
        except (DivergedError, CollapsedError, ConfigError):
            return None

    def embedded(self, config: TrainingConfig, encoder: nn.Module) -> Embedded:
        """Embed all images of the pool as an export would."""
        spec = served_input(config.input, config.export.views)
        images = self._pool.measured(config, spec, self._pool.images.identities)
        served = with_views(encoder, config.input, config.export.views)
        found, every = embed(served, images.pixels), self._pool.readable(config, spec)
        if len(every) == len(found):
            return found, every
        rows = {image.name: row for row, image in enumerate(images.source)}
        lost = np.full((1, found.shape[1]), np.nan, np.float32)
        return np.concatenate([found, lost])[[rows.get(each.name, -1) for each in every]], every

    def settle_threads(self, config: TrainingConfig, fold: DataSplit) -> int:
        """Set PyTorch's threads to one, unless more make a step faster; returns their number.

        Where other processes use the cores, each operation of several threads waits for one that
        is not running, and a training takes many times as long as with one thread.
        """
        threads = torch.get_num_threads()
        if threads > 1:
            torch.set_num_threads(1)
            alone = self._seconds_per_step(config, fold, _Stopwatch(_TIMED_STEPS, time.monotonic))
            torch.set_num_threads(threads)
            watch = _Stopwatch(_TIMED_STEPS, time.monotonic, limit=_PATIENCE * alone)
            if self._seconds_per_step(config, fold, watch) > alone:
                torch.set_num_threads(1)
        return torch.get_num_threads()

    def _seconds_per_step(
        self, config: TrainingConfig, fold: DataSplit, watch: _Stopwatch
    ) -> float:
        data = self._pool.training_data(config, fold)
        with tempfile.TemporaryDirectory() as folder, suppress(StopIteration, DivergedError):
            Trainer(config, data, RunFolder(Path(folder))).fit(watch)
        return watch.seconds_per_step

    def epoch(self, config: TrainingConfig, fold: DataSplit) -> Epoch:
        """Time an epoch by a few steps, and the measurement after it."""
        data = self._pool.training_data(config, fold)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(config, data, RunFolder(Path(folder)))
            watch = _Stopwatch(_TIMED_STEPS, self._clock)
            with suppress(StopIteration, DivergedError):
                trainer.fit(watch)
            began = self._clock()
            embed(trainer.average.result, data.calibration.pixels, trainer.device)
            measuring = self._clock() - began
        seconds = watch.seconds_per_step * trainer.batches.steps + measuring
        return Epoch(seconds, trainer.batches.steps * config.optimisation.batch_size)

    def _trained(
        self, config: TrainingConfig, fold: DataSplit, weights: TrainedWeights | None
    ) -> nn.Module:
        start = None if weights is None else self._start(weights, config, fold)
        if start is not None and config.optimisation.epochs == 0:
            return start
        data = self._pool.training_data(config, fold)
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(config, data, RunFolder(Path(folder)))
            if start is not None:
                trainer.begin_with(start)
            trainer.fit(ThreadWatch(self._progress))
        result: nn.Module = trainer.average.result.cpu().eval()
        return result

    def _start(self, weights: TrainedWeights, config: TrainingConfig, fold: DataSplit) -> nn.Module:
        sample = self._pool.measured(config, config.input, fold.train).pixels
        return weights.encoder_of(config, sample[:: -(-len(sample) // _STATISTICS_IMAGES)])


def held_out(
    embedded: Embedded, fold: DataSplit, shrinkage: float | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the embeddings of a fold's held-out images, whitened by the others, and labels."""
    embeddings, images = embedded
    identities, labels = np.array([each.identity for each in images]), images.labels()
    measured, known = np.isin(identities, fold.calibration), np.isin(identities, fold.train)
    known &= np.isfinite(embeddings[:, 0])
    compared = embeddings[measured]
    if shrinkage is not None:
        matrix = measured_whitening(embeddings[known], labels[known], shrinkage, "equal")
        product = compared @ matrix
        compared = (product / np.linalg.norm(product, axis=1, keepdims=True)).astype(np.float32)
    return compared, labels[measured]


def scores(embedded: Embedded, fold: DataSplit) -> Scores:
    """Score the held-out identities of a fold, with each whitening by the others."""
    return {each: score(*held_out(embedded, fold, each)) for each in WHITENINGS}


def score(embeddings: NDArray[np.float32], labels: NDArray[np.int64]) -> Score:
    """Score embeddings, (images, dim), by the identity of each image, (images,).

    An image that is NaN matches none: it is far from all others.
    """
    lost = ~np.isfinite(embeddings[:, 0])
    if lost.any():
        embeddings = np.where(lost[:, None], 0, embeddings)
        embeddings[lost, 0] = _FAR * np.arange(1, lost.sum() + 1)
    return _score(all_pairs(embeddings, labels, Metric.L2, None))


def _score(pairs: PairEnergies) -> Score:
    """Score energies; of equal ones a half counts as overlapping (Mann, Whitney 1947)."""
    below = np.searchsorted(pairs.impostor, pairs.genuine, "left")
    upto = np.searchsorted(pairs.impostor, pairs.genuine, "right")
    overlap = float((below + upto).mean()) / 2 / len(pairs.impostor)
    return Score(equal_error(pairs).rate, overlap)
